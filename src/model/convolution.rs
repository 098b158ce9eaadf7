//! Convolutions with batch norm, padding and ReLU, as the architectures share them.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

/// The shape of a [`ConvNorm`].
#[derive(Debug, Clone, Copy)]
pub(super) struct ConvNormConfig {
    channels: [usize; 2],
    kernel: [usize; 2],
    stride: usize,
    padding: [usize; 2],
    epsilon: f64,
}

impl ConvNormConfig {
    /// A convolution between these numbers of feature maps with a kernel of this height and width that
    /// keeps the image's size.
    pub(super) fn new(channels: [usize; 2], kernel: [usize; 2], epsilon: f64) -> Self {
        Self {
            channels,
            kernel,
            stride: 1,
            padding: kernel.map(|side| side / 2),
            epsilon,
        }
    }

    pub(super) fn with_stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// The same without padding: the image shrinks by the kernel.
    pub(super) fn without_padding(self) -> Self {
        Self {
            padding: [0, 0],
            ..self
        }
    }

    pub(super) fn init(self, device: &Device) -> ConvNorm {
        let [vertical, horizontal] = self.padding;
        ConvNorm {
            conv: he_convolution(self.channels, self.kernel)
                .with_bias(false)
                .with_stride([self.stride, self.stride])
                .with_padding(PaddingConfig2d::Explicit(
                    vertical, horizontal, vertical, horizontal,
                ))
                .init(device),
            bn: Some(
                BatchNormConfig::new(self.channels[1])
                    .with_epsilon(self.epsilon)
                    .init(device),
            ),
        }
    }
}

/// A convolution whose random weights keep the variance through a ReLU (He et al. 2015).
pub(super) fn he_convolution(channels: [usize; 2], kernel: [usize; 2]) -> Conv2dConfig {
    Conv2dConfig::new(channels, kernel).with_initializer(Initializer::KaimingNormal {
        gain: std::f64::consts::SQRT_2,
        fan_out_only: false,
    })
}

/// A convolution and the batch norm after it; for inference, the convolution with the norm folded in.
#[derive(Module, Debug)]
pub(super) struct ConvNorm {
    pub(super) conv: Conv2d,
    bn: Option<BatchNorm>,
}

impl ConvNorm {
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = self.conv.forward(x);
        match &self.bn {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }

    pub(super) fn forward_relu(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.forward(x))
    }

    /// The same function with the norm folded into the convolution's weights and bias.
    pub(super) fn folded(mut self) -> Self {
        if let Some(norm) = self.bn.take() {
            let Affine { scale, shift } = Affine::new(&norm);
            let [features] = scale.dims();
            let scale = scale.reshape([features, 1, 1, 1]);
            self.conv.weight = Param::from_tensor(self.conv.weight.val() * scale);
            self.conv.bias = Some(Param::from_tensor(shift));
        }
        self
    }

    /// The constant added to the variance in the batch norm; 0 where that is folded.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn epsilon(&self) -> f64 {
        self.bn.as_ref().map_or(0.0, |norm| norm.epsilon)
    }

    /// The same for another number of planes, as [`stem_for`] makes it.
    pub(super) fn with_planes(mut self, planes: usize) -> Self {
        self.conv = stem_for(self.conv, planes);
        self
    }
}

/// A trained batch norm as one multiplication and one addition a feature map: `[features]` each.
pub(super) struct Affine {
    pub(super) scale: Tensor<1>,
    pub(super) shift: Tensor<1>,
}

impl Affine {
    pub(super) fn new(norm: &BatchNorm) -> Self {
        let scale = norm.gamma.val() / (norm.running_var.value() + norm.epsilon).sqrt();
        let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
        Self { scale, shift }
    }
}

/// A network's first convolution for another number of planes: existing planes keep their filters; a
/// fourth, yellow, starts from the first's, red, and so on in turn.
pub(super) fn stem_for(mut stem: Conv2d, planes: usize) -> Conv2d {
    let old = stem.weight.dims()[1];
    stem.weight = stem.weight.map(|weight| {
        let filters = (0..planes).map(|plane| weight.clone().narrow(1, plane % old, 1));
        Tensor::cat(filters.collect(), 1)
    });
    stem
}
