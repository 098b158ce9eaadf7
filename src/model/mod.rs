//! The networks: one file an architecture, heads apart, weight names and files apart.
//!
//! A [`Network`] is a convolutional backbone that turns planes into features, and a head that
//! turns features into one logit a class. Sigmoid and softmax are outside: losses and metrics
//! work on logits.

pub mod activation_map;
pub mod all_cnn;
mod backbone;
mod convolution;
#[cfg(not(target_family = "wasm"))]
mod cpu;
#[cfg(not(target_family = "wasm"))]
mod cpu_training;
pub mod densenet;
pub mod head;
pub mod inception_resnet;
pub mod inference;
#[cfg(not(target_family = "wasm"))]
mod keras;
mod network;
pub mod resnet;
pub mod unet;
pub mod weights;

pub use backbone::Backbone;
#[cfg(not(target_family = "wasm"))]
pub use cpu::CpuBackbone;
pub use densenet::{DenseNet, DenseNetConfig};
pub use head::Head;
pub use inference::{InferenceBackbone, InferenceNetwork};
pub use network::Network;
pub use unet::{UNet, UNetConfig};
pub use weights::Tensors;

pub use crate::package::{
    Architecture, HeadKind, Names, NetworkConfig, TensorsReport, WeightsError,
};
