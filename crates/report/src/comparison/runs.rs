//! The runs of a comparison, and their matching with published scores.

use serde::{Deserialize, Serialize};

use super::published::{Measure, PUBLISHED, Published, Resolution};
use super::scores::{Difference, FurtherTest, TestScores};
use crate::evaluation::Estimate;

/// Runs that were scored on the same sets of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The name of the set of samples that the runs kept for their test.
    pub data: String,
    /// The runs, in the order of the tables.
    pub runs: Vec<ComparedRun>,
    /// The differences of the other runs from the first, on these samples.
    pub differences: Vec<Difference>,
    /// The scores on further sets.
    pub further: Vec<FurtherTest>,
}

/// A run with its settings, its cost and its scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The run's name.
    pub name: String,
    /// The network's title as papers write it, such as `DenseNet-121`.
    pub architecture: String,
    /// The recipe's name.
    pub recipe: String,
    /// The initial weights: `ImageNet` or `random`.
    pub start: String,
    /// The side of the network's input in pixels.
    pub size: usize,
    /// The composition of channels into planes.
    pub composition: String,
    /// The number of trained parameters.
    pub parameters: usize,
    /// The number of epochs.
    pub epochs: usize,
    /// The number of samples shown in all epochs.
    pub images_seen: u64,
    /// The duration of the training in minutes.
    pub minutes: f64,
    /// The scores on the samples that it kept for its test.
    #[serde(flatten)]
    pub reached: TestScores,
}

/// A published score and the run to compare with it; either may be missing.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    pub(super) published: Option<&'static Published>,
    pub(super) run: Option<&'a ComparedRun>,
}

impl Comparison {
    /// Pairs every published score with each run of the same network and resolution; runs of networks without a published score
    /// follow. A source without a resolution matches every run.
    pub(super) fn beside(&self) -> Vec<Beside<'_>> {
        let mut rows = Vec::new();
        for published in &PUBLISHED {
            let runs: Vec<&ComparedRun> = self
                .runs
                .iter()
                .filter(|run| self.fits(published, run))
                .collect();
            if runs.is_empty() {
                rows.push(Beside {
                    published: Some(published),
                    run: None,
                });
            }
            rows.extend(runs.into_iter().map(|run| Beside {
                published: Some(published),
                run: Some(run),
            }));
        }
        let others = self
            .runs
            .iter()
            .filter(|run| !PUBLISHED.iter().any(|published| self.fits(published, run)));
        rows.extend(others.map(|run| Beside {
            published: None,
            run: Some(run),
        }));
        rows
    }

    fn fits(&self, published: &Published, run: &ComparedRun) -> bool {
        let resolution = published.resolution;
        published.architecture == Some(run.architecture.as_str())
            && resolution.is_none_or(|resolution| resolution == self.resolution(run))
    }

    /// The resolution class of a run's size: of several sizes the largest is high.
    pub(super) fn resolution(&self, run: &ComparedRun) -> Resolution {
        let sizes = || self.runs.iter().map(|run| run.size);
        let (least, most) = (sizes().min(), sizes().max());
        if least == most {
            Resolution::of(run.size)
        } else if Some(run.size) == most {
            Resolution::High
        } else {
            Resolution::Low
        }
    }
}

impl Beside<'_> {
    pub(super) fn name(&self) -> String {
        match (self.published, self.run) {
            (Some(published), _) => published.name.to_owned(),
            (None, Some(run)) => run.architecture.clone(),
            (None, None) => String::new(),
        }
    }

    /// The run's score of the same measure.
    pub(super) fn ours(&self) -> Option<Estimate> {
        let scores = &self.run?.reached.scores;
        Some(
            match self.published.and_then(|published| published.measure) {
                Some(Measure::FirstNine) => scores.first_nine,
                Some(Measure::All) | None => scores.macro_f1,
            },
        )
    }
}
