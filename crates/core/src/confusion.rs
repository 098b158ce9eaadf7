//! Confusion of labels.

use super::labels::{COUNT, LOCATIONS, LabelSet};
use serde::Serialize;

/// The counts of labels predicted in place of others.
///
/// A sample counts for the pair (A, B) where A is a false negative and B a false positive. A sample with several labels may count for
/// several pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confusion {
    /// The number of samples with each label.
    pub positives: Vec<usize>,
    /// The number of false negatives of each label.
    pub missed: Vec<usize>,
    /// The counts of pairs, `[28, 28]`: the row's label is the false negative, the column's the false positive.
    pub counts: Vec<Vec<usize>>,
}

/// A pair of labels and its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The label that was missed.
    pub missed: usize,
    /// The label that was given in its place.
    pub given: usize,
    /// The number of samples.
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

    /// The share of the samples with a label for which it was missed and another given. Shares are of all samples with the label,
    /// found or missed, so a row need not sum to 1. None where no sample has the label.
    pub fn share(&self, missed: usize, given: usize) -> Option<f64> {
        let positives = self.positives[missed];
        (positives > 0).then(|| self.counts[missed][given] as f64 / positives as f64)
    }

    /// The pairs that occur, the most frequent first, ties by class number.
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

    /// Describes a pair in words.
    pub fn describe_pair(&self, missed: usize, given: usize) -> String {
        format!(
            "{} missed and {} given: {} samples; {}",
            LOCATIONS[missed],
            LOCATIONS[given],
            self.counts[missed][given],
            self.describe_positives(missed),
        )
    }

    /// Describes the false negatives of a label in words.
    pub fn describe_positives(&self, class: usize) -> String {
        format!(
            "{}: {} of {} samples missed",
            LOCATIONS[class], self.missed[class], self.positives[class]
        )
    }
}
