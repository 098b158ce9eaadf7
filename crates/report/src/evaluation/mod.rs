//! What predictions are worth: scores with intervals, class by class, calibration, confusion and
//! the worst mistakes, as numbers ([`Evaluation`]) and as a report ([`write`]).

mod bootstrap;
mod choice;
mod confusion;
mod document;
mod figures;
mod mistakes;
mod predicted;

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_core::labels::{COUNT, LOCATIONS};
use serde::Serialize;

use super::calibration::{Bin, expected_error, reliability};
use cytolens_core::ranking::{area_under_roc, average_precision, label_ranking_average_precision};
use cytolens_core::scores::{ClassScores, Scores, score, score_classes};
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::write_whole;

pub use bootstrap::{Estimate, Estimates};
pub use choice::EvaluationChoice;
pub use confusion::Confusion;
pub use document::Tested;
pub use mistakes::Mistake;
pub use predicted::Predicted;

/// The threshold that is beside the tuned ones.
pub const PLAIN: f32 = 0.5;

/// Everything that is counted about predictions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// How intervals were made.
    pub choice: EvaluationChoice,
    /// At the given thresholds.
    pub scores: Scores,
    /// The same with intervals.
    pub estimates: Estimates,
    /// At the threshold 0.5 for every class.
    pub plain: Scores,
    /// The same with intervals.
    pub plain_estimates: Estimates,
    /// What the given thresholds give beyond 0.5, with intervals over the same draws.
    pub gain: Estimates,
    /// How many samples are said to show nothing, at the given thresholds.
    pub without_label: usize,
    /// One for each location.
    pub classes: Vec<ClassEvaluation>,
    /// Over the classes that occur; none where none does.
    pub mean_average_precision: Option<f64>,
    /// Over the classes that occur and are not everywhere; none where there is none.
    pub mean_area_under_roc: Option<f64>,
    /// See [`label_ranking_average_precision`].
    pub label_ranking_average_precision: f64,
    /// Over all decisions: see [`expected_error`].
    pub expected_calibration_error: f64,
    /// All decisions by probability.
    pub reliability: Vec<Bin>,
    /// Which label is given in place of which.
    pub confusion: Confusion,
    /// The samples of highest loss among those that were not predicted right.
    pub worst: Vec<Mistake>,
}

/// What is counted about one location.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassEvaluation {
    /// Its name.
    pub name: &'static str,
    /// From which probability it counts as present.
    pub threshold: f32,
    /// Decisions at that threshold.
    #[serde(flatten)]
    pub scores: ClassScores,
    /// F1 with its interval; none where no sample has the label.
    pub f1_estimate: Option<Estimate>,
    /// F1 at the threshold 0.5.
    pub plain_f1: f64,
    /// None where no sample has the label.
    pub average_precision: Option<f64>,
    /// None where no sample or every sample has the label.
    pub area_under_roc: Option<f64>,
}

impl Evaluation {
    /// Scores what a network says of samples that neither it nor the thresholds were made with.
    pub fn new(test: &Predicted, thresholds: &[f32; COUNT], choice: EvaluationChoice) -> Self {
        let truth = &test.truth;
        let predicted = test.decided(thresholds);
        let plain = test.decided(&[PLAIN; COUNT]);
        let resampled = bootstrap::resample(truth, &predicted, &plain, choice);
        let plain_classes = score_classes(truth, &plain);
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
            label_ranking_average_precision: label_ranking_average_precision(
                truth,
                &test.probabilities,
            ),
            expected_calibration_error: expected_error(&bins),
            reliability: bins.to_vec(),
            confusion: Confusion::new(truth, &predicted),
            worst: mistakes::worst(test, &predicted, thresholds, mistakes::MOST),
        }
    }

    /// What a person at a terminal is told.
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
                "label ranking precision",
                Some(self.label_ranking_average_precision),
            ),
            (
                "expected calibration error",
                Some(self.expected_calibration_error),
            ),
        ];
        for (name, value) in other {
            let value = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
            text += &format!("{name:<28} {value:>6}\n");
        }
        text
    }
}

/// The mean, of values that may be none.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| {
        (count + 1, sum + value)
    });
    (count > 0).then(|| sum / count as f64)
}

/// Writes the report: `index.html`, `evaluation.json`, `predictions.csv` and the folder `plots`.
/// `pictures` names for each of the worst mistakes its pictures, as paths from the report, with what
/// they show.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(
    tested: &Tested,
    evaluation: &Evaluation,
    test: &Predicted,
    pictures: &[Vec<(String, String)>],
    faults: &[Fault],
    out: &Path,
) -> Result<()> {
    let figures = figures::Figures::of(evaluation, test);
    let plots = out.join("plots");
    std::fs::create_dir_all(&plots)
        .with_context(|| format!("cannot make the folder {}", plots.display()))?;
    for plot in figures.all() {
        write_whole(&plots.join(format!("{}.svg", plot.name)), plot.file())?;
    }
    #[derive(Serialize)]
    struct Whole<'a> {
        tested: &'a Tested,
        evaluation: &'a Evaluation,
        faults: &'a [Fault],
    }
    let whole = Whole {
        tested,
        evaluation,
        faults,
    };
    let json = serde_json::to_string_pretty(&whole)? + "\n";
    write_whole(&out.join("evaluation.json"), json)?;
    write_predictions(evaluation, test, &out.join("predictions.csv"))?;
    let page = document::document(tested, evaluation, &figures, pictures, faults);
    write_whole(&out.join("index.html"), page)
}

/// Columns: Id, Truth and Predicted (class numbers, parted by spaces), the probability of each class.
fn write_predictions(evaluation: &Evaluation, test: &Predicted, path: &Path) -> Result<()> {
    let thresholds = std::array::from_fn(|class| evaluation.classes[class].threshold);
    let predicted = test.decided(&thresholds);
    let write = || -> Result<()> {
        let mut table = csv::Writer::from_path(path)?;
        table.write_record(["Id", "Truth", "Predicted"].into_iter().chain(LOCATIONS))?;
        let sets = test.truth.iter().zip(predicted);
        for ((id, (truth, predicted)), row) in test.ids.iter().zip(sets).zip(&test.probabilities) {
            let first = [id.clone(), truth.to_string(), predicted.to_string()];
            table.write_record(first.into_iter().chain(row.iter().map(ToString::to_string)))?;
        }
        Ok(table.flush()?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
