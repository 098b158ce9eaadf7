//! Probabilities beside the truth.

use anyhow::{Result, ensure};
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use serde::{Deserialize, Serialize};

use cytolens_core::scores::decide;

/// What a network says of samples whose labels are known. The three lists are of one length.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// The samples' ids.
    pub ids: Vec<String>,
    /// What people see in them.
    pub truth: Vec<LabelSet>,
    /// What the network says of each class, from 0 to 1.
    pub probabilities: Vec<[f32; COUNT]>,
}

impl Predicted {
    /// Adds a sample.
    ///
    /// # Errors
    /// Where a probability is none: a network that has grown beyond all numbers says NaN.
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

    /// How many samples.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The label sets that these thresholds make of the probabilities.
    pub fn decided(&self, thresholds: &[f32; COUNT]) -> Vec<LabelSet> {
        let rows = self.probabilities.iter();
        rows.map(|row| decide(row, thresholds)).collect()
    }

    /// Which samples have a class, and the probability that the network gives it.
    pub fn of_class(&self, class: usize) -> (Vec<bool>, Vec<f32>) {
        let truth = self.truth.iter().map(|set| set.contains(class)).collect();
        (
            truth,
            self.probabilities.iter().map(|row| row[class]).collect(),
        )
    }

    /// Every decision, sample by sample: whether the label is there, and its probability.
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
