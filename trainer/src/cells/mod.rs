//! Cells: the training of the network that finds them, its package, its scores, and cells of large folders.
//!
//! From low to high: [`recipe`] and `loss`, [`training`], [`package`]; [`score`]; `crop`, `answering`, [`labelled`],
//! [`calibrate`]; [`outputs`] and `overview`, [`batch`].

mod answering;
pub mod batch;
pub mod calibrate;
mod crop;
pub mod labelled;
mod loss;
pub mod outputs;
mod overview;
pub mod package;
pub mod recipe;
pub mod score;
pub mod training;
