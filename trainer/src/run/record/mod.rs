//! The record of a training: what it reached at which step, for people, for programs and for
//! TensorBoard, and how it is shown while it runs.
//!
//! In the run's folder: `metrics.jsonl` (steps and epochs, one JSON object a line with its `kind`),
//! `steps.csv`, `metrics.csv` (epochs), `events.out.tfevents.*` (TensorBoard), `plots/` and
//! `index.html`, both drawn anew after each epoch.

mod dashboard;
mod files;
mod lines;
mod plots;
mod show;
mod tensorboard;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer, Serialize};

use files::{Files, Record};
use show::Shown;
use tensorboard::EventFile;

pub use show::Show;

/// What a training is going to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The recipe's name.
    pub recipe: String,
    /// How many epochs.
    pub epochs: usize,
    /// How many steps in all epochs together.
    pub steps: usize,
}

impl Plan {
    fn steps_an_epoch(&self) -> usize {
        (self.steps / self.epochs.max(1)).max(1)
    }

    /// Where a step lies on an axis of epochs.
    fn epochs_at(&self, step: usize) -> f64 {
        step as f64 * self.epochs as f64 / self.steps.max(1) as f64
    }
}

/// How a training stood after a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Steps taken, from 1.
    pub step: usize,
    /// The epoch that the step belongs to, from 1.
    pub epoch: usize,
    /// The batch's loss.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// The rate of this step.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f64,
    /// The Euclidean length of all gradients together, where it is measured.
    pub gradient_norm: Option<f64>,
    /// How fast it went.
    #[serde(deserialize_with = "number")]
    pub images_per_second: f64,
}

/// What a training had reached after an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch that has ended, from 1.
    pub epoch: usize,
    /// Steps taken.
    pub step: usize,
    /// The mean loss of the epoch's batches.
    #[serde(deserialize_with = "number")]
    pub training_loss: f64,
    /// The mean loss on the validation part.
    #[serde(deserialize_with = "number")]
    pub validation_loss: f64,
    /// The macro-F1 on the validation part at thresholds tuned there, 0 to 1.
    #[serde(deserialize_with = "number")]
    pub macro_f1: f64,
    /// The macro-F1 on the validation part where every threshold is 0.5.
    #[serde(deserialize_with = "number")]
    pub macro_f1_at_half: f64,
    /// The micro-F1 on the validation part at the tuned thresholds.
    #[serde(deserialize_with = "number")]
    pub micro_f1: f64,
    /// How long the epoch took, with its validation.
    #[serde(deserialize_with = "number")]
    pub seconds: f64,
}

/// JSON has no other way than null to write what is no number.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Writes the record of one training and shows how it goes.
///
/// A record is on disk when its method returns. A checkpoint saved after that may be gone on with:
/// record first, then save.
pub struct Recorder {
    folder: PathBuf,
    plan: Plan,
    files: Files,
    events: EventFile,
    steps: Vec<StepRecord>,
    epochs: Vec<EpochRecord>,
    shown: Shown,
}

impl Recorder {
    /// The record of a training that begins.
    ///
    /// # Errors
    /// Where the folder holds a record already, or a file cannot be written.
    pub fn start(folder: &Path, plan: Plan, show: Show) -> Result<Self> {
        let files = Files::create(folder)?;
        Self::open(folder, plan, show, files, Vec::new(), 0)
    }

    /// The record of a training that goes on after `step` steps: what was recorded of later steps
    /// is dropped, since it is going to happen again.
    ///
    /// # Errors
    /// Where a file is not a training's record, or cannot be read or written.
    pub fn resume(folder: &Path, plan: Plan, show: Show, step: usize) -> Result<Self> {
        let (files, records) = Files::cut(folder, step)?;
        Self::open(folder, plan, show, files, records, step)
    }

    fn open(
        folder: &Path,
        plan: Plan,
        show: Show,
        files: Files,
        records: Vec<Record>,
        step: usize,
    ) -> Result<Self> {
        let (mut steps, mut epochs) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                Record::Step(step) => steps.push(step),
                Record::Epoch(epoch) => epochs.push(epoch),
            }
        }
        Ok(Self {
            events: EventFile::create(folder, step + 1)?,
            shown: Shown::new(show, &plan, step, epochs.len()),
            folder: folder.to_owned(),
            plan,
            files,
            steps,
            epochs,
        })
    }

    /// Records a step.
    ///
    /// # Errors
    /// Where a file cannot be written, on a full disk for example.
    pub fn step(&mut self, record: &StepRecord) -> Result<()> {
        self.files.step(record)?;
        let mut values = vec![
            ("loss/step", record.loss),
            ("learning-rate", record.learning_rate),
            ("images-per-second", record.images_per_second),
        ];
        values.extend(record.gradient_norm.map(|norm| ("gradient-norm", norm)));
        self.events.scalars(record.step, &values)?;
        self.steps.push(*record);
        self.shown.step(record);
        Ok(())
    }

    /// Shows how far a validation is: `done` of `all` samples.
    pub fn validating(&mut self, done: usize, all: usize) {
        self.shown.validating(done, all);
    }

    /// Records an epoch, and draws the plots and the page anew.
    ///
    /// # Errors
    /// Where a file cannot be written, on a full disk for example.
    pub fn epoch(&mut self, record: &EpochRecord) -> Result<()> {
        self.files.epoch(record)?;
        self.events.scalars(
            record.step,
            &[
                ("loss/training", record.training_loss),
                ("loss/validation", record.validation_loss),
                ("f1/macro", record.macro_f1),
                ("f1/macro-at-0.5", record.macro_f1_at_half),
                ("f1/micro", record.micro_f1),
                ("seconds-an-epoch", record.seconds),
            ],
        )?;
        self.epochs.push(*record);
        self.draw()?;
        self.shown.epoch(record);
        Ok(())
    }

    /// Tells the person something; in the dashboard it is told when that closes.
    pub fn note(&mut self, text: &str) {
        self.shown.note(text);
    }

    /// Whether the person asked, in the dashboard, to stop after this step.
    pub fn stop_asked(&self) -> bool {
        self.shown.stop_asked()
    }

    /// Ends the record: draws the plots a last time and closes the dashboard.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn finish(self) -> Result<()> {
        // The dashboard closes where `self` ends.
        self.draw()
    }

    fn draw(&self) -> Result<()> {
        plots::write(&self.folder, &self.plan, &self.steps, &self.epochs)
            .with_context(|| format!("cannot draw the plots in {}", self.folder.display()))
    }
}
