//! `trainer simulate`: fields drawn from nothing, labelled.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use cytolens_core::labels::{COUNT, LabelSet};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use cellsim::{SIZES, SetFolder, SetPlan, Settings, write_samples};
use cytolens_data::dataset::{Table, read_table};
use cytolens_report::progress::progress;

/// Draw fields of simulated cells
///
/// Writes four PNG channels a field and train.csv, or with --samples the page's sample fields. An interrupted set goes on when
/// the same command is given again.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The set's folder: new, or of an interrupted set
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
    /// Write the page's sample fields instead of a set
    #[arg(long, conflicts_with_all = ["count", "labels", "mixed", "masks"])]
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
                settings: Settings {
                    size: self.size,
                    ..Settings::default()
                },
                label_sets: self.label_sets()?,
                seed: self.seed,
                masks: self.masks,
            };
            let set = SetFolder::open(&self.out, &plan)?;
            let bar = progress(self.count, "Simulating");
            if set.done() > 0 {
                println!("{} of {} fields are there already", set.done(), self.count);
                bar.set_position(set.done() as u64);
                bar.reset_eta();
            }
            set.write(|| bar.inc(1))?;
            bar.finish();
        }
        println!("the fields are in {}", self.out.display());
        Ok(ExitCode::SUCCESS)
    }

    fn label_sets(&self) -> Result<Vec<LabelSet>> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let Some(table) = &self.labels else {
            let balanced = |index| {
                let class = index % COUNT;
                let mut classes = vec![class];
                if rng.random_bool(self.mixed) {
                    // Any of the other locations.
                    classes.push((class + rng.random_range(1..COUNT)) % COUNT);
                }
                LabelSet::from_classes(classes)
            };
            return Ok((0..self.count).map(balanced).collect::<Result<_, _>>()?);
        };
        let Table { rows, faults, .. } = read_table(table)?;
        for fault in faults {
            eprintln!("left out: {fault}");
        }
        if rows.is_empty() {
            bail!("no row of labels in {}", table.display());
        }
        Ok((0..self.count)
            .map(|_| rows[rng.random_range(0..rows.len())].1)
            .collect())
    }
}
