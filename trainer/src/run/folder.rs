//! The folder of a training run: everything that says how it went and what came out.
//!
//! `recipe.toml` (the resolved recipe), `split.csv`, while it runs what it has computed so far, and,
//! once it has ended, `network.safetensors` (all weights, f32) and `run.json` (a [`Summary`]).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens::model::NetworkConfig;
use cytolens_field::Composition;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use cytolens_data::files::claim_folder;
use cytolens_data::split::file::{Split, read_split};
use cytolens_data::whole_file::write_whole;

/// What a run is and what it reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The network's shape.
    pub network: NetworkConfig,
    /// How channels become its planes.
    pub composition: Composition,
    /// The mean of each plane, from 0 to 1, that is subtracted.
    pub mean: Vec<f32>,
    /// The standard deviation of each plane that it is divided by.
    pub std: Vec<f32>,
    /// The tuned thresholds.
    pub thresholds: Vec<f32>,
    /// How many samples it was trained on.
    pub trained_on: usize,
    /// How many were held back: the validation and the test part.
    pub held_back: usize,
    /// Classes with a positive among the training samples.
    pub classes_seen: Vec<usize>,
    /// Whose the training images are.
    pub images: String,
    /// The initial weights' file name and SHA-256, or that they were random.
    pub initial_weights: String,
    /// Every choice.
    pub recipe: serde_json::Value,
    /// Scores.
    pub metrics: serde_json::Value,
}

/// A run's folder.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// A new run's folder, or with `resume` the folder of the same recipe's run that broke off.
    ///
    /// # Errors
    /// Where the folder holds anything else, or cannot be written.
    pub fn start<R>(path: &Path, recipe: &R, resume: bool) -> Result<Self>
    where
        R: Serialize + DeserializeOwned + PartialEq,
    {
        let folder = Self(path.to_owned());
        let recipe_path = folder.recipe();
        if recipe_path.exists() {
            if folder.summary_path().exists() {
                bail!(
                    "the run in {} has ended; choose another --out",
                    path.display()
                );
            }
            if !resume {
                bail!(
                    "{} holds a run that broke off; --resume goes on with it",
                    path.display()
                );
            }
            let text = fs::read_to_string(&recipe_path)
                .with_context(|| format!("cannot read {}", recipe_path.display()))?;
            let before: R =
                toml::from_str(&text).with_context(|| format!("in {}", recipe_path.display()))?;
            if before != *recipe {
                bail!(
                    "the run in {} has another recipe; choose another --out",
                    path.display()
                );
            }
            return Ok(folder);
        }
        claim_folder(path)?;
        write_whole(&recipe_path, toml::to_string(recipe)?)?;
        Ok(folder)
    }

    /// The folder of a run that has ended.
    ///
    /// # Errors
    /// Where it is no run's, or the run has not ended.
    pub fn open(path: &Path) -> Result<(Self, Summary)> {
        let folder = Self(path.to_owned());
        if !folder.summary_path().exists() {
            bail!(
                "no run that has ended in {}: run.json is missing",
                path.display()
            );
        }
        let text = fs::read_to_string(folder.summary_path())
            .with_context(|| format!("cannot read {}", path.display()))?;
        let summary = serde_json::from_str(&text)
            .with_context(|| format!("in {}", folder.summary_path().display()))?;
        Ok((folder, summary))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where features are kept.
    pub fn features(&self) -> PathBuf {
        self.0.join("features")
    }

    /// The network's weights.
    pub fn network(&self) -> PathBuf {
        self.0.join("network.safetensors")
    }

    /// Writes which sample is in which part.
    ///
    /// # Errors
    /// Where the file cannot be written, or the run that is gone on with had another split: what it
    /// has computed was normalised by the samples it trained on.
    pub fn write_split(&self, split: &Split) -> Result<()> {
        let path = self.split();
        if !path.exists() {
            return split.write(&path);
        }
        if read_split(&path)?.rows != split.rows {
            bail!(
                "the run in {} has another split; choose another --out",
                self.0.display()
            );
        }
        Ok(())
    }

    /// Which sample is in which part.
    pub fn split(&self) -> PathBuf {
        self.0.join("split.csv")
    }

    /// Ends the run: the weights first, so that a summary means that all is there.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn finish(&self, weights: &[u8], summary: &Summary) -> Result<()> {
        write_whole(&self.network(), weights)?;
        write_whole(
            &self.summary_path(),
            serde_json::to_string_pretty(summary)? + "\n",
        )
    }

    fn recipe(&self) -> PathBuf {
        self.0.join("recipe.toml")
    }

    fn summary_path(&self) -> PathBuf {
        self.0.join("run.json")
    }
}
