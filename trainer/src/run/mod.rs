//! Training runs: recipes, the training loop, the run's folder, and linear probes.

pub mod adaptation;
pub mod average;
pub mod checkpoint;
pub mod finish;
pub mod folder;
pub mod learner;
pub mod loss;
pub mod measured_set;
pub mod metric;
pub mod optimiser;
pub mod package;
pub mod position;
pub mod predictor;
pub mod probe;
pub mod recipe;
pub mod recipe_file;
pub mod record;
pub mod samples;
pub mod stack;
pub mod start;
pub mod training;
