//! `trainer train-cells`: trains a network that finds cells on fields with masks.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use cytolens_data::credits::Credits;
use cytolens_data::masked::{MaskedField, MaskedSet};

use crate::cells::recipe::CellsRecipe;
use crate::cells::training::CellsTraining;
use crate::commands::arguments::{ReadingArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note, say};
use crate::run::folder::RunFolder;
use crate::run::recipe_file::RecipeFile;
use crate::unet::fields::{keep_fields, parted};
use crate::unet::package::Stated;

/// Train a network that finds cells, on fields with masks
///
/// A set is a folder of fields with masks/<id>_cells.png and masks/<id>_nuclei.png, as `trainer simulate --masks` writes them. The
/// run's folder keeps the recipe, metrics and checkpoints; an interrupted run goes on with --resume and ends as if it had not been
/// interrupted. `trainer package --run` makes a package of it.
#[derive(Debug, Args)]
pub struct TrainCells {
    /// A folder of fields with masks; can be given again
    #[arg(long, value_name = "DIR", required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// A recipe's name (`cells`) or TOML file
    #[arg(long, default_value = "cells")]
    recipe: String,
    /// Change a key of the recipe, such as training.epochs=3; can be given again
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    changes: Vec<String>,
    /// The run's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on where the same command broke off
    #[arg(long)]
    resume: bool,
    /// Threads that read and augment fields
    #[arg(long, value_name = "N", default_value = "1")]
    workers: NonZero<usize>,
    /// Minutes between two checkpoints inside an epoch
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    checkpoint_every: f64,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl TrainCells {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = CellsRecipe::load(&self.recipe, &self.changes)?;
        let device = self.device.open()?;
        let mut fields = Vec::new();
        let mut credits: Option<Credits> = None;
        for folder in &self.data {
            let set = MaskedSet::open(folder, &self.reading.reading())?;
            for fault in &set.faults {
                note!("left out: {fault}");
            }
            fields.extend(set.fields);
            let own = Credits::read(folder)?;
            credits = Some(match credits {
                Some(credits) => credits.and(own),
                None => own,
            });
        }
        let stated = Stated::of(ids(&fields).into_iter(), &credits.unwrap_or_default());
        let (train, validation) = parted(fields, recipe.training.validation)?;
        let folder = RunFolder::start(&self.out, &recipe, self.resume)?;
        let parts = [("train", ids(&train)), ("validation", ids(&validation))];
        keep_fields(folder.path(), &parts)?;
        say!(
            "{} fields to train on, {} to choose by",
            train.len(),
            validation.len()
        )?;
        let every = Duration::try_from_secs_f64(60.0 * self.checkpoint_every);
        let training = CellsTraining {
            recipe: &recipe,
            train,
            validation,
            stated,
            folder: &folder,
            device: &device,
            workers: workers(Some(self.workers)),
            checkpoint_every: every.unwrap_or(Duration::ZERO),
        };
        let summary = training.run(self.resume)?;
        say!(
            "average precision of cells {:.3}; the run is in {}; `trainer package --run` makes a package of it",
            summary.metrics["validation"]["average_precision"]
                .as_f64()
                .unwrap_or(f64::NAN),
            self.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

fn ids(fields: &[MaskedField]) -> Vec<&str> {
    fields.iter().map(|one| one.field.id.as_str()).collect()
}
