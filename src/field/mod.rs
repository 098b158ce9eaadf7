//! Fields of view: their channels, their files, and how they become a network's input.
//!
//! Names are grouped into fields ([`group`]), files decoded into a [`Field`] ([`decode_field`]),
//! and a field turned into input planes ([`Composition::compose`]) or into pictures for the eye, a
//! channel each ([`plates`]) or in colour ([`preview`]). All but the first need the feature `fields`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod error;
mod group;
mod order;
pub use error::{FieldError, ImageFault};
pub use group::{FaultKind, FieldFile, FieldFiles, FileFault, Grouping, group, natural_order};
pub use order::{ChannelOrder, OrderError};

#[cfg(feature = "fields")]
mod colour;
#[cfg(feature = "fields")]
mod composition;
#[cfg(feature = "fields")]
mod container;
#[cfg(feature = "fields")]
mod decode;
#[cfg(feature = "fields")]
mod description;
#[cfg(feature = "fields")]
mod directory;
#[cfg(feature = "fields")]
mod plate;
#[cfg(feature = "fields")]
mod preview;
#[cfg(feature = "fields")]
mod resize;
#[cfg(feature = "fields")]
mod stack;
#[cfg(feature = "fields")]
pub use composition::{Composition, Level, NoSuchComposition, Planes, normalise, square};
#[cfg(feature = "fields")]
pub use decode::{MAX_FILE_BYTES, MAX_SIDE, MIN_SIDE, Source, decode_field};
#[cfg(feature = "fields")]
pub use plate::{Plate, Plates, plates, white_level};
#[cfg(feature = "fields")]
pub use preview::{Preview, preview};

/// A fluorescence channel of a Human Protein Atlas field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Microtubules.
    Red,
    /// The protein of interest.
    Green,
    /// The nucleus.
    Blue,
    /// The endoplasmic reticulum.
    Yellow,
}

/// The text names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channels are red, green, blue and yellow, not {0:?}")]
pub struct NoSuchChannel(String);

impl Channel {
    /// All channels, in the order of a network's input planes.
    pub const ALL: [Self; 4] = [Self::Red, Self::Green, Self::Blue, Self::Yellow];

    /// The channel's name, as file names hold it: `red`, `green`, `blue` or `yellow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
        }
    }
}

impl Channel {
    /// What the channel adds to red, green and blue, from 0 to 1, where it is shown with others. Yellow
    /// at half strength, or the reticulum, which fills the cell, would hide the protein and the
    /// microtubules.
    pub fn tint(self) -> [f32; 3] {
        match self {
            Self::Red => [1.0, 0.0, 0.0],
            Self::Green => [0.0, 1.0, 0.0],
            Self::Blue => [0.0, 0.0, 1.0],
            Self::Yellow => [0.5, 0.5, 0.0],
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Channel {
    type Err = NoSuchChannel;

    /// Reads what [`Channel::name`] gives, in small or capital letters.
    fn from_str(text: &str) -> Result<Self, NoSuchChannel> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| NoSuchChannel(text.to_owned()))
    }
}

/// The samples of a plane, row by row from the top left, in the depth of their file.
#[derive(Clone, PartialEq, Eq)]
pub enum Samples {
    /// From 0 to 255.
    Eight(Vec<u8>),
    /// From 0 to 65535.
    Sixteen(Vec<u16>),
}

impl Samples {
    /// The bits of one sample: 8 or 16.
    pub fn bits(&self) -> u32 {
        match self {
            Self::Eight(_) => 8,
            Self::Sixteen(_) => 16,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Eight(values) => values.len(),
            Self::Sixteen(values) => values.len(),
        }
    }
}

/// The grey image of one channel, as read.
#[derive(Clone, PartialEq, Eq)]
pub struct Plane {
    width: u32,
    height: u32,
    samples: Samples,
}

impl Plane {
    /// A plane of `width` × `height` px.
    ///
    /// # Errors
    /// [`FieldError::SampleCount`] unless there are `width * height` samples, at least one.
    pub fn new(width: u32, height: u32, samples: Samples) -> Result<Self, FieldError> {
        let count = samples.count();
        if count == 0 || u64::from(width) * u64::from(height) != count as u64 {
            return Err(FieldError::SampleCount {
                width,
                height,
                count,
            });
        }
        Ok(Self {
            width,
            height,
            samples,
        })
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The samples, `[height, width]`.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }
}

impl fmt::Debug for Plane {
    /// Without the samples, which are millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Plane({} × {} px, {} bit)",
            self.width,
            self.height,
            self.samples.bits()
        )
    }
}

/// One field of view: its id and one to four channels, all of the same size and depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    id: String,
    width: u32,
    height: u32,
    bits: u32,
    planes: BTreeMap<Channel, Plane>,
}

impl Field {
    /// The field of these channels.
    ///
    /// # Errors
    /// Where there is no channel, one channel comes twice, or two differ in size or depth.
    pub fn new(
        id: impl Into<String>,
        planes: impl IntoIterator<Item = (Channel, Plane)>,
    ) -> Result<Self, FieldError> {
        let id = id.into();
        let named = planes
            .into_iter()
            .map(|(channel, plane)| (channel, plane, format!("{channel} of {id}")))
            .collect();
        Self::from_named(id, named)
    }

    /// [`Field::new`] with a name for each plane, its file's, for errors to show.
    fn from_named(id: String, named: Vec<(Channel, Plane, String)>) -> Result<Self, FieldError> {
        let Some((_, first, first_name)) = named.first() else {
            return Err(FieldError::NoFiles { id });
        };
        let (width, height, bits) = (first.width, first.height, first.samples.bits());
        for (_, plane, name) in &named {
            if (plane.width, plane.height) != (width, height) {
                return Err(FieldError::SizesDiffer {
                    first: first_name.clone(),
                    first_size: (width, height),
                    second: name.clone(),
                    second_size: (plane.width, plane.height),
                });
            }
            if plane.samples.bits() != bits {
                return Err(FieldError::DepthsDiffer {
                    first: first_name.clone(),
                    first_bits: bits,
                    second: name.clone(),
                    second_bits: plane.samples.bits(),
                });
            }
        }
        let mut planes = BTreeMap::new();
        for (channel, plane, name) in named {
            match planes.entry(channel) {
                Entry::Vacant(place) => place.insert(plane),
                Entry::Occupied(_) => {
                    return Err(FieldError::ChannelTwice {
                        channel,
                        second: name,
                    });
                }
            };
        }
        Ok(Self {
            id,
            width,
            height,
            bits,
            planes,
        })
    }

    /// The field's id, from its files' names.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bits of one sample: 8 or 16.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The channels the field has, in the order of [`Channel::ALL`].
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        self.planes.keys().copied()
    }

    /// The image of a channel; none where the field lacks it.
    pub fn plane(&self, channel: Channel) -> Option<&Plane> {
        self.planes.get(&channel)
    }

    /// The bits that the brightest sample of all channels takes: 12 where a camera of 12 bit wrote
    /// files of 16 and a pixel came near white; 0 where all is black.
    pub fn bits_used(&self) -> u32 {
        u16::BITS - self.brightest().leading_zeros()
    }

    fn brightest(&self) -> u16 {
        let brightest = |plane: &Plane| match plane.samples() {
            Samples::Eight(values) => values.iter().copied().max().map(u16::from),
            Samples::Sixteen(values) => values.iter().copied().max(),
        };
        self.planes
            .values()
            .filter_map(brightest)
            .max()
            .unwrap_or(0)
    }

    /// The field with its 16-bit samples, which are known to use only so many `bits`, from 8 to 16,
    /// stretched so that the brightest of these becomes 65535. Samples of 8 bit stay as they are.
    ///
    /// # Errors
    /// [`FieldError::NoSuchBits`], or [`FieldError::MoreBits`] where a sample exceeds the bits.
    pub fn stretched(mut self, bits: u32) -> Result<Self, FieldError> {
        if !(8..=16).contains(&bits) {
            return Err(FieldError::NoSuchBits { bits });
        }
        if self.bits != 16 {
            return Ok(self);
        }
        let (largest, brightest) = (u16::MAX >> (16 - bits), self.brightest());
        if brightest > largest {
            return Err(FieldError::MoreBits {
                claimed: bits,
                largest,
                brightest,
                id: self.id,
            });
        }
        for plane in self.planes.values_mut() {
            if let Samples::Sixteen(values) = &mut plane.samples {
                for value in values {
                    // The upper bits repeated below, so that black stays black and white becomes white.
                    let wide = u32::from(*value);
                    *value = (wide << (16 - bits) | wide >> (2 * bits - 16)) as u16;
                }
            }
        }
        Ok(self)
    }

    /// For visitors, for example `2048 × 2048 px, 16 bit, red green blue yellow`.
    pub fn describe(&self) -> String {
        let channels: Vec<_> = self.channels().map(Channel::name).collect();
        format!(
            "{} × {} px, {} bit, {}",
            self.width,
            self.height,
            self.bits,
            channels.join(" ")
        )
    }
}
