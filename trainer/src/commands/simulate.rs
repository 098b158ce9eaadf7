//! `trainer simulate`: fields drawn from nothing, labelled.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use cytolens::labels::{COUNT, LabelSet};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::data::dataset::{Table, read_table};
use crate::progress::progress;
use crate::simulate::{SIZES, SetOptions, Settings, write_samples, write_set};

/// Draw fields of simulated cells
///
/// Writes four PNG channels a field and train.csv, or with --samples the page's sample fields.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The set's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many fields
    #[arg(long, default_value_t = 280)]
    count: usize,
    /// The side in pixels
    #[arg(long, default_value_t = 512)]
    size: usize,
    /// Decides everything
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Draw label sets from this table (Id,Target); without it every location comes equally often
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Also write which pixel belongs to which cell
    #[arg(long)]
    masks: bool,
    /// Write the page's sample fields instead of a set
    #[arg(long, conflicts_with_all = ["count", "labels", "masks"])]
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
        if self.samples {
            write_samples(&self.out, self.size, self.seed)?;
        } else {
            let settings = Settings {
                size: self.size,
                ..Settings::default()
            };
            let options = SetOptions {
                cell_masks: self.masks,
                ..SetOptions::default()
            };
            let bar = progress(self.count, "Simulating");
            let sets = self.label_sets()?;
            write_set(&self.out, &settings, &sets, self.seed, options, || {
                bar.inc(1);
            })?;
            bar.finish();
        }
        println!("the fields are in {}", self.out.display());
        Ok(ExitCode::SUCCESS)
    }

    fn label_sets(&self) -> Result<Vec<LabelSet>> {
        let Some(table) = &self.labels else {
            let one = |index| LabelSet::from_classes([index % COUNT]);
            return Ok((0..self.count).map(one).collect::<Result<_, _>>()?);
        };
        let Table { rows, faults } = read_table(table)?;
        for fault in faults {
            eprintln!("left out: {fault}");
        }
        if rows.is_empty() {
            bail!("no row of labels in {}", table.display());
        }
        let mut rng = StdRng::seed_from_u64(self.seed);
        Ok((0..self.count)
            .map(|_| rows[rng.random_range(0..rows.len())].1)
            .collect())
    }
}
