//! DenseNet: every layer of a block reads the features of all layers before it.
//!
//! Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks",
//! CVPR 2017, <https://arxiv.org/abs/1608.06993>: the bottleneck-and-compression form (DenseNet-BC)
//! that torchvision (`torchvision/models/densenet.py`) and Keras have.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolution::{he_convolution, stem_for};

/// The filters of the stem, and the first block's input.
const STEM_FEATURES: usize = 64;
/// The features that a layer adds: the paper's growth rate `k`.
const GROWTH: usize = 32;
/// A bottleneck has this many times the growth rate.
const BOTTLENECK: usize = 4;

/// The shape of a DenseNet.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseNetConfig {
    /// The number of layers in each block.
    blocks: Vec<usize>,
    /// The planes of the input.
    planes: usize,
    /// The constant added to the variance in batch normalisation.
    epsilon: f64,
}

impl DenseNetConfig {
    /// A DenseNet of the given number of layers a block, for three planes.
    pub fn new(blocks: &[usize]) -> Self {
        Self {
            blocks: blocks.to_vec(),
            planes: 3,
            epsilon: 1e-5,
        }
    }

    /// DenseNet-121: 6.95 million parameters in the backbone.
    pub fn densenet121() -> Self {
        Self::new(&[6, 12, 24, 16])
    }

    /// DenseNet-201: 18.09 million parameters in the backbone.
    pub fn densenet201() -> Self {
        Self::new(&[6, 12, 48, 32])
    }

    /// The same network for another number of input planes.
    #[must_use]
    pub fn with_planes(self, planes: usize) -> Self {
        Self { planes, ..self }
    }

    /// The same network with another batch-norm epsilon.
    #[must_use]
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// The number of the backbone's feature maps.
    pub fn features(&self) -> usize {
        let last = self.blocks.len() - 1;
        self.blocks
            .iter()
            .enumerate()
            .fold(STEM_FEATURES, |features, (block, layers)| {
                let grown = features + layers * GROWTH;
                if block == last { grown } else { grown / 2 }
            })
    }

    /// Makes a backbone with random weights (He initialisation, as in torchvision).
    pub fn init(&self, device: &Device) -> DenseNet {
        let mut features = STEM_FEATURES;
        let mut blocks = Vec::with_capacity(self.blocks.len());
        let mut transitions = Vec::with_capacity(self.blocks.len() - 1);
        for (index, &layers) in self.blocks.iter().enumerate() {
            blocks.push(DenseBlock {
                layers: (0..layers)
                    .map(|layer| self.layer(features + layer * GROWTH, device))
                    .collect(),
            });
            features += layers * GROWTH;
            if index + 1 < self.blocks.len() {
                transitions.push(Transition {
                    norm: self.norm(features, device),
                    conv: conv([features, features / 2], 1, device),
                    pool: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
                });
                features /= 2;
            }
        }
        DenseNet {
            conv0: stem_config(self.planes).init(device),
            norm0: self.norm(STEM_FEATURES, device),
            pool0: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            blocks,
            transitions,
            norm5: self.norm(features, device),
        }
    }

    fn norm(&self, features: usize, device: &Device) -> BatchNorm {
        BatchNormConfig::new(features)
            .with_epsilon(self.epsilon)
            .init(device)
    }

    fn layer(&self, features: usize, device: &Device) -> DenseLayer {
        let bottleneck = BOTTLENECK * GROWTH;
        DenseLayer {
            norm1: self.norm(features, device),
            conv1: conv([features, bottleneck], 1, device),
            norm2: self.norm(bottleneck, device),
            conv2: conv([bottleneck, GROWTH], 3, device),
        }
    }
}

/// Convolution without bias, keeping height and width.
fn conv(channels: [usize; 2], kernel: usize, device: &Device) -> Conv2d {
    let pad = kernel / 2;
    conv_config(channels, kernel)
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .init(device)
}

fn conv_config(channels: [usize; 2], kernel: usize) -> Conv2dConfig {
    he_convolution(channels, [kernel, kernel]).with_bias(false)
}

fn stem_config(planes: usize) -> Conv2dConfig {
    conv_config([planes, STEM_FEATURES], 7)
        .with_stride([2, 2])
        .with_padding(PaddingConfig2d::Explicit(3, 3, 3, 3))
}

/// The backbone: planes `[batch, planes, height, width]` to features
/// `[batch, features, height / 32, width / 32]`.
#[derive(Module, Debug)]
pub struct DenseNet {
    pub(super) conv0: Conv2d,
    pub(super) norm0: BatchNorm,
    pub(super) pool0: MaxPool2d,
    pub(super) blocks: Vec<DenseBlock>,
    pub(super) transitions: Vec<Transition>,
    pub(super) norm5: BatchNorm,
}

/// A block of layers, each of which adds [`GROWTH`] feature maps.
#[derive(Module, Debug)]
pub(super) struct DenseBlock {
    pub(super) layers: Vec<DenseLayer>,
}

/// A layer: a bottleneck to few maps, then the 3x3 convolution to the new ones.
#[derive(Module, Debug)]
pub(super) struct DenseLayer {
    pub(super) norm1: BatchNorm,
    pub(super) conv1: Conv2d,
    pub(super) norm2: BatchNorm,
    pub(super) conv2: Conv2d,
}

/// A transition, which halves the feature maps in number and in side.
#[derive(Module, Debug)]
pub(super) struct Transition {
    pub(super) norm: BatchNorm,
    pub(super) conv: Conv2d,
    pub(super) pool: AvgPool2d,
}

impl DenseNet {
    /// Computes the features after the last normalisation and ReLU.
    ///
    /// In training on the CPU device, our own engine does it as one operation.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(features) = super::cpu_training::densenet(self, &input) {
            return features;
        }
        self.forward_by_layers(input)
    }

    /// The same, an operation a layer, on any device.
    pub(super) fn forward_by_layers(&self, input: Tensor<4>) -> Tensor<4> {
        let x = relu(self.norm0.forward(self.conv0.forward(input)));
        let mut x = self.pool0.forward(x);
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            if let Some(transition) = self.transitions.get(index) {
                x = transition.forward(x);
            }
        }
        relu(self.norm5.forward(x))
    }

    /// The constant added to the variance in batch normalisation.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn epsilon(&self) -> f64 {
        self.norm0.epsilon
    }

    /// The same network for another number of planes.
    #[must_use]
    pub(super) fn with_stem_for(self, planes: usize) -> Self {
        Self {
            conv0: stem_for(self.conv0, planes),
            ..self
        }
    }
}

impl DenseBlock {
    fn forward(&self, mut x: Tensor<4>) -> Tensor<4> {
        for layer in &self.layers {
            x = Tensor::cat(vec![x.clone(), layer.forward(x)], 1);
        }
        x
    }
}

impl DenseLayer {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let bottleneck = self.conv1.forward(relu(self.norm1.forward(x)));
        self.conv2.forward(relu(self.norm2.forward(bottleneck)))
    }
}

impl Transition {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.pool
            .forward(self.conv.forward(relu(self.norm.forward(x))))
    }
}
