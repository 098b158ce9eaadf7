//! Training runs: recipe, features, head, and the folder that keeps them.

pub mod features;
pub mod folder;
pub mod recipe;
pub mod record;
pub mod train;
