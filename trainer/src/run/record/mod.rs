//! The record of a training, for people, for programs and for TensorBoard, and the display of its
//! progress.
//!
//! In the run's folder: `metrics.jsonl` (steps and epochs, one JSON object a line with its `kind`),
//! `steps.csv`, `metrics.csv` (epochs), `events.out.tfevents.*` (TensorBoard), `plots/` and
//! `index.html`, both redrawn after each epoch.

mod dashboard;
mod files;
mod lines;
mod plots;
mod records;
mod show;
mod tensorboard;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use files::{MetricsLine, RecordFiles};
use show::Display;
use tensorboard::EventFile;

pub use records::{EpochRecord, Plan, StepRecord};
pub use show::Show;

/// Writes the record of one training and shows its progress.
///
/// A record is on disk when its method returns. So record first and save a checkpoint then, or a resumed
/// training would lack the record.
pub struct Recorder {
    folder: PathBuf,
    plan: Plan,
    files: RecordFiles,
    events: EventFile,
    steps: Vec<StepRecord>,
    epochs: Vec<EpochRecord>,
    display: Display,
}

impl Recorder {
    /// Begins the record of a training.
    ///
    /// # Errors
    /// If the folder holds a record already, or a file cannot be written.
    pub fn start(folder: &Path, plan: Plan, show: Show) -> Result<Self> {
        let files = RecordFiles::create(folder)?;
        Self::open(folder, plan, show, files, Vec::new(), 0)
    }

    /// Resumes the record of a training after `step` steps. Records of later steps are dropped, since those
    /// steps will be taken again.
    ///
    /// # Errors
    /// If a file is not a training's record, or cannot be read or written.
    pub fn resume(folder: &Path, plan: Plan, show: Show, step: usize) -> Result<Self> {
        let (files, records) = RecordFiles::cut(folder, step)?;
        Self::open(folder, plan, show, files, records, step)
    }

    fn open(
        folder: &Path,
        plan: Plan,
        show: Show,
        files: RecordFiles,
        records: Vec<MetricsLine>,
        step: usize,
    ) -> Result<Self> {
        let (mut steps, mut epochs) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                MetricsLine::Step(step) => steps.push(step),
                MetricsLine::Epoch(epoch) => epochs.push(epoch),
            }
        }
        Ok(Self {
            events: EventFile::create(folder, step + 1)?,
            display: Display::new(show, &plan, step, epochs.len()),
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
    /// If a file cannot be written, on a full disk for example.
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
        self.display.step(record);
        Ok(())
    }

    /// Shows the progress of a validation: `done` of `all` samples.
    pub fn validating(&mut self, done: usize, all: usize) {
        self.display.validating(done, all);
    }

    /// Records an epoch, and redraws the plots and the page.
    ///
    /// # Errors
    /// If a file cannot be written, on a full disk for example.
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
        self.display.epoch(record);
        Ok(())
    }

    /// Shows a note; the dashboard shows it when it closes.
    pub fn note(&mut self, text: &str) {
        self.display.note(text);
    }

    /// Returns whether the user asked, in the dashboard, to stop after this step.
    pub fn stop_asked(&self) -> bool {
        self.display.stop_asked()
    }

    /// Ends the record: draws the plots a last time and closes the dashboard.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(self) -> Result<()> {
        // The dashboard closes where `self` ends.
        self.draw()
    }

    fn draw(&self) -> Result<()> {
        plots::write(&self.folder, &self.plan, &self.steps, &self.epochs)
            .with_context(|| format!("cannot draw the plots in {}", self.folder.display()))
    }
}
