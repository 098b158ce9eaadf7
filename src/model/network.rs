//! A network: a backbone and a head.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::backbone::{Architecture, Backbone};
use super::head::{Head, HeadKind};
use super::names::Names;

/// The shape of a network, as packages and runs keep it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// The backbone's architecture.
    pub architecture: Architecture,
    /// The kind of head.
    pub head: HeadKind,
    /// The number of input planes.
    pub planes: usize,
    /// The side of the input in pixels; only the described head's shape depends on it.
    pub size: usize,
    /// The number of classes, each with one logit.
    pub classes: usize,
    /// The constant added to the variance in batch normalisation: 1e-5 in PyTorch, 1.001e-5 in Keras.
    pub batch_norm_epsilon: f64,
}

impl NetworkConfig {
    /// Makes a network with random weights.
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

    /// The names of the network's tensors in files.
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
    /// Computes logits `[batch, classes]` of normalised planes `[batch, planes, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.backbone.forward(input))
    }
}
