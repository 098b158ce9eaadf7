//! Compositions: the mixing of a field's channels into a network's input planes.

use std::fmt;
use std::str::FromStr;

use fast_image_resize::FilterType;
use serde::{Deserialize, Serialize};

use cytolens_core::Channel;

use super::error::FieldError;
use super::field::{Field, Plane, Samples};
use super::resize::{Rectangle, byte, resized};

/// The mixing of a field's channels into a network's input planes.
///
/// Each composition is a function of one pixel's channels r, g, b and y, all from 0 (black) to 1 (the brightest that the samples'
/// depth can hold); so are the planes. The last three emphasise the protein in three planes, for networks pretrained on photographs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Composition {
    /// Red, green and blue, as they are: `(r, g, b)`.
    Rgb,
    /// Red, green, blue and yellow, as they are: `(r, g, b, y)`.
    Rgby,
    /// The cell in grey, the protein in green: `(w, min(1, w + g), w)` with `w = (r + b) / 2`.
    GrayGreen,
    /// The cell at half its brightness, the protein at full: `(r / 2, g, b / 2)`. Normalising each plane by its own mean and
    /// standard deviation undoes this; normalising all planes alike does not.
    Dimmed,
    /// The protein merged with the microtubules and again with the nucleus:
    /// `((r + g) / 2, g, (b + g) / 2)`.
    GreenBoost,
}

/// The treatment of a channel that a composition needs and a field lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingChannels {
    /// The field cannot be composed.
    #[default]
    Refused,
    /// The channel is black, as a network may have learnt to expect; green, the protein, must be there.
    Black,
}

impl MissingChannels {
    /// Whether a field may lack this channel.
    pub fn allows(self, channel: Channel) -> bool {
        self == Self::Black && channel != Channel::Green
    }
}

/// The brightness of a pixel: from 0 to 1 as `f32`, from 0 to 255 as `u8`.
pub trait Level: Copy {
    /// The mean of two; whole numbers round up.
    fn mean(self, other: Self) -> Self;
    /// The sum of two, at most the brightest.
    fn plus(self, other: Self) -> Self;
    /// Half of it; whole numbers round up.
    fn halved(self) -> Self;
}

impl Level for f32 {
    fn mean(self, other: Self) -> Self {
        (self + other) / 2.0
    }

    fn plus(self, other: Self) -> Self {
        (self + other).min(1.0)
    }

    fn halved(self) -> Self {
        self / 2.0
    }
}

impl Level for u8 {
    fn mean(self, other: Self) -> Self {
        (u16::from(self) + u16::from(other)).div_ceil(2) as Self
    }

    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    fn halved(self) -> Self {
        self.div_ceil(2)
    }
}

/// The text names no composition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("compositions are rgb, rgby, gray-green, dimmed and green-boost, not {0:?}")]
pub struct NoSuchComposition(String);

/// A network's input before normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    /// The number of planes.
    pub planes: usize,
    /// The side of a plane in pixels.
    pub size: u32,
    /// `[planes, size, size]`, from 0 to 1, the brightest that the samples' depth can hold.
    pub values: Vec<f32>,
}

/// Normalises planes that lie one after the other: `(value - mean) / std`, with one mean and one standard deviation a plane.
pub fn normalise(planes: &mut [f32], mean: &[f32], std: &[f32]) {
    let area = planes.len() / mean.len();
    for (plane, (mean, std)) in planes.chunks_exact_mut(area).zip(mean.iter().zip(std)) {
        for value in plane {
            *value = (*value - mean) / std;
        }
    }
}

impl Composition {
    /// Every composition.
    pub const ALL: [Self; 5] = [
        Self::Rgb,
        Self::Rgby,
        Self::GrayGreen,
        Self::Dimmed,
        Self::GreenBoost,
    ];

    /// The composition's name in recipes and model packages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb => "rgb",
            Self::Rgby => "rgby",
            Self::GrayGreen => "gray-green",
            Self::Dimmed => "dimmed",
            Self::GreenBoost => "green-boost",
        }
    }

    /// The channels a field must have.
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::Rgb | Self::GrayGreen | Self::Dimmed | Self::GreenBoost => {
                &[Channel::Red, Channel::Green, Channel::Blue]
            }
            Self::Rgby => &Channel::ALL,
        }
    }

    /// The number of input planes.
    pub fn planes(self) -> usize {
        match self {
            Self::Rgby => 4,
            Self::Rgb | Self::GrayGreen | Self::Dimmed | Self::GreenBoost => 3,
        }
    }

    /// Checks that a field has the channels of [`Composition::channels`]; it may have others.
    ///
    /// # Errors
    /// [`FieldError::MissingChannels`] where the field lacks channels that `missing` does not allow to be black.
    pub fn check(self, field: &Field, missing: MissingChannels) -> Result<(), FieldError> {
        self.sources(field, missing).map(drop)
    }

    /// The input planes of a field, `size` × `size` px.
    ///
    /// A field that is not square is cropped to its central square: stretching would change the shapes of cells. It is resized
    /// with the Catmull-Rom filter: sharp enough for small bright bodies, with less of a dark ring around them than Lanczos
    /// leaves, and a polynomial, whose weights do not depend on a platform's sine.
    ///
    /// # Errors
    /// [`FieldError::MissingChannels`] where the field lacks channels that `missing` does not allow to be black.
    pub fn compose(
        self,
        field: &Field,
        missing: MissingChannels,
        size: u32,
    ) -> Result<Planes, FieldError> {
        let channels: Vec<Vec<f32>> = self
            .sources(field, missing)?
            .into_iter()
            .map(|plane| {
                let Some(plane) = plane else {
                    return vec![0.0; size as usize * size as usize];
                };
                let samples = square(plane, size).into_iter();
                samples
                    .map(|sample| f32::from(sample) / f32::from(u16::MAX))
                    .collect()
            })
            .collect();
        Ok(Planes {
            planes: self.planes(),
            size,
            values: self.mix(&channels),
        })
    }

    /// Mixes channels, those of [`Composition::channels`] in that order and of equal length, into input planes one after the
    /// other. Bytes give the same planes as fractions but for rounding.
    ///
    /// # Panics
    /// If the number of channels is another.
    pub fn mix<T: Level>(self, channels: &[Vec<T>]) -> Vec<T> {
        let pairs = |a: &[T], b: &[T], mix: fn(T, T) -> T| -> Vec<T> {
            a.iter().zip(b).map(|(&a, &b)| mix(a, b)).collect()
        };
        match (self, channels) {
            (Self::Rgb, [_, _, _]) | (Self::Rgby, [_, _, _, _]) => channels.concat(),
            (Self::GrayGreen, [red, green, blue]) => {
                let grey = pairs(red, blue, T::mean);
                let with_green = pairs(&grey, green, T::plus);
                [grey.as_slice(), &with_green, &grey].concat()
            }
            (Self::Dimmed, [red, green, blue]) => {
                let halved = |plane: &[T]| plane.iter().map(|value| value.halved()).collect();
                let (red, blue): (Vec<T>, Vec<T>) = (halved(red), halved(blue));
                [red.as_slice(), green, &blue].concat()
            }
            (Self::GreenBoost, [red, green, blue]) => {
                let (red, blue) = (pairs(red, green, T::mean), pairs(blue, green, T::mean));
                [red.as_slice(), green, &blue].concat()
            }
            _ => panic!("{self} is not of {} channels", channels.len()),
        }
    }

    /// The planes of [`Composition::channels`], in that order; none for a channel that the field lacks and that may be black.
    ///
    /// # Errors
    /// [`FieldError::MissingChannels`] for all others that the field lacks.
    pub fn sources(
        self,
        field: &Field,
        missing: MissingChannels,
    ) -> Result<Vec<Option<&Plane>>, FieldError> {
        let channels = self.channels().iter().copied();
        let is_lacking =
            |channel: &Channel| field.plane(*channel).is_none() && !missing.allows(*channel);
        let lacking: Vec<Channel> = channels.clone().filter(is_lacking).collect();
        if !lacking.is_empty() {
            return Err(FieldError::MissingChannels {
                missing: lacking,
                id: field.id().to_owned(),
                present: field.channels().collect(),
            });
        }
        Ok(channels.map(|channel| field.plane(channel)).collect())
    }
}

/// The central square of a plane, resized to `size` × `size` px as in [`Composition::compose`]; samples from 0 to 65535.
pub fn square(plane: &Plane, size: u32) -> Vec<u16> {
    resized(
        plane,
        Rectangle::central_square(plane),
        size,
        size,
        FilterType::CatmullRom,
    )
}

/// The same as [`square`] with samples from 0 to 255.
pub fn square_bytes(plane: &Plane, size: u32) -> Vec<u8> {
    match plane.samples() {
        // A plane of the right size and depth is copied: the conversion to 16 bits and back takes as long as decoding.
        Samples::Eight(levels) if plane.width() == size && plane.height() == size => levels.clone(),
        _ => square(plane, size).into_iter().map(byte).collect(),
    }
}

impl fmt::Display for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Composition {
    type Err = NoSuchComposition;

    /// Reads what [`Composition::name`] gives.
    fn from_str(text: &str) -> Result<Self, NoSuchComposition> {
        Self::ALL
            .into_iter()
            .find(|composition| composition.name() == text)
            .ok_or_else(|| NoSuchComposition(text.to_owned()))
    }
}
