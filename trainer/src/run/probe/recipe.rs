//! Recipes of linear probes, as TOML.

use anyhow::{Context, Result, ensure};
use cytolens::model::NetworkConfig;
use cytolens_core::labels;
use cytolens_field::Composition;
use serde::{Deserialize, Serialize};

use crate::run::recipe::{NetworkChoice, check_size, imagenet_epsilon, text_of};

/// The recipes that come with the program, by name.
const BUILT_IN: [(&str, &str); 1] = [("probe", include_str!("../../../recipes/probe.toml"))];

/// Every choice of one probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What is trained.
    pub network: NetworkChoice,
    /// What it sees.
    pub input: InputChoice,
    /// Who sees what.
    pub split: SplitChoice,
    /// How it is trained.
    pub training: TrainingChoice,
    /// How probabilities become labels.
    pub thresholds: ThresholdChoice,
}

/// What the network sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputChoice {
    /// How channels become planes.
    pub composition: Composition,
    /// The side in pixels.
    pub size: usize,
}

/// Who sees what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitChoice {
    /// Decides the split.
    pub seed: u64,
    /// The share of samples that the model never sees.
    pub held_back: f64,
    /// Parts of the rest that are predicted by a head trained on the others.
    pub folds: usize,
}

/// How the head is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingChoice {
    /// Decides initial weights and order.
    pub seed: u64,
    /// How often every sample is seen.
    pub epochs: usize,
    /// Samples a step.
    pub batch: usize,
    /// AdamW's, falling to 0 by a half cosine.
    pub learning_rate: f64,
    /// AdamW's.
    pub weight_decay: f32,
    /// The power of a label's rarity that it weighs.
    pub rarity: f64,
}

/// How probabilities become labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdChoice {
    /// Classes with fewer positives are not tuned.
    pub least_positives: usize,
    /// Their threshold.
    pub otherwise: f32,
}

impl Recipe {
    /// The recipe of a name that the program knows, or of a TOML file.
    ///
    /// # Errors
    /// Where there is neither, an unknown or missing key, or a value out of range.
    pub fn load(name_or_file: &str) -> Result<Self> {
        let text = text_of(name_or_file, &BUILT_IN)?;
        let recipe: Self =
            toml::from_str(&text).with_context(|| format!("in the recipe {name_or_file}"))?;
        recipe
            .check()
            .with_context(|| format!("in the recipe {name_or_file}"))?;
        Ok(recipe)
    }

    fn check(&self) -> Result<()> {
        check_size(self.input.size, self.network.architecture)?;
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
            Recipe::load(name).expect("a valid recipe");
        }
    }

    #[test]
    fn faults_are_named() {
        let error = format!(
            "{:#}",
            Recipe::load("nonesuch").expect_err("no such recipe")
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
                Recipe::load(path.to_str().expect("Unicode")).expect_err("a fault")
            );
            assert!(
                error.contains(expected) && error.contains("recipe.toml"),
                "{error}"
            );
        }
    }
}
