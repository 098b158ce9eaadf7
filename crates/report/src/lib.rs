//! Reports on data and predictions: plots, inspection of sets, evaluation and comparison of models.

pub mod calibration;
pub mod comparison;
pub mod evaluation;
pub mod inspect;
pub mod page;
pub mod plots;
pub mod progress;
