//! A network: a backbone and a head.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::backbone::Backbone;
use super::head::Head;
use super::weights;
use crate::package::{NetworkConfig, Package, PackageError};

/// A backbone and its head.
#[derive(Module, Debug)]
pub struct Network {
    /// Planes to features.
    pub backbone: Backbone,
    /// Features to logits.
    pub head: Head,
}

impl Network {
    /// Makes a network with random weights.
    pub fn new(config: &NetworkConfig, device: &Device) -> Self {
        let architecture = config.architecture;
        let (features, side) = (architecture.features(), architecture.side(config.size));
        Self {
            backbone: Backbone::new(
                architecture,
                config.planes,
                config.batch_norm_epsilon,
                device,
            ),
            head: Head::new(config.head, features, side, config.classes, device),
        }
    }

    /// Makes the network of a package, with the package's weights.
    ///
    /// # Errors
    /// [`PackageError::Weights`] with a report on the tensors that do not fit.
    pub fn of_package(package: &Package, device: &Device) -> Result<Self, PackageError> {
        let config = &package.manifest().network;
        let tensors = weights::read_safetensors(package.weights().to_vec())?;
        let mut network = Self::new(config, device);
        weights::apply_exactly(&mut network, config.names(), &tensors)?;
        Ok(network)
    }

    /// Computes logits `[batch, classes]` of normalised planes `[batch, planes, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.head.forward(self.backbone.forward(input))
    }
}
