//! Inception-ResNet-v2: parallel convolutions of different reach, whose sum is added to their input.
//!
//! Szegedy, Ioffe, Vanhoucke and Alemi, "Inception-v4, Inception-ResNet and the Impact of Residual
//! Connections on Learning", AAAI 2017, <https://arxiv.org/abs/1602.07261>, in the widths of
//! TensorFlow's published network, which timm has too (`timm/models/inception_resnet_v2.py`).

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolution::{ConvNorm, ConvNormConfig, he_convolution};

/// The feature maps after the stem, in the three stages, and at the end.
const STEM: usize = 192;
const STAGE_A: usize = 320;
const STAGE_B: usize = 1088;
const STAGE_C: usize = 2080;
const FEATURES: usize = 1536;

/// The shape of an Inception-ResNet-v2.
#[derive(Debug, Clone, PartialEq)]
pub struct InceptionResNetConfig {
    /// The planes of the input.
    planes: usize,
    /// The constant added to the variance in batch normalisation; 1e-3 in the published weights.
    epsilon: f64,
}

/// A convolution of a branch.
#[derive(Clone, Copy)]
struct Step {
    outputs: usize,
    kernel: [usize; 2],
    /// Halves the image, without a border.
    halves: bool,
}

/// A convolution with a square kernel that keeps the image's size.
const fn square(outputs: usize, side: usize) -> Step {
    oblong(outputs, side, side)
}

/// A convolution with a kernel of this height and width that keeps the image's size.
const fn oblong(outputs: usize, height: usize, width: usize) -> Step {
    Step {
        outputs,
        kernel: [height, width],
        halves: false,
    }
}

/// A 3x3 convolution that halves the image.
const fn halving(outputs: usize) -> Step {
    Step {
        outputs,
        kernel: [3, 3],
        halves: true,
    }
}

impl InceptionResNetConfig {
    /// Inception-ResNet-v2: 54.31 million parameters in the backbone.
    pub fn new(planes: usize, epsilon: f64) -> Self {
        Self { planes, epsilon }
    }

    /// The number of the backbone's feature maps.
    pub fn features(&self) -> usize {
        FEATURES
    }

    /// Makes a backbone with random weights.
    pub fn init(&self, device: &Device) -> InceptionResNet {
        let conv = |channels, side| ConvNormConfig::new(channels, [side, side], self.epsilon);
        let residuals = |count, features, branches: &[&[Step]], scale| {
            (0..count)
                .map(|_| self.residual(features, branches, scale, device))
                .collect()
        };
        let stage_a: &[&[Step]] = &[
            &[square(32, 1)],
            &[square(32, 1), square(32, 3)],
            &[square(32, 1), square(48, 3), square(64, 3)],
        ];
        let stage_b: &[&[Step]] = &[
            &[square(192, 1)],
            &[square(128, 1), oblong(160, 1, 7), oblong(192, 7, 1)],
        ];
        let stage_c: &[&[Step]] = &[
            &[square(192, 1)],
            &[square(192, 1), oblong(224, 1, 3), oblong(256, 3, 1)],
        ];
        InceptionResNet {
            conv2d_1a: conv([self.planes, 32], 3)
                .with_stride(2)
                .without_padding()
                .init(device),
            conv2d_2a: conv([32, 32], 3).without_padding().init(device),
            conv2d_2b: conv([32, 64], 3).init(device),
            conv2d_3b: conv([64, 80], 1).init(device),
            conv2d_4a: conv([80, STEM], 3).without_padding().init(device),
            halve: MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init(),
            mixed_5b: self.branches(
                STEM,
                &[
                    &[square(96, 1)],
                    &[square(48, 1), square(64, 5)],
                    &[square(64, 1), square(96, 3), square(96, 3)],
                    &[square(64, 1)],
                ],
                device,
            ),
            smooth: AvgPool2dConfig::new([3, 3])
                .with_strides([1, 1])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_count_include_pad(false)
                .init(),
            repeat: residuals(10, STAGE_A, stage_a, 0.17),
            mixed_6a: self.branches(
                STAGE_A,
                &[
                    &[halving(384)],
                    &[square(256, 1), square(256, 3), halving(384)],
                ],
                device,
            ),
            repeat_1: residuals(20, STAGE_B, stage_b, 0.10),
            mixed_7a: self.branches(
                STAGE_B,
                &[
                    &[square(256, 1), halving(384)],
                    &[square(256, 1), halving(288)],
                    &[square(256, 1), square(288, 3), halving(320)],
                ],
                device,
            ),
            repeat_2: residuals(9, STAGE_C, stage_c, 0.20),
            block8: self.residual(STAGE_C, stage_c, 1.0, device),
            conv2d_7b: conv([STAGE_C, FEATURES], 1).init(device),
        }
    }

    fn branches(&self, inputs: usize, branches: &[&[Step]], device: &Device) -> Branches {
        let branch = |steps: &&[Step]| {
            let mut inputs = inputs;
            let step = |step: &Step| {
                let channels = [std::mem::replace(&mut inputs, step.outputs), step.outputs];
                let mut config = ConvNormConfig::new(channels, step.kernel, self.epsilon);
                if step.halves {
                    config = config.with_stride(2).without_padding();
                }
                config.init(device)
            };
            steps.iter().map(step).collect()
        };
        Branches {
            branches: branches.iter().map(branch).collect(),
        }
    }

    fn residual(
        &self,
        features: usize,
        branches: &[&[Step]],
        scale: f64,
        device: &Device,
    ) -> Residual {
        let joined = branches
            .iter()
            .filter_map(|steps| steps.last())
            .map(|step| step.outputs)
            .sum();
        Residual {
            mixed: self.branches(features, branches, device),
            conv2d: he_convolution([joined, features], [1, 1]).init(device),
            scale,
        }
    }
}

/// The backbone: planes `[batch, planes, height, width]` to features
/// `[batch, 1536, side, side]`, see [`InceptionResNetConfig::side`].
///
/// Fields have timm's names, so that its files need little translation.
#[derive(Module, Debug)]
pub struct InceptionResNet {
    conv2d_1a: ConvNorm,
    conv2d_2a: ConvNorm,
    conv2d_2b: ConvNorm,
    conv2d_3b: ConvNorm,
    conv2d_4a: ConvNorm,
    halve: MaxPool2d,
    mixed_5b: Branches,
    smooth: AvgPool2d,
    repeat: Vec<Residual>,
    mixed_6a: Branches,
    repeat_1: Vec<Residual>,
    mixed_7a: Branches,
    repeat_2: Vec<Residual>,
    block8: Residual,
    conv2d_7b: ConvNorm,
}

/// Chains of convolutions with the same input.
#[derive(Module, Debug)]
struct Branches {
    branches: Vec<Vec<ConvNorm>>,
}

/// Branches whose features are brought to the input's number, scaled and added to it.
#[derive(Module, Debug)]
struct Residual {
    mixed: Branches,
    conv2d: Conv2d,
    scale: f64,
}

impl InceptionResNet {
    /// Computes the features after the last convolution's ReLU.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let x = self
            .conv2d_2a
            .forward_relu(self.conv2d_1a.forward_relu(input));
        let x = self.halve.forward(self.conv2d_2b.forward_relu(x));
        let x = self.conv2d_4a.forward_relu(self.conv2d_3b.forward_relu(x));
        let x = self.halve.forward(x);

        let mut parts = Vec::new();
        for (index, branch) in self.mixed_5b.branches.iter().enumerate() {
            let seen = match index {
                3 => self.smooth.forward(x.clone()),
                _ => x.clone(),
            };
            parts.push(chain(branch, seen));
        }
        let through = |x: Tensor<4>, blocks: &[Residual]| {
            blocks.iter().fold(x, |x, block| relu(block.forward(x)))
        };
        let x = through(Tensor::cat(parts, 1), &self.repeat);
        let x = through(self.reduced(x, &self.mixed_6a), &self.repeat_1);
        let x = through(self.reduced(x, &self.mixed_7a), &self.repeat_2);
        self.conv2d_7b.forward_relu(self.block8.forward(x))
    }

    /// Halves the image by convolutions and by pooling, side by side.
    fn reduced(&self, x: Tensor<4>, mixed: &Branches) -> Tensor<4> {
        let mut parts = mixed.forward(x.clone());
        parts.push(self.halve.forward(x));
        Tensor::cat(parts, 1)
    }

    /// The constant added to the variance in batch normalisation.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn epsilon(&self) -> f64 {
        self.conv2d_1a.epsilon()
    }

    /// The same network for another number of planes.
    #[must_use]
    pub(super) fn with_stem_for(self, planes: usize) -> Self {
        Self {
            conv2d_1a: self.conv2d_1a.with_planes(planes),
            ..self
        }
    }

    /// The same network for inference: norms are folded into the convolutions before them.
    #[must_use]
    pub(super) fn folded(self) -> Self {
        let folded = |blocks: Vec<Residual>| blocks.into_iter().map(Residual::folded).collect();
        Self {
            conv2d_1a: self.conv2d_1a.folded(),
            conv2d_2a: self.conv2d_2a.folded(),
            conv2d_2b: self.conv2d_2b.folded(),
            conv2d_3b: self.conv2d_3b.folded(),
            conv2d_4a: self.conv2d_4a.folded(),
            mixed_5b: self.mixed_5b.folded(),
            repeat: folded(self.repeat),
            mixed_6a: self.mixed_6a.folded(),
            repeat_1: folded(self.repeat_1),
            mixed_7a: self.mixed_7a.folded(),
            repeat_2: folded(self.repeat_2),
            block8: self.block8.folded(),
            conv2d_7b: self.conv2d_7b.folded(),
            halve: self.halve,
            smooth: self.smooth,
        }
    }
}

fn chain(branch: &[ConvNorm], x: Tensor<4>) -> Tensor<4> {
    branch.iter().fold(x, |x, conv| conv.forward_relu(x))
}

impl Branches {
    fn forward(&self, x: Tensor<4>) -> Vec<Tensor<4>> {
        let branch = |branch: &Vec<ConvNorm>| chain(branch, x.clone());
        self.branches.iter().map(branch).collect()
    }

    fn folded(self) -> Self {
        let branch = |branch: Vec<ConvNorm>| branch.into_iter().map(ConvNorm::folded).collect();
        Self {
            branches: self.branches.into_iter().map(branch).collect(),
        }
    }
}

impl Residual {
    /// Computes the block without the ReLU after it, which the last block lacks.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let joined = Tensor::cat(self.mixed.forward(x.clone()), 1);
        self.conv2d.forward(joined) * self.scale + x
    }

    fn folded(self) -> Self {
        Self {
            mixed: self.mixed.folded(),
            ..self
        }
    }
}
