//! `trainer train`: trains a network on a labelled set by a recipe.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::commands::arguments::{
    FurtherSets, InitArguments, RunArguments, SetArguments, TrainingArguments,
};
use crate::commands::folds::Folds;
use crate::commands::job::Job;
use crate::device::DevicesChoice;
use crate::output::say;
use crate::run::recipe::Recipe;
use crate::run::recipe_file::RecipeFile;

/// Train a network on a labelled set
///
/// The run's folder keeps the recipe, the split, metrics, plots and checkpoints; an interrupted run
/// goes on with --resume and ends as if it had not been interrupted. With --folds the folder holds a
/// run for each fold of the set, and the scores of all its fields, each by the network that has not
/// seen it.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    set: SetArguments,
    #[command(flatten)]
    further: FurtherSets,
    /// A recipe's name (`default`, `described`, `drawn`, `hpa-2018`) or TOML file
    #[arg(long, default_value = "default")]
    recipe: String,
    /// Change a key of the recipe, such as training.epochs=3; can be given again
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    changes: Vec<String>,
    /// The run's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    init: InitArguments,
    #[command(flatten)]
    run: RunArguments,
    /// Divide the set into K folds and train a network for each: it is tested with that fold, its epoch
    /// and thresholds are chosen by the next, and the others are trained on
    #[arg(long, value_name = "K", conflicts_with = "split")]
    folds: Option<usize>,
    /// The device to compute on; several, with commas between, share each step's batches
    #[arg(long, default_value = "wgpu")]
    device: DevicesChoice,
    #[command(flatten)]
    training: TrainingArguments,
}

impl Train {
    /// Runs the command. It fails if the user stops the run.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = Recipe::load(&self.recipe, &self.changes)?;
        recipe.check_devices(self.device.count())?;
        let split = self.run.table()?;
        let devices = self.device.open_all()?;
        let job = Job {
            recipe: &recipe,
            name: &self.recipe,
            set: &self.set,
            further: &self.further,
            out: &self.out,
            init: &self.init,
            split: split.as_ref(),
            resume: self.run.resume,
            devices: &devices,
            training: &self.training,
        };
        if let Some(count) = self.folds {
            return Folds { job, count }.run();
        }
        let out = self.out.display();
        let Some(reached) = job.run()? else {
            say!("ended before its end; --resume goes on with the run in {out}")?;
            return Ok(ExitCode::FAILURE);
        };
        say!("{reached}")?;
        say!(
            "the run is in {out}; `trainer evaluate --run` looks closer, `trainer package --run` makes \
             a model package of it"
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
