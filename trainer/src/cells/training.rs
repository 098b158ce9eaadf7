//! The training loop of a network that finds cells: epochs of steps, each followed by validation, with checkpoints in between.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use cytolens_cells::{CellsNetwork, Options, instances, scores};
use cytolens_data::fault::Fault;
use cytolens_data::masked::{MaskedField, MaskedLoader, MaskedOrder};
use cytolens_data::whole_file::write_whole;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::learner::CellsLearner;
use super::package::{Stated, network_of};
use super::recipe::CellsRecipe;
use crate::output::{note, say};
use crate::run::folder::RunFolder;
use crate::run::position::{BestEpoch, Position};

/// The number of steps between two lines of progress.
const SAY_EVERY: usize = 20;

/// What a run's summary says that it trained.
pub const KIND: &str = "cells";

/// The summary of a run that has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CellsSummary {
    /// [`KIND`].
    pub kind: String,
    /// The network's shape.
    pub network: cytolens_cells::UNetConfig,
    /// The number of fields trained on.
    pub trained_on: usize,
    /// The number of fields by which the best epoch was chosen.
    pub held_back: usize,
    /// The number of examples shown.
    pub shown: usize,
    /// The attribution of the training images, where it is known.
    pub images: Option<String>,
    /// The licence of the training images, where it is known.
    pub licence: Option<String>,
    /// The recipe.
    pub recipe: serde_json::Value,
    /// The scores.
    pub metrics: serde_json::Value,
}

/// A training about to be run.
#[derive(Debug)]
pub struct CellsTraining<'a> {
    /// The recipe.
    pub recipe: &'a CellsRecipe,
    /// The fields to train on.
    pub train: Vec<MaskedField>,
    /// The fields by which the best epoch is chosen.
    pub validation: Vec<MaskedField>,
    /// The attribution and licence of the images.
    pub stated: Stated,
    /// The run's folder.
    pub folder: &'a RunFolder,
    /// The device, without gradients.
    pub device: &'a Device,
    /// The number of threads that prepare examples.
    pub workers: usize,
    /// The time between two checkpoints inside an epoch.
    pub checkpoint_every: Duration,
}

/// A line of `metrics.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Metrics {
    /// After some steps.
    Step {
        step: usize,
        epoch: usize,
        loss: f64,
        learning_rate: f64,
        examples_a_second: f64,
    },
    /// After an epoch.
    Epoch {
        step: usize,
        epoch: usize,
        loss: f64,
        average_precision: f64,
        average_precision_of_nuclei: f64,
        seconds: f64,
    },
}

impl Metrics {
    /// Whether a run at this position has come past it.
    fn is_before(&self, position: &Position) -> bool {
        match *self {
            Self::Step { step, .. } => step <= position.step,
            // The last steps of an epoch may be saved, and its validation not.
            Self::Epoch { epoch, .. } => epoch <= position.epoch,
        }
    }
}

impl CellsTraining<'_> {
    /// Runs all epochs, or with `resume` those that are left, writes the weights of the best and the summary, and returns that.
    ///
    /// # Errors
    /// If the loss is no longer a number, the device fails or the disk is full. The last checkpoint stays.
    pub fn run(self, resume: bool) -> Result<CellsSummary> {
        let Self { recipe, folder, .. } = self;
        let run = folder.path();
        let device = self.device.clone().autodiff();
        let mut learner = CellsLearner::new(recipe, &device);
        let goes_on = resume && learner.load(run, &device)?;
        let mut record = Record::open(run, goes_on.then_some(&learner.position))?;
        if goes_on {
            say!("going on after step {}", learner.position.step)?;
        } else {
            learner.save(run)?;
        }
        let order = MaskedOrder {
            seed: recipe.training.seed,
            size: recipe.network.size,
            side: recipe.training.part,
            batch: recipe.training.batch,
            augmentation: recipe.augmentation.clone(),
            border: recipe.loss.border,
        };
        let loader = MaskedLoader::new(self.train.clone(), order, self.workers);
        let steps = vec![loader.batches(); recipe.training.epochs];
        let start = Instant::now();
        let before = learner.position.seconds;
        let mut saved = Instant::now();
        while learner.position.epoch < recipe.training.epochs {
            let epoch = learner.position.epoch;
            let (mut losses, mut examples, mut since) = (0.0, 0, Instant::now());
            let mut counted = 0;
            for batch in loader.epoch(epoch as u64, learner.position.batch) {
                let shown = batch.examples.len();
                let rate = recipe
                    .optimiser
                    .rates(learner.position.step, &steps, 0)
                    .head;
                if shown > 0 {
                    let loss = learner.step(&batch, recipe, rate, &device)?;
                    losses += loss;
                    counted += 1;
                    learner.position.loss_sum += loss * shown as f64;
                }
                examples += shown;
                let position = &mut learner.position;
                position.batch = batch.index + 1;
                position.shown += shown;
                position.shown_in_all += shown;
                if position.step.is_multiple_of(SAY_EVERY) && counted > 0 {
                    let pace = examples as f64 / since.elapsed().as_secs_f64();
                    let loss = losses / f64::from(counted);
                    record.add(&Metrics::Step {
                        step: position.step,
                        epoch: epoch + 1,
                        loss,
                        learning_rate: rate,
                        examples_a_second: pace,
                    })?;
                    say!(
                        "epoch {}, step {} of {}: loss {loss:.4}, {pace:.2} examples a second",
                        epoch + 1,
                        position.step,
                        steps.iter().sum::<usize>()
                    )?;
                    (losses, counted, examples, since) = (0.0, 0, 0, Instant::now());
                    if saved.elapsed() >= self.checkpoint_every {
                        learner.position.seconds = before + start.elapsed().as_secs_f64();
                        learner.save(run)?;
                        saved = Instant::now();
                    }
                }
            }
            for fault in loader.unread() {
                note!("left out: {fault}");
            }
            ensure!(learner.position.shown > 0, "no field could be read");
            let [cells, nuclei] = self.validate(&learner)?;
            learner.position.seconds = before + start.elapsed().as_secs_f64();
            let position = &mut learner.position;
            let loss = position.loss_sum / position.shown as f64;
            record.add(&Metrics::Epoch {
                step: position.step,
                epoch: epoch + 1,
                loss,
                average_precision: cells,
                average_precision_of_nuclei: nuclei,
                seconds: position.seconds,
            })?;
            say!(
                "epoch {} of {}: loss {loss:.4}, average precision of cells {cells:.3}, of nuclei {nuclei:.3}, after {:.0} s",
                epoch + 1,
                recipe.training.epochs,
                position.seconds
            )?;
            // Of equal epochs, the later has been trained on more.
            if position.best.is_none_or(|best| cells >= best.score) {
                position.best = Some(BestEpoch {
                    epoch,
                    score: cells,
                });
                write_whole(&best_weights(run), learner.predicting()?)?;
            }
            let position = &mut learner.position;
            position.epoch += 1;
            position.batch = 0;
            position.loss_sum = 0.0;
            position.shown = 0;
            learner.save(run)?;
            saved = Instant::now();
        }
        self.finish(&learner)
    }

    /// The average precision of cells and of nuclei on the validation fields, each the mean over the thresholds.
    fn validate(&self, learner: &CellsLearner) -> Result<[f64; 2]> {
        let network = network_of(&self.recipe.network(), learner.predicting()?)?;
        let of_fields: Vec<Result<[Option<scores::Comparison>; 2], Fault>> = self
            .validation
            .par_iter()
            .map(|field| compared(&network, field, self.recipe.network.size))
            .collect();
        let mut comparisons = Vec::new();
        for of_field in of_fields {
            match of_field {
                Ok(both) => comparisons.push(both),
                Err(fault) => note!("left out: {fault}"),
            }
        }
        ensure!(!comparisons.is_empty(), "no validation field can be read");
        Ok([0, 1].map(|what| {
            let of_what: Vec<&scores::Comparison> = comparisons
                .iter()
                .filter_map(|both| both[what].as_ref())
                .collect();
            let precision = scores::THRESHOLDS.map(|threshold| {
                let mut sum = scores::Counts::default();
                for comparison in &of_what {
                    sum += comparison.counts(threshold);
                }
                sum.average_precision()
            });
            precision.iter().sum::<f64>() / precision.len() as f64
        }))
    }

    /// Writes the weights of the best epoch and the summary.
    fn finish(&self, learner: &CellsLearner) -> Result<CellsSummary> {
        let best = learner.position.best.context("no epoch was run")?;
        let run = self.folder.path();
        let path = best_weights(run);
        let weights =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let summary = CellsSummary {
            kind: KIND.to_owned(),
            network: self.recipe.network(),
            trained_on: self.train.len(),
            held_back: self.validation.len(),
            shown: learner.position.shown_in_all,
            images: self.stated.images.clone(),
            licence: self.stated.licence.clone(),
            recipe: serde_json::to_value(self.recipe)?,
            metrics: serde_json::json!({
                "validation": {
                    "fields": self.validation.len(),
                    "average_precision": best.score,
                    "epoch": best.epoch + 1,
                },
            }),
        };
        self.folder.finish(&weights, &summary)?;
        Ok(summary)
    }
}

/// A field's cells and nuclei as a network finds them, compared with its masks, at the network's size.
fn compared(
    network: &CellsNetwork,
    field: &MaskedField,
    size: usize,
) -> Result<[Option<scores::Comparison>; 2], Fault> {
    let mut truth = field.read(size)?;
    truth.planes.stretch();
    let cells = instances(&network.maps(&truth.planes), &Options::default());
    let nuclei = truth.nuclei.as_deref();
    Ok([
        Some(scores::Comparison::new(&truth.cells, cells.mask())),
        nuclei.map(|nuclei| scores::Comparison::new(nuclei, cells.nuclei())),
    ])
}

/// The file of the best epoch's weights in a run's folder.
fn best_weights(run: &Path) -> PathBuf {
    run.join("best.safetensors")
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
                    let read = serde_json::from_str::<Metrics>(line);
                    read.is_ok_and(|metrics| metrics.is_before(position))
                })
                .flat_map(|line| [line, "\n"])
                .collect(),
            None => String::new(),
        };
        write_whole(&path, &lines)?;
        Ok(Self { path, lines })
    }

    fn add(&mut self, metrics: &Metrics) -> Result<()> {
        self.lines += &serde_json::to_string(metrics)?;
        self.lines.push('\n');
        write_whole(&self.path, &self.lines)
    }
}

/// Writes into a run's folder which fields it is trained on and which it chooses by, or checks that they are still the same: a run
/// that goes on with other fields would end otherwise, and nobody would know.
///
/// # Errors
/// If they are others, or the file cannot be read or written.
pub fn keep_fields(run: &Path, train: &[MaskedField], validation: &[MaskedField]) -> Result<()> {
    let path = run.join("fields.txt");
    let lines = |part: &'static str, fields: &[MaskedField]| -> String {
        let lines = fields
            .iter()
            .map(|one| format!("{part} {}\n", one.field.id));
        lines.collect()
    };
    let text = lines("train", train) + &lines("validation", validation);
    if !path.exists() {
        return write_whole(&path, &text);
    }
    let kept = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(
        kept == text,
        "the run in {} has other fields, see fields.txt in it; choose another --out",
        run.display()
    );
    Ok(())
}

/// Parts a set: `validation` fields evenly out of the whole, and the others.
///
/// # Errors
/// If there are not enough fields.
pub fn parted(
    fields: Vec<MaskedField>,
    validation: usize,
) -> Result<(Vec<MaskedField>, Vec<MaskedField>)> {
    let count = fields.len();
    ensure!(
        count > validation,
        "{count} fields are too few where training.validation is {validation}"
    );
    let is_validation =
        |index: usize| (index + 1) * validation / count > index * validation / count;
    let (mut train, mut held) = (Vec::new(), Vec::new());
    for (index, field) in fields.into_iter().enumerate() {
        if is_validation(index) {
            held.push(field);
        } else {
            train.push(field);
        }
    }
    Ok((train, held))
}
