//! The CPU engine: convolutional networks for inference, and DenseNet in training, with the processor's vectors and on all
//! cores.
//!
//! From low to high: `processor` and `pool`, `product` and `winograd`, `map`, `convolution`, [`weights`], [`networks`] and
//! [`training`].
//! Maps lie in memory pixel by pixel, `[height, width, channels]`.

mod convolution;
mod map;
pub mod networks;
mod pool;
mod processor;
mod product;
pub mod training;
pub mod weights;
mod winograd;

pub use networks::{Backbone, Features, Kind};
pub use processor::Processor;
pub use weights::{Tensor, Tensors, WeightsError};

/// A processor and the memory that computing on it uses again and again.
#[derive(Debug, Clone)]
pub struct Engine {
    processor: Processor,
    pool: pool::Pool,
}

impl Engine {
    /// Makes an engine for these instructions.
    pub fn new(processor: Processor) -> Self {
        Self {
            processor,
            pool: pool::Pool::default(),
        }
    }

    /// Measures the multiply-adds a second that one core reaches in a product of 96 pixels' `inputs` and `outputs`, all of it
    /// in the processor's caches: what networks are measured against.
    pub fn product_rate(&self, inputs: usize, outputs: usize) -> f64 {
        product::rate(self.processor, inputs, outputs)
    }
}

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;
