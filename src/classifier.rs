//! The classifier of a network on one of burn's devices.

use burn::tensor::{Device, Tensor, TensorData};

pub use cytolens_package::{
    ActivationMaps, Answers, ClassifierError, MAP_SIDE, Output, Prediction, probability,
};

use crate::model::{InferenceNetwork, Network, head};
use crate::package::{Inference, Package, PackageError};

/// A package's network on a device, which predicts the locations in a field.
pub type Classifier = crate::package::Classifier<InferenceNetwork>;

/// A package's one or several networks on a device.
pub type Model = crate::package::Model<InferenceNetwork>;

impl Inference for InferenceNetwork {
    type Device = Device;
    type Features = Tensor<4>;

    fn of_package(package: &Package, device: Device) -> Result<Self, PackageError> {
        Ok(Self::new(Network::of_package(package, &device)?))
    }

    fn features(&self, planes: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
        let planes = TensorData::new(planes, shape);
        self.backbone
            .forward(Tensor::from_data(planes, self.device()))
    }

    async fn logits(&self, features: &Tensor<4>) -> Result<Vec<f32>, String> {
        read(self.head.forward(features.clone())).await
    }

    async fn pooled(&self, features: &Tensor<4>) -> Result<Vec<f32>, String> {
        read(head::pool(features.clone())).await
    }

    async fn maps(&self, features: &Tensor<4>) -> Result<ActivationMaps, String> {
        let maps = self.head.activation_maps(features.clone());
        let [_, side, _] = maps.dims();
        let values = read(maps).await?;
        Ok(ActivationMaps { side, values })
    }
}

/// Reads the numbers of a tensor.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = tensor.into_data_async().await;
    let data = data.map_err(|error| error.to_string())?;
    data.try_into_vec().map_err(|error| format!("{error:?}"))
}
