//! A report read back.

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_core::labels::{COUNT, LabelSet};
use serde::Deserialize;

use super::document::Tested;
use super::predicted::{Predicted, one_a_location};

/// What a written report holds of its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The model and the samples.
    pub tested: Tested,
    /// The threshold of each class.
    pub thresholds: [f32; COUNT],
    /// The predictions.
    pub predicted: Predicted,
}

impl Report {
    /// Reads the report that [`super::write()`] wrote into a folder.
    ///
    /// # Errors
    /// Naming the file: if it cannot be read, or is no such report's.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("evaluation.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("no report by `trainer evaluate`: {}", path.display()))?;
        let numbers = || -> Result<_> {
            let Numbers { tested, evaluation } = serde_json::from_str(&text)?;
            let thresholds = evaluation.classes.iter().map(|class| class.threshold);
            Ok((tested, one_a_location(thresholds.collect())?))
        };
        let (tested, thresholds) = numbers().with_context(|| format!("in {}", path.display()))?;
        let path = folder.join("predictions.csv");
        let predicted = predictions(&path).with_context(|| format!("in {}", path.display()))?;
        Ok(Self {
            tested,
            thresholds,
            predicted,
        })
    }
}

/// The part of `evaluation.json` that is read.
#[derive(Deserialize)]
struct Numbers {
    tested: Tested,
    evaluation: Classes,
}

#[derive(Deserialize)]
struct Classes {
    classes: Vec<Class>,
}

#[derive(Deserialize)]
struct Class {
    threshold: f32,
}

/// Reads the table of predictions, whose third column follows from the probabilities.
fn predictions(path: &Path) -> Result<Predicted> {
    let mut predicted = Predicted::default();
    for row in csv::Reader::from_path(path)?.records() {
        let row = row?;
        let cell = |place: usize| row.get(place).context("a row is too short");
        let truth: LabelSet = cell(1)?.parse()?;
        let probabilities = row.iter().skip(3).map(str::parse::<f32>);
        let probabilities = one_a_location(probabilities.collect::<Result<_, _>>()?)?;
        predicted.push(cell(0)?, truth, probabilities)?;
    }
    Ok(predicted)
}
