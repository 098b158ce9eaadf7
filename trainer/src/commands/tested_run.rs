//! A run that has ended, and its network's answers for the samples that it kept for its test.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use cytolens_core::labels::COUNT;

use super::job::Job;
use super::scored_model::ScoredModel;
use crate::output::note;
use crate::run::finish::Reached;
use crate::run::folder::RunFolder;
use crate::run::recipe::Recipe;
use crate::run::samples::part_of_run;
use cytolens_data::dataset::Sample;
use cytolens_data::split::file::{Part, read_split};
use cytolens_report::evaluation::Predicted;
use cytolens_report::progress::progress;

/// A run that has ended, tested at the full depth of its samples, as the page reads them.
#[derive(Debug)]
pub struct TestedRun {
    /// The run's folder.
    pub folder: RunFolder,
    /// What training has said of it.
    pub reached: Reached,
    /// The run's thresholds.
    pub thresholds: [f32; COUNT],
    /// The answers for its test part.
    pub predicted: Predicted,
}

impl TestedRun {
    /// Tests the run of a job that has ended, on those samples of the job's set that are in its test part.
    ///
    /// # Errors
    /// If the run has not ended or was by another recipe, or the device fails.
    pub fn of(job: &Job<'_>, samples: &[Sample]) -> Result<Self> {
        let place = job.out.display();
        let in_run = || format!("in {place}");
        let (folder, summary) = RunFolder::open(job.out)?;
        let recipe: Recipe = serde_json::from_value(summary.recipe).with_context(in_run)?;
        ensure!(
            recipe == *job.recipe,
            "the run in {place} has another recipe; choose another --out"
        );
        let reached: Reached = serde_json::from_value(summary.metrics).with_context(in_run)?;
        let rows = read_split(&folder.split())?.rows;
        let test: BTreeSet<String> = rows
            .into_iter()
            .filter(|row| part_of_run(row.part) == Part::Test)
            .map(|row| row.id)
            .collect();
        let tested: Vec<&Sample> = samples
            .iter()
            .filter(|sample| test.contains(&sample.field.id))
            .collect();
        let model = ScoredModel::of_run(job.out, job.devices[0].clone())?;
        let bar = progress(tested.len(), "Scoring");
        let (predicted, faults) = model.predicted(&tested, job.training.workers(), &bar)?;
        bar.finish();
        for fault in &faults {
            note!("left out: {fault}");
        }
        Ok(Self {
            folder,
            reached,
            thresholds: model.thresholds,
            predicted,
        })
    }
}
