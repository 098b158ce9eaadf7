//! Heads, which turn a backbone's features into one logit a class.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::package::HeadKind;

const DESCRIBED_DROPOUT: f64 = 0.5;

/// A head: features `[batch, features, height, width]` to logits `[batch, classes]`.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a network has one head, and modules cannot be boxed"
)]
pub enum Head {
    /// A [`HeadKind::Pooling`] head.
    Pooling(PoolingHead),
    /// A [`HeadKind::Described`] head.
    Described(DescribedHead),
}

/// The layers of [`HeadKind::Pooling`].
#[derive(Module, Debug)]
pub struct PoolingHead {
    pub(super) classifier: Linear,
}

/// The layers of [`HeadKind::Described`].
#[derive(Module, Debug)]
pub struct DescribedHead {
    pub(super) reduce: Conv2d,
    pub(super) dropout: Dropout,
    pub(super) hidden: Linear,
    pub(super) classifier: Linear,
}

impl Head {
    /// Makes a head with random weights for `features` maps of `side` pixels a side.
    pub fn new(
        kind: HeadKind,
        features: usize,
        side: usize,
        classes: usize,
        device: &Device,
    ) -> Self {
        match kind {
            HeadKind::Pooling => Self::Pooling(PoolingHead {
                classifier: LinearConfig::new(features, classes).init(device),
            }),
            HeadKind::Described => {
                let (maps, hidden) = (HeadKind::DESCRIBED_MAPS, HeadKind::DESCRIBED_HIDDEN);
                Self::Described(DescribedHead {
                    reduce: Conv2dConfig::new([features, maps], [1, 1]).init(device),
                    dropout: DropoutConfig::new(DESCRIBED_DROPOUT).init(),
                    hidden: LinearConfig::new(maps * side * side, hidden).init(device),
                    classifier: LinearConfig::new(hidden, classes).init(device),
                })
            }
        }
    }

    /// The device that it is on.
    pub fn device(&self) -> Device {
        let (Self::Pooling(PoolingHead { classifier })
        | Self::Described(DescribedHead { classifier, .. })) = self;
        classifier.weight.device()
    }

    /// Computes logits `[batch, classes]` of features `[batch, features, height, width]`.
    pub fn forward(&self, features: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Pooling(head) => head.classifier.forward(pool(features)),
            Self::Described(head) => {
                let flat: Tensor<2> = head.reduce.forward(features).flatten(1, 3);
                head.classifier
                    .forward(relu(head.hidden.forward(head.dropout.forward(flat))))
            }
        }
    }

    /// The head with a last layer that gives `logits`, one a class, for any features: weights of 0, and
    /// these as the bias.
    #[must_use]
    pub fn with_prior(mut self, logits: &[f32]) -> Self {
        let (Self::Pooling(PoolingHead { classifier })
        | Self::Described(DescribedHead { classifier, .. })) = &mut self;
        let device = classifier.weight.device();
        let weight = classifier.weight.val().zeros_like();
        *classifier = Linear {
            weight: Param::from_tensor(weight),
            bias: Some(Param::from_tensor(Tensor::from_floats(logits, &device))),
        };
        self
    }

    /// The head whose logits are this one's and `shift`, one number a class.
    #[must_use]
    pub fn with_shifted_logits(mut self, shift: &[f32]) -> Self {
        let (Self::Pooling(PoolingHead { classifier })
        | Self::Described(DescribedHead { classifier, .. })) = &mut self;
        let bias = classifier.bias.take().map(|bias| {
            let shift = Tensor::<1>::from_floats(shift, &bias.device());
            Param::from_tensor(bias.val() + shift)
        });
        classifier.bias = bias;
        self
    }

    /// The head that gives for features what this one gives for `(features - mean) / std`, map by map:
    /// the normalisation is folded into the first layer.
    #[must_use]
    pub fn with_normalised_input(self, mean: &[f32], std: &[f32]) -> Self {
        match self {
            Self::Pooling(PoolingHead { classifier }) => {
                let device = classifier.weight.device();
                let column = |values: &[f32]| {
                    Tensor::<1>::from_floats(values, &device).unsqueeze_dim::<2>(1)
                };
                let weight = classifier.weight.val() / column(std);
                let shift: Tensor<1> = (weight.clone() * column(mean)).sum_dim(0).squeeze_dim(0);
                let bias = classifier.bias.as_ref().map(|bias| bias.val() - shift);
                Self::Pooling(PoolingHead {
                    classifier: Linear {
                        weight: Param::from_tensor(weight),
                        bias: bias.map(Param::from_tensor),
                    },
                })
            }
            Self::Described(head) => {
                let device = head.reduce.weight.device();
                let maps = |values: &[f32]| {
                    Tensor::<1>::from_floats(values, &device).reshape([1, values.len(), 1, 1])
                };
                let weight = head.reduce.weight.val() / maps(std);
                let shift: Tensor<1> = (weight.clone() * maps(mean)).sum_dim(1).flatten(0, 3);
                let bias = head.reduce.bias.as_ref().map(|bias| bias.val() - shift);
                let reduce = Conv2d {
                    weight: Param::from_tensor(weight),
                    bias: bias.map(Param::from_tensor),
                    ..head.reduce
                };
                Self::Described(DescribedHead { reduce, ..head })
            }
        }
    }
}

/// The mean of every feature map: `[batch, features, height, width]` to `[batch, features]`.
pub fn pool(features: Tensor<4>) -> Tensor<2> {
    let [batch, maps, height, width] = features.dims();
    features
        .reshape([batch, maps, height * width])
        .mean_dim(2)
        .squeeze_dim(2)
}
