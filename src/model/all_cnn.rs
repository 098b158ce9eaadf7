//! All-CNN: nothing but convolutions, some of which stride in place of pooling.
//!
//! Springenberg, Dosovitskiy, Brox and Riedmiller, "Striving for Simplicity: The All Convolutional
//! Net", ICLR 2015 workshop, <https://arxiv.org/abs/1412.6806>: the network All-CNN-C of table 2.
//! Its last layer, a 1x1 convolution to the classes whose maps are averaged, is the head here:
//! averaging first and weighing then is the same sum.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolution::{he_convolution, stem_for};

/// The feature maps before the second striding convolution, and after it.
const NARROW: usize = 96;
const WIDE: usize = 192;
/// The shares of values that training drops: of the input, and after each striding convolution.
const INPUT_DROPOUT: f64 = 0.2;
const DROPOUT: f64 = 0.5;

/// The shape of an All-CNN.
#[derive(Debug, Clone, PartialEq)]
pub struct AllCnnConfig {
    /// The planes of the input.
    planes: usize,
}

impl AllCnnConfig {
    /// All-CNN-C: 1.37 million parameters in the backbone.
    pub fn new(planes: usize) -> Self {
        Self { planes }
    }

    /// The number of the backbone's feature maps.
    pub fn features(&self) -> usize {
        WIDE
    }

    /// Makes a backbone with random weights.
    pub fn init(&self, device: &Device) -> AllCnn {
        let conv = |channels, kernel: usize, stride: usize, padding: usize| {
            he_convolution(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(
                    padding, padding, padding, padding,
                ))
                .init(device)
        };
        AllCnn {
            input_dropout: DropoutConfig::new(INPUT_DROPOUT).init(),
            dropout: DropoutConfig::new(DROPOUT).init(),
            first: vec![
                conv([self.planes, NARROW], 3, 1, 1),
                conv([NARROW, NARROW], 3, 1, 1),
                conv([NARROW, NARROW], 3, 2, 1),
            ],
            second: vec![
                conv([NARROW, WIDE], 3, 1, 1),
                conv([WIDE, WIDE], 3, 1, 1),
                conv([WIDE, WIDE], 3, 2, 1),
            ],
            last: vec![conv([WIDE, WIDE], 3, 1, 0), conv([WIDE, WIDE], 1, 1, 0)],
        }
    }
}

/// The backbone: planes `[batch, planes, height, width]` to features
/// `[batch, 192, height / 4 - 2, width / 4 - 2]`.
#[derive(Module, Debug)]
pub struct AllCnn {
    input_dropout: Dropout,
    dropout: Dropout,
    first: Vec<Conv2d>,
    second: Vec<Conv2d>,
    last: Vec<Conv2d>,
}

impl AllCnn {
    /// Computes the features after the last convolution's ReLU.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let stage = |x, convs: &[Conv2d]| convs.iter().fold(x, |x, conv| relu(conv.forward(x)));
        let x = self.input_dropout.forward(input);
        let x = self.dropout.forward(stage(x, &self.first));
        let x = self.dropout.forward(stage(x, &self.second));
        stage(x, &self.last)
    }

    /// The same network for another number of planes.
    #[must_use]
    pub(super) fn with_stem_for(mut self, planes: usize) -> Self {
        let stem = self.first.remove(0);
        self.first.insert(0, stem_for(stem, planes));
        self
    }
}
