//! The training loop of a U-Net: epochs of steps, each followed by validation, with checkpoints in between.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor};
use cytolens_cells::UNetConfig;
use cytolens_data::examples::{ExampleLoader, Examples};
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::write_whole;
use serde::{Deserialize, Serialize};

use super::learner::UNetLearner;
use super::package::{Stated, UNetSummary};
use super::recipe::{UNetChoices, UNetTrainingChoice};
use crate::output::{note, note_left_out, say};
use crate::run::folder::RunFolder;
use crate::run::position::{BestEpoch, Position};

/// The number of steps between two lines of progress.
const SAY_EVERY: usize = 20;

/// What a U-Net is trained for.
pub trait Goal {
    /// Computes the loss, `[1]`, of logits, targets from 0 to 1 and weights, all `[batch, outputs, height, width]`.
    fn loss(&self, logits: Tensor<4>, targets: Tensor<4>, weights: Tensor<4>) -> Tensor<1>;

    /// Scores a network on the validation fields; `weights` are the bytes of its safetensors file.
    ///
    /// # Errors
    /// If no field can be read.
    fn validate(&self, weights: &[u8]) -> Result<Validation>;
}

/// The scores of a network on the validation fields.
#[derive(Debug)]
pub struct Validation {
    /// The score by which the best epoch is chosen; larger is better.
    pub score: f64,
    /// All scores by their names in the record.
    pub scores: BTreeMap<&'static str, f64>,
    /// The scores in words.
    pub said: String,
}

/// The place and the means of a training.
#[derive(Debug, Clone, Copy)]
pub struct UNetRun<'a> {
    /// The run's folder.
    pub folder: &'a RunFolder,
    /// The device, without gradients.
    pub device: &'a Device,
    /// The number of threads that prepare examples.
    pub workers: usize,
    /// The time between two checkpoints inside an epoch.
    pub checkpoint_every: Duration,
}

/// A training about to be run.
#[derive(Debug)]
pub struct UNetTraining<'a, E, G> {
    /// The recipe's choices.
    pub choices: UNetChoices<'a>,
    /// What an epoch shows.
    pub examples: E,
    /// What the network is trained for.
    pub goal: G,
    /// Where it is kept, and by what it is computed.
    pub run: UNetRun<'a>,
}

/// What came of a training.
#[derive(Debug)]
pub struct Trained {
    /// The bytes of the best epoch's weights.
    pub weights: Vec<u8>,
    /// The best epoch.
    pub best: BestEpoch,
    /// The number of examples shown.
    pub shown: usize,
}

impl Trained {
    /// The summary of the run, whose recipe chose this network, and whose best epoch was chosen by `score`. `fields` are the numbers
    /// of those trained on and of those held back.
    ///
    /// # Errors
    /// If the recipe cannot be written as JSON.
    pub fn summary(
        &self,
        kind: &str,
        network: UNetConfig,
        fields: [usize; 2],
        stated: Stated,
        recipe: &impl Serialize,
        score: &str,
    ) -> Result<UNetSummary> {
        let [trained_on, held_back] = fields;
        Ok(UNetSummary {
            kind: kind.to_owned(),
            network,
            trained_on,
            held_back,
            shown: self.shown,
            images: stated.images,
            licence: stated.licence,
            recipe: serde_json::to_value(recipe)?,
            metrics: serde_json::json!({
                "validation": {
                    "fields": held_back,
                    (score): self.best.score,
                    "epoch": self.best.epoch + 1,
                },
            }),
        })
    }
}

/// What was made of the validation fields. Notes those that could not be read.
///
/// # Errors
/// If no field could be read.
pub fn readable<R>(of_fields: Vec<Result<R, Fault>>) -> Result<Vec<R>> {
    let mut results = Vec::new();
    for of_field in of_fields {
        match of_field {
            Ok(result) => results.push(result),
            Err(fault) => note!("left out: {fault}"),
        }
    }
    ensure!(!results.is_empty(), "no validation field can be read");
    Ok(results)
}

impl<E: Examples, G: Goal> UNetTraining<'_, E, G> {
    /// Runs all epochs, or with `resume` those that are left.
    ///
    /// # Errors
    /// If the loss is no longer a number, the device fails or the disk is full. The last checkpoint stays.
    pub fn run(self, resume: bool) -> Result<Trained> {
        let run = self.run.folder.path();
        let device = self.run.device.clone().autodiff();
        let UNetTrainingChoice {
            seed,
            epochs,
            batch,
            ..
        } = *self.choices.training;
        let mut learner = UNetLearner::new(&self.choices, &device);
        let goes_on = resume && learner.load(run, &device)?;
        let record = Record::open(run, goes_on.then_some(&learner.position))?;
        if goes_on {
            say!("going on after step {}", learner.position.step)?;
        } else {
            learner.save(run)?;
        }
        let loader = ExampleLoader::new(self.examples, seed, batch, self.run.workers);
        let mut course = Course {
            steps: vec![loader.batches(); epochs],
            choices: self.choices,
            goal: &self.goal,
            run,
            device,
            checkpoint_every: self.run.checkpoint_every,
            seconds_before: learner.position.seconds,
            begun: Instant::now(),
            saved: Instant::now(),
            learner,
            record,
        };
        while course.learner.position.epoch < epochs {
            course.show_epoch(&loader)?;
            course.end_epoch()?;
        }
        course.trained()
    }
}

/// A training in its course.
struct Course<'a, G> {
    choices: UNetChoices<'a>,
    goal: &'a G,
    run: &'a Path,
    /// With gradients.
    device: Device,
    checkpoint_every: Duration,
    /// The steps of each epoch.
    steps: Vec<usize>,
    /// The seconds that the run had taken when this process began.
    seconds_before: f64,
    begun: Instant,
    /// The moment of the last checkpoint.
    saved: Instant,
    learner: UNetLearner,
    record: Record,
}

impl<G: Goal> Course<'_, G> {
    /// Shows the examples of an epoch that are left.
    fn show_epoch<E: Examples>(&mut self, loader: &ExampleLoader<E>) -> Result<()> {
        let epoch = self.learner.position.epoch;
        let (mut losses, mut counted, mut examples) = (0.0, 0_u32, 0);
        let mut since = Instant::now();
        for batch in loader.epoch(epoch as u64, self.learner.position.batch) {
            let shown = batch.examples.len();
            let optimiser = self.choices.optimiser;
            let rates = optimiser.rates(self.learner.position.step, &self.steps, 0);
            if shown > 0 {
                let goal = self.goal;
                let of = |logits, targets, weights| goal.loss(logits, targets, weights);
                let loss = self.learner.step(&batch, of, rates.head, &self.device)?;
                losses += loss;
                counted += 1;
                self.learner.position.loss_sum += loss * shown as f64;
            }
            examples += shown;
            let position = &mut self.learner.position;
            position.batch = batch.index + 1;
            position.shown += shown;
            position.shown_in_all += shown;
            if position.step.is_multiple_of(SAY_EVERY) && counted > 0 {
                let line = StepLine {
                    kind: "step",
                    step: position.step,
                    epoch: epoch + 1,
                    loss: losses / f64::from(counted),
                    learning_rate: rates.head,
                    examples_a_second: examples as f64 / since.elapsed().as_secs_f64(),
                };
                self.record.add(&line)?;
                say!(
                    "epoch {}, step {} of {}: loss {:.4}, {:.2} examples a second",
                    line.epoch,
                    line.step,
                    self.steps.iter().sum::<usize>(),
                    line.loss,
                    line.examples_a_second
                )?;
                (losses, counted, examples, since) = (0.0, 0, 0, Instant::now());
                if self.saved.elapsed() >= self.checkpoint_every {
                    self.save()?;
                }
            }
        }
        note_left_out(&loader.unread());
        ensure!(self.learner.position.shown > 0, "no field could be read");
        Ok(())
    }

    /// Scores the network, keeps its weights if they are the best, and goes on to the next epoch.
    fn end_epoch(&mut self) -> Result<()> {
        let weights = self.learner.predicting()?;
        let Validation {
            score,
            scores,
            said,
        } = self.goal.validate(&weights)?;
        let seconds = self.seconds();
        let position = &mut self.learner.position;
        let line = EpochLine {
            kind: "epoch",
            step: position.step,
            epoch: position.epoch + 1,
            loss: position.loss_sum / position.shown as f64,
            scores,
            seconds,
        };
        self.record.add(&line)?;
        say!(
            "epoch {} of {}: loss {:.4}, {said}, after {seconds:.0} s",
            line.epoch,
            self.choices.training.epochs,
            line.loss
        )?;
        // Of equal epochs, the later has been trained on more.
        if position.best.is_none_or(|best| score >= best.score) {
            let epoch = position.epoch;
            position.best = Some(BestEpoch { epoch, score });
            write_whole(&best_weights(self.run), weights)?;
        }
        position.epoch += 1;
        position.batch = 0;
        position.loss_sum = 0.0;
        position.shown = 0;
        self.save()
    }

    /// The seconds that the run has taken.
    fn seconds(&self) -> f64 {
        self.seconds_before + self.begun.elapsed().as_secs_f64()
    }

    /// Writes a checkpoint.
    fn save(&mut self) -> Result<()> {
        self.learner.position.seconds = self.seconds();
        self.learner.save(self.run)?;
        self.saved = Instant::now();
        Ok(())
    }

    /// The best epoch's weights.
    fn trained(&self) -> Result<Trained> {
        let position = &self.learner.position;
        let path = best_weights(self.run);
        let weights =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Trained {
            weights,
            best: position.best.context("no epoch was run")?,
            shown: position.shown_in_all,
        })
    }
}

/// The file of the best epoch's weights in a run's folder.
fn best_weights(run: &Path) -> PathBuf {
    run.join("best.safetensors")
}

/// A line of `metrics.jsonl` after some steps.
#[derive(Debug, Serialize)]
struct StepLine {
    kind: &'static str,
    step: usize,
    epoch: usize,
    loss: f64,
    learning_rate: f64,
    examples_a_second: f64,
}

/// A line of `metrics.jsonl` after an epoch.
#[derive(Debug, Serialize)]
struct EpochLine {
    kind: &'static str,
    step: usize,
    epoch: usize,
    loss: f64,
    #[serde(flatten)]
    scores: BTreeMap<&'static str, f64>,
    seconds: f64,
}

/// The place of a line of `metrics.jsonl` in the run.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Place {
    Step { step: usize },
    Epoch { epoch: usize },
}

impl Place {
    /// Whether a run at this position has come past it.
    fn is_before(&self, position: &Position) -> bool {
        match *self {
            Self::Step { step } => step <= position.step,
            // The last steps of an epoch may be saved, and its validation not.
            Self::Epoch { epoch } => epoch <= position.epoch,
        }
    }
}

/// The record of a training: `metrics.jsonl` in the run's folder.
struct Record {
    path: PathBuf,
    lines: String,
}

impl Record {
    /// Begins a record, or goes on with one from this position: lines of what comes after it are dropped, since it is done again.
    fn open(run: &Path, position: Option<&Position>) -> Result<Self> {
        let path = run.join("metrics.jsonl");
        let lines = match position {
            Some(position) => std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?
                .lines()
                .filter(|line| {
                    let read = serde_json::from_str::<Place>(line);
                    read.is_ok_and(|place| place.is_before(position))
                })
                .flat_map(|line| [line, "\n"])
                .collect(),
            None => String::new(),
        };
        write_whole(&path, &lines)?;
        Ok(Self { path, lines })
    }

    fn add(&mut self, line: &impl Serialize) -> Result<()> {
        self.lines += &serde_json::to_string(line)?;
        self.lines.push('\n');
        write_whole(&self.path, &self.lines)
    }
}
