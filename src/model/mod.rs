//! The networks: one file an architecture, heads apart, weight names and files apart.
//!
//! A [`Network`] is a convolutional backbone that turns planes into features, and a head that
//! turns features into one logit a class. Sigmoid and softmax are outside: losses and metrics
//! work on logits.

pub mod activation_map;
pub mod all_cnn;
mod backbone;
mod convolution;
mod cpu;
#[cfg(not(target_family = "wasm"))]
mod cpu_training;
pub mod densenet;
pub mod head;
pub mod inception_resnet;
pub mod inference;
#[cfg(not(target_family = "wasm"))]
mod keras;
mod names;
mod network;
pub mod resnet;
mod tensors;
pub mod weights;

pub use backbone::{Architecture, Backbone};
pub use cpu::CpuBackbone;
pub use densenet::{DenseNet, DenseNetConfig};
pub use head::{Head, HeadKind};
pub use inference::{InferenceBackbone, InferenceNetwork};
pub use names::Names;
pub use network::{Network, NetworkConfig};
pub use tensors::{Tensors, TensorsReport, WeightsError};
