//! The shape of a network: its backbone and its head.

use serde::{Deserialize, Serialize};

use crate::architecture::Architecture;
use crate::names::Names;

/// The heads that can be chosen, by the name they have in recipes and packages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// Global average pooling and one linear layer: class activation maps are exact.
    #[default]
    Pooling,
    /// 1x1 convolution to 128 maps, flatten, dropout 0.5, 512 units with ReLU, linear: the head of
    /// the described system. It is tied to one input size.
    Described,
}

impl HeadKind {
    /// The maps that the described head's convolution makes.
    pub const DESCRIBED_MAPS: usize = 128;
    /// The described head's units.
    pub const DESCRIBED_HIDDEN: usize = 512;
}

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
    /// The names of the network's tensors in files.
    pub fn names(&self) -> Names {
        Names::network(self.architecture)
    }
}
