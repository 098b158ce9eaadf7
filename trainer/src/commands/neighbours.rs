//! `trainer neighbours`: the nearest entries of an index as a classifier, beside the network and mixed with it.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use cytolens::package::ModelPackage;
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_core::scores::tune_thresholds;
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::files::claim_folder;
use cytolens_data::split::file::Part;
use cytolens_data::whole_file::write_whole;
use cytolens_report::evaluation::{Estimate, Evaluation, EvaluationChoice, PLAIN, Predicted};
use cytolens_report::progress::progress;
use cytolens_similar::Index;
use serde::Serialize;

use super::parts::Parts;
use super::scored_model::{Embedded, ScoredModel};
use super::thresholds::LEAST_POSITIVES;
use crate::commands::arguments::{SetArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note_left_out, say};
use crate::similar::{Answers, Way, read};

/// The file of the scores.
const SCORES: &str = "neighbours.json";

/// Score the nearest entries of an index as a classifier, beside the network and mixed with it
///
/// A label is as probable as the share of the nearest entries that have it, each counting by its closeness. The split's validation
/// part decides: how many neighbours vote, and how much the network counts in the mixture, by the least log loss; thresholds by the
/// highest F1. The test part and further sets are scored with these. No field that decides or is scored answers for any. Writes
/// neighbours.json.
#[derive(Debug, Args)]
pub struct ScoreNeighbours {
    /// The model package
    #[arg(long, value_name = "PACKAGE")]
    model: PathBuf,
    /// The index, made for this package by `trainer index`
    #[arg(long, value_name = "DIR")]
    index: PathBuf,
    #[command(flatten)]
    set: SetArguments,
    /// Which sample of the set is in which part: a table by `trainer split`, or a run's split.csv
    #[arg(long, value_name = "FILE.csv")]
    split: PathBuf,
    /// A further labelled set to score, all of it; can be given again
    #[arg(long, value_name = "DIR")]
    test: Vec<PathBuf>,
    /// The folder of the scores; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads that read fields ahead of the network; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

/// A way to answer that was decided on.
struct Decided {
    name: &'static str,
    way: Way,
    thresholds: [f32; COUNT],
}

/// All that is written.
#[derive(Serialize)]
struct Scores {
    model: String,
    index: String,
    /// The number of fields that decided.
    decided_by: usize,
    tests: Vec<Tested>,
}

/// The scores on some fields.
#[derive(Serialize)]
struct Tested {
    data: String,
    samples: usize,
    answers: Vec<Scored>,
}

/// The scores of a way to answer.
#[derive(Serialize)]
struct Scored {
    answers: &'static str,
    #[serde(flatten)]
    way: Way,
    macro_f1: Estimate,
    macro_f1_present: Estimate,
    label_ranking_average_precision: Estimate,
    mean_average_precision: Option<f64>,
}

impl ScoreNeighbours {
    /// Runs the command.
    ///
    /// # Errors
    /// If a set, the split, the index or the package cannot be read, or the index is another network's.
    pub fn run(&self) -> Result<ExitCode> {
        let index = self.read_index()?;
        let model = ScoredModel::of_package(&self.model, self.device.open()?)?;
        let set = self.set.open()?;
        let further = self.further()?;
        let parts = Parts::in_run(&self.split)?;
        let among = |part| parts.among(&set.samples, part, "--test scores every one of a set");
        let validation = among(Part::Validation)?;
        let mut tested = vec![(
            format!("the part test of {}", self.set.data.display()),
            among(Part::Test)?,
        )];
        for (folder, set) in self.test.iter().zip(&further) {
            tested.push((folder.display().to_string(), set.samples.iter().collect()));
        }
        let asked = tested.iter().flat_map(|(_, samples)| samples);
        let asked: BTreeSet<&str> = asked
            .chain(&validation)
            .map(|sample| sample.field.id.as_str())
            .collect();
        let may_answer = |id: &str| !asked.contains(id);
        let left = index.entries().iter().filter(|it| may_answer(&it.id));
        ensure!(
            left.count() > 0,
            "every field of the index in {} is one that decides or is scored: none is left to answer",
            self.index.display()
        );
        claim_folder(&self.out)?;

        let found = self.embedded(&model, &validation, "Deciding")?;
        let answers = asked_for(&index, &found, may_answer);
        let [alone, mixed] = answers.best();
        let ways = [
            ("network", Way::NETWORK),
            ("neighbours", alone),
            ("mixed", mixed),
        ];
        let decided = ways.map(|(name, way)| Decided {
            name,
            way,
            thresholds: tune_thresholds(
                &found.predicted.truth,
                &answers.by(way),
                LEAST_POSITIVES,
                PLAIN,
            ),
        });
        say!(
            "decided by {} fields: {} neighbours alone; {} beside the network, whose share is {:.2}",
            found.predicted.len(),
            alone.neighbours,
            mixed.neighbours,
            mixed.network_share
        )?;
        let mut tests = Vec::new();
        for (data, samples) in tested {
            let found = self.embedded(&model, &samples, "Scoring")?;
            let answers = asked_for(&index, &found, may_answer);
            let test = Tested {
                data,
                samples: found.predicted.len(),
                answers: decided
                    .iter()
                    .map(|it| it.scored(&found.predicted, &answers))
                    .collect(),
            };
            say!("{}", test.text())?;
            tests.push(test);
        }
        let scores = Scores {
            model: self.model.display().to_string(),
            index: self.index.display().to_string(),
            decided_by: found.predicted.len(),
            tests,
        };
        let file = self.out.join(SCORES);
        write_whole(&file, serde_json::to_string_pretty(&scores)? + "\n")?;
        say!("these scores are in {}", file.display())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Reads the index, which must be the package's.
    fn read_index(&self) -> Result<Index> {
        let in_index = || format!("in {}", self.index.display());
        let index = read(&self.index)?;
        let package = ModelPackage::read(&self.model)
            .with_context(|| format!("in {}", self.model.display()))?;
        let members = package.manifest().members();
        let features_of = members.first().context("a package without a network")?;
        index
            .check_network(&features_of.weights.sha256)
            .with_context(in_index)?;
        ensure!(
            index.about().labels == LOCATIONS,
            "the index in {} is for other labels than the 28 locations",
            self.index.display()
        );
        Ok(index)
    }

    /// Opens the further sets.
    fn further(&self) -> Result<Vec<Dataset>> {
        let reading = self.set.reading();
        let open = |folder: &PathBuf| {
            Dataset::open(folder, &reading).with_context(|| format!("in {}", folder.display()))
        };
        self.test.iter().map(open).collect()
    }

    fn embedded(
        &self,
        model: &ScoredModel,
        samples: &[&Sample],
        what: &'static str,
    ) -> Result<Embedded> {
        let bar = progress(samples.len(), what);
        let (found, faults) = model.embedded(samples, workers(self.workers), &bar)?;
        bar.finish();
        note_left_out(&faults);
        ensure!(!found.predicted.is_empty(), "no field could be answered");
        Ok(found)
    }
}

/// Asks the index for neighbours of fields.
fn asked_for<'a>(
    index: &'a Index,
    found: &'a Embedded,
    may_answer: impl Fn(&str) -> bool,
) -> Answers<'a> {
    let Predicted {
        truth,
        probabilities,
        ..
    } = &found.predicted;
    Answers::new(index, truth, probabilities, &found.features, may_answer)
}

impl Decided {
    fn scored(&self, test: &Predicted, answers: &Answers<'_>) -> Scored {
        let test = Predicted {
            ids: test.ids.clone(),
            truth: test.truth.clone(),
            probabilities: answers.by(self.way),
        };
        let evaluation = Evaluation::new(&test, &self.thresholds, EvaluationChoice::default());
        Scored {
            answers: self.name,
            way: self.way,
            macro_f1: evaluation.estimates.macro_f1,
            macro_f1_present: evaluation.estimates.macro_f1_present,
            label_ranking_average_precision: evaluation.label_ranking_average_precision,
            mean_average_precision: evaluation.mean_average_precision,
        }
    }
}

impl Tested {
    fn text(&self) -> String {
        let mut text = format!(
            "{}: {} fields\n  {:<12}{:>28}{:>28}{:>26}",
            self.data,
            self.samples,
            "",
            "macro-F1, present",
            "label ranking precision",
            "mean average precision"
        );
        let estimate =
            |Estimate { value, low, high }: Estimate| format!("{value:.4} ({low:.4} to {high:.4})");
        for scored in &self.answers {
            let precision = scored.mean_average_precision.unwrap_or_default();
            text += &format!(
                "\n  {:<12}{:>28}{:>28}{precision:>26.4}",
                scored.answers,
                estimate(scored.macro_f1_present),
                estimate(scored.label_ranking_average_precision)
            );
        }
        text
    }
}
