//! A run of a recipe on a set, to begin or to resume: what `trainer train` and `trainer compare` have in common.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use burn::tensor::Device;

use crate::commands::arguments::{FurtherSets, InitArguments, SetArguments, TrainingArguments};
use crate::output::{note_left_out, say};
use crate::run::finish::{self, Reached};
use crate::run::folder::{RunFolder, load_network};
use crate::run::recipe::{Recipe, StartWeights};
use crate::run::samples::Samples;
use crate::run::start::pretrained;
use crate::run::training::Training;
use cytolens_data::split::file::Split;
use cytolens_report::progress::progress;

/// A run to begin or to resume.
#[derive(Debug, Clone, Copy)]
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
    pub split: Option<&'a Split>,
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
        let column = recipe.metric.column();
        let set = self.set.open_with(column)?;
        let further = self.further.open(&self.set.reading(), column)?;
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
        note_left_out(&faults);
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

    /// Trains and scores unless that is done already. Gives false where the user stopped it.
    ///
    /// # Errors
    /// Those of [`Job::run`].
    pub fn complete(&self) -> Result<bool> {
        Ok(RunFolder::open(self.out).is_ok() || self.run()?.is_some())
    }

    /// Finds the file of initial weights, where the recipe starts from one, and reads it to be sure.
    ///
    /// # Errors
    /// If there is none, it is another network's, or the recipe takes none.
    pub fn initial_weights(&self) -> Result<Option<PathBuf>> {
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
