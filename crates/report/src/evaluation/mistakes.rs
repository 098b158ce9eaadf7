//! The wrongly predicted samples of highest loss.

use cytolens_core::labels::{COUNT, LabelSet};
use serde::Serialize;

use super::predicted::Predicted;

/// The number of samples in a report.
pub const MOST: usize = 24;

/// The least distance of a probability from 0 and 1 in the loss, since the logarithm of 0 is not finite.
const LEAST: f64 = 1e-7;

/// A sample whose predicted set is not the true one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mistake {
    /// The index among all samples of the evaluation.
    pub sample: usize,
    /// The sample's id.
    pub id: String,
    /// The mean binary cross-entropy over the 28 classes, in nats.
    pub loss: f64,
    /// The true labels.
    pub truth: LabelSet,
    /// The predicted labels.
    pub predicted: LabelSet,
    /// The false negatives and false positives, with their probabilities.
    pub wrong: Vec<Wrong>,
}

/// A wrong decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Wrong {
    /// The class number.
    pub class: usize,
    /// Whether the sample has the label.
    pub is_true: bool,
    /// The predicted probability.
    pub probability: f32,
    /// The threshold of the class.
    pub threshold: f32,
}

/// The wrongly predicted samples of highest loss, the highest first, ties in the samples' order.
pub fn worst(
    test: &Predicted,
    predicted: &[LabelSet],
    thresholds: &[f32; COUNT],
    most: usize,
) -> Vec<Mistake> {
    let mut wrong: Vec<(usize, f64)> = (0..test.len())
        .filter(|&sample| test.truth[sample] != predicted[sample])
        .map(|sample| {
            (
                sample,
                cross_entropy(test.truth[sample], &test.probabilities[sample]),
            )
        })
        .collect();
    wrong.sort_by(|a, b| b.1.total_cmp(&a.1));
    wrong.truncate(most);
    let mistake = |(sample, loss): (usize, f64)| {
        let (truth, predicted) = (test.truth[sample], predicted[sample]);
        Mistake {
            sample,
            id: test.ids[sample].clone(),
            loss,
            truth,
            predicted,
            wrong: (0..COUNT)
                .filter(|&class| truth.contains(class) != predicted.contains(class))
                .map(|class| Wrong {
                    class,
                    is_true: truth.contains(class),
                    probability: test.probabilities[sample][class],
                    threshold: thresholds[class],
                })
                .collect(),
        }
    };
    wrong.into_iter().map(mistake).collect()
}

/// The mean binary cross-entropy of a sample's 28 decisions, in nats.
fn cross_entropy(truth: LabelSet, probabilities: &[f32; COUNT]) -> f64 {
    let of_class = |(class, &probability): (usize, &f32)| {
        let probability = f64::from(probability);
        let of_truth = if truth.contains(class) {
            probability
        } else {
            1.0 - probability
        };
        -of_truth.clamp(LEAST, 1.0).ln()
    };
    probabilities.iter().enumerate().map(of_class).sum::<f64>() / COUNT as f64
}
