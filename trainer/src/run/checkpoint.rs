//! Where a training can go on from, exactly as if it had never been interrupted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::optim::ModuleOptimizer;
use burn::tensor::Tensor;
use cytolens::model::{Names, Network, weights};
use serde::{Deserialize, Serialize};

use super::average::Average;

/// Where a training stands. Everything random in it is drawn anew from seed, epoch, sample and
/// step, so that these numbers are the whole of its random state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The epoch to go on with.
    pub epoch: usize,
    /// The batch in it to go on with.
    pub batch: usize,
    /// The steps taken.
    pub step: usize,
}

const POSITION: &str = "position.json";
const NETWORK: &str = "network.safetensors";
const AVERAGE: &str = "average.safetensors";
const OPTIMISER: &str = "optimiser.bpk";

/// Everything that training changes.
pub struct Learner {
    /// What is trained.
    pub network: Network,
    /// What predicts, where the recipe averages weights.
    pub average: Option<Average>,
    /// With its moments.
    pub optimiser: ModuleOptimizer,
    /// Where it stands.
    pub position: Position,
}

impl Learner {
    /// The network that predicts.
    pub fn answering(&self) -> Network {
        match &self.average {
            Some(average) => average.network.clone(),
            None => self.network.valid(),
        }
    }

    /// Writes a checkpoint. It is whole or not there: what is half written has another name.
    ///
    /// # Errors
    /// Where it cannot be written, on a full disk for example; earlier checkpoints stay.
    pub fn save(&self, folder: &Path, names: Names) -> Result<()> {
        let partial = folder.with_extension("partial");
        let write = || -> Result<()> {
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            fs::create_dir_all(&partial)?;
            let precision = weights::Precision::Single;
            let network = weights::to_safetensors(&self.network.valid(), names, precision)?;
            fs::write(partial.join(NETWORK), network)?;
            if let Some(average) = &self.average {
                let network = weights::to_safetensors(&average.network, names, precision)?;
                fs::write(partial.join(AVERAGE), network)?;
            }
            self.optimiser
                .save(partial.join(OPTIMISER))
                .map_err(|error| anyhow::anyhow!("{error}"))?;
            fs::write(
                partial.join(POSITION),
                serde_json::to_string(&self.position)?,
            )?;
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::rename(&partial, folder)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write the checkpoint {}", folder.display()))
    }

    /// Takes up a checkpoint of the same recipe's network and optimiser.
    ///
    /// # Errors
    /// Where it cannot be read or is another network's.
    pub fn load(self, folder: &Path, names: Names) -> Result<Self> {
        let Self {
            mut network,
            average,
            optimiser,
            ..
        } = self;
        let read = || -> Result<Self> {
            let tensors = weights::read_file(&folder.join(NETWORK))?;
            weights::apply_exactly(&mut network, names, &tensors)?;
            let average = average
                .map(|mut average| -> Result<Average> {
                    let tensors = weights::read_file(&folder.join(AVERAGE))?;
                    weights::apply_exactly(&mut average.network, names, &tensors)?;
                    Ok(average)
                })
                .transpose()?;
            let optimiser = optimiser
                .load(folder.join(OPTIMISER))
                .map_err(|error| anyhow::anyhow!("{error}"))?;
            let position = fs::read_to_string(folder.join(POSITION))?;
            Ok(Self {
                network,
                average,
                optimiser,
                position: serde_json::from_str(&position)?,
            })
        };
        read().with_context(|| format!("cannot read the checkpoint {}", folder.display()))
    }
}

/// The network with parameters numbered in order: an optimiser's record finds them in a later
/// process by their numbers, which are else drawn at random.
pub fn numbered(network: Network) -> Network {
    network.map(&mut Numbering(0))
}

struct Numbering(u64);

impl ModuleMapper for Numbering {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (_, tensor, mapper) = param.consume();
        self.0 += 1;
        Param::from_mapped_value(ParamId::from(self.0), tensor, mapper)
    }
}

/// The checkpoint of the last step, in a run's folder.
pub fn last(run: &Path) -> PathBuf {
    run.join("checkpoints").join("last")
}

/// The checkpoint of the best validation so far, in a run's folder.
pub fn best(run: &Path) -> PathBuf {
    run.join("checkpoints").join("best")
}
