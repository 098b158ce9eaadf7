//! References: fields whose cells were found by image analysis, for the protein to be painted on.
//!
//! Nuclei come from blue, cells from red and yellow, and everything else is measured on these: territories, distances, outlines,
//! nucleoli, organising centres. A field counts as 164 micrometres wide, as simulated ones do.

mod cells;
mod levels;
mod mask;
mod nuclei;
mod shapes;
#[cfg(test)]
mod tests;

use cytolens_core::Channel;
use cytolens_data::fault::Fault;
use cytolens_field::{Field, square_bytes};

use crate::canvas::Canvas;
use crate::cell::Cell;
use crate::settings::FIELD_WIDTH;
use crate::territory::Territory;

pub(crate) use levels::quantile;
pub(crate) use mask::Mask;

/// The fewest nuclei of a reference.
const LEAST_NUCLEI: usize = 2;

/// The most of a field that nuclei cover: where they seem to cover more, blue is out of focus or no stain of nuclei.
const MOST_NUCLEI: f32 = 0.6;

/// The least ground of cells, as a multiple of that of their nuclei.
const LEAST_CYTOPLASM: f32 = 1.35;

/// The level that a hundredth of a channel's pixels must reach for it to show anything, of 255.
const LEAST_LEVEL: u8 = 12;

/// The greatest width of the line between cells that touch, in micrometres.
pub(crate) const GAP: f32 = 0.7;

/// The channels of a field but for the protein: `size` by `size` 8-bit pixels each, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Channels {
    /// Pixels on a side.
    pub(crate) size: usize,
    pub(crate) red: Vec<u8>,
    pub(crate) blue: Vec<u8>,
    /// None where the field lacks it.
    pub(crate) yellow: Option<Vec<u8>>,
}

impl Channels {
    /// Reads the channels from a field, cut to its central square and resized.
    ///
    /// # Errors
    /// The fault of a field without red or blue.
    pub(crate) fn of(field: &Field, size: usize) -> Result<Self, Fault> {
        let resized = |channel: Channel| {
            let plane = field.plane(channel)?;
            Some(square_bytes(plane, size as u32))
        };
        let needed = |channel: Channel| {
            resized(channel).ok_or_else(|| {
                let reason = format!("a reference needs the channel {channel}");
                Fault::new(field.id(), reason)
            })
        };
        Ok(Self {
            size,
            red: needed(Channel::Red)?,
            blue: needed(Channel::Blue)?,
            yellow: resized(Channel::Yellow),
        })
    }

    /// All pixels, one channel after the other.
    pub(crate) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let yellow = self.yellow.iter().flatten();
        self.red.iter().chain(&self.blue).chain(yellow).copied()
    }

    /// A channel as light, from 0 to 1.
    pub(crate) fn light(&self, pixels: &[u8]) -> Canvas {
        Canvas {
            size: self.size,
            scale: self.size as f32 / FIELD_WIDTH,
            values: pixels
                .iter()
                .map(|level| f32::from(*level) / 255.0)
                .collect(),
        }
    }

    /// The stains of the cytoplasm together, from 0 to 1.
    fn cytoplasm(&self) -> Canvas {
        let mut light = self.light(&self.red);
        if let Some(yellow) = &self.yellow {
            for (value, yellow) in light.values.iter_mut().zip(yellow) {
                *value = 0.5 * (*value + f32::from(*yellow) / 255.0);
            }
        }
        light
    }
}

/// A field with its cells, as far as they are the same in everything painted on it.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) channels: Channels,
    /// The cells as measured; they all express the protein alike.
    pub(crate) cells: Vec<Cell>,
    pub(crate) territory: Territory,
    /// The cells' thickness: about 1 where they are thick.
    pub(crate) thickness: Canvas,
}

impl Reference {
    /// Finds the cells of a field.
    ///
    /// # Errors
    /// The reason why the protein cannot be painted on it.
    pub(crate) fn find(channels: Channels) -> Result<Self, String> {
        for (name, pixels) in [("red", &channels.red), ("blue", &channels.blue)] {
            let bright = pixels.iter().filter(|level| **level >= LEAST_LEVEL).count();
            if bright * 100 < pixels.len() {
                return Err(format!("the channel {name} of a reference is black"));
            }
        }
        let (red, blue) = (
            channels.light(&channels.red),
            channels.light(&channels.blue),
        );
        let (size, scale) = (blue.size, blue.scale);
        let nuclei = nuclei::find_nuclei(&blue);
        let count = usize::from(nuclei.iter().copied().max().unwrap_or(0));
        if count < LEAST_NUCLEI {
            return Err(format!("a reference needs at least {LEAST_NUCLEI} nuclei"));
        }
        let stained = Mask::new(size, |index| nuclei[index] > 0).coverage();
        if stained > MOST_NUCLEI {
            return Err("blue shows no nuclei apart from the rest of the field".to_owned());
        }
        let ground = cells::find_ground(&channels.cytoplasm(), &nuclei);
        if ground.mask.coverage() < LEAST_CYTOPLASM * stained {
            return Err("a reference shows nuclei without cytoplasm around them".to_owned());
        }
        let owner = cells::divide(&ground, &nuclei);
        let edge = nuclei::edge_distances(&nuclei, size, scale);
        let nucleoli = nuclei::find_nucleoli(&blue, &nuclei, &edge, count);
        let grids = shapes::Grids {
            size,
            scale,
            owner: &owner,
            nuclei: &nuclei,
            edge: &edge,
            red: &red,
        };
        let cells = shapes::measure(&grids, nucleoli);
        Ok(Self {
            channels,
            cells,
            territory: Territory::measured(size, scale, owner, edge, GAP),
            thickness: ground.thickness,
        })
    }

    /// The length of the borders at which cells touch, in micrometres.
    pub(crate) fn contact(&self) -> f32 {
        let pixel = self.territory.scale.recip();
        let at_border = self
            .territory
            .sites()
            .filter(|(_, site)| site.contact && site.rim < 0.75 * pixel);
        // Both cells have pixels at a border.
        at_border.count() as f32 * pixel / 2.0
    }
}
