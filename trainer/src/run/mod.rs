//! Training runs: what decides one, the loop, and the folder that keeps it.

pub mod answer;
pub mod average;
pub mod checkpoint;
pub mod finish;
pub mod folder;
pub mod learner;
pub mod loss;
pub mod optimiser;
pub mod probe;
pub mod recipe;
pub mod record;
pub mod samples;
pub mod schedule;
pub mod start;
pub mod training;
