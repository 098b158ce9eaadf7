//! The networks: one file an architecture, heads apart, weight names and files apart.
//!
//! A [`Network`] is a convolutional backbone that turns planes into features, and a head that
//! turns features into one logit a class. Sigmoid and softmax are outside: losses and metrics
//! work on logits.

pub mod densenet;
pub mod head;
pub mod inference;
pub mod weights;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use densenet::{DenseNet, DenseNetConfig};
pub use head::{Head, HeadKind};
pub use inference::{InferenceDenseNet, InferenceNetwork};
pub use weights::{Account, WeightsError};

/// The architectures that can be built, by the name they have in recipes and packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// DenseNet-121 (Huang et al. 2017).
    #[serde(rename = "densenet-121")]
    DenseNet121,
    /// DenseNet-201 (Huang et al. 2017).
    #[serde(rename = "densenet-201")]
    DenseNet201,
}

impl Architecture {
    /// The name as papers write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::DenseNet121 => "DenseNet-121",
            Self::DenseNet201 => "DenseNet-201",
        }
    }

    /// The backbone's configuration.
    pub fn config(self) -> DenseNetConfig {
        match self {
            Self::DenseNet121 => DenseNetConfig::densenet121(),
            Self::DenseNet201 => DenseNetConfig::densenet201(),
        }
    }
}

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
    /// The configuration of the backbone alone.
    pub fn backbone(&self) -> DenseNetConfig {
        self.architecture
            .config()
            .with_planes(self.planes)
            .with_epsilon(self.batch_norm_epsilon)
    }

    /// A network with fresh random weights.
    pub fn init(&self, device: &Device) -> Network {
        let backbone = self.backbone();
        Network {
            head: self
                .head
                .init(backbone.features(), self.size, self.classes, device),
            backbone: backbone.init(device),
        }
    }
}

/// A backbone and its head.
#[derive(Module, Debug)]
pub struct Network {
    /// Planes to features.
    pub backbone: DenseNet,
    /// Features to logits.
    pub head: Head,
}

impl Network {
    /// Logits `[batch, classes]` of normalised planes `[batch, planes, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.backbone.forward(input))
    }
}
