//! The networks on burn's devices, shared by the trainer and the browser's GPU engine.
//!
//! From low to high: [`package`], which is a crate of its own without burn, [`model`], [`classifier`]. A module names only
//! lower ones.

pub mod classifier;
pub mod model;

pub use cytolens_package as package;
