//! The networks, made from the weights in files.

mod all_cnn;
mod densenet;
mod inception_resnet;
mod resnet;
#[cfg(test)]
mod tests;
mod unet;

use std::fmt;

use crate::engine::Engine;
use crate::map::Map;
use crate::weights::{Maker, Tensors, WeightsError};

pub use unet::UNet;

/// The kinds of backbone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// DenseNet of any depth, under torchvision's names.
    DenseNet,
    /// ResNet of bottlenecks, of any depth, under torchvision's names.
    ResNet,
    /// All-CNN-C.
    AllCnn,
    /// Inception-ResNet-v2, under timm's names.
    InceptionResNet,
}

/// A backbone for inference on the CPU.
#[derive(Debug)]
pub struct Backbone {
    engine: Engine,
    network: Network,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one")]
enum Network {
    DenseNet(densenet::DenseNet),
    ResNet(resnet::ResNet),
    AllCnn(all_cnn::AllCnn),
    InceptionResNet(inception_resnet::InceptionResNet),
}

/// A backbone's features of one image.
#[derive(Clone, PartialEq)]
pub struct Features {
    /// The number of maps, their height and their width.
    pub shape: [usize; 3],
    /// The numbers `[maps, height, width]`.
    pub values: Vec<f32>,
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Features({:?})", self.shape)
    }
}

impl Backbone {
    /// Makes a backbone of tensors. `epsilon` is added to the variance in batch normalisation.
    ///
    /// # Errors
    /// [`WeightsError`].
    pub fn new(
        engine: Engine,
        kind: Kind,
        epsilon: f64,
        tensors: &dyn Tensors,
    ) -> Result<Self, WeightsError> {
        let maker = Maker {
            engine: &engine,
            tensors,
            epsilon: epsilon as f32,
        };
        let network = match kind {
            Kind::DenseNet => Network::DenseNet(densenet::DenseNet::new(&maker)?),
            Kind::ResNet => Network::ResNet(resnet::ResNet::new(&maker)?),
            Kind::AllCnn => Network::AllCnn(all_cnn::AllCnn::new(&maker)?),
            Kind::InceptionResNet => {
                Network::InceptionResNet(inception_resnet::InceptionResNet::new(&maker)?)
            }
        };
        Ok(Self { engine, network })
    }

    /// The number of planes that it takes.
    pub fn planes(&self) -> usize {
        match &self.network {
            Network::DenseNet(network) => network.planes(),
            Network::ResNet(network) => network.planes(),
            Network::AllCnn(network) => network.planes(),
            Network::InceptionResNet(network) => network.planes(),
        }
    }

    /// The number of feature maps that it gives.
    pub fn features(&self) -> usize {
        match &self.network {
            Network::DenseNet(network) => network.features(),
            Network::ResNet(network) => network.features(),
            Network::AllCnn(network) => network.features(),
            Network::InceptionResNet(network) => network.features(),
        }
    }

    /// Computes the features of one image's normalised planes, which have the shape `[planes, height, width]`.
    ///
    /// # Panics
    /// If the network has another number of planes, or `planes` is not of this shape.
    pub fn forward(&self, planes: &[f32], shape: [usize; 3]) -> Features {
        assert_eq!(planes.len(), shape.iter().product(), "planes {shape:?}");
        let planes = Map::of_planes(&self.engine.pool, planes, shape);
        let map = match &self.network {
            Network::DenseNet(network) => network.forward(&self.engine, &planes),
            Network::ResNet(network) => network.forward(&self.engine, &planes),
            Network::AllCnn(network) => network.forward(&self.engine, &planes),
            Network::InceptionResNet(network) => network.forward(&self.engine, &planes),
        };
        let pixels = map.height * map.width;
        let mut values = vec![0.0; map.channels * pixels];
        for (pixel, from) in map.values().chunks_exact(map.channels).enumerate() {
            for (to, value) in values[pixel..].iter_mut().step_by(pixels).zip(from) {
                *to = *value;
            }
        }
        Features {
            shape: [map.channels, map.height, map.width],
            values,
        }
    }
}
