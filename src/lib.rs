//! The networks, model packages and the classifier, shared by the trainer and the browser.
//!
//! From low to high: [`model`], [`package`], [`classifier`]. A module names only lower ones.

pub mod classifier;
pub mod model;
pub mod package;
