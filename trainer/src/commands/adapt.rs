//! `trainer adapt`: fits a run's answers to fields without labels.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use cytolens::model::weights::{self, Precision};
use cytolens_core::labels::{LOCATIONS, LabelSet, frequencies};
use serde_json::json;

use super::scored_model::ScoredModel;
use crate::commands::arguments::{ReadingArguments, fields_of, label_sets, workers};
use crate::output::{note_left_out, say};
use crate::run::adaptation::shift;
use crate::run::folder::RunFolder;
use cytolens_data::dataset::Sample;
use cytolens_data::files::claim_folder;
use cytolens_report::progress::progress;

/// Fit a run's answers to fields without labels
///
/// Where a network finds a location on average more often, or less, than it is known to occur, its
/// answers are shifted: towards the frequency, as far as --share says. Labels are not read; the fields
/// should be as they come, and not chosen for a location. The result is a run of its own, to evaluate
/// and to package.
#[derive(Debug, Args)]
pub struct Adapt {
    /// The run to adapt
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// The fields to adapt to: a folder of images
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadingArguments,
    /// Adapt to the fields alone whose ids this file lists, one a line or first in each row of a table
    #[arg(long, value_name = "FILE")]
    only: Option<PathBuf>,
    /// The label frequencies: those of this table (Id,Target)
    #[arg(long, value_name = "CSV")]
    frequencies: PathBuf,
    /// How far the answers are shifted, from 0 (not at all) to 1 (until their mean is the frequency)
    #[arg(long, default_value_t = 0.75)]
    share: f32,
    /// The adapted run's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads that read fields ahead of the network; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

impl Adapt {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        ensure!(
            (0.0..=1.0).contains(&self.share),
            "--share must be from 0 to 1, not {}",
            self.share
        );
        let frequencies = frequencies(&label_sets(&self.frequencies)?);
        let (folder, mut summary) = RunFolder::open(&self.run)?;
        let device = Device::flex();
        let model = ScoredModel::of_run(&self.run, device.clone())?;
        let samples = self.fields()?;
        let samples: Vec<&Sample> = samples.iter().collect();
        claim_folder(&self.out)?;

        let bar = progress(samples.len(), "Answering");
        let (found, faults) = model.predicted(&samples, workers(self.workers), &bar)?;
        bar.finish();
        note_left_out(&faults);
        ensure!(!found.is_empty(), "no field could be answered");
        let shift = shift(&found.probabilities, &frequencies, self.share);

        let mut network = folder.load_network(&summary.network, &device)?;
        network.head = network.head.with_shifted_logits(&shift);
        let bytes = weights::to_safetensors(&network, summary.network.names(), Precision::Single)?;
        let recipe = summary.recipe.as_object_mut();
        let recipe = recipe.context("the run's summary has no recipe")?;
        let shifts: Vec<_> = LOCATIONS.iter().zip(shift).collect();
        recipe.insert(
            "adapted".to_owned(),
            json!({"fields": found.len(), "share": self.share, "shift": shifts}),
        );
        let adapted = folder.copied(&self.out)?;
        adapted.finish(&bytes, &summary)?;
        for (name, shift) in shifts {
            say!("{name:<32}{shift:>+8.2}")?;
        }
        say!(
            "adapted to {} fields; the run is in {}",
            found.len(),
            self.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// The fields, as samples without labels.
    fn fields(&self) -> Result<Vec<Sample>> {
        let fields = fields_of(&self.data, self.only.as_deref(), &self.reading.reading())?;
        let without_labels = |field| Sample {
            field,
            labels: LabelSet::default(),
            text: None,
        };
        let samples: Vec<Sample> = fields.into_iter().map(without_labels).collect();
        ensure!(
            !samples.is_empty(),
            "no field in {} to adapt to",
            self.data.display()
        );
        Ok(samples)
    }
}
