//! Which label is given in place of which.

use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use serde::Serialize;

/// Pairs of labels that are taken for each other.
///
/// A sample counts for the pair (A, B) where it has A and is not said to have it, and is said to
/// have B and has it not. A sample with several labels may count for several pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// How many samples have each label.
    pub positives: Vec<usize>,
    /// Of those, how many were not said to have it.
    pub missed: Vec<usize>,
    /// 28 rows of 28: how many samples lack the row's label in the prediction and have the column's
    /// there, both wrongly.
    pub counts: Vec<Vec<usize>>,
}

/// One pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The label that was missed.
    pub missed: usize,
    /// The label that was given.
    pub given: usize,
    /// In how many samples.
    pub samples: usize,
}

impl Confusion {
    /// Counts the pairs.
    pub fn new(truth: &[LabelSet], predicted: &[LabelSet]) -> Self {
        let mut confusion = Self {
            positives: vec![0; COUNT],
            missed: vec![0; COUNT],
            counts: vec![vec![0; COUNT]; COUNT],
        };
        for (truth, predicted) in truth.iter().zip(predicted) {
            for class in truth.classes() {
                confusion.positives[class] += 1;
                if predicted.contains(class) {
                    continue;
                }
                confusion.missed[class] += 1;
                for given in predicted.classes().filter(|&given| !truth.contains(given)) {
                    confusion.counts[class][given] += 1;
                }
            }
        }
        confusion
    }

    /// Of the samples that have a label, the share for which it was missed and another given: a row
    /// is normalised by all samples that have its label, found or missed, and need not sum to 1.
    /// None where no sample has it.
    pub fn share(&self, missed: usize, given: usize) -> Option<f64> {
        let positives = self.positives[missed];
        (positives > 0).then(|| self.counts[missed][given] as f64 / positives as f64)
    }

    /// The pairs that came, the most frequent first; of equal ones, by class number.
    pub fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = (0..COUNT)
            .flat_map(|missed| (0..COUNT).map(move |given| (missed, given)))
            .map(|(missed, given)| Pair {
                missed,
                given,
                samples: self.counts[missed][given],
            })
            .filter(|pair| pair.samples > 0)
            .collect();
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.samples));
        pairs
    }

    /// A pair in words.
    pub fn told(&self, missed: usize, given: usize) -> String {
        format!(
            "{} missed and {} given: {} samples; {}",
            LOCATIONS[missed],
            LOCATIONS[given],
            self.counts[missed][given],
            self.told_of(missed),
        )
    }

    /// A label in words.
    pub fn told_of(&self, class: usize) -> String {
        format!(
            "{}: {} of {} samples missed",
            LOCATIONS[class], self.missed[class], self.positives[class]
        )
    }
}
