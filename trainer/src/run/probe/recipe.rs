//! Recipes of linear probes.

use anyhow::{Result, ensure};
use cytolens::model::NetworkConfig;
use cytolens_core::labels;
use cytolens_field::Composition;
use serde::{Deserialize, Serialize};

use crate::run::recipe::{NetworkChoice, ThresholdChoice, check_size, imagenet_epsilon};
use crate::run::recipe_file::RecipeFile;

/// The recipes that come with the program, by name.
const BUILT_IN: [(&str, &str); 1] = [("probe", include_str!("../../../recipes/probe.toml"))];

/// Every choice of one probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeRecipe {
    /// The network.
    pub network: NetworkChoice,
    /// The network's input.
    pub input: ProbeInput,
    /// The split of the samples.
    pub split: ProbeSplit,
    /// The training of the head.
    pub training: ProbeTraining,
    /// The tuning of thresholds.
    pub thresholds: ThresholdChoice,
}

/// The network's input: `[input]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeInput {
    /// The composition of channels into planes.
    pub composition: Composition,
    /// The side in pixels.
    pub size: usize,
}

/// The split of the samples: `[split]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeSplit {
    /// The random seed of the split.
    pub seed: u64,
    /// The share of samples that the head is not trained on.
    pub held_back: f64,
    /// The number of folds of the rest, each predicted by a head trained on the others.
    pub folds: usize,
}

/// The training of the head: `[training]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeTraining {
    /// The random seed of initial weights, order and views.
    pub seed: u64,
    /// The number of times that every sample is shown.
    pub epochs: usize,
    /// The number of samples in a step.
    pub batch: usize,
    /// AdamW's learning rate, falling to 0 by half a cosine.
    pub learning_rate: f64,
    /// AdamW's weight decay.
    pub weight_decay: f32,
    /// The power of a label's rarity that its positives are weighted by.
    pub rarity: f64,
}

impl RecipeFile for ProbeRecipe {
    const BUILT_IN: &'static [(&'static str, &'static str)] = &BUILT_IN;

    fn check(&self) -> Result<()> {
        check_size("input.size", self.input.size, self.network.architecture)?;
        let held_back = self.split.held_back;
        ensure!(
            held_back > 0.0 && held_back < 1.0,
            "split.held_back must be between 0 and 1, not {held_back}"
        );
        ensure!(
            self.split.folds >= 2,
            "split.folds must be 2 at least, not {}",
            self.split.folds
        );
        ensure!(
            self.training.epochs > 0,
            "training.epochs must be 1 at least"
        );
        ensure!(self.training.batch > 0, "training.batch must be 1 at least");
        let rate = self.training.learning_rate;
        ensure!(
            rate > 0.0 && rate.is_finite(),
            "training.learning_rate must be over 0, not {rate}"
        );
        let decay = self.training.weight_decay;
        ensure!(
            decay >= 0.0 && decay.is_finite(),
            "training.weight_decay must be 0 or more, not {decay}"
        );
        let rarity = self.training.rarity;
        ensure!(
            (0.0..=1.0).contains(&rarity),
            "training.rarity must be from 0 to 1, not {rarity}"
        );
        let otherwise = self.thresholds.otherwise;
        ensure!(
            (0.0..=1.0).contains(&otherwise),
            "thresholds.otherwise must be from 0 to 1, not {otherwise}"
        );
        Ok(())
    }
}

impl ProbeRecipe {
    /// The shape of the network for the 28 locations.
    pub fn network(&self) -> NetworkConfig {
        let architecture = self.network.architecture;
        NetworkConfig {
            architecture,
            head: self.network.head,
            planes: self.input.composition.planes(),
            size: self.input.size,
            classes: labels::COUNT,
            batch_norm_epsilon: imagenet_epsilon(architecture),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_recipes_are_valid() {
        for (name, _) in BUILT_IN {
            ProbeRecipe::load(name, &[]).expect("a valid recipe");
        }
    }

    #[test]
    fn faults_are_named() {
        let error = format!(
            "{:#}",
            ProbeRecipe::load("nonesuch", &[]).expect_err("no such recipe")
        );
        assert!(
            error.contains("nonesuch") && error.contains("probe"),
            "{error}"
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (from, to, expected) in [
            ("epochs = 60", "epochs = 60\nmomentum = 1", "momentum"),
            ("size = 512", "size = 500", "multiple of 32"),
            ("folds = 5", "", "folds"),
            ("head = \"pooling\"", "head = \"tail\"", "tail"),
        ] {
            let path = folder.path().join("recipe.toml");
            std::fs::write(&path, BUILT_IN[0].1.replace(from, to)).expect("a written file");
            let error = format!(
                "{:#}",
                ProbeRecipe::load(path.to_str().expect("Unicode"), &[]).expect_err("a fault")
            );
            assert!(
                error.contains(expected) && error.contains("recipe.toml"),
                "{error}"
            );
        }
    }
}
