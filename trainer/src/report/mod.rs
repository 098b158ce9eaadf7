//! What predictions are worth.

pub mod metrics;
