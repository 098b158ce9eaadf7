//! Several reports by `trainer evaluate` as one: the answers of networks each of which was tested on what it had not seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use cytolens_data::dataset::Sample;
use cytolens_report::evaluation::{Predicted, Tested};
use serde::Deserialize;

/// The answers of several reports.
#[derive(Debug)]
pub struct Reports {
    /// What they tested, in words; of no set yet.
    pub tested: Tested,
    /// The thresholds, which are the same in all.
    pub thresholds: [f32; COUNT],
    /// The report, the true labels and the probabilities of each sample, by its id.
    answers: BTreeMap<String, (PathBuf, LabelSet, [f32; COUNT])>,
}

impl Reports {
    /// Reads reports.
    ///
    /// # Errors
    /// Naming the report: if it is none, answers for a sample that another one answers for, or has other thresholds than the first.
    pub fn read(folders: &[PathBuf]) -> Result<Self> {
        let mut parts = Vec::with_capacity(folders.len());
        let mut answers = BTreeMap::new();
        for folder in folders {
            let part = ReportPart::read(folder)?;
            let rows = rows(&folder.join("predictions.csv"))?;
            for (id, labels, probabilities) in rows {
                let answer = (folder.clone(), labels, probabilities);
                if let Some((other, ..)) = answers.insert(id.clone(), answer) {
                    bail!(
                        "{} answers for {id}, as {} does: a sample is scored once",
                        folder.display(),
                        other.display()
                    );
                }
            }
            parts.push(part);
        }
        let thresholds = same_thresholds(folders, &parts)?;
        let models: Vec<&str> = parts.iter().map(|part| &*part.tested.model).collect();
        let mut networks: Vec<&str> = parts.iter().map(|part| &*part.tested.network).collect();
        networks.dedup();
        let mut notes: Vec<String> = parts
            .iter()
            .flat_map(|it| it.tested.notes.clone())
            .collect();
        notes.sort_unstable();
        notes.dedup();
        notes.insert(
            0,
            format!(
                "No one network answered for all of these samples: each of {} models did for some.",
                parts.len()
            ),
        );
        let tested = Tested {
            model: models.join(", "),
            network: networks.join("; "),
            data: String::new(),
            part: format!("the samples of {} reports", parts.len()),
            thresholds: "Those of the reports, which are the same in all.".to_owned(),
            notes,
        };
        Ok(Self {
            tested,
            thresholds,
            answers,
        })
    }

    /// Those of a set's samples that a report answers for.
    ///
    /// # Errors
    /// If the set lacks one of the reports' samples.
    pub fn samples<'a>(&self, samples: &'a [Sample]) -> Result<Vec<&'a Sample>> {
        let chosen: BTreeMap<&str, &Sample> = samples
            .iter()
            .filter(|sample| self.answers.contains_key(&sample.field.id))
            .map(|sample| (sample.field.id.as_str(), sample))
            .collect();
        let missing = |id: &&String| !chosen.contains_key(id.as_str());
        if let Some(id) = self.answers.keys().find(missing) {
            bail!(
                "the set lacks {id}, for which {} answers",
                self.answers[id].0.display()
            );
        }
        Ok(chosen.into_values().collect())
    }

    /// The answers for samples, in their order.
    ///
    /// # Errors
    /// Naming the report, if a sample has other labels there.
    pub fn answers(&self, samples: &[&Sample]) -> Result<Predicted> {
        let mut predicted = Predicted::default();
        for sample in samples {
            let id = &sample.field.id;
            let (folder, labels, probabilities) = &self.answers[id];
            let place = folder.display();
            ensure!(
                *labels == sample.labels,
                "{id} has the labels {} in the set and {labels} in {place}",
                sample.labels
            );
            predicted
                .push(id, *labels, *probabilities)
                .with_context(|| format!("{id} in {place}"))?;
        }
        Ok(predicted)
    }
}

/// The part of an `evaluation.json` that tells what was tested.
#[derive(Debug, Deserialize)]
struct ReportPart {
    tested: Tested,
    evaluation: EvaluationPart,
}

#[derive(Debug, Deserialize)]
struct EvaluationPart {
    classes: Vec<ClassPart>,
}

#[derive(Debug, Deserialize)]
struct ClassPart {
    threshold: f32,
}

impl ReportPart {
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("evaluation.json");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("no report by `trainer evaluate`: {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    fn thresholds(&self) -> Vec<f32> {
        let classes = self.evaluation.classes.iter();
        classes.map(|class| class.threshold).collect()
    }
}

/// The thresholds that all reports have.
fn same_thresholds(folders: &[PathBuf], parts: &[ReportPart]) -> Result<[f32; COUNT]> {
    let first = parts.first().context("no report")?.thresholds();
    for (folder, part) in folders.iter().zip(parts) {
        let thresholds = part.thresholds();
        let differs = |(one, other): (&f32, &f32)| one != other;
        if let Some(class) = first.iter().zip(&thresholds).position(differs) {
            bail!(
                "the threshold of {} is {} in {} and {} in {}: answers by different thresholds have no scores in common",
                LOCATIONS[class.min(COUNT - 1)],
                thresholds[class],
                folder.display(),
                first[class],
                folders[0].display()
            );
        }
    }
    let found = first.len();
    first
        .try_into()
        .map_err(|_| anyhow!("{found} thresholds in {}", folders[0].display()))
}

/// The ids, true labels and probabilities of a report's `predictions.csv`.
fn rows(path: &Path) -> Result<Vec<(String, LabelSet, [f32; COUNT])>> {
    let mut table =
        csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let row = |row: csv::Result<csv::StringRecord>| -> Result<_> {
        let row = row?;
        let id = row.get(0).context("a row without an id")?.to_owned();
        let truth = row.get(1).context("a row without Truth")?.parse()?;
        let cells = row.iter().skip(3).map(str::parse::<f32>);
        let cells: Vec<f32> = cells.collect::<Result<_, _>>()?;
        let found = cells.len();
        let probabilities = cells
            .try_into()
            .map_err(|_| anyhow!("{found} probabilities for {COUNT} locations"))?;
        Ok((id, truth, probabilities))
    };
    let rows: Result<Vec<_>> = table.records().map(row).collect();
    rows.with_context(|| format!("in {}", path.display()))
}
