//! The numbers of an evaluation.

use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_core::ranking::{area_under_roc, average_precision, label_ranking_precisions};
use cytolens_core::scores::{ClassScores, Scores, score, score_classes};
use serde::Serialize;

use super::bootstrap::{self, Estimate, Estimates};
use super::choice::EvaluationChoice;
use super::mistakes::{self, Mistake};
use super::predicted::Predicted;
use crate::calibration::{Bin, expected_error, reliability};
use cytolens_core::confusion::Confusion;

/// The threshold that reports compare the tuned ones with.
pub const PLAIN: f32 = 0.5;

/// The scores of predictions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// The settings of the intervals.
    pub choice: EvaluationChoice,
    /// The scores at the given thresholds.
    pub scores: Scores,
    /// The scores at the given thresholds with intervals.
    pub estimates: Estimates,
    /// The scores at the threshold 0.5 for every class.
    pub plain: Scores,
    /// The scores at 0.5 with intervals.
    pub plain_estimates: Estimates,
    /// The gain of the given thresholds over 0.5, with intervals over the same draws.
    pub gain: Estimates,
    /// The number of samples without any predicted label at the given thresholds.
    pub without_label: usize,
    /// The scores of each location.
    pub classes: Vec<ClassEvaluation>,
    /// The mean average precision over the classes that occur; none where none does.
    pub mean_average_precision: Option<f64>,
    /// The mean area under the ROC curve over the classes that some samples have and some lack; none where there is none.
    pub mean_area_under_roc: Option<f64>,
    /// The mean of the [`label_ranking_precisions`].
    pub label_ranking_average_precision: Estimate,
    /// The comparison with an answer that is always the labels' frequencies, where these are known.
    pub frequencies: Option<AgainstFrequencies>,
    /// The expected calibration error over all decisions (Naeini et al. 2015).
    pub expected_calibration_error: f64,
    /// The mean of that of each class that occurs; none where none does.
    pub class_calibration_error: Option<Estimate>,
    /// All decisions, binned by probability.
    pub reliability: Vec<Bin>,
    /// The confusion of labels.
    pub confusion: Confusion,
    /// The wrongly predicted samples of highest loss.
    pub worst: Vec<Mistake>,
}

/// The scores of one location.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassEvaluation {
    /// The location's name.
    pub name: &'static str,
    /// The threshold of its probability.
    pub threshold: f32,
    /// The scores at that threshold.
    #[serde(flatten)]
    pub scores: ClassScores,
    /// F1 with its interval; none where no sample has the label.
    pub f1_estimate: Option<Estimate>,
    /// F1 at the threshold 0.5.
    pub plain_f1: f64,
    /// The average precision; none where no sample has the label.
    pub average_precision: Option<f64>,
    /// The area under the ROC curve; none where no sample or every sample has the label.
    pub area_under_roc: Option<f64>,
    /// The expected calibration error of its decisions; none where no sample has the label.
    pub calibration_error: Option<Estimate>,
}

/// A comparison with the answer that every label is as probable as it is frequent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AgainstFrequencies {
    /// The label ranking average precision of that answer.
    pub label_ranking_average_precision: Estimate,
    /// The model's, less that, sample by sample.
    pub gain: Estimate,
}

impl Evaluation {
    /// Adds the comparison with the labels' frequencies, from 0 to 1, on the same samples.
    #[must_use]
    pub fn against(mut self, test: &Predicted, frequencies: &[f32; COUNT]) -> Self {
        let rows = vec![*frequencies; test.truth.len()];
        let of_frequencies = label_ranking_precisions(&test.truth, &rows);
        let own = label_ranking_precisions(&test.truth, &test.probabilities);
        self.frequencies = Some(AgainstFrequencies {
            label_ranking_average_precision: bootstrap::resampled_mean(
                &of_frequencies,
                self.choice,
            ),
            gain: bootstrap::resampled_gain(&own, &of_frequencies, self.choice),
        });
        self
    }

    /// Scores predictions of samples that were used neither for training nor for tuning the thresholds.
    pub fn new(test: &Predicted, thresholds: &[f32; COUNT], choice: EvaluationChoice) -> Self {
        let truth = &test.truth;
        let predicted = test.decided(thresholds);
        let plain = test.decided(&[PLAIN; COUNT]);
        let resampled = bootstrap::resample(truth, &predicted, &plain, choice);
        let plain_classes = score_classes(truth, &plain);
        let errors = bootstrap::resampled_errors(test, choice);
        let classes: Vec<ClassEvaluation> = score_classes(truth, &predicted)
            .into_iter()
            .enumerate()
            .map(|(class, scores)| {
                let (labels, column) = test.of_class(class);
                ClassEvaluation {
                    name: LOCATIONS[class],
                    threshold: thresholds[class],
                    scores,
                    f1_estimate: resampled.classes[class],
                    plain_f1: plain_classes[class].f1,
                    average_precision: average_precision(&labels, &column),
                    area_under_roc: area_under_roc(&labels, &column),
                    calibration_error: errors.classes[class],
                }
            })
            .collect();
        let (outcomes, decisions) = test.decisions();
        let bins = reliability(&outcomes, &decisions);
        Self {
            choice,
            scores: score(truth, &predicted),
            estimates: resampled.first,
            plain: score(truth, &plain),
            plain_estimates: resampled.second,
            gain: resampled.gain,
            without_label: predicted.iter().filter(|set| set.is_empty()).count(),
            mean_average_precision: mean(classes.iter().filter_map(|one| one.average_precision)),
            mean_area_under_roc: mean(classes.iter().filter_map(|one| one.area_under_roc)),
            classes,
            label_ranking_average_precision: bootstrap::resampled_mean(
                &label_ranking_precisions(truth, &test.probabilities),
                choice,
            ),
            frequencies: None,
            expected_calibration_error: expected_error(&bins),
            class_calibration_error: errors.mean,
            reliability: bins.to_vec(),
            confusion: Confusion::new(truth, &predicted),
            worst: mistakes::worst(test, &predicted, thresholds, mistakes::MOST),
        }
    }

    /// A summary of the scores for the terminal.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} samples, {} of {COUNT} locations; intervals of {} % by {} draws\n",
            self.scores.samples,
            self.scores.classes_present,
            self.choice.confidence * 100.0,
            self.choice.bootstrap
        );
        text += &format!(
            "{:<28} {:>6}  {:<16} {:>8}\n",
            "", "score", "interval", "at 0.5"
        );
        let plain = self.plain_estimates.named();
        for ((name, one), (_, plain)) in self.estimates.named().into_iter().zip(plain) {
            let interval = format!("{:.4} to {:.4}", one.low, one.high);
            text += &format!(
                "{name:<28} {:>6.4}  {interval} {:>8.4}\n",
                one.value, plain.value
            );
        }
        let other = [
            ("mean average precision", self.mean_average_precision),
            ("mean area under ROC", self.mean_area_under_roc),
            (
                "expected calibration error",
                Some(self.expected_calibration_error),
            ),
        ];
        for (name, value) in other {
            let value = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
            text += &format!("{name:<28} {value:>6}\n");
        }
        let mut rows = Vec::new();
        if let Some(error) = self.class_calibration_error {
            rows.push(("  mean of locations present", error));
        }
        let ranking = self.label_ranking_average_precision;
        rows.push(("label ranking precision", ranking));
        if let Some(other) = self.frequencies {
            rows.push((
                "  of the frequencies",
                other.label_ranking_average_precision,
            ));
            rows.push(("  gain over them", other.gain));
        }
        for (name, Estimate { value, low, high }) in rows {
            text += &format!("{name:<28} {value:>6.4}  {low:.4} to {high:.4}\n");
        }
        text
    }
}

/// The mean of the values; none for no value.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| {
        (count + 1, sum + value)
    });
    (count > 0).then(|| sum / count as f64)
}
