//! How a field's channels become a network's input planes.

use std::fmt;
use std::str::FromStr;

use fast_image_resize::FilterType;
use serde::{Deserialize, Serialize};

use super::resize::{Rectangle, resized};
use super::{Channel, Field, FieldError, Plane};

/// How a field's channels become a network's input planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Composition {
    /// Red, green and blue, as they are.
    Rgb,
    /// Red, green, blue and yellow, as they are.
    Rgby,
}

/// The text names no composition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("compositions are rgb and rgby, not {0:?}")]
pub struct NoSuchComposition(String);

/// A network's input before normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    /// How many planes.
    pub planes: usize,
    /// The side of a plane in pixels.
    pub size: u32,
    /// `[planes, size, size]`, from 0 to 1, the brightest that the samples' depth can hold.
    pub values: Vec<f32>,
}

/// Normalises planes that lie one after the other: from each its mean is subtracted, and the rest is
/// divided by its standard deviation.
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
    pub const ALL: [Self; 2] = [Self::Rgb, Self::Rgby];

    /// The composition's name in recipes and model packages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rgb => "rgb",
            Self::Rgby => "rgby",
        }
    }

    /// The channels a field must have.
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::Rgb => &[Channel::Red, Channel::Green, Channel::Blue],
            Self::Rgby => &Channel::ALL,
        }
    }

    /// How many planes the network takes.
    pub fn planes(self) -> usize {
        match self {
            Self::Rgb | Self::Rgby => self.channels().len(),
        }
    }

    /// Checks that a field has the channels needed; others do no harm.
    ///
    /// # Errors
    /// [`FieldError::MissingChannel`] for the first that it lacks.
    pub fn check(self, field: &Field) -> Result<(), FieldError> {
        self.sources(field).map(drop)
    }

    /// The input planes of a field, `size` × `size` px.
    ///
    /// Of a field that is not square the central square is taken: stretching would change the
    /// shapes of cells. A square of another size is resampled with the Catmull-Rom filter: sharp
    /// enough for small bright bodies, with less of a dark ring around them than Lanczos leaves,
    /// and a polynomial, whose weights do not depend on a platform's sine.
    ///
    /// # Errors
    /// [`FieldError::MissingChannel`] for the first channel that the field lacks.
    pub fn compose(self, field: &Field, size: u32) -> Result<Planes, FieldError> {
        let sources = self.sources(field)?;
        let mut values = Vec::with_capacity(self.planes() * size as usize * size as usize);
        match self {
            Self::Rgb | Self::Rgby => {
                for plane in sources {
                    values.extend(square(plane, size));
                }
            }
        }
        Ok(Planes {
            planes: self.planes(),
            size,
            values,
        })
    }

    /// The planes of [`Composition::channels`], in that order.
    fn sources(self, field: &Field) -> Result<Vec<&Plane>, FieldError> {
        let missing = |channel| FieldError::MissingChannel {
            composition: self.name(),
            channel,
            id: field.id().to_owned(),
            present: field.channels().collect(),
        };
        self.channels()
            .iter()
            .map(|&channel| field.plane(channel).ok_or_else(|| missing(channel)))
            .collect()
    }
}

/// A plane's central square at `size` × `size` px, values from 0 to 1.
fn square(plane: &Plane, size: u32) -> impl Iterator<Item = f32> {
    resized(
        plane,
        Rectangle::central_square(plane),
        size,
        size,
        FilterType::CatmullRom,
    )
    .into_iter()
    .map(|sample| f32::from(sample) / f32::from(u16::MAX))
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
