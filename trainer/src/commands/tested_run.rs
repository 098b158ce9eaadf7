//! A run that has ended, and its network's answers for the samples that it kept for its test and for others.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::job::Job;
use super::scored_model::ScoredModel;
use crate::output::note_left_out;
use crate::run::finish::Reached;
use crate::run::folder::RunFolder;
use crate::run::recipe::Recipe;
use crate::run::samples::part_of_run;
use cytolens_data::dataset::Sample;
use cytolens_data::split::file::{Part, SplitRow, read_split};
use cytolens_report::evaluation::Answers;
use cytolens_report::progress::progress;

/// A run that has ended, tested at the full depth of its samples, as the page reads them.
#[derive(Debug)]
pub struct TestedRun {
    /// The run's folder.
    pub folder: RunFolder,
    /// What training has said of it.
    pub reached: Reached,
    /// The answers for its test part.
    pub answers: Answers,
    model: ScoredModel,
}

impl TestedRun {
    /// Tests the run of a job that has ended, on those samples of the job's set that are in its test part.
    ///
    /// # Errors
    /// If the run has not ended, was by another recipe or trained on other sets, or the device fails.
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
        ensure!(
            is_of_sets(job, &folder, &rows, samples)?,
            "the run in {place} was trained on other sets; choose another --out"
        );
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
        Ok(Self {
            folder,
            reached,
            answers: answers(&model, &tested, job.training.workers())?,
            model,
        })
    }

    /// The answers for other samples.
    ///
    /// # Errors
    /// If the device fails.
    pub fn answers_for(&self, samples: &[&Sample], workers: usize) -> Result<Answers> {
        answers(&self.model, samples, workers)
    }
}

/// A model's answers for samples. Notes those that are left out.
fn answers(model: &ScoredModel, samples: &[&Sample], workers: usize) -> Result<Answers> {
    let bar = progress(samples.len(), "Scoring");
    let (predicted, faults) = model.predicted(samples, workers, &bar)?;
    bar.finish();
    note_left_out(&faults);
    Ok(Answers {
        predicted,
        thresholds: model.thresholds,
    })
}

/// Whether a run with these rows of a split had the samples of a job's further sets, and no others beside those of its set.
fn is_of_sets(
    job: &Job<'_>,
    folder: &RunFolder,
    rows: &[SplitRow],
    samples: &[Sample],
) -> Result<bool> {
    let column = job.recipe.metric.column();
    let sets = job.further.open(&job.set.reading(), column)?;
    let further = ids(sets.iter().flat_map(|one| &one.set.samples));
    let own = ids(samples);
    let of_run: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let statistics = folder.statistics()?;
    let could_not_be_read = |id: &str| {
        let statistics = statistics.as_ref();
        statistics.is_some_and(|one| one.left_out.contains_key(id))
    };
    let has_all = further
        .iter()
        .all(|&id| of_run.contains(id) || could_not_be_read(id));
    let has_no_others = of_run
        .iter()
        .all(|&id| own.contains(id) || further.contains(id));
    Ok(has_all && has_no_others)
}

/// The ids of samples.
pub(super) fn ids<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> BTreeSet<&'a str> {
    let samples = samples.into_iter();
    samples.map(|sample| sample.field.id.as_str()).collect()
}
