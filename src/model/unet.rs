//! U-Net: levels of half the side each, and the way back up, which reads each level again.
//!
//! Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015,
//! <https://arxiv.org/abs/1505.04597>. Convolutions are padded, so that maps keep their size; a batch norm stands between each of
//! them and its ReLU, in place of the paper's biases, unless [`UNetConfig::without_norms`] asks for these.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolution::he_convolution;

/// The shape of a U-Net.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UNetConfig {
    /// The planes of the input.
    pub planes: usize,
    /// The maps that come out.
    pub outputs: usize,
    /// The levels, each of half the side of the one above it.
    pub levels: usize,
    /// The channels of the first level; each level has twice as many as the one above it.
    pub width: usize,
    /// The constant added to the variance in batch normalisation; none for biases in place of norms.
    epsilon: Option<f64>,
}

impl UNetConfig {
    /// The usual constant added to the variance in batch normalisation.
    pub const EPSILON: f64 = 1e-5;

    /// A U-Net with batch norms.
    pub fn new(planes: usize, outputs: usize, levels: usize, width: usize) -> Self {
        Self {
            planes,
            outputs,
            levels,
            width,
            epsilon: Some(Self::EPSILON),
        }
    }

    /// The same network with another batch-norm epsilon.
    #[must_use]
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self {
            epsilon: Some(epsilon),
            ..self
        }
    }

    /// The same network with biases in place of norms, as the paper has it.
    #[must_use]
    pub fn without_norms(self) -> Self {
        Self {
            epsilon: None,
            ..self
        }
    }

    /// The number that both sides of an input must be multiples of.
    pub fn unit(&self) -> usize {
        1 << (self.levels - 1)
    }

    fn channels(&self, level: usize) -> usize {
        self.width << level
    }

    /// Makes a network with random weights (He initialisation).
    ///
    /// # Panics
    /// If there are no levels.
    pub fn init(&self, device: &Device) -> UNet {
        assert!(self.levels > 0, "a U-Net has a level at least");
        let inputs = |level: usize| match level.checked_sub(1) {
            Some(above) => self.channels(above),
            None => self.planes,
        };
        let down = |level| self.block(inputs(level), self.channels(level), device);
        let up = |level| {
            let (below, own) = (self.channels(level + 1), self.channels(level));
            let Block {
                conv1,
                norm1,
                conv2,
                norm2,
            } = self.block(2 * own, own, device);
            UpBlock {
                upsample: ConvTranspose2dConfig::new([below, own], [2, 2])
                    .with_stride([2, 2])
                    .init(device),
                conv1,
                norm1,
                conv2,
                norm2,
            }
        };
        UNet {
            down: (0..self.levels).map(down).collect(),
            up: (0..self.levels - 1).map(up).collect(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            out: Conv2dConfig::new([self.width, self.outputs], [1, 1]).init(device),
        }
    }

    fn block(&self, inputs: usize, outputs: usize, device: &Device) -> Block {
        let conv = |inputs| {
            he_convolution([inputs, outputs], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_bias(self.epsilon.is_none())
                .init(device)
        };
        let norm = || {
            self.epsilon.map(|epsilon| {
                BatchNormConfig::new(outputs)
                    .with_epsilon(epsilon)
                    .init(device)
            })
        };
        Block {
            conv1: conv(inputs),
            norm1: norm(),
            conv2: conv(outputs),
            norm2: norm(),
        }
    }
}

/// The network: planes `[batch, planes, height, width]`, whose sides are multiples of [`UNetConfig::unit`], to logits
/// `[batch, outputs, height, width]`.
#[derive(Module, Debug)]
pub struct UNet {
    pub(super) down: Vec<Block>,
    pub(super) up: Vec<UpBlock>,
    pool: MaxPool2d,
    pub(super) out: Conv2d,
}

/// Two convolutions that keep the size.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub(super) conv1: Conv2d,
    pub(super) norm1: Option<BatchNorm>,
    pub(super) conv2: Conv2d,
    pub(super) norm2: Option<BatchNorm>,
}

/// The way up to a level: a transposed convolution, which doubles the sides, and a block on its maps and the level's own.
#[derive(Module, Debug)]
pub(super) struct UpBlock {
    pub(super) upsample: ConvTranspose2d,
    pub(super) conv1: Conv2d,
    pub(super) norm1: Option<BatchNorm>,
    pub(super) conv2: Conv2d,
    pub(super) norm2: Option<BatchNorm>,
}

impl UNet {
    /// Computes the logits.
    ///
    /// In training on the CPU device, our own engine does it as one operation where the width is a multiple of 16.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(logits) = super::cpu_training::unet(self, &input) {
            return logits;
        }
        self.forward_by_layers(input)
    }

    /// The same, an operation a layer, on any device.
    pub(super) fn forward_by_layers(&self, input: Tensor<4>) -> Tensor<4> {
        let mut skips = Vec::with_capacity(self.up.len());
        let mut x = input;
        for (level, block) in self.down.iter().enumerate() {
            if level > 0 {
                skips.push(x.clone());
                x = self.pool.forward(x);
            }
            x = unit(x, &block.conv1, block.norm1.as_ref());
            x = unit(x, &block.conv2, block.norm2.as_ref());
        }
        for (up, skip) in self.up.iter().zip(skips).rev() {
            x = Tensor::cat(vec![skip, up.upsample.forward(x)], 1);
            x = unit(x, &up.conv1, up.norm1.as_ref());
            x = unit(x, &up.conv2, up.norm2.as_ref());
        }
        self.out.forward(x)
    }
}

/// A convolution, the norm after it and the ReLU.
fn unit(x: Tensor<4>, conv: &Conv2d, norm: Option<&BatchNorm>) -> Tensor<4> {
    let x = conv.forward(x);
    relu(match norm {
        Some(norm) => norm.forward(x),
        None => x,
    })
}

#[cfg(test)]
mod tests {
    use burn::module::Module;

    use super::*;
    use crate::model::{Names, weights};

    /// The layers of the paper's figure 1, an input of one plane and two classes: "31.0 M" parameters.
    #[test]
    fn the_papers_network_has_as_many_parameters_as_published() {
        let convolutions = [
            (1, 64),
            (64, 64),
            (64, 128),
            (128, 128),
            (128, 256),
            (256, 256),
            (256, 512),
            (512, 512),
            (512, 1024),
            (1024, 1024),
            (1024, 512),
            (512, 512),
            (512, 256),
            (256, 256),
            (256, 128),
            (128, 128),
            (128, 64),
            (64, 64),
        ];
        let transposed = [(1024, 512), (512, 256), (256, 128), (128, 64)];
        let count = |layers: &[(usize, usize)], taps: usize| -> usize {
            layers
                .iter()
                .map(|(inputs, outputs)| (taps * inputs + 1) * outputs)
                .sum()
        };
        let expected = count(&convolutions, 9) + count(&transposed, 4) + count(&[(64, 2)], 1);
        assert_eq!(expected, 31_030_658);
        let network = UNetConfig::new(1, 2, 5, 64)
            .without_norms()
            .init(&Device::flex());
        assert_eq!(network.num_params(), expected);
    }

    #[test]
    fn sides_and_outputs_are_as_asked_for() {
        let device = Device::flex();
        for (config, [height, width]) in [
            (UNetConfig::new(4, 3, 4, 16), [24, 40]),
            (UNetConfig::new(1, 2, 3, 6), [4, 12]),
            (UNetConfig::new(2, 5, 2, 8).without_norms(), [2, 6]),
            (UNetConfig::new(2, 1, 1, 4), [3, 5]),
        ] {
            assert!(height % config.unit() == 0 && width % config.unit() == 0);
            let input = Tensor::<4>::ones([2, config.planes, height, width], &device);
            let logits = config.init(&device).forward(input);
            assert_eq!(logits.dims(), [2, config.outputs, height, width]);
        }
    }

    #[test]
    fn files_name_every_tensor_by_its_level() {
        let device = Device::flex();
        let network = UNetConfig::new(4, 3, 3, 16).init(&device);
        let bytes = weights::to_safetensors(&network, Names::plain(), weights::Precision::Half)
            .expect("bytes");
        let tensors = weights::read_safetensors(bytes).expect("tensors");
        for (name, shape) in [
            ("down.0.conv1.weight", vec![16, 4, 3, 3]),
            ("down.2.conv2.weight", vec![64, 64, 3, 3]),
            ("down.1.norm2.weight", vec![32]),
            ("down.1.norm2.running_var", vec![32]),
            ("up.1.upsample.weight", vec![64, 32, 2, 2]),
            ("up.1.upsample.bias", vec![32]),
            ("up.0.conv1.weight", vec![16, 32, 3, 3]),
            ("up.0.norm1.bias", vec![16]),
            ("out.weight", vec![3, 16, 1, 1]),
            ("out.bias", vec![3]),
        ] {
            let tensor = tensors.get(name);
            let tensor = tensor.unwrap_or_else(|| panic!("{name} in {:?}", tensors.keys()));
            assert_eq!(tensor.shape.to_vec(), shape, "{name}");
        }
        // A convolution's weight and five numbers of a norm for each of ten, and the others.
        assert_eq!(tensors.len(), 10 * 5 + 2 * 2 + 2);
        let mut again = UNetConfig::new(4, 3, 3, 16).init(&device);
        weights::apply_exactly(&mut again, Names::plain(), &tensors).expect("its own tensors");
    }
}
