//! What data and predictions are worth, in numbers and pictures.

pub mod calibration;
pub mod comparison;
pub mod evaluation;
pub mod inspect;
pub mod page;
pub mod plots;
pub mod progress;
