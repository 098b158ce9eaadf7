//! Augmentation: random rotation, cropping, scaling, mirroring and changes of brightness of each sample shown.
//!
//! A microscope's stage has no up or down and its lamp no fixed brightness, so none of these changes the protein's location. All
//! random numbers for a sample are in one [`Draw`], which depends on seed, epoch, sample and copy alone.

mod draw;
mod levels;
mod warp;

use anyhow::{Result, ensure};
use cytolens_core::Channel;
use serde::{Deserialize, Serialize};

use super::random::{Purpose, Stream};
pub use draw::Draw;
pub use warp::Inverse;

/// The ranges of augmentation: a recipe's table `[augmentation]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentationChoice {
    /// The largest rotation either way, in degrees, from 0 to 180.
    pub rotation: f64,
    /// The range of the crop's side as a share of the picture's, within 0.1 to 1. The crop is a square at any place.
    pub crop: [f64; 2],
    /// The range of the magnification of cells, within 0.5 to 2.
    pub scale: [f64; 2],
    /// The probability of mirroring left and right.
    pub flip_horizontal: f64,
    /// The probability of mirroring up and down.
    pub flip_vertical: f64,
    /// The range of the factor of all channels' brightness, within 0.1 to 10.
    pub gain: [f64; 2],
    /// The range of the brightness added to all channels after the factor, within -0.5 to 0.5, where 1 is white.
    pub offset: [f64; 2],
    /// The range of the exponent of brightness, applied before the factor, within 0.25 to 4. Over 1 it dims dark pixels more.
    pub gamma: [f64; 2],
    /// The range of a further factor drawn for each channel on its own, within 0.1 to 10.
    pub channel_gain: [f64; 2],
    /// The range of a further exponent drawn for each channel on its own, within 0.25 to 4.
    pub channel_gamma: [f64; 2],
}

impl Default for AugmentationChoice {
    /// The values of the default recipe: every rotation and mirror image, for a stage has no up; crops and scales that keep most
    /// cells whole; brightness within the difference of two exposures of one slide.
    fn default() -> Self {
        Self {
            rotation: 180.0,
            crop: [0.8, 1.0],
            scale: [0.9, 1.15],
            flip_horizontal: 0.5,
            flip_vertical: 0.5,
            gain: [0.8, 1.25],
            offset: [-0.01, 0.01],
            gamma: [0.85, 1.2],
            channel_gain: [0.85, 1.2],
            channel_gamma: [1.0, 1.0],
        }
    }
}

impl AugmentationChoice {
    /// Checks every range.
    ///
    /// # Errors
    /// If a value is out of range; the error has the key, the range and the value.
    pub fn check(&self) -> Result<()> {
        let number = |key: &str, value: f64, low: f64, high: f64| {
            ensure!(
                (low..=high).contains(&value),
                "augmentation.{key} must be from {low} to {high}, not {value}"
            );
            Ok(())
        };
        let interval = |key: &str, [from, to]: [f64; 2], low: f64, high: f64| {
            ensure!(
                low <= from && from <= to && to <= high,
                "augmentation.{key} must be two rising numbers from {low} to {high}, \
                 not [{from}, {to}]"
            );
            Ok(())
        };
        number("rotation", self.rotation, 0.0, 180.0)?;
        interval("crop", self.crop, 0.1, 1.0)?;
        interval("scale", self.scale, 0.5, 2.0)?;
        number("flip_horizontal", self.flip_horizontal, 0.0, 1.0)?;
        number("flip_vertical", self.flip_vertical, 0.0, 1.0)?;
        interval("gain", self.gain, 0.1, 10.0)?;
        interval("offset", self.offset, -0.5, 0.5)?;
        interval("gamma", self.gamma, 0.25, 4.0)?;
        interval("channel_gain", self.channel_gain, 0.1, 10.0)?;
        interval("channel_gamma", self.channel_gamma, 0.25, 4.0)
    }

    /// Draws the change of one showing of a sample, the `copy`-th in an epoch, from 0.
    ///
    /// Every number is drawn whatever the ranges are, so that changing one range changes no other number.
    pub fn draw(&self, seed: u64, epoch: u64, sample: usize, copy: usize) -> Draw {
        let numbers = [seed, epoch, sample as u64, copy as u64];
        let mut stream = Stream::new(Purpose::Augmentation, &numbers);
        let angle = stream.between([-self.rotation, self.rotation]);
        let side = stream.between(self.crop);
        Draw {
            angle,
            side,
            left: stream.between([0.0, 1.0 - side]),
            top: stream.between([0.0, 1.0 - side]),
            scale: stream.factor_between(self.scale),
            flip_horizontal: stream.chance(self.flip_horizontal),
            flip_vertical: stream.chance(self.flip_vertical),
            gain: stream.factor_between(self.gain),
            offset: stream.between(self.offset),
            gamma: stream.factor_between(self.gamma),
            channel_gains: Channel::ALL.map(|_| stream.factor_between(self.channel_gain)),
            channel_gammas: Channel::ALL.map(|_| stream.factor_between(self.channel_gamma)),
        }
    }
}

#[cfg(test)]
mod tests;
