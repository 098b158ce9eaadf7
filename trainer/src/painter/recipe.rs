//! Recipes of painters: every choice of one training run.

use anyhow::{Result, bail, ensure};
use cytolens_cells::painter::{MOST_BYTES, Painting};
use cytolens_data::painter::PainterAugmentation;
use cytolens_kernels::training::UNetShape;
use serde::{Deserialize, Serialize};

use crate::run::optimiser::OptimiserChoice;
use crate::run::recipe::AverageChoice;
use crate::run::recipe_file::RecipeFile;
use crate::unet::recipe::{UNetChoice, UNetChoices, UNetTrainingChoice, within};

/// Every choice of one training run. All keys are required, and unknown ones refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PainterRecipe {
    /// The channels that are read, and the one that is painted.
    pub channels: Painting,
    /// The network.
    pub network: UNetChoice,
    /// The training's length, order and batches.
    pub training: UNetTrainingChoice,
    /// The showings of fields.
    pub fields: FieldsChoice,
    /// The augmentation of fields.
    pub augmentation: PainterAugmentation,
    /// The loss.
    pub loss: PainterLossChoice,
    /// The optimiser.
    pub optimiser: OptimiserChoice,
    /// The running average of the weights.
    pub average: AverageChoice,
}

/// The showings of fields: `[fields]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldsChoice {
    /// How often an epoch shows each field of the first set; those of further sets are shown once.
    pub repeats: usize,
}

/// The loss: `[loss]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PainterLossChoice {
    /// The weight of the mean absolute difference.
    pub absolute: f32,
    /// The weight of one less Pearson's correlation within an example.
    pub correlation: f32,
}

impl RecipeFile for PainterRecipe {
    const BUILT_IN: &'static [(&'static str, &'static str)] =
        &[("painter", include_str!("../../recipes/painter.toml"))];

    fn check(&self) -> Result<()> {
        if let Some(reason) = self.channels.contradiction() {
            bail!("channels: {reason}");
        }
        self.choices().check()?;
        let parameters = self.parameters();
        ensure!(
            2 * parameters as u64 <= MOST_BYTES,
            "network.levels and network.width make {parameters} weights of 16 bit, and a painter's package holds {MOST_BYTES} bytes"
        );
        within("fields.repeats", self.fields.repeats, 1, 1000)?;
        let PainterLossChoice {
            absolute,
            correlation,
        } = self.loss;
        for (key, value) in [("absolute", absolute), ("correlation", correlation)] {
            ensure!(
                (0.0..=1000.0).contains(&value),
                "loss.{key} must be from 0 to 1000, not {value}"
            );
        }
        ensure!(
            absolute + correlation > 0.0,
            "loss.absolute and loss.correlation must not both be 0"
        );
        self.augmentation.check()
    }
}

impl PainterRecipe {
    /// The choices on which the training of any U-Net depends.
    pub fn choices(&self) -> UNetChoices<'_> {
        UNetChoices {
            planes: self.channels.from.len(),
            outputs: 1,
            network: &self.network,
            training: &self.training,
            optimiser: &self.optimiser,
            average: &self.average,
        }
    }

    /// The number of the network's weights.
    fn parameters(&self) -> usize {
        let shape = UNetShape {
            planes: self.channels.from.len(),
            outputs: 1,
            levels: self.network.levels,
            width: self.network.width,
        };
        shape.parameters()
    }
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;

    use super::*;

    #[test]
    fn the_recipe_that_comes_with_the_program_is_valid() {
        let recipe = PainterRecipe::load("painter", &[]).expect("a recipe");
        assert_eq!(recipe.channels.paint, Channel::Yellow);
        assert!(recipe.training.part <= recipe.network.size);
    }

    #[test]
    fn any_channels_can_be_chosen() {
        let changes = [
            "channels.from=[\"blue\", \"yellow\"]",
            "channels.paint=\"red\"",
        ];
        let recipe = PainterRecipe::load("painter", &changes.map(str::to_owned));
        let recipe = recipe.expect("a recipe");
        assert_eq!(recipe.choices().planes, 2);
        assert_eq!(recipe.channels.to_string(), "red from blue, yellow");
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        for (change, named) in [
            ("channels.from=[]", "channels: "),
            ("channels.paint=\"red\"", "cannot read red"),
            ("channels.paint=\"purple\"", "purple"),
            ("network.width=64", "weights of 16 bit"),
            ("training.part=100", "training.part must be a multiple of 8"),
            ("fields.repeats=0", "fields.repeats"),
            ("loss.absolute=-1", "loss.absolute"),
            ("loss={absolute=0, correlation=0}", "not both be 0"),
            ("augmentation.noise=2", "augmentation.noise"),
            ("average.decay=1", "average.decay"),
        ] {
            let error = PainterRecipe::load("painter", &[change.to_owned()]);
            let error = format!("{:#}", error.expect_err("a refusal"));
            assert!(error.contains(named), "{error}");
        }
    }
}
