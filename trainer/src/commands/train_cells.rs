//! `trainer train-cells`: trains a network that finds cells on fields with masks.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use cytolens_data::credits::Credits;
use cytolens_data::masked::{MaskedField, MaskedSet};

use crate::cells::recipe::CellsRecipe;
use crate::cells::training::CellsTraining;
use crate::commands::arguments::{ReadingArguments, UNetArguments};
use crate::output::{note_left_out, say};
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
    #[command(flatten)]
    training: UNetArguments,
}

impl TrainCells {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = CellsRecipe::load(&self.recipe, &self.training.changes)?;
        let device = self.training.device.open()?;
        let mut fields = Vec::new();
        let mut credits: Option<Credits> = None;
        for folder in &self.data {
            let set = MaskedSet::open(folder, &self.reading.reading())?;
            note_left_out(&set.faults);
            fields.extend(set.fields);
            let own = Credits::read(folder)?;
            credits = Some(match credits {
                Some(credits) => credits.and(own),
                None => own,
            });
        }
        let stated = Stated::of(ids(&fields).into_iter(), &credits.unwrap_or_default());
        let (train, validation) = parted(fields, recipe.training.validation)?;
        let folder = RunFolder::start(&self.training.out, &recipe, self.training.resume)?;
        let parts = [("train", ids(&train)), ("validation", ids(&validation))];
        keep_fields(folder.path(), &parts)?;
        say!(
            "{} fields to train on, {} to choose by",
            train.len(),
            validation.len()
        )?;
        let training = CellsTraining {
            recipe: &recipe,
            train,
            validation,
            stated,
            run: self.training.run(&folder, &device),
        };
        let summary = training.run(self.training.resume)?;
        say!(
            "average precision of cells {:.3}; the run is in {}; `trainer package --run` makes a package of it",
            summary.metrics["validation"]["average_precision"]
                .as_f64()
                .unwrap_or(f64::NAN),
            self.training.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

fn ids(fields: &[MaskedField]) -> Vec<&str> {
    fields.iter().map(|one| one.field.id.as_str()).collect()
}
