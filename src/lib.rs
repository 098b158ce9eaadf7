//! Cytolens tells where in a human cell a protein sits.
//!
//! The library holds all that the trainer and the browser application share. From low to high:
//! [`labels`], [`field`], `model`, `package`, `classifier`; beside them `protocol` and `page`, the
//! messages and the parts of the page. A module names only lower ones.

#[cfg(feature = "engine")]
pub mod classifier;
pub mod field;
pub mod labels;
#[cfg(feature = "engine")]
pub mod model;
#[cfg(feature = "engine")]
pub mod package;
#[cfg(feature = "page")]
pub mod page;
#[cfg(feature = "web")]
pub mod protocol;
