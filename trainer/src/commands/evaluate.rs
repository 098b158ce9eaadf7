//! `trainer evaluate`: scores a model on labelled samples and writes a report.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use clap::{ArgGroup, Args};
use cytolens_core::labels::{self, COUNT};

use super::reports::Reports;
use super::scored_model::ScoredModel;
use crate::commands::arguments::{SetArguments, label_sets, workers};
use crate::commands::painting::PainterArguments;
use crate::commands::parts::Parts;
use crate::commands::thresholds::{LEAST_POSITIVES, tuned};
use crate::device::DeviceChoice;
use crate::output::{note_left_out, say};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::fault::Fault;
use cytolens_data::files::claim_folder;
use cytolens_data::split::file::Part;
use cytolens_report::evaluation::{self, Evaluation, EvaluationChoice, Predicted, Tested};
use cytolens_report::inspect::pictures;
use cytolens_report::progress::progress;

/// What serves where a split has none of the samples.
const SCORE_ALL: &str = "--part all scores every one";
/// The number of ids that an error names.
const IDS_NAMED: usize = 3;

/// Score a model on labelled samples and write a report
///
/// Writes index.html, evaluation.json, predictions.csv (Id, Truth, Predicted, and the probability of
/// each class), plots and pictures of the worst mistakes. Thresholds are the model's, or with --tune
/// those of the validation part; they are never tuned on tested samples. Samples that cannot be read
/// are reported and left out. With --report no model answers: reports on parts of the set are made one.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("scored").required(true).args(["run", "model", "report"])))]
pub struct Evaluate {
    /// The run to score
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// The model package to score
    #[arg(long, value_name = "PACKAGE")]
    model: Option<PathBuf>,
    /// A report by this command, whose answers are scored together with those of the others; can be given again. So each sample
    /// is tested by the network that has not seen it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["split", "part", "tune", "painter"])]
    report: Vec<PathBuf>,
    #[command(flatten)]
    set: SetArguments,
    /// Which sample is in which part: a table by `trainer split`; by default a run's own
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// Which samples to score: train, validation, test, fold-0, ..., or all; by default test where
    /// there is a split, else all
    #[arg(long, value_name = "PART")]
    part: Option<Scored>,
    /// Tune a threshold for each location on the split's validation part first
    #[arg(long)]
    tune: bool,
    /// Compare with an answer that is always the label frequencies of this table (Id,Target)
    #[arg(long, value_name = "CSV")]
    frequencies: Option<PathBuf>,
    /// The report's folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    painting: PainterArguments,
    /// Number of times that the samples are drawn again for intervals; 0 makes none
    #[arg(long, value_name = "N", default_value_t = EvaluationChoice::default().bootstrap)]
    bootstrap: usize,
    /// Random seed of these draws
    #[arg(long, default_value_t = EvaluationChoice::default().seed)]
    seed: u64,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
    /// Threads that read fields ahead of the network; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

/// The samples to score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scored {
    Part(Part),
    All,
}

impl FromStr for Scored {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "all" => Ok(Self::All),
            part => part.parse().map(Self::Part),
        }
    }
}

impl Evaluate {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let choice = EvaluationChoice {
            bootstrap: self.bootstrap,
            seed: self.seed,
            ..EvaluationChoice::default()
        };
        choice.check()?;
        let Dataset {
            samples, faults, ..
        } = self.set.open()?;
        let frequencies = match &self.frequencies {
            Some(table) => Some(labels::frequencies(&label_sets(table)?)),
            None => None,
        };
        let answers = if self.report.is_empty() {
            self.answer(&samples)?
        } else {
            self.join(&samples)?
        };
        let faults = [faults, answers.unread].concat();
        note_left_out(&faults);
        let (tested, test) = (answers.tested, answers.predicted);
        if test.is_empty() {
            bail!("no sample could be scored");
        }

        let mut evaluation = Evaluation::new(&test, &answers.thresholds, choice);
        if let Some(frequencies) = &frequencies {
            evaluation = evaluation.against(&test, frequencies);
        }
        let pictures = self.draw(&evaluation, &answers.samples)?;
        evaluation::write(&tested, &evaluation, &test, &pictures, &faults, &self.out)?;
        for note in &tested.notes {
            say!("note: {note}")?;
        }
        say!("{}", evaluation.summary().trim_end())?;
        say!(
            "{} left out; the report is {}",
            faults.len(),
            self.out.join("index.html").display()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// Has a run or a package answer for the samples to score.
    fn answer<'a>(&self, samples: &'a [Sample]) -> Result<Answers<'a>> {
        let chosen = self.choose(samples)?;
        let device = self.device.open()?;
        let mut model = match (&self.run, &self.model) {
            (Some(run), _) => ScoredModel::of_run(run, device)?,
            (None, Some(package)) => ScoredModel::of_package(package, device)?,
            (None, None) => bail!("name a run with --run or a package with --model"),
        };
        model.painter = self.painting.open(model.manifest())?;
        claim_folder(&self.out)?;

        let mut unread = Vec::new();
        if !chosen.tuning.is_empty() {
            let (validation, faults) = self.predict(&model, &chosen.tuning, "Tuning")?;
            unread.extend(faults);
            tune(&mut model, &validation, &chosen.split)?;
        }
        let (predicted, faults) = self.predict(&model, &chosen.tested, "Scoring")?;
        unread.extend(faults);
        let mut notes = chosen.notes;
        notes.extend(painted_note(&model, &predicted));
        let tested = Tested {
            model: model.name,
            network: model.network,
            data: self.set.data.display().to_string(),
            part: chosen.part,
            thresholds: model.thresholds_from,
            notes,
        };
        Ok(Answers {
            samples: chosen.tested,
            tested,
            predicted,
            thresholds: model.thresholds,
            unread,
        })
    }

    /// Gathers the answers that reports hold for samples.
    fn join<'a>(&self, samples: &'a [Sample]) -> Result<Answers<'a>> {
        let reports = Reports::read(&self.report)?;
        let samples = reports.samples(samples)?;
        let predicted = reports.answers(&samples)?;
        let tested = Tested {
            data: self.set.data.display().to_string(),
            ..reports.tested
        };
        claim_folder(&self.out)?;
        Ok(Answers {
            samples,
            tested,
            predicted,
            thresholds: reports.thresholds,
            unread: Vec::new(),
        })
    }

    /// Chooses the samples to score and to tune on, if that is fair or asked for.
    fn choose<'a>(&self, samples: &'a [Sample]) -> Result<Chosen<'a>> {
        let split = self.run.as_ref().map(|run| run.join("split.csv"));
        let own = split.as_deref().map(Parts::in_run).transpose()?;
        let given = match &self.split {
            Some(file) => Some(Parts::of_table(file, samples)?),
            None => None,
        };
        let split = given.as_ref().or(own.as_ref());
        let scored = match (self.part, split) {
            (Some(part), _) => part,
            (None, Some(_)) => Scored::Part(Part::Test),
            (None, None) => Scored::All,
        };
        let mut notes = Vec::new();
        let (tested, part) = match (scored, split) {
            (Scored::All, _) => (samples.iter().collect(), "all samples".to_owned()),
            (Scored::Part(part), Some(split)) => (
                split.among(samples, part, SCORE_ALL)?,
                format!("the part {part} of {}", split.file.display()),
            ),
            (Scored::Part(part), None) => {
                bail!("--part {part} needs --split: a package does not say which sample is where")
            }
        };
        let trained_on: BTreeSet<&str> = own
            .iter()
            .flat_map(|own| &own.of)
            .filter(|(_, part)| **part == Part::Train)
            .map(|(id, _)| id.as_str())
            .collect();
        let seen = |chosen: &[&Sample]| -> Vec<String> {
            let ids = chosen.iter().map(|sample| sample.field.id.as_str());
            let seen = ids.filter(|id| trained_on.contains(id));
            seen.map(str::to_owned).collect()
        };
        let again = seen(&tested);
        if !again.is_empty() {
            ensure!(
                scored == Scored::Part(Part::Train),
                "the run was trained on {} of the {} samples to score ({}): scores on them say nothing; --part train asks for them \
                 all the same",
                again.len(),
                tested.len(),
                named(&again)
            );
            notes.push(format!(
                "The run was trained on {} of these {} samples: the scores tell how well it remembers, not how well it finds.",
                again.len(),
                tested.len()
            ));
        }
        if self.model.is_some() {
            notes.push(
                match split {
                    Some(_) => {
                        "A package does not name the samples that it was trained on: whether this split kept the tested ones out \
                         cannot be checked here."
                    }
                    None => {
                        "No split was given: the package may have been trained on these samples, and its thresholds tuned on \
                         them; then the scores flatter it."
                    }
                }
                .to_owned(),
            );
        } else if scored == Scored::Part(Part::Validation) {
            notes.push(
                "The validation part is what a run chooses by, its thresholds above all: the scores flatter it."
                    .to_owned(),
            );
        }
        let mut tuning = Vec::new();
        if self.tune {
            let split = split.context("--tune needs --split, with a part validation to tune on")?;
            ensure!(
                !matches!(scored, Scored::All | Scored::Part(Part::Validation)),
                "--tune would tune on tested samples: score another part than validation"
            );
            tuning = split
                .among(samples, Part::Validation, SCORE_ALL)
                .context("--tune")?;
            let again = seen(&tuning);
            ensure!(
                again.is_empty(),
                "the run was trained on {} of the samples to tune on ({})",
                again.len(),
                named(&again)
            );
        }
        Ok(Chosen {
            tested,
            tuning,
            part,
            split: split.map_or_else(String::new, |split| split.file.display().to_string()),
            notes,
        })
    }

    fn predict(
        &self,
        model: &ScoredModel,
        samples: &[&Sample],
        what: &'static str,
    ) -> Result<(Predicted, Vec<Fault>)> {
        let bar = progress(samples.len(), what);
        let predicted = model.predicted(samples, workers(self.workers), &bar)?;
        bar.finish();
        Ok(predicted)
    }

    /// Draws the fields of the worst mistakes; a field that can no longer be read has no pictures.
    fn draw(
        &self,
        evaluation: &Evaluation,
        samples: &[&Sample],
    ) -> Result<Vec<Vec<(String, String)>>> {
        let folder = self.out.join(pictures::FOLDER);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let by_id: BTreeMap<&str, &Sample> = samples
            .iter()
            .map(|sample| (sample.field.id.as_str(), *sample))
            .collect();
        let mistakes = evaluation.worst.iter().enumerate();
        mistakes
            .map(|(index, mistake)| {
                let field = by_id
                    .get(mistake.id.as_str())
                    .and_then(|sample| sample.field.read().ok());
                field.map_or_else(
                    || Ok(Vec::new()),
                    |field| {
                        pictures::glance(&field, &format!("mistake-{:02}", index + 1), &self.out)
                    },
                )
            })
            .collect()
    }
}

/// What a report says of painted channels, where a painter was asked for.
fn painted_note(model: &ScoredModel, test: &Predicted) -> Option<String> {
    let manifest = model.painter.as_ref()?.manifest();
    let painted = test.ids.iter().filter(|id| model.has_painted(id));
    Some(format!(
        "The {} channel of {} of the {} samples was painted from other channels by {}, and never measured.",
        manifest.channels.paint,
        painted.count(),
        test.len(),
        manifest.name
    ))
}

/// The answers to score.
#[derive(Debug)]
struct Answers<'a> {
    samples: Vec<&'a Sample>,
    tested: Tested,
    predicted: Predicted,
    thresholds: [f32; COUNT],
    /// The samples that could not be read.
    unread: Vec<Fault>,
}

/// The samples to score, and their description in the report.
#[derive(Debug)]
struct Chosen<'a> {
    tested: Vec<&'a Sample>,
    /// The samples to tune thresholds on; none unless asked for.
    tuning: Vec<&'a Sample>,
    /// The scored part, in words.
    part: String,
    /// The file of the split.
    split: String,
    notes: Vec<String>,
}

/// Tunes the model's thresholds; a location with few samples keeps its own.
fn tune(model: &mut ScoredModel, validation: &Predicted, split: &str) -> Result<()> {
    ensure!(!validation.is_empty(), "no sample to tune on could be read");
    let (thresholds, changed) = tuned(
        &validation.truth,
        &validation.probabilities,
        &model.thresholds,
    );
    model.thresholds = thresholds;
    model.thresholds_from = format!(
        "Those of {changed} locations were tuned for this report, for the highest F1 on the {} samples of the part validation of \
         {split}; the other {}, which fewer than {LEAST_POSITIVES} of these samples show, keep the model's own.",
        validation.len(),
        COUNT - changed
    );
    Ok(())
}

fn named(ids: &[String]) -> String {
    let more = if ids.len() > IDS_NAMED { ", ..." } else { "" };
    format!("{}{more}", ids[..ids.len().min(IDS_NAMED)].join(", "))
}
