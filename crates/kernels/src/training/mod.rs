//! Training: the forward pass by the batch's statistics, and the gradients of all weights.

mod backward;
mod densenet;
mod norm;
mod product;
#[cfg(test)]
mod tests;

pub use densenet::{DenseNet, Pass};
pub use norm::Moment;
