//! Augmentation: a sample is shown turned, cut, scaled, mirrored and in another light each time.
//!
//! A microscope's stage has no up or down and its lamp no fixed brightness, so none of these
//! changes where the protein sits. All that is random is in one [`Draw`] a sample, and a draw is
//! decided by seed, epoch and sample alone.

mod levels;
mod warp;

use std::fmt;

use anyhow::{Result, ensure};
use cytolens_core::Channel;
use serde::{Deserialize, Serialize};

use super::random::{Purpose, Stream};
pub use warp::Inverse;

/// How samples may be changed: a recipe's table `[augmentation]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentationChoice {
    /// Degrees: the picture is turned by any angle up to this, either way. From 0 to 180.
    pub rotation: f64,
    /// The share of the side that a cut keeps at least, from 0.25 to 1. The cut is a square at any
    /// place, brought back to the full size.
    pub crop: f64,
    /// How much larger cells appear, from and to, within 0.5 to 2.
    pub scale: [f64; 2],
    /// The probability of left and right being swapped.
    pub flip_horizontal: f64,
    /// The probability of up and down being swapped.
    pub flip_vertical: f64,
    /// The factor of every channel's brightness, from and to, within 0.1 to 10.
    pub gain: [f64; 2],
    /// What is added to every channel after the factor, from and to, within -0.5 to 0.5; 1 is white.
    pub offset: [f64; 2],
    /// The power that brightness between 0 and 1 is raised to before the factor, from and to,
    /// within 0.25 to 4. Over 1 the dim becomes dimmer.
    pub gamma: [f64; 2],
    /// A factor for each channel on its own, from and to, within 0.1 to 10.
    pub channel_gain: [f64; 2],
}

impl Default for AugmentationChoice {
    /// Every turn and mirror image, for a stage has no up; cuts and scales that keep most cells
    /// whole; light within what two exposures of one slide may differ by.
    fn default() -> Self {
        Self {
            rotation: 180.0,
            crop: 0.8,
            scale: [0.9, 1.15],
            flip_horizontal: 0.5,
            flip_vertical: 0.5,
            gain: [0.8, 1.25],
            offset: [-0.01, 0.01],
            gamma: [0.85, 1.2],
            channel_gain: [0.85, 1.2],
        }
    }
}

impl AugmentationChoice {
    /// Checks every range.
    ///
    /// # Errors
    /// Naming the key of the table `[augmentation]`, what it may be and what it is.
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
        number("crop", self.crop, 0.25, 1.0)?;
        interval("scale", self.scale, 0.5, 2.0)?;
        number("flip_horizontal", self.flip_horizontal, 0.0, 1.0)?;
        number("flip_vertical", self.flip_vertical, 0.0, 1.0)?;
        interval("gain", self.gain, 0.1, 10.0)?;
        interval("offset", self.offset, -0.5, 0.5)?;
        interval("gamma", self.gamma, 0.25, 4.0)?;
        interval("channel_gain", self.channel_gain, 0.1, 10.0)
    }

    /// The draw for a copy of a sample in an epoch.
    ///
    /// Every number is drawn whatever the ranges are, so that another range for one moves no other.
    pub fn draw(&self, seed: u64, epoch: u64, sample: usize, copy: usize) -> Draw {
        let numbers = [seed, epoch, sample as u64, copy as u64];
        let mut stream = Stream::new(Purpose::Augmentation, &numbers);
        let angle = stream.between([-self.rotation, self.rotation]);
        let side = stream.between([self.crop, 1.0]);
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
        }
    }
}

/// How one sample is changed once.
///
/// The picture is mirrored, turned, scaled about the cut's centre and cut, in one step; then its
/// light is changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// Degrees clockwise.
    pub angle: f64,
    /// The cut's side as a share of the picture's.
    pub side: f64,
    /// The cut's left border as a share of the picture's side.
    pub left: f64,
    /// The cut's upper border as a share of the picture's side.
    pub top: f64,
    /// How much larger cells appear, beside what the cut enlarges.
    pub scale: f64,
    /// Left and right are swapped.
    pub flip_horizontal: bool,
    /// Up and down are swapped.
    pub flip_vertical: bool,
    /// The factor of brightness.
    pub gain: f64,
    /// What is added to brightness, of which 1 is white.
    pub offset: f64,
    /// The power of brightness.
    pub gamma: f64,
    /// A factor of brightness for each of [`Channel::ALL`].
    pub channel_gains: [f64; 4],
}

impl Draw {
    /// The draw that changes nothing.
    pub const NONE: Self = Self {
        angle: 0.0,
        side: 1.0,
        left: 0.0,
        top: 0.0,
        scale: 1.0,
        flip_horizontal: false,
        flip_vertical: false,
        gain: 1.0,
        offset: 0.0,
        gamma: 1.0,
        channel_gains: [1.0; 4],
    };

    /// Where in the picture each place of the changed one comes from.
    pub fn inverse(&self) -> Inverse {
        let (sine, cosine) = self.angle.to_radians().sin_cos();
        let (sine, cosine) = (
            sine * self.side / self.scale,
            cosine * self.side / self.scale,
        );
        let sign = |flipped| if flipped { -1.0 } else { 1.0 };
        let (across, down) = (sign(self.flip_horizontal), sign(self.flip_vertical));
        Inverse {
            // The picture is mirrored first and turned then, so going back it is turned first.
            matrix: [
                [across * cosine, across * sine],
                [-down * sine, down * cosine],
            ],
            centre: [self.left + self.side / 2.0, self.top + self.side / 2.0],
        }
    }

    /// Changes a field's channels: square planes of `size` px a side, of these channels.
    ///
    /// # Panics
    /// Where there are other than as many planes as channels, more than four, or a plane is of
    /// another size.
    pub fn apply(&self, planes: &[Vec<u8>], channels: &[Channel], size: usize) -> Vec<Vec<u8>> {
        assert_eq!(planes.len(), channels.len(), "a plane a channel");
        let levels: Vec<_> = channels
            .iter()
            .map(|&channel| levels::table(self, channel))
            .collect();
        warp::warp(planes, size, &self.inverse(), &levels)
    }
}

impl fmt::Display for Draw {
    /// For people, one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "turned {:.0}°, cut {:.2} at {:.2} {:.2}, scale {:.2}{}{}, gain {:.2}, offset {:+.3}, \
             gamma {:.2}, channels",
            self.angle,
            self.side,
            self.left,
            self.top,
            self.scale,
            if self.flip_horizontal {
                ", mirrored"
            } else {
                ""
            },
            if self.flip_vertical {
                ", upside down"
            } else {
                ""
            },
            self.gain,
            self.offset,
            self.gamma,
        )?;
        self.channel_gains
            .iter()
            .try_for_each(|gain| write!(f, " {gain:.2}"))
    }
}

#[cfg(test)]
mod tests;
