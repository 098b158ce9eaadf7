//! Predicted probabilities and true labels.

use anyhow::{Result, anyhow, ensure};
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use serde::{Deserialize, Serialize};

use cytolens_core::scores::decide;

/// The predictions for samples of known labels. The three lists are of one length.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// The samples' ids.
    pub ids: Vec<String>,
    /// The true labels.
    pub truth: Vec<LabelSet>,
    /// The predicted probability of each class, from 0 to 1.
    pub probabilities: Vec<[f32; COUNT]>,
}

impl Predicted {
    /// Adds a sample.
    ///
    /// # Errors
    /// If a probability is no number, as from a network that has diverged.
    pub fn push(
        &mut self,
        id: impl Into<String>,
        truth: LabelSet,
        probabilities: [f32; COUNT],
    ) -> Result<()> {
        for (class, probability) in probabilities.iter().enumerate() {
            ensure!(
                (0.0..=1.0).contains(probability),
                "the network's answer for {} is no probability: {probability}",
                LOCATIONS[class]
            );
        }
        self.ids.push(id.into());
        self.truth.push(truth);
        self.probabilities.push(probabilities);
        Ok(())
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The predicted label sets at these thresholds.
    pub fn decided(&self, thresholds: &[f32; COUNT]) -> Vec<LabelSet> {
        let rows = self.probabilities.iter();
        rows.map(|row| decide(row, thresholds)).collect()
    }

    /// The truth and the probability of a class for each sample.
    pub fn of_class(&self, class: usize) -> (Vec<bool>, Vec<f32>) {
        let truth = self.truth.iter().map(|set| set.contains(class)).collect();
        (
            truth,
            self.probabilities.iter().map(|row| row[class]).collect(),
        )
    }

    /// The truth and the probability of every decision, sample by sample.
    pub fn decisions(&self) -> (Vec<bool>, Vec<f32>) {
        let truth = self.truth.iter();
        (
            truth
                .flat_map(|set| (0..COUNT).map(|class| set.contains(class)))
                .collect(),
            self.probabilities.concat(),
        )
    }
}

/// Numbers as one a location.
///
/// # Errors
/// If they are fewer or more than the locations.
pub fn one_a_location(numbers: Vec<f32>) -> Result<[f32; COUNT]> {
    let found = numbers.len();
    numbers
        .try_into()
        .map_err(|_| anyhow!("{found} numbers for {COUNT} locations"))
}
