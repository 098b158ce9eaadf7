//! Evaluation of predictions: scores with intervals, class by class, calibration, confusion and the worst mistakes, as numbers
//! ([`Evaluation`]) and as a report ([`write()`]).

mod bootstrap;
mod choice;
mod document;
mod figures;
mod mistakes;
mod paired;
mod predicted;
mod read;
mod results;

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_core::labels::LOCATIONS;
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::write_whole;
use serde::Serialize;

pub use crate::calibration::Bin;
pub use bootstrap::{Estimate, Estimates, resampled_mean};
pub use choice::EvaluationChoice;
pub use cytolens_core::confusion::Confusion;
pub use document::Tested;
pub use mistakes::Mistake;
pub use paired::{Answers, Gains};
pub use predicted::{Predicted, one_a_location};
pub use read::Report;
pub use results::{ClassEvaluation, Evaluation, PLAIN};

/// Writes the report: `index.html`, `evaluation.json`, `predictions.csv` and the folder `plots`. `pictures` has the pictures of each
/// of the worst mistakes, each as a caption and a path relative to the report.
///
/// # Errors
/// If a file cannot be written.
pub fn write(
    tested: &Tested,
    evaluation: &Evaluation,
    test: &Predicted,
    pictures: &[Vec<(String, String)>],
    faults: &[Fault],
    out: &Path,
) -> Result<()> {
    let figures = figures::EvaluationPlots::of(evaluation, test);
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

/// Writes a table of Id, Truth and Predicted (class numbers separated by spaces), and the probability of each class.
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
