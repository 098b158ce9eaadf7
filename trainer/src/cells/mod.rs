//! Cells: the training of the network that finds them, its package, its scores, and cells of large folders.
//!
//! From low to high: [`recipe`] and `loss`, `learner`, [`training`], [`package`]; [`score`]; [`outputs`] and `overview`, [`batch`].

pub mod batch;
mod learner;
mod loss;
pub mod outputs;
mod overview;
pub mod package;
pub mod recipe;
pub mod score;
pub mod training;
