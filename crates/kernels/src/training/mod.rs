//! Training: the forward pass by the batch's statistics, and the gradients of all weights.

mod backward;
mod densenet;
mod norm;
mod product;
#[cfg(test)]
mod tests;
mod unet;
#[cfg(test)]
mod unet_tests;

pub use densenet::{DenseNet, Pass};
pub use norm::Moment;
pub use unet::{UNet, UNetPass, UNetShape};
