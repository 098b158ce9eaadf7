//! Predictions for a part of a run's samples, in batches as in training, over one or several views.

use anyhow::Result;
use burn::tensor::Device;
use cytolens::classifier::probability;
use cytolens::model::InferenceNetwork;
use cytolens_core::labels::COUNT;

use crate::device::batch::{fractions, normalised};
use cytolens_data::batches::{BatchShape, Loader};
use cytolens_data::dataset::Sample;
use cytolens_data::views::turned;

/// A network that predicts samples as training reads them: in batches, at 8 bits, which only the device turns into fractions.
/// A [classifier](cytolens::classifier) predicts single fields, at their full depth.
#[derive(Debug)]
pub struct Predictor<'a> {
    /// The network, on the device.
    pub network: &'a InferenceNetwork,
    /// The mean of each plane, which is subtracted.
    pub mean: &'a [f32],
    /// The standard deviation of each plane, by which it is divided.
    pub std: &'a [f32],
    /// The composition and size of the planes, and the samples in a batch.
    pub shape: BatchShape,
    /// The number of threads that read samples.
    pub workers: usize,
    /// The device.
    pub device: &'a Device,
}

/// The logits of those samples that could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logits {
    /// The samples' indices, in rising order.
    pub samples: Vec<usize>,
    /// The logits, one row a sample.
    pub logits: Vec<[f32; COUNT]>,
}

impl Logits {
    /// The probabilities, one row a sample.
    pub fn probabilities(&self) -> Vec<[f32; COUNT]> {
        self.logits.iter().map(|row| row.map(probability)).collect()
    }
}

impl Predictor<'_> {
    /// Predicts samples: the mean of the logits over 1, 2 (mirrored), 4 (upside down too) or 8 views (turned by a quarter too).
    /// Calls `done` after each batch with the number of its samples.
    ///
    /// # Errors
    /// If the device fails.
    pub fn predict(
        &self,
        samples: &[Sample],
        views: usize,
        mut done: impl FnMut(usize),
    ) -> Result<Logits> {
        let loader = Loader::evaluation(samples.to_vec(), self.shape, self.workers);
        let mut logits = Logits::default();
        for batch in loader.epoch(0, 0) {
            let count = batch.samples.len();
            logits.samples.extend_from_slice(&batch.samples);
            let side = batch.shape[3];
            // Turned on the host: burn's remote devices cannot flip.
            let seen = (0..views).map(|index| {
                let planes = turned(&batch.planes, side, index);
                let planes = fractions(planes, batch.shape, self.device);
                self.network
                    .forward(normalised(planes, self.mean, self.std))
            });
            if let Some(sum) = seen.reduce(|sum, logits| sum + logits) {
                let values = (sum / views as f64)
                    .try_into_vec_as::<f32>()
                    .map_err(|error| anyhow::anyhow!("the device failed: {error:?}"))?;
                logits.logits.extend_from_slice(values.as_chunks().0);
            }
            done(count);
        }
        Ok(logits)
    }
}
