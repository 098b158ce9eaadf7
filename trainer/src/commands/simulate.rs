//! `trainer simulate`: labelled fields of simulated cells, or a simulated protein on given fields.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use cytolens_core::labels::LabelSet;

use crate::commands::arguments::label_sets;
use crate::output::{note_left_out, say};
use cellsim::{
    References, SIZES, SetFolder, SetPlan, balanced_label_sets, drawn_label_sets, write_samples,
};
use cytolens_report::progress::progress;

/// Draw fields of simulated cells
///
/// Writes four PNG channels a field and train.csv, or with --samples the page's sample fields. With --reference only the protein
/// is drawn, on the other channels of given fields. An interrupted set goes on when the same command is given again.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The set's folder: new, or of an interrupted set
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of fields
    #[arg(long, default_value_t = 280)]
    count: usize,
    /// The side in pixels
    #[arg(long, default_value_t = 512)]
    size: usize,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Draw label sets from this table (Id,Target); without it every location comes equally often
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Share of fields that get a second location, 0 to 1
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.0,
        conflicts_with = "labels"
    )]
    mixed: f64,
    /// Also write masks/: which pixel belongs to which cell and nucleus
    #[arg(long)]
    masks: bool,
    /// Paint the protein on the red, blue and yellow of the fields in this folder, whose green is not read
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
    /// Paint only on the fields whose ids this file lists, one a line or first in each row of a table
    #[arg(long, value_name = "FILE", requires = "reference")]
    only: Option<PathBuf>,
    /// Write the page's sample fields instead of a set
    #[arg(long, conflicts_with_all = ["count", "labels", "mixed", "masks", "reference", "only"])]
    samples: bool,
}

impl Simulate {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        if !SIZES.contains(&self.size) {
            bail!(
                "--size must be from {} to {}, not {}",
                SIZES.start(),
                SIZES.end(),
                self.size
            );
        }
        if self.count == 0 {
            bail!("--count must be at least 1");
        }
        if !(0.0..=1.0).contains(&self.mixed) {
            bail!("--mixed must be from 0 to 1, not {}", self.mixed);
        }
        if self.samples {
            write_samples(&self.out, self.size, self.seed)?;
        } else {
            let plan = SetPlan {
                size: self.size,
                label_sets: self.label_sets()?,
                seed: self.seed,
                masks: self.masks,
                references: self.references()?,
            };
            let set = SetFolder::open(&self.out, &plan)?;
            let bar = progress(self.count, "Simulating");
            if set.done() > 0 {
                say!("{} of {} fields are there already", set.done(), self.count)?;
                bar.set_position(set.done() as u64);
                bar.reset_eta();
            }
            set.write(|| bar.inc(1))?;
            bar.finish();
        }
        say!("the fields are in {}", self.out.display())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The fields to paint on, if any are given.
    fn references(&self) -> Result<Option<References>> {
        let Some(folder) = &self.reference else {
            return Ok(None);
        };
        let bar = progress(0, "Looking at references");
        let references = References::find(
            folder,
            self.only.as_deref(),
            self.size,
            |count| bar.set_length(count as u64),
            || bar.inc(1),
        )?;
        bar.finish();
        note_left_out(&references.faults);
        say!("references to paint on: {}", references.count())?;
        Ok(Some(references))
    }

    /// The labels of each field: drawn from the table, or balanced.
    fn label_sets(&self) -> Result<Vec<LabelSet>> {
        let Some(path) = &self.labels else {
            return Ok(balanced_label_sets(self.count, self.mixed, self.seed));
        };
        Ok(drawn_label_sets(&label_sets(path)?, self.count, self.seed))
    }
}
