//! Networks for inference: the trained network's arithmetic, with all that does not depend on the
//! input computed beforehand.
//!
//! On the CPU device our own engine ([`cytolens_kernels`]) computes every backbone. What follows is for the other devices.
//!
//! Where every norm follows a convolution, the norms are folded into the convolutions, and that is all.
//! DenseNet, whose norms stand before convolutions, is rewritten in four ways, all exact but for
//! rounding:
//! - a batch norm is one multiplication and one addition, and where only a convolution stands before
//!   it, no operation at all: it is folded into the convolution's weights;
//! - a transition pools before its 1x1 convolution instead of after it, which is the same sum with a
//!   quarter of the products;
//! - a 3x3 convolution is one large matrix product and nine shifted sums ([`ShiftedSum`]);
//! - a block's features are written into one buffer instead of concatenated at every layer.

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, MaxPool2d};
use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use super::backbone::Backbone;
use super::convolution;
#[cfg(not(target_family = "wasm"))]
use super::cpu::CpuBackbone;
use super::densenet::{self, DenseNet};
use super::head::Head;
use super::network::Network;

/// A [`Network`] for inference.
#[derive(Debug)]
pub struct InferenceNetwork {
    /// Planes to features.
    pub backbone: InferenceBackbone,
    /// Features to logits.
    pub head: Head,
    device: Device,
}

impl InferenceNetwork {
    /// Prepares a trained network for inference.
    pub fn new(network: Network) -> Self {
        Self {
            device: network.head.device(),
            backbone: InferenceBackbone::new(network.backbone),
            head: network.head,
        }
    }

    /// The device that it is on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Computes logits `[batch, classes]` of normalised planes `[batch, planes, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.backbone.forward(input))
    }
}

/// A [`Backbone`] for inference.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a network has one backbone")]
pub enum InferenceBackbone {
    /// A DenseNet, rewritten.
    DenseNet(InferenceDenseNet),
    /// Any other backbone, with the norms folded into its convolutions.
    Folded(Backbone),
    /// Any backbone on the CPU device, in the CPU engine.
    #[cfg(not(target_family = "wasm"))]
    Cpu(CpuBackbone),
}

impl InferenceBackbone {
    /// Prepares a trained backbone for inference.
    pub fn new(trained: Backbone) -> Self {
        #[cfg(not(target_family = "wasm"))]
        if let Some(backbone) = CpuBackbone::new(&trained) {
            return Self::Cpu(backbone);
        }
        match trained {
            Backbone::DenseNet(network) => Self::DenseNet(InferenceDenseNet::new(&network)),
            Backbone::ResNet(network) => Self::Folded(Backbone::ResNet(network.folded())),
            Backbone::AllCnn(_) => Self::Folded(trained),
            Backbone::InceptionResNet(network) => {
                Self::Folded(Backbone::InceptionResNet(network.folded()))
            }
        }
    }

    /// Computes the features of planes, as [`Backbone::forward`] does.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::DenseNet(network) => network.forward(input),
            Self::Folded(network) => network.forward(input),
            #[cfg(not(target_family = "wasm"))]
            Self::Cpu(network) => network.forward(input),
        }
    }
}

/// A [`DenseNet`] for inference.
#[derive(Debug)]
pub struct InferenceDenseNet {
    stem: Convolution,
    pool: MaxPool2d,
    blocks: Vec<Vec<Layer>>,
    transitions: Vec<Transition>,
    last: Affine,
}

#[derive(Debug)]
struct Layer {
    norm: Affine,
    bottleneck: Convolution,
    growth: ShiftedSum,
}

#[derive(Debug)]
struct Transition {
    norm: Affine,
    pool: AvgPool2d,
    reduction: Convolution,
}

/// A convolution with its bias.
#[derive(Debug)]
struct Convolution {
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
}

/// `x * scale + shift`, a pair a feature map: `[1, features, 1, 1]` each.
#[derive(Debug)]
struct Affine {
    scale: Tensor<4>,
    shift: Tensor<4>,
}

impl InferenceDenseNet {
    /// Prepares a trained backbone for inference.
    pub fn new(trained: &DenseNet) -> Self {
        let layers = |block: &densenet::DenseBlock| {
            let layer = |layer: &densenet::DenseLayer| Layer {
                norm: Affine::new(&layer.norm1),
                bottleneck: Convolution::with_norm(&layer.conv1, &layer.norm2),
                growth: ShiftedSum::new(&layer.conv2),
            };
            block.layers.iter().map(layer).collect()
        };
        let transition = |transition: &densenet::Transition| Transition {
            norm: Affine::new(&transition.norm),
            pool: transition.pool.clone(),
            reduction: Convolution::new(&transition.conv),
        };
        Self {
            stem: Convolution::with_norm(&trained.conv0, &trained.norm0),
            pool: trained.pool0.clone(),
            blocks: trained.blocks.iter().map(layers).collect(),
            transitions: trained.transitions.iter().map(transition).collect(),
            last: Affine::new(&trained.norm5),
        }
    }

    /// Computes features `[batch, features, height / 32, width / 32]` of planes
    /// `[batch, planes, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let mut x = self.pool.forward(relu(self.stem.forward(input)));
        for (index, block) in self.blocks.iter().enumerate() {
            x = block_forward(block, x);
            if let Some(transition) = self.transitions.get(index) {
                let normed = relu(transition.norm.forward(x));
                let pooled = transition.pool.forward(normed);
                x = transition.reduction.forward(pooled);
            }
        }
        relu(self.last.forward(x))
    }
}

fn block_forward(layers: &[Layer], x: Tensor<4>) -> Tensor<4> {
    let [batch, mut filled, height, width] = x.dims();
    let growth: usize = layers.iter().map(|layer| layer.growth.outputs).sum();
    let device = x.device();
    let mut features = Tensor::zeros([batch, filled + growth, height, width], &device)
        .slice_assign([0..batch, 0..filled, 0..height, 0..width], x);
    for layer in layers {
        let seen = features.clone().narrow(1, 0, filled);
        let bottleneck = relu(layer.bottleneck.forward(relu(layer.norm.forward(seen))));
        let grown = layer.growth.forward(bottleneck);
        let until = filled + layer.growth.outputs;
        features = features.slice_assign([0..batch, filled..until, 0..height, 0..width], grown);
        filled = until;
    }
    features
}

impl Convolution {
    fn new(trained: &Conv2d) -> Self {
        Self {
            weight: trained.weight.val(),
            bias: trained.bias.as_ref().map(|bias| bias.val()),
            stride: trained.stride,
        }
    }

    /// The convolution and the norm after it as one.
    fn with_norm(trained: &Conv2d, norm: &BatchNorm) -> Self {
        let convolution::Affine { scale, shift } = convolution::Affine::new(norm);
        let outputs = trained.weight.dims()[0];
        Self {
            weight: trained.weight.val() * scale.reshape([outputs, 1, 1, 1]),
            bias: Some(shift),
            stride: trained.stride,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = self.weight.dims();
        let options = ConvOptions::new(self.stride, [height / 2, width / 2], [1, 1], 1);
        conv2d(x, self.weight.clone(), self.bias.clone(), options)
    }
}

/// A 3x3 convolution of stride 1 that keeps height and width, as one 1x1 convolution to the products
/// of all nine taps and the sum of these, each shifted by its tap.
///
/// The product is one large matrix product on the features as they lie in memory; the usual way
/// first copies every feature nine times.
#[derive(Debug)]
struct ShiftedSum {
    /// `[9 * outputs, inputs, 1, 1]`, tap by tap.
    taps: Tensor<4>,
    outputs: usize,
}

impl ShiftedSum {
    fn new(trained: &Conv2d) -> Self {
        let [outputs, inputs, ..] = trained.weight.dims();
        // Not `permute`, which burn 0.22.1 sends to other machines as an operation on integers.
        let taps = trained.weight.val().swap_dims(0, 2).swap_dims(1, 3);
        Self {
            taps: taps.reshape([9 * outputs, inputs, 1, 1]),
            outputs,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, _, height, width] = x.dims();
        // With a border of zeros, a shift of the image is a shift of the row of all its pixels.
        let x = x.pad((1, 1, 1, 1), 0.0);
        let (row, pixels) = (width + 2, (height + 2) * (width + 2));
        let plain = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let products =
            conv2d(x, self.taps.clone(), None, plain).reshape([batch, 9, self.outputs, pixels]);
        let kept = height * row - 2;
        let shifted = |tap: usize| {
            let start = (tap / 3) * row + tap % 3;
            products
                .clone()
                .slice([0..batch, tap..tap + 1, 0..self.outputs, start..start + kept])
        };
        let sum = (1..9).fold(shifted(0), |sum, tap| sum + shifted(tap));
        // The border's columns hold sums across rows; they are cut off.
        sum.pad((0, 2, 0, 0), 0.0)
            .reshape([batch, self.outputs, height, row])
            .narrow(3, 0, width)
    }
}

impl Affine {
    fn new(norm: &BatchNorm) -> Self {
        let convolution::Affine { scale, shift } = convolution::Affine::new(norm);
        let [features] = scale.dims();
        Self {
            scale: scale.reshape([1, features, 1, 1]),
            shift: shift.reshape([1, features, 1, 1]),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        x * self.scale.clone() + self.shift.clone()
    }
}
