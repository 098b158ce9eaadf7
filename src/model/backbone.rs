//! The architectures that can be built, as one type.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::all_cnn::{AllCnn, AllCnnConfig};
use super::densenet::{DenseNet, DenseNetConfig};
use super::inception_resnet::{InceptionResNet, InceptionResNetConfig};
use super::resnet::{ResNet, ResNetConfig};

/// The architectures that can be built, by the name they have in recipes and packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// DenseNet-121 (Huang et al. 2017).
    #[serde(rename = "densenet-121")]
    DenseNet121,
    /// DenseNet-201 (Huang et al. 2017).
    #[serde(rename = "densenet-201")]
    DenseNet201,
    /// ResNet-50 (He et al. 2016).
    #[serde(rename = "resnet-50")]
    ResNet50,
    /// All-CNN-C (Springenberg et al. 2014).
    #[serde(rename = "all-cnn")]
    AllCnn,
    /// Inception-ResNet-v2 (Szegedy et al. 2016).
    #[serde(rename = "inception-resnet-v2")]
    InceptionResNetV2,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 5] = [
        Self::DenseNet121,
        Self::DenseNet201,
        Self::ResNet50,
        Self::AllCnn,
        Self::InceptionResNetV2,
    ];

    /// The name as papers write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::DenseNet121 => "DenseNet-121",
            Self::DenseNet201 => "DenseNet-201",
            Self::ResNet50 => "ResNet-50",
            Self::AllCnn => "All-CNN",
            Self::InceptionResNetV2 => "Inception-ResNet-v2",
        }
    }

    /// The batch-norm epsilon of the published weights: PyTorch's for torchvision's, TensorFlow's for
    /// Inception-ResNet-v2.
    pub fn usual_epsilon(self) -> f64 {
        match self {
            Self::InceptionResNetV2 => 1e-3,
            _ => 1e-5,
        }
    }

    /// The number of the backbone's feature maps.
    pub fn features(self) -> usize {
        match self {
            Self::DenseNet121 => DenseNetConfig::densenet121().features(),
            Self::DenseNet201 => DenseNetConfig::densenet201().features(),
            Self::ResNet50 => ResNetConfig::resnet50(3, 0.0).features(),
            Self::AllCnn => AllCnnConfig::new(3).features(),
            Self::InceptionResNetV2 => InceptionResNetConfig::new(3, 0.0).features(),
        }
    }

    /// The side of the features of an input of `size` pixels a side.
    pub fn side(self, size: usize) -> usize {
        match self {
            Self::DenseNet121 | Self::DenseNet201 | Self::ResNet50 => size / 32,
            Self::AllCnn => size / 4 - 2,
            Self::InceptionResNetV2 => InceptionResNetConfig::new(3, 0.0).side(size),
        }
    }

    /// The side in pixels, a multiple of 32, of the smallest input that gives a feature.
    pub fn least_size(self) -> usize {
        match self {
            Self::InceptionResNetV2 => 96,
            _ => 32,
        }
    }

    /// Makes a backbone with random weights for this many planes.
    pub fn init(self, planes: usize, batch_norm_epsilon: f64, device: &Device) -> Backbone {
        let densenet = |config: DenseNetConfig| {
            let config = config.with_planes(planes).with_epsilon(batch_norm_epsilon);
            Backbone::DenseNet(config.init(device))
        };
        match self {
            Self::DenseNet121 => densenet(DenseNetConfig::densenet121()),
            Self::DenseNet201 => densenet(DenseNetConfig::densenet201()),
            Self::ResNet50 => {
                Backbone::ResNet(ResNetConfig::resnet50(planes, batch_norm_epsilon).init(device))
            }
            Self::AllCnn => Backbone::AllCnn(AllCnnConfig::new(planes).init(device)),
            Self::InceptionResNetV2 => Backbone::InceptionResNet(
                InceptionResNetConfig::new(planes, batch_norm_epsilon).init(device),
            ),
        }
    }
}

/// Planes `[batch, planes, height, width]` to features `[batch, features, side, side]`.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a network has one backbone, and modules cannot be boxed"
)]
pub enum Backbone {
    /// DenseNet-121 and DenseNet-201.
    DenseNet(DenseNet),
    /// ResNet-50.
    ResNet(ResNet),
    /// All-CNN.
    AllCnn(AllCnn),
    /// Inception-ResNet-v2.
    InceptionResNet(InceptionResNet),
}

impl Backbone {
    /// Computes the features after the last ReLU.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::DenseNet(network) => network.forward(input),
            Self::ResNet(network) => network.forward(input),
            Self::AllCnn(network) => network.forward(input),
            Self::InceptionResNet(network) => network.forward(input),
        }
    }

    /// The same backbone for another number of planes: existing planes keep their filters; a fourth,
    /// yellow, starts from the first's, red, and so on in turn.
    #[must_use]
    pub fn with_stem_for(self, planes: usize) -> Self {
        match self {
            Self::DenseNet(network) => Self::DenseNet(network.with_stem_for(planes)),
            Self::ResNet(network) => Self::ResNet(network.with_stem_for(planes)),
            Self::AllCnn(network) => Self::AllCnn(network.with_stem_for(planes)),
            Self::InceptionResNet(network) => Self::InceptionResNet(network.with_stem_for(planes)),
        }
    }
}
