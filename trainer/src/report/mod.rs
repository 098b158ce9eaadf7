//! What predictions are worth.

pub mod calibration;
pub mod metrics;
pub mod ranking;
