//! ResNet: every block adds to its input.
//!
//! He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
//! <https://arxiv.org/abs/1512.03385>, with the stride on a bottleneck's 3x3 convolution as in
//! torchvision (`torchvision/models/resnet.py`).

use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolution::{ConvNorm, ConvNormConfig};

/// The filters of the stem, and the width of the first stage's bottlenecks.
const STEM_FEATURES: usize = 64;
/// A bottleneck's output has this many times its width.
const EXPANSION: usize = 4;

/// The shape of a ResNet.
#[derive(Debug, Clone, PartialEq)]
pub struct ResNetConfig {
    /// The bottlenecks in each stage.
    stages: [usize; 4],
    /// The planes of the input.
    planes: usize,
    /// The constant added to the variance in batch normalisation.
    epsilon: f64,
}

impl ResNetConfig {
    /// ResNet-50: 23.51 million parameters in the backbone.
    pub fn resnet50(planes: usize, epsilon: f64) -> Self {
        Self {
            stages: [3, 4, 6, 3],
            planes,
            epsilon,
        }
    }

    /// The number of the backbone's feature maps.
    pub fn features(&self) -> usize {
        8 * STEM_FEATURES * EXPANSION
    }

    /// Makes a backbone with random weights.
    pub fn init(&self, device: &Device) -> ResNet {
        let mut features = STEM_FEATURES;
        let mut stage = |index: usize| {
            (0..self.stages[index])
                .map(|block| {
                    let width = STEM_FEATURES << index;
                    let stride = if block == 0 && index > 0 { 2 } else { 1 };
                    let inputs = std::mem::replace(&mut features, width * EXPANSION);
                    self.bottleneck(inputs, width, stride, device)
                })
                .collect()
        };
        ResNet {
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            conv1: ConvNormConfig::new([self.planes, STEM_FEATURES], [7, 7], self.epsilon)
                .with_stride(2)
                .init(device),
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
        }
    }

    fn bottleneck(
        &self,
        inputs: usize,
        width: usize,
        stride: usize,
        device: &Device,
    ) -> Bottleneck {
        let outputs = width * EXPANSION;
        let conv = |channels, side| ConvNormConfig::new(channels, [side, side], self.epsilon);
        Bottleneck {
            conv1: conv([inputs, width], 1).init(device),
            conv2: conv([width, width], 3).with_stride(stride).init(device),
            conv3: conv([width, outputs], 1).init(device),
            downsample: (inputs != outputs)
                .then(|| conv([inputs, outputs], 1).with_stride(stride).init(device)),
        }
    }
}

/// The backbone: planes `[batch, planes, height, width]` to features
/// `[batch, features, height / 32, width / 32]`.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: ConvNorm,
    pool: MaxPool2d,
    layer1: Vec<Bottleneck>,
    layer2: Vec<Bottleneck>,
    layer3: Vec<Bottleneck>,
    layer4: Vec<Bottleneck>,
}

/// A bottleneck: three convolutions, the middle one over fewer feature maps, and the shortcut past them.
#[derive(Module, Debug)]
struct Bottleneck {
    conv1: ConvNorm,
    conv2: ConvNorm,
    conv3: ConvNorm,
    downsample: Option<ConvNorm>,
}

impl ResNet {
    /// Computes the features after the last block's ReLU.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let x = self.pool.forward(self.conv1.forward_relu(input));
        let stages = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        stages
            .into_iter()
            .flatten()
            .fold(x, |x, block| block.forward(x))
    }

    /// The constant added to the variance in batch normalisation.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn epsilon(&self) -> f64 {
        self.conv1.epsilon()
    }

    /// The same network for another number of planes.
    #[must_use]
    pub(super) fn with_stem_for(self, planes: usize) -> Self {
        Self {
            conv1: self.conv1.with_planes(planes),
            ..self
        }
    }

    /// The same network for inference: norms are folded into the convolutions before them.
    #[must_use]
    pub(super) fn folded(self) -> Self {
        let stage = |blocks: Vec<Bottleneck>| blocks.into_iter().map(Bottleneck::folded).collect();
        Self {
            conv1: self.conv1.folded(),
            pool: self.pool,
            layer1: stage(self.layer1),
            layer2: stage(self.layer2),
            layer3: stage(self.layer3),
            layer4: stage(self.layer4),
        }
    }
}

impl Bottleneck {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.conv1.forward_relu(x.clone());
        let y = self.conv3.forward(self.conv2.forward_relu(y));
        let past = match &self.downsample {
            Some(conv) => conv.forward(x),
            None => x,
        };
        relu(y + past)
    }

    fn folded(self) -> Self {
        Self {
            conv1: self.conv1.folded(),
            conv2: self.conv2.folded(),
            conv3: self.conv3.folded(),
            downsample: self.downsample.map(ConvNorm::folded),
        }
    }
}
