//! What the recipes of all U-Nets have in common.

use anyhow::{Result, ensure};
use cytolens::model::UNetConfig;
use serde::{Deserialize, Serialize};

use crate::run::optimiser::OptimiserChoice;
use crate::run::recipe::AverageChoice;

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
pub struct UNetTrainingChoice {
    /// The random seed of initial weights, order and augmentation.
    pub seed: u64,
    /// The side in pixels of the part of each field that is shown.
    pub part: usize,
    /// The number of times that the fields are shown.
    pub epochs: usize,
    /// The number of examples in a batch.
    pub batch: usize,
    /// The number of fields by which the best epoch is chosen.
    pub validation: usize,
}

/// The choices of a recipe on which the training of any U-Net depends.
#[derive(Debug, Clone, Copy)]
pub struct UNetChoices<'a> {
    /// The planes that the network is shown.
    pub planes: usize,
    /// The maps that it gives.
    pub outputs: usize,
    /// The network.
    pub network: &'a UNetChoice,
    /// The training's length, order and batches.
    pub training: &'a UNetTrainingChoice,
    /// The optimiser.
    pub optimiser: &'a OptimiserChoice,
    /// The running average of the weights.
    pub average: &'a AverageChoice,
}

/// Checks that a whole number of a recipe is in its range.
///
/// # Errors
/// Naming the key, its range and its value.
pub fn within(key: &str, value: usize, least: usize, most: usize) -> Result<()> {
    ensure!(
        (least..=most).contains(&value),
        "{key} must be from {least} to {most}, not {value}"
    );
    Ok(())
}

impl UNetChoices<'_> {
    /// Checks every value.
    ///
    /// # Errors
    /// Naming the key, its range and its value.
    pub fn check(&self) -> Result<()> {
        let (network, training) = (self.network, self.training);
        within("network.levels", network.levels, 2, 8)?;
        within("network.width", network.width, 1, 256)?;
        // What a package may state.
        within("network.size", network.size, 32, 2048)?;
        within("training.part", training.part, 32, 4096)?;
        within("training.epochs", training.epochs, 1, 100_000)?;
        within("training.batch", training.batch, 1, 4096)?;
        within("training.validation", training.validation, 1, 1_000_000)?;
        let unit = self.unet().unit();
        for (key, side) in [
            ("network.size", network.size),
            ("training.part", training.part),
        ] {
            ensure!(
                side % unit == 0,
                "{key} must be a multiple of {unit}, which {} levels halve it by, not {side}",
                network.levels
            );
        }
        self.optimiser.check()?;
        ensure!(
            (0.0..1.0).contains(&self.average.decay),
            "average.decay must be from 0 to below 1, not {}",
            self.average.decay
        );
        Ok(())
    }

    /// The shape of the network.
    pub fn unet(&self) -> UNetConfig {
        let UNetChoice { levels, width, .. } = *self.network;
        UNetConfig::new(self.planes, self.outputs, levels, width)
    }

    /// The shape of the network as packages state it.
    pub fn shape(&self) -> cytolens_cells::UNetConfig {
        let UNetChoice {
            levels,
            width,
            size,
        } = *self.network;
        cytolens_cells::UNetConfig {
            planes: self.planes,
            outputs: self.outputs,
            levels,
            width,
            size,
            batch_norm_epsilon: UNetConfig::EPSILON,
        }
    }
}
