//! `trainer train-painter`: trains a network that paints one channel of a field from others.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use cytolens_data::credits::Credits;
use cytolens_data::files::{self, FieldOnDisk};
use cytolens_report::progress::progress;

use crate::commands::arguments::{ReadingArguments, UNetArguments, fields_of, workers};
use crate::output::{note_left_out, say};
use crate::painter::recipe::PainterRecipe;
use crate::painter::survey::Survey;
use crate::painter::training::PainterTraining;
use crate::run::folder::RunFolder;
use crate::run::recipe_file::RecipeFile;
use crate::unet::fields::{keep_fields, parted};
use crate::unet::package::Stated;

/// Train a network that paints one channel of a field from others
///
/// Which channels it reads and which it paints is in the recipe. It learns from fields that have all of them; others are left out by
/// their names, and labels are not needed. The run's folder keeps the recipe, metrics and checkpoints, and what the painter has to
/// beat: the mean level and the best linear mix of the channels, fitted to the fields of --data. An interrupted run goes on with
/// --resume and ends as if it had not been interrupted. `trainer package --run` makes a package of it, and `trainer score-painter`
/// says what it is worth.
#[derive(Debug, Args)]
pub struct TrainPainter {
    /// The fields to learn from and to choose by: a folder, or a zip archive of one
    #[arg(long, value_name = "DIR|FILE")]
    data: PathBuf,
    /// Take those fields of --data alone whose ids this file lists, one a line
    #[arg(long, value_name = "FILE")]
    only: Option<PathBuf>,
    /// Further fields to learn from, such as simulated ones; can be given again
    #[arg(long, value_name = "DIR|FILE")]
    also: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// A recipe's name (`painter`) or TOML file
    #[arg(long, default_value = "painter")]
    recipe: String,
    #[command(flatten)]
    training: UNetArguments,
}

impl TrainPainter {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = PainterRecipe::load(&self.recipe, &self.training.changes)?;
        let device = self.training.device.open()?;
        let reading = self.reading.reading();
        let own = surveyed(
            fields_of(&self.data, self.only.as_deref(), &reading)?,
            &recipe,
        );
        let (baselines, levels) = (own.baselines()?, own.levels());
        let mut further = Vec::new();
        let mut credits = credits_of(&self.data)?;
        for place in &self.also {
            further.extend(surveyed(fields_of(place, None, &reading)?, &recipe).fields);
            credits = credits.and(credits_of(place)?);
        }
        let all: Vec<&str> = ids(&own.fields).into_iter().chain(ids(&further)).collect();
        let stated = Stated::of(all.into_iter(), &credits);
        let (train, validation) = parted(own.fields, recipe.training.validation)?;
        let folder = RunFolder::start(&self.training.out, &recipe, self.training.resume)?;
        let parts = [
            ("train", ids(&train)),
            ("also", ids(&further)),
            ("validation", ids(&validation)),
        ];
        keep_fields(folder.path(), &parts)?;
        say!(
            "{}: {} fields to train on and {} further ones, {} to choose by",
            recipe.channels,
            train.len(),
            further.len(),
            validation.len()
        )?;
        let training = PainterTraining {
            recipe: &recipe,
            train,
            further,
            validation,
            levels,
            baselines,
            stated,
            run: self.training.run(&folder, &device),
        };
        let summary = training.run(self.training.resume)?;
        say!(
            "correlation {:.3} on the fields that it was chosen by; the run is in {}; `trainer package --run` makes a package of it, \
             and `trainer score-painter` says whether it is better than a linear mix",
            summary.trained.metrics["validation"]["pearson"]
                .as_f64()
                .unwrap_or(f64::NAN),
            self.training.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads fields once. Notes which are left out.
fn surveyed(fields: Vec<FieldOnDisk>, recipe: &PainterRecipe) -> Survey {
    let bar = progress(fields.len(), "Reading");
    let size = recipe.network.size;
    let survey = Survey::of(&fields, &recipe.channels, size, workers(None), || {
        bar.inc(1);
    });
    bar.finish();
    note_left_out(&survey.faults);
    survey
}

/// The credits of a set; none of an archive.
fn credits_of(place: &Path) -> Result<Credits> {
    match files::is_archive(place) {
        true => Ok(Credits::default()),
        false => Credits::read(place),
    }
}

fn ids(fields: &[FieldOnDisk]) -> Vec<&str> {
    fields.iter().map(|field| field.id.as_str()).collect()
}
