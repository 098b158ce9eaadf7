//! The networks: one file an architecture, heads apart, weight names and files apart.
//!
//! A [`Network`] is a convolutional backbone that turns planes into features, and a head that
//! turns features into one logit a class. Sigmoid and softmax are outside: losses and metrics
//! work on logits.

pub mod activation_map;
pub mod all_cnn;
mod backbone;
mod convolution;
pub mod densenet;
pub mod head;
pub mod inception_resnet;
pub mod inference;
#[cfg(not(target_family = "wasm"))]
mod keras;
mod names;
pub mod resnet;
pub mod weights;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use backbone::{Architecture, Backbone};
pub use densenet::{DenseNet, DenseNetConfig};
pub use head::{Head, HeadKind};
pub use inference::{InferenceBackbone, InferenceNetwork};
pub use names::Names;
pub use weights::{Account, WeightsError};

/// All that decides a network's shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// The backbone's architecture.
    pub architecture: Architecture,
    /// What turns features into logits.
    pub head: HeadKind,
    /// How many planes the input has.
    pub planes: usize,
    /// The side of the input in pixels; only the described head's shape depends on it.
    pub size: usize,
    /// How many logits the network gives.
    pub classes: usize,
    /// What batch normalisation adds to the variance: 1e-5 in PyTorch, 1.001e-5 in Keras.
    pub batch_norm_epsilon: f64,
}

impl NetworkConfig {
    /// A network with fresh random weights.
    pub fn init(&self, device: &Device) -> Network {
        let Self { architecture, .. } = *self;
        let side = architecture.side(self.size);
        Network {
            backbone: architecture.init(self.planes, self.batch_norm_epsilon, device),
            head: self
                .head
                .init(architecture.features(), side, self.classes, device),
        }
    }

    /// What its tensors are called in files.
    pub fn names(&self) -> Names {
        Names::network(self.architecture)
    }
}

/// A backbone and its head.
#[derive(Module, Debug)]
pub struct Network {
    /// Planes to features.
    pub backbone: Backbone,
    /// Features to logits.
    pub head: Head,
}

impl Network {
    /// Logits `[batch, classes]` of normalised planes `[batch, planes, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.backbone.forward(input))
    }
}
