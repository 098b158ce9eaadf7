//! `trainer train`: trains a network on a labelled set by a recipe.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::Args;

use crate::commands::arguments::{
    FurtherSets, InitArguments, RunArguments, SetArguments, TrainingArguments,
};
use crate::device::DevicesChoice;
use crate::output::{note, say};
use crate::run::finish::{self, Reached};
use crate::run::folder::{RunFolder, load_network};
use crate::run::recipe::{Recipe, StartWeights};
use crate::run::recipe_file::RecipeFile;
use crate::run::samples::Samples;
use crate::run::start::pretrained;
use crate::run::training::Training;
use cytolens_report::progress::progress;

/// Train a network on a labelled set
///
/// The run's folder keeps the recipe, the split, metrics, plots and checkpoints; an interrupted run
/// goes on with --resume and ends as if it had not been interrupted.
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
    /// The device to compute on; several, with commas between, share each step's batches
    #[arg(long, default_value = "wgpu")]
    device: DevicesChoice,
    #[command(flatten)]
    training: TrainingArguments,
}

/// A run to begin or to resume.
#[derive(Debug)]
pub struct Job<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The recipe's name, for people.
    pub name: &'a str,
    /// The labelled set.
    pub set: &'a SetArguments,
    /// Further sets to train on.
    pub further: &'a FurtherSets,
    /// The run's folder.
    pub out: &'a Path,
    /// The initial weights.
    pub init: &'a InitArguments,
    /// A table by `trainer split`, in place of the recipe's own split.
    pub split: Option<&'a Path>,
    /// Whether an interrupted run is resumed.
    pub resume: bool,
    /// The devices.
    pub devices: &'a [Device],
    /// The course of the training.
    pub training: &'a TrainingArguments,
}

impl Job<'_> {
    /// Trains and scores. Gives nothing where the user stopped it.
    ///
    /// # Errors
    /// Those of [`Training::run`].
    pub fn run(&self) -> Result<Option<Reached>> {
        let recipe = self.recipe;
        let set = self.set.open()?;
        let further = self.further.open(&self.set.reading())?;
        // A wrong file is refused before anything is written.
        let init = self.initial_weights()?;
        let folder = RunFolder::start(self.out, recipe, self.resume)?;
        let samples: usize = further.iter().map(|one| one.set.samples.len()).sum();
        let bar = progress(set.samples.len() + samples, "Reading");
        let workers = self.training.workers();
        let kept = folder.statistics()?;
        let (samples, faults) =
            Samples::prepare(set, further, recipe, self.split, kept, workers, &bar)?;
        bar.finish();
        for fault in &faults {
            note!("left out: {fault}");
        }
        folder.write_set(&samples.split, &samples.statistics)?;
        say!(
            "{} to train on, {} to choose by, {} to test with",
            samples.train.len(),
            samples.validation.len(),
            samples.test.len()
        )?;
        let training = Training {
            recipe,
            name: self.name,
            samples: &samples,
            init: init.as_deref(),
            folder: &folder,
            devices: self.devices,
            workers,
            checkpoint_every: self.training.checkpoint_every(),
            show: self.training.show(),
        };
        match training.run(self.resume)? {
            Some(trained) => finish::finish(&training, &trained).map(Some),
            None => Ok(None),
        }
    }

    /// Finds the file of initial weights, where the recipe starts from one, and reads it to be sure.
    fn initial_weights(&self) -> Result<Option<PathBuf>> {
        let recipe = self.recipe;
        match recipe.start.weights {
            StartWeights::Imagenet => {
                let architecture = recipe.network.architecture;
                let file = self.init.find(&self.set.data, architecture)?;
                let planes = recipe.input.composition.planes();
                pretrained(architecture, planes, &file, &Device::flex())?;
                Ok(Some(file))
            }
            StartWeights::Network => {
                let Some(file) = &self.init.init else {
                    bail!("the recipe starts from a network's weights: name the file with --init")
                };
                load_network(&recipe.network(), file, &Device::flex())?;
                Ok(Some(file.clone()))
            }
            StartWeights::Random if self.init.init.is_some() => {
                bail!("the recipe starts from random weights and takes no --init")
            }
            StartWeights::Random => Ok(None),
        }
    }
}

impl Train {
    /// Runs the command. It fails if the user stops the run.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = Recipe::load(&self.recipe, &self.changes)?;
        recipe.check_devices(self.device.count())?;
        let devices = self.device.open_all()?;
        let job = Job {
            recipe: &recipe,
            name: &self.recipe,
            set: &self.set,
            further: &self.further,
            out: &self.out,
            init: &self.init,
            split: self.run.split.as_deref(),
            resume: self.run.resume,
            devices: &devices,
            training: &self.training,
        };
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
