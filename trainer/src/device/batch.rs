//! A batch on the device.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use cytolens_core::labels;

use cytolens_data::batches::HostBatch;

/// A batch of samples on a device.
#[derive(Debug, Clone)]
pub struct DeviceBatch {
    /// The planes `[batch, planes, height, width]`, from 0 (black) to 1; not normalised.
    pub planes: Tensor<4>,
    /// The labels `[batch, 28]`: 1 where the sample has the label, else 0.
    pub targets: Tensor<2>,
}

impl DeviceBatch {
    /// Moves a batch to the device.
    pub fn new(batch: HostBatch, device: &Device) -> Self {
        let HostBatch {
            planes,
            shape,
            targets,
            samples,
            ..
        } = batch;
        let targets = TensorData::new(targets, [samples.len(), labels::COUNT]);
        Self {
            planes: fractions(planes, shape, device),
            targets: Tensor::from_data(targets, device),
        }
    }
}

/// Moves levels from 0 to 255 to the device as fractions from 0 to 1: as bytes where the device can
/// compute with them, which is a quarter of the traffic.
pub fn fractions(levels: Vec<u8>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    let levels = if device.supports_dtype(DType::U8) {
        let data = TensorData::new(levels, shape);
        Tensor::<4, Int>::from_data(data, (device, DType::U8)).float()
    } else {
        let levels: Vec<f32> = levels.into_iter().map(f32::from).collect();
        Tensor::from_data(TensorData::new(levels, shape), device)
    };
    levels.div_scalar(255.0)
}

/// Normalises planes `[batch, planes, height, width]` from 0 to 1 to mean 0 and standard deviation 1.
pub fn normalised(planes: Tensor<4>, mean: &[f32], std: &[f32]) -> Tensor<4> {
    let device = planes.device();
    let row =
        |values: &[f32]| Tensor::<1>::from_floats(values, &device).reshape([1, values.len(), 1, 1]);
    (planes - row(mean)) / row(std)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_become_fractions_in_their_places() {
        let batch = HostBatch {
            index: 0,
            planes: (0..24).map(|value| value * 10).collect(),
            shape: [2, 3, 2, 2],
            targets: vec![1.0; 2 * labels::COUNT],
            samples: vec![4, 9],
        };
        let batch = DeviceBatch::new(batch, &Device::flex());
        assert_eq!(batch.planes.dims(), [2, 3, 2, 2]);
        assert_eq!(batch.targets.dims(), [2, labels::COUNT]);
        let values = batch
            .planes
            .into_data()
            .try_into_vec::<f32>()
            .expect("numbers");
        for (place, value) in values.iter().enumerate() {
            assert!((value - place as f32 * 10.0 / 255.0).abs() < 1e-6);
        }
    }
}
