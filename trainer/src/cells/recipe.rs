//! Recipes of networks that find cells: every choice of one training run.

use anyhow::{Result, ensure};
use cytolens::model::UNetConfig;
use cytolens_cells::Planes;
use cytolens_data::masked::{MaskedAugmentation, OUTPUTS};
use serde::{Deserialize, Serialize};

use crate::run::optimiser::OptimiserChoice;
use crate::run::recipe::AverageChoice;
use crate::run::recipe_file::RecipeFile;

/// Every choice of one training run. All keys are required, and unknown ones refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsRecipe {
    /// The network.
    pub network: UNetChoice,
    /// The training's length, order and batches.
    pub training: CellsTrainingChoice,
    /// The augmentation of fields.
    pub augmentation: MaskedAugmentation,
    /// The loss.
    pub loss: CellsLossChoice,
    /// The optimiser.
    pub optimiser: OptimiserChoice,
    /// The running average of the weights.
    pub average: AverageChoice,
}

/// The network: `[network]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UNetChoice {
    /// The levels, each of half the side of the one above it.
    pub levels: usize,
    /// The channels of the first level.
    pub width: usize,
    /// The longer side in pixels to which a field is resized.
    pub size: usize,
}

/// The training's length, order and batches: `[training]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsTrainingChoice {
    /// The random seed of initial weights, order and augmentation.
    pub seed: u64,
    /// The side in pixels of the part of each field that is shown.
    pub part: usize,
    /// The number of times that the fields are shown.
    pub epochs: usize,
    /// The number of fields in a batch.
    pub batch: usize,
    /// The number of fields by which the best epoch is chosen.
    pub validation: usize,
}

/// The loss: `[loss]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsLossChoice {
    /// What a pixel on a border weighs more than others in the cross-entropy.
    pub border: f32,
    /// The weight of the soft Dice loss beside the cross-entropy.
    pub dice: f32,
}

impl RecipeFile for CellsRecipe {
    const BUILT_IN: &'static [(&'static str, &'static str)] =
        &[("cells", include_str!("../../recipes/cells.toml"))];

    fn check(&self) -> Result<()> {
        let within = |key: &str, value: usize, least: usize, most: usize| {
            ensure!(
                (least..=most).contains(&value),
                "{key} must be from {least} to {most}, not {value}"
            );
            Ok(())
        };
        within("network.levels", self.network.levels, 2, 8)?;
        within("network.width", self.network.width, 1, 256)?;
        // What a package may state.
        within("network.size", self.network.size, 32, 2048)?;
        within("training.part", self.training.part, 32, 4096)?;
        within("training.epochs", self.training.epochs, 1, 100_000)?;
        within("training.batch", self.training.batch, 1, 4096)?;
        within(
            "training.validation",
            self.training.validation,
            1,
            1_000_000,
        )?;
        let unit = self.unet().unit();
        for (key, side) in [
            ("network.size", self.network.size),
            ("training.part", self.training.part),
        ] {
            ensure!(
                side % unit == 0,
                "{key} must be a multiple of {unit}, which {} levels halve it by, not {side}",
                self.network.levels
            );
        }
        for (key, value) in [("border", self.loss.border), ("dice", self.loss.dice)] {
            ensure!(
                (0.0..=1000.0).contains(&value),
                "loss.{key} must be from 0 to 1000, not {value}"
            );
        }
        self.augmentation.check()?;
        self.optimiser.check()?;
        ensure!(
            (0.0..1.0).contains(&self.average.decay),
            "average.decay must be from 0 to below 1, not {}",
            self.average.decay
        );
        Ok(())
    }
}

impl CellsRecipe {
    /// The shape of the network.
    pub fn unet(&self) -> UNetConfig {
        let UNetChoice { levels, width, .. } = self.network;
        UNetConfig::new(Planes::COUNT, OUTPUTS, levels, width)
    }

    /// The shape of the network as packages state it.
    pub fn network(&self) -> cytolens_cells::UNetConfig {
        cytolens_cells::UNetConfig {
            planes: Planes::COUNT,
            outputs: OUTPUTS,
            levels: self.network.levels,
            width: self.network.width,
            size: self.network.size,
            batch_norm_epsilon: UNetConfig::EPSILON,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_that_comes_with_the_program_is_valid() {
        let recipe = CellsRecipe::load("cells", &[]).expect("a recipe");
        let [size, part] = [recipe.network.size, recipe.training.part];
        assert!(size % recipe.unet().unit() == 0 && part <= size);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (change, named) in [
            ("network.levels=1", "network.levels"),
            ("training.part=100", "training.part must be a multiple of 8"),
            ("network.size=4096", "network.size"),
            ("loss.dice=-1", "loss.dice"),
            ("training.batch=0", "training.batch"),
            ("augmentation.noise=2", "augmentation.noise"),
            ("average.decay=1", "average.decay"),
        ] {
            let error = CellsRecipe::load("cells", &[change.to_owned()]).expect_err("a refusal");
            assert!(format!("{error:#}").contains(named), "{error:#}");
        }
    }
}
