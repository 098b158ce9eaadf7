//! The architectures that there are.

use serde::{Deserialize, Serialize};

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
            Self::DenseNet121 => 1024,
            Self::DenseNet201 => 1920,
            Self::ResNet50 => 2048,
            Self::AllCnn => 192,
            Self::InceptionResNetV2 => 1536,
        }
    }

    /// The side of the features of an input of `size` pixels a side.
    pub fn side(self, size: usize) -> usize {
        match self {
            Self::DenseNet121 | Self::DenseNet201 | Self::ResNet50 => size / 32,
            Self::AllCnn => size / 4 - 2,
            Self::InceptionResNetV2 => {
                let halved = |side: usize| side.saturating_sub(3) / 2 + 1;
                let stem = halved(halved(halved(size) - 2) - 2);
                halved(halved(stem))
            }
        }
    }

    /// The side in pixels, a multiple of 32, of the smallest input that gives a feature.
    pub fn least_size(self) -> usize {
        match self {
            Self::InceptionResNetV2 => 96,
            _ => 32,
        }
    }
}
