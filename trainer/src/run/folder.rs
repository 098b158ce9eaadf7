//! The folder of a training run: everything that says how it went and what came out.
//!
//! `recipe.toml` (the resolved recipe), `split.csv`, `features/`, and, once it has ended,
//! `network.safetensors` (all weights, f32) and `run.json` (a [`Summary`]).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens::model::NetworkConfig;
use serde::{Deserialize, Serialize};

use super::recipe::Recipe;
use crate::data::files::claim_folder;

/// What a run is and what it reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The recipe, every choice.
    pub recipe: Recipe,
    /// The network's shape.
    pub network: NetworkConfig,
    /// The training samples' mean a plane.
    pub mean: Vec<f32>,
    /// The training samples' standard deviation a plane.
    pub std: Vec<f32>,
    /// The tuned thresholds.
    pub thresholds: Vec<f32>,
    /// How many samples trained the head.
    pub trained_on: usize,
    /// How many were held back.
    pub held_back: usize,
    /// Classes with a positive among the training samples.
    pub classes_seen: Vec<usize>,
    /// The initial weights' file name and SHA-256.
    pub initial_weights: String,
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
    pub fn start(path: &Path, recipe: &Recipe, resume: bool) -> Result<Self> {
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
            let before: Recipe =
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
        write(&recipe_path, toml::to_string(recipe)?)?;
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

    /// Where features are kept.
    pub fn features(&self) -> PathBuf {
        self.0.join("features")
    }

    /// The network's weights.
    pub fn network(&self) -> PathBuf {
        self.0.join("network.safetensors")
    }

    /// Writes which sample was in which part.
    ///
    /// # Errors
    /// Where the file cannot be written, or the run that is gone on with had another split: what it
    /// has computed was normalised by the samples it trained on.
    pub fn write_split<'a>(&self, parts: impl Iterator<Item = (&'a str, &'a str)>) -> Result<()> {
        let mut text = "Id,Part\n".to_owned();
        for (id, part) in parts {
            text.push_str(&format!("{id},{part}\n"));
        }
        let path = self.0.join("split.csv");
        if fs::read_to_string(&path).is_ok_and(|before| before != text) {
            bail!(
                "the run in {} has another split; choose another --out",
                self.0.display()
            );
        }
        write(&path, text)
    }

    /// Ends the run: the weights first, so that a summary means that all is there.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn finish(&self, weights: &[u8], summary: &Summary) -> Result<()> {
        write(&self.network(), weights)?;
        write(
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

fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, contents).with_context(|| format!("cannot write {}", path.display()))
}
