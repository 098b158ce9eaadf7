//! The folder of a training run.
//!
//! `recipe.toml` (the recipe with its changes), `split.csv`, `statistics.toml` (a [`SetStatistics`]),
//! what a run has computed so far, and, once it has ended, `network.safetensors` (all weights, f32) and
//! `run.json` (a [`Summary`]).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use cytolens::model::{Network, NetworkConfig, weights};
use cytolens_field::{Composition, MissingChannels};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use cytolens_data::fault::Fault;
use cytolens_data::files::claim_folder;
use cytolens_data::split::file::{Split, read_split};
use cytolens_data::whole_file::write_whole;

/// The summary of a run that has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The network's shape.
    pub network: NetworkConfig,
    /// The composition of channels into planes.
    pub composition: Composition,
    /// The treatment of channels that a field lacks.
    #[serde(default)]
    pub missing: MissingChannels,
    /// The mean of each plane, from 0 to 1, that is subtracted.
    pub mean: Vec<f32>,
    /// The standard deviation of each plane that it is divided by.
    pub std: Vec<f32>,
    /// The tuned thresholds, one a class.
    pub thresholds: Vec<f32>,
    /// The number of samples in the training part.
    pub trained_on: usize,
    /// The number of samples in the validation and the test part.
    pub held_back: usize,
    /// The classes with a positive among the training samples.
    pub classes_seen: Vec<usize>,
    /// The attribution of the training images, where it is known.
    pub images: Option<String>,
    /// The licence of the training images, where it is known.
    pub licence: Option<String>,
    /// The initial weights' file name and SHA-256, or that they were random.
    pub initial_weights: String,
    /// The recipe.
    pub recipe: serde_json::Value,
    /// The scores.
    pub metrics: serde_json::Value,
}

/// The statistics of the planes of a run's training part, and the samples that could not be read: all
/// that a resumed run would have to read its set again for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStatistics {
    /// The mean of each plane, from 0 to 1.
    pub mean: Vec<f32>,
    /// The standard deviation of each plane.
    pub std: Vec<f32>,
    /// The faults of samples that were left out, by the samples' ids.
    pub left_out: BTreeMap<String, Fault>,
}

/// A run's folder.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes the folder of a new run, or with `resume` opens that of an interrupted run of the same recipe.
    ///
    /// # Errors
    /// If the folder holds anything else, or cannot be written.
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
            if read_toml::<R>(&recipe_path)? != *recipe {
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

    /// Opens the folder of a run that has ended.
    ///
    /// # Errors
    /// If it is no run's, or the run has not ended.
    pub fn open(path: &Path) -> Result<(Self, Summary)> {
        Self::open_as(path)
    }

    /// [`RunFolder::open`] with a summary of another kind.
    ///
    /// # Errors
    /// Those of [`RunFolder::open`].
    pub fn open_as<S: DeserializeOwned>(path: &Path) -> Result<(Self, S)> {
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

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of a probe's features.
    pub fn features(&self) -> PathBuf {
        self.0.join("features")
    }

    /// The file of the network's weights.
    pub fn network(&self) -> PathBuf {
        self.0.join("network.safetensors")
    }

    /// Loads the network of the run on a device.
    ///
    /// # Errors
    /// If its weights cannot be read, or are another network's.
    pub fn load_network(&self, config: &NetworkConfig, device: &Device) -> Result<Network> {
        load_network(config, &self.network(), device)
    }

    /// The statistics of the set, where a run was interrupted after they were written.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn statistics(&self) -> Result<Option<SetStatistics>> {
        let path = self.statistics_path();
        path.exists().then(|| read_toml(&path)).transpose()
    }

    /// Writes the split and the statistics of the set.
    ///
    /// # Errors
    /// If a file cannot be written, or a resumed run had another split: its samples were normalised by
    /// the training part it had.
    pub fn write_set(&self, split: &Split, statistics: &SetStatistics) -> Result<()> {
        self.write_split(split)?;
        write_whole(&self.statistics_path(), toml::to_string(statistics)?)
    }

    fn write_split(&self, split: &Split) -> Result<()> {
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

    /// The file of the split.
    pub fn split(&self) -> PathBuf {
        self.0.join("split.csv")
    }

    /// A copy of this folder's recipe, split and statistics for a run made of this one, in an empty folder.
    ///
    /// # Errors
    /// If a file cannot be copied.
    pub fn copied(&self, to: &Path) -> Result<Self> {
        let copy = Self(to.to_owned());
        for (from, to) in [
            (self.recipe(), copy.recipe()),
            (self.split(), copy.split()),
            (self.statistics_path(), copy.statistics_path()),
        ] {
            if from.exists() {
                fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
            }
        }
        Ok(copy)
    }

    /// Ends the run: writes the weights and then the summary, which says that the run has ended.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish<S: Serialize>(&self, weights: &[u8], summary: &S) -> Result<()> {
        write_whole(&self.network(), weights)?;
        write_whole(
            &self.summary_path(),
            serde_json::to_string_pretty(summary)? + "\n",
        )
    }

    fn recipe(&self) -> PathBuf {
        self.0.join("recipe.toml")
    }

    fn statistics_path(&self) -> PathBuf {
        self.0.join("statistics.toml")
    }

    fn summary_path(&self) -> PathBuf {
        self.0.join("run.json")
    }
}

/// Loads a network with the weights of a file on a device.
///
/// # Errors
/// If the weights cannot be read, or are another network's.
pub fn load_network(config: &NetworkConfig, file: &Path, device: &Device) -> Result<Network> {
    let mut network = Network::new(config, device);
    weights::read_file(file)
        .and_then(|tensors| weights::apply_exactly(&mut network, config.names(), &tensors))
        .with_context(|| format!("in {}", file.display()))?;
    Ok(network)
}

fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use cytolens_data::split::file::{Part, SplitRow};

    use super::*;

    #[test]
    fn statistics_survive_the_folder_to_the_bit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = RunFolder(folder.path().to_owned());
        let row = SplitRow {
            id: "a".to_owned(),
            part: Part::Train,
            group: "a".to_owned(),
        };
        let split = Split {
            rows: vec![row],
            origin: None,
        };
        // A third and its neighbours have no short decimal form.
        let third = 1.0_f32 / 3.0;
        for left_out in [
            None,
            Some(("a.b c".to_owned(), Fault::new("a \"b\".png", "no image\n"))),
        ] {
            let statistics = SetStatistics {
                mean: vec![third, third.next_up(), third.next_down()],
                std: vec![f32::MIN_POSITIVE, 0.1, 1.0],
                left_out: left_out.into_iter().collect(),
            };
            folder.write_set(&split, &statistics).expect("written");
            assert_eq!(folder.statistics().expect("read"), Some(statistics));
        }
    }
}
