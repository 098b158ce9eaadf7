//! What a network answers for samples: probabilities, over one view of each or several.

use anyhow::Result;
use burn::tensor::Device;
use cytolens::model::InferenceNetwork;
use cytolens_core::labels::COUNT;

use super::learner::normalised;
use crate::device::batch::fractions;
use cytolens_data::batches::{BatchShape, Loader};
use cytolens_data::dataset::Sample;
use cytolens_data::views::turned;

/// A network that answers.
#[derive(Debug)]
pub struct Answerer<'a> {
    /// The network, on the device.
    pub network: &'a InferenceNetwork,
    /// Subtracted from each plane.
    pub mean: &'a [f32],
    /// Each plane is divided by this.
    pub std: &'a [f32],
    /// How samples come.
    pub shape: BatchShape,
    /// Threads that prepare them.
    pub workers: usize,
    /// Where it computes.
    pub device: &'a Device,
}

/// Answers for those samples that could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// The samples' indices, rising.
    pub samples: Vec<usize>,
    /// One row a sample.
    pub logits: Vec<[f32; COUNT]>,
}

impl Answers {
    /// One row a sample, from 0 to 1.
    pub fn probabilities(&self) -> Vec<[f32; COUNT]> {
        let probability = |logit: f32| 1.0 / (1.0 + (-logit).exp());
        self.logits.iter().map(|row| row.map(probability)).collect()
    }
}

impl Answerer<'_> {
    /// Answers for samples, telling `done` how many came: the mean of the logits of as many views, 1, 2 (mirrored), 4 (upside down
    /// too) or 8 (turned by a quarter too).
    ///
    /// # Errors
    /// Where the device fails.
    pub fn answer(
        &self,
        samples: &[Sample],
        views: usize,
        mut done: impl FnMut(usize),
    ) -> Result<Answers> {
        let loader = Loader::evaluation(samples.to_vec(), self.shape, self.workers);
        let mut answers = Answers::default();
        for batch in loader.epoch(0, 0) {
            let count = batch.samples.len();
            answers.samples.extend_from_slice(&batch.samples);
            let side = batch.shape[3];
            // Turned here and not on the device: burn's remote devices cannot flip.
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
                answers.logits.extend_from_slice(values.as_chunks().0);
            }
            done(count);
        }
        Ok(answers)
    }
}
