//! The CPU engine: convolutional networks for inference, and DenseNet in training, with the processor's vectors and on all
//! cores.
//!
//! From low to high: `processor` and `pool`, `engine`, `product` and `winograd`, `map`, `convolution`, [`weights`], [`networks`] and
//! [`training`].
//! Maps lie in memory pixel by pixel, `[height, width, channels]`.

mod convolution;
mod engine;
mod map;
pub mod networks;
mod pool;
mod processor;
mod product;
pub mod training;
pub mod weights;
mod winograd;

pub use engine::Engine;
pub use networks::{Backbone, Features, Kind, UNet};
pub use processor::Processor;
pub use product::product_rate;
pub use weights::{Tensor, Tensors, WeightsError};

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;
