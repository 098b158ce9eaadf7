//! `trainer train`: a labelled set and a recipe become a run's folder.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::Args;

use crate::commands::arguments::SetArguments;
use crate::device::DevicesChoice;
use crate::run::finish::{self, Reached};
use crate::run::folder::RunFolder;
use crate::run::recipe::{Recipe, StartWeights};
use crate::run::record::Show;
use crate::run::samples::Samples;
use crate::run::start::{find_weights, pretrained};
use crate::run::training::Training;
use cytolens_report::progress::progress;

/// Train a network on a labelled set
///
/// The run's folder keeps the recipe, the split, metrics, plots and checkpoints; a run that broke off
/// goes on with --resume and ends as if it had not.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    set: SetArguments,
    /// A recipe's name (`default`, `described`) or TOML file
    #[arg(long, default_value = "default")]
    recipe: String,
    /// Change a key of the recipe, such as training.epochs=3; can be given again
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    changes: Vec<String>,
    /// The run's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// ImageNet weights (.safetensors, .pth); looked for in the data folder and in `imagenet`
    /// beside it
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Who learns from what: a table by `trainer split`, in place of the recipe's own split
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// Go on with a run of the same recipe that broke off
    #[arg(long)]
    resume: bool,
    /// What computes; several, with commas between, share each step's batches
    #[arg(long, default_value = "wgpu")]
    device: DevicesChoice,
    #[command(flatten)]
    running: RunningArguments,
}

/// How a training is run, whatever it trains.
#[derive(Debug, Clone, Args)]
pub struct RunningArguments {
    /// Threads that read and augment samples; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
    /// Minutes between two checkpoints inside an epoch
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0)]
    checkpoint_every: f64,
    /// Print lines where the dashboard would be shown
    #[arg(long)]
    plain: bool,
}

impl RunningArguments {
    /// Threads that prepare samples.
    pub fn workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        self.workers.map_or_else(cores, NonZero::get)
    }

    /// The time between two checkpoints.
    pub fn checkpoint_every(&self) -> Duration {
        Duration::try_from_secs_f64(60.0 * self.checkpoint_every).unwrap_or(Duration::ZERO)
    }

    /// How the run is shown.
    pub fn show(&self) -> Show {
        Show::fitting(self.plain)
    }
}

/// A run to be made or gone on with.
#[derive(Debug)]
pub struct Job<'a> {
    /// Every choice.
    pub recipe: &'a Recipe,
    /// The recipe's name, for people.
    pub name: &'a str,
    /// The labelled set.
    pub set: &'a SetArguments,
    /// The run's folder.
    pub out: &'a Path,
    /// ImageNet weights, where they are not to be looked for.
    pub init: Option<&'a Path>,
    /// A table by `trainer split`, in place of the recipe's own split.
    pub split: Option<&'a Path>,
    /// Whether a run that broke off is gone on with.
    pub resume: bool,
    /// What computes.
    pub devices: &'a [Device],
    /// How.
    pub running: &'a RunningArguments,
}

impl Job<'_> {
    /// Trains and scores. Gives nothing where the user ended it before.
    ///
    /// # Errors
    /// Those of a training.
    pub fn run(&self) -> Result<Option<Reached>> {
        let recipe = self.recipe;
        let set = self.set.open()?;
        let init = match recipe.start.weights {
            StartWeights::Imagenet => Some(find_weights(
                self.init,
                &self.set.data,
                recipe.network.architecture,
            )?),
            StartWeights::Random if self.init.is_some() => {
                bail!("the recipe starts from random weights and takes no --init")
            }
            StartWeights::Random => None,
        };
        if let Some(file) = &init {
            // A wrong file is refused before anything is written.
            let planes = recipe.input.composition.planes();
            pretrained(recipe.network.architecture, planes, file, &Device::flex())?;
        }
        let folder = RunFolder::start(self.out, recipe, self.resume)?;
        let bar = progress(set.samples.len(), "Reading");
        let workers = self.running.workers();
        let (samples, faults) = Samples::prepare(set, recipe, self.split, workers, &bar)?;
        bar.finish();
        for fault in &faults {
            eprintln!("left out: {fault}");
        }
        folder.write_split(&samples.split)?;
        println!(
            "{} to train on, {} to choose by, {} to test with",
            samples.train.len(),
            samples.validation.len(),
            samples.test.len()
        );
        let training = Training {
            recipe,
            name: self.name,
            samples: &samples,
            init: init.as_deref(),
            folder: &folder,
            devices: self.devices,
            workers,
            checkpoint_every: self.running.checkpoint_every(),
            show: self.running.show(),
        };
        match training.run(self.resume)? {
            Some(trained) => finish::finish(&training, &trained).map(Some),
            None => Ok(None),
        }
    }
}

impl Train {
    /// Runs the command. It fails where the user ended the run before its end.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = Recipe::load(&self.recipe, &self.changes)?;
        let devices = self.device.open_all()?;
        let job = Job {
            recipe: &recipe,
            name: &self.recipe,
            set: &self.set,
            out: &self.out,
            init: self.init.as_deref(),
            split: self.split.as_deref(),
            resume: self.resume,
            devices: &devices,
            running: &self.running,
        };
        let out = self.out.display();
        let Some(reached) = job.run()? else {
            println!("ended before its end; --resume goes on with the run in {out}");
            return Ok(ExitCode::FAILURE);
        };
        println!("{reached}");
        println!(
            "the run is in {out}; `trainer evaluate --run` looks closer, `trainer package --run` makes \
             a model package of it"
        );
        Ok(ExitCode::SUCCESS)
    }
}
