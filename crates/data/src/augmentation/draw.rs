//! One drawn change of a sample.

use std::fmt;

use cytolens_core::Channel;

use super::levels;
use super::warp::{self, Inverse};

/// One change of a sample: the picture is mirrored, rotated, scaled about the crop's centre and cropped in one step; then its
/// brightness is changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// The rotation in degrees, clockwise.
    pub angle: f64,
    /// The crop's side as a share of the picture's.
    pub side: f64,
    /// The crop's left border as a share of the picture's side.
    pub left: f64,
    /// The crop's upper border as a share of the picture's side.
    pub top: f64,
    /// The magnification of cells, apart from that by the crop.
    pub scale: f64,
    /// Whether left and right are mirrored.
    pub flip_horizontal: bool,
    /// Whether up and down are mirrored.
    pub flip_vertical: bool,
    /// The factor of brightness.
    pub gain: f64,
    /// The brightness added after the factor, where 1 is white.
    pub offset: f64,
    /// The exponent of brightness, applied before the factor.
    pub gamma: f64,
    /// A further factor of brightness for each of [`Channel::ALL`].
    pub channel_gains: [f64; 4],
    /// A further exponent of brightness for each of [`Channel::ALL`].
    pub channel_gammas: [f64; 4],
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
        channel_gammas: [1.0; 4],
    };

    /// The map from places in the changed picture to places in the original.
    pub fn inverse(&self) -> Inverse {
        let (sine, cosine) = self.angle.to_radians().sin_cos();
        let (sine, cosine) = (
            sine * self.side / self.scale,
            cosine * self.side / self.scale,
        );
        let sign = |flipped| if flipped { -1.0 } else { 1.0 };
        let (across, down) = (sign(self.flip_horizontal), sign(self.flip_vertical));
        Inverse {
            // The picture is mirrored first and then rotated, so the inverse rotates first.
            matrix: [
                [across * cosine, across * sine],
                [-down * sine, down * cosine],
            ],
            centre: [self.left + self.side / 2.0, self.top + self.side / 2.0],
        }
    }

    /// Applies the change to square planes of `from` px a side, one for each of `channels`; the changed planes have `to` px.
    ///
    /// # Panics
    /// If the numbers of planes and channels differ, there are more than four, or a plane has another size.
    pub fn apply(
        &self,
        planes: &[Vec<u8>],
        channels: &[Channel],
        from: usize,
        to: usize,
    ) -> Vec<Vec<u8>> {
        assert_eq!(planes.len(), channels.len(), "a plane a channel");
        let levels: Vec<_> = channels
            .iter()
            .map(|&channel| {
                let gain = self.gain * self.channel_gains[channel as usize];
                let gamma = self.gamma * self.channel_gammas[channel as usize];
                levels::table(gain, gamma, self.offset)
            })
            .collect();
        warp::warp(planes, from, to, &self.inverse(), &levels)
    }
}

impl fmt::Display for Draw {
    /// Writes one line for people.
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
            .zip(&self.channel_gammas)
            .try_for_each(|(gain, gamma)| write!(f, " {gain:.2}^{gamma:.2}"))
    }
}
