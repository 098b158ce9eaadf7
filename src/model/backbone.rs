//! The architectures, as one type.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::all_cnn::{AllCnn, AllCnnConfig};
use super::densenet::{DenseNet, DenseNetConfig};
use super::inception_resnet::{InceptionResNet, InceptionResNetConfig};
use super::resnet::{ResNet, ResNetConfig};
use crate::package::Architecture;

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
    /// Makes a backbone with random weights for this many planes.
    pub fn new(
        architecture: Architecture,
        planes: usize,
        batch_norm_epsilon: f64,
        device: &Device,
    ) -> Self {
        let densenet = |config: DenseNetConfig| {
            let config = config.with_planes(planes).with_epsilon(batch_norm_epsilon);
            Self::DenseNet(config.init(device))
        };
        match architecture {
            Architecture::DenseNet121 => densenet(DenseNetConfig::densenet121()),
            Architecture::DenseNet201 => densenet(DenseNetConfig::densenet201()),
            Architecture::ResNet50 => {
                Self::ResNet(ResNetConfig::resnet50(planes, batch_norm_epsilon).init(device))
            }
            Architecture::AllCnn => Self::AllCnn(AllCnnConfig::new(planes).init(device)),
            Architecture::InceptionResNetV2 => Self::InceptionResNet(
                InceptionResNetConfig::new(planes, batch_norm_epsilon).init(device),
            ),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// What packages say of a network without making it.
    #[test]
    fn every_architecture_gives_as_many_features_as_it_says() {
        for architecture in Architecture::ALL {
            let found = match architecture {
                Architecture::DenseNet121 => DenseNetConfig::densenet121().features(),
                Architecture::DenseNet201 => DenseNetConfig::densenet201().features(),
                Architecture::ResNet50 => ResNetConfig::resnet50(3, 0.0).features(),
                Architecture::AllCnn => AllCnnConfig::new(3).features(),
                Architecture::InceptionResNetV2 => InceptionResNetConfig::new(3, 0.0).features(),
            };
            assert_eq!(architecture.features(), found, "{architecture:?}");
        }
    }
}
