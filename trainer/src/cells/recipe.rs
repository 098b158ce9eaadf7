//! Recipes of networks that find cells: every choice of one training run.

use anyhow::{Result, ensure};
use cytolens_cells::Planes;
use cytolens_data::masked::{MaskedAugmentation, OUTPUTS};
use serde::{Deserialize, Serialize};

use crate::run::optimiser::OptimiserChoice;
use crate::run::recipe::AverageChoice;
use crate::run::recipe_file::RecipeFile;
use crate::unet::recipe::{UNetChoice, UNetChoices, UNetTrainingChoice};

/// Every choice of one training run. All keys are required, and unknown ones refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsRecipe {
    /// The network.
    pub network: UNetChoice,
    /// The training's length, order and batches.
    pub training: UNetTrainingChoice,
    /// The augmentation of fields.
    pub augmentation: MaskedAugmentation,
    /// The loss.
    pub loss: CellsLossChoice,
    /// The optimiser.
    pub optimiser: OptimiserChoice,
    /// The running average of the weights.
    pub average: AverageChoice,
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
        self.choices().check()?;
        for (key, value) in [("border", self.loss.border), ("dice", self.loss.dice)] {
            ensure!(
                (0.0..=1000.0).contains(&value),
                "loss.{key} must be from 0 to 1000, not {value}"
            );
        }
        self.augmentation.check()
    }
}

impl CellsRecipe {
    /// The choices on which the training of any U-Net depends.
    pub fn choices(&self) -> UNetChoices<'_> {
        UNetChoices {
            planes: Planes::COUNT,
            outputs: OUTPUTS,
            network: &self.network,
            training: &self.training,
            optimiser: &self.optimiser,
            average: &self.average,
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
        assert!(size % recipe.choices().unet().unit() == 0 && part <= size);
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
