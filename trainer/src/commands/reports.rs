//! Several reports by `trainer evaluate` as one: the answers of networks each of which was tested on what it had not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use cytolens_data::dataset::Sample;
use cytolens_report::evaluation::{Predicted, Report, Tested};

/// The answers of several reports.
#[derive(Debug)]
pub struct Reports {
    /// What they tested, in words; of no set yet.
    pub tested: Tested,
    /// The thresholds, which are the same in all.
    pub thresholds: [f32; COUNT],
    answers: BTreeMap<String, Answer>,
}

/// The answer for a sample.
#[derive(Debug)]
struct Answer {
    /// The report that has it.
    folder: PathBuf,
    truth: LabelSet,
    probabilities: [f32; COUNT],
}

impl Reports {
    /// Reads reports.
    ///
    /// # Errors
    /// Naming the report: if it is none, answers for a sample that another one answers for, or has other thresholds than the first.
    pub fn read(folders: &[PathBuf]) -> Result<Self> {
        let mut thresholds = None;
        let mut tested = Vec::with_capacity(folders.len());
        let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
        for folder in folders {
            let report = Report::read(folder)?;
            let (first, own) = (
                *thresholds.get_or_insert(report.thresholds),
                report.thresholds,
            );
            if let Some(class) = (0..COUNT).find(|&class| first[class] != own[class]) {
                bail!(
                    "the threshold of {} is {} in {} and {} in {}: answers by different thresholds have no scores in common",
                    LOCATIONS[class],
                    own[class],
                    folder.display(),
                    first[class],
                    folders[0].display()
                );
            }
            let Predicted {
                ids,
                truth,
                probabilities,
            } = report.predicted;
            for ((id, truth), probabilities) in ids.into_iter().zip(truth).zip(probabilities) {
                if let Some(other) = answers.get(&id) {
                    bail!(
                        "{} answers for {id}, as {} does: a sample is scored once",
                        folder.display(),
                        other.folder.display()
                    );
                }
                let folder = folder.clone();
                answers.insert(
                    id,
                    Answer {
                        folder,
                        truth,
                        probabilities,
                    },
                );
            }
            tested.push(report.tested);
        }
        Ok(Self {
            tested: together(tested),
            thresholds: thresholds.context("no report")?,
            answers,
        })
    }

    /// Those of a set's samples that a report answers for.
    ///
    /// # Errors
    /// If the set lacks one of the reports' samples.
    pub fn samples<'a>(&self, samples: &'a [Sample]) -> Result<Vec<&'a Sample>> {
        let known: BTreeSet<&str> = samples.iter().map(|it| it.field.id.as_str()).collect();
        for (id, answer) in &self.answers {
            ensure!(
                known.contains(id.as_str()),
                "the set lacks {id}, for which {} answers",
                answer.folder.display()
            );
        }
        let is_answered = |sample: &&Sample| self.answers.contains_key(&sample.field.id);
        Ok(samples.iter().filter(is_answered).collect())
    }

    /// The answers for samples, in their order.
    ///
    /// # Errors
    /// Naming the report, if a sample has other labels there.
    pub fn answers(&self, samples: &[&Sample]) -> Result<Predicted> {
        let mut predicted = Predicted::default();
        for sample in samples {
            let id = &sample.field.id;
            let answer = &self.answers[id];
            ensure!(
                answer.truth == sample.labels,
                "{id} has the labels {} in the set and {} in {}",
                sample.labels,
                answer.truth,
                answer.folder.display()
            );
            predicted.push(id, answer.truth, answer.probabilities)?;
        }
        Ok(predicted)
    }
}

/// What several reports tested, as one.
fn together(reports: Vec<Tested>) -> Tested {
    let count = reports.len();
    let (mut models, mut networks) = (Vec::new(), BTreeSet::new());
    let mut notes = BTreeSet::new();
    for report in reports {
        models.push(report.model);
        networks.insert(report.network);
        notes.extend(report.notes);
    }
    let first = format!(
        "No one network answered for all of these samples: each of {count} models did for some."
    );
    Tested {
        model: models.join(", "),
        network: Vec::from_iter(networks).join("; "),
        data: String::new(),
        part: format!("the samples of {count} reports"),
        thresholds: "Those of the reports, which are the same in all.".to_owned(),
        notes: [first].into_iter().chain(notes).collect(),
    }
}
