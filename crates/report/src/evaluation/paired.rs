//! What one model is better by than another on the same samples.

use cytolens_core::labels::COUNT;
use cytolens_core::ranking::label_ranking_precisions;
use serde::{Deserialize, Serialize};

use super::bootstrap::{Estimate, Estimates, resample, resampled_gain};
use super::choice::EvaluationChoice;
use super::predicted::Predicted;

/// A model's answers for samples, and the thresholds that decide by them.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The answers.
    pub predicted: Predicted,
    /// The thresholds, one a class.
    pub thresholds: [f32; COUNT],
}

/// What one model is better by than another, each at its own thresholds. The intervals are over draws of the same samples for both:
/// chance affects both alike, so they are narrower than the models' own intervals suggest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gains {
    /// The differences of the scores.
    #[serde(flatten)]
    pub scores: Estimates,
    /// The difference of the label ranking average precision.
    pub label_ranking_average_precision: Estimate,
}

impl Gains {
    /// The scores of one model less those of another; none without samples, and unless both answer the same ones in the same order.
    pub fn of(one: &Answers, other: &Answers, choice: EvaluationChoice) -> Option<Self> {
        let (own, others) = (&one.predicted, &other.predicted);
        if own.is_empty() || own.ids != others.ids || own.truth != others.truth {
            return None;
        }
        let [first, second] = [one, other].map(|it| it.predicted.decided(&it.thresholds));
        let ranked = |it: &Predicted| label_ranking_precisions(&it.truth, &it.probabilities);
        Some(Self {
            scores: resample(&own.truth, &first, &second, choice).gain,
            label_ranking_average_precision: resampled_gain(&ranked(own), &ranked(others), choice),
        })
    }
}
