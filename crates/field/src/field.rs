//! Fields of view as decoded: planes of samples, one a channel.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use cytolens_core::Channel;

use super::error::FieldError;

/// The samples of a plane, row by row from the top left, in the depth of their file.
#[derive(Clone, PartialEq, Eq)]
pub enum Samples {
    /// Samples of 8 bit, from 0 to 255.
    Eight(Vec<u8>),
    /// Samples of 16 bit, from 0 to 65535.
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

/// The grey image of one channel, as decoded.
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

    /// The width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The samples, `[height, width]`.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }
}

impl fmt::Debug for Plane {
    /// Writes size and depth without the samples, which are millions.
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
    /// Makes a field of these channels.
    ///
    /// # Errors
    /// If there is no channel, a channel comes twice, or two differ in size or depth.
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

    /// [`Field::new`] with a name of each plane's file, for errors.
    pub(super) fn from_named(
        id: String,
        named: Vec<(Channel, Plane, String)>,
    ) -> Result<Self, FieldError> {
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

    /// The width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height in pixels.
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

    /// The bits of the brightest sample of all channels: 12 where a 12-bit camera wrote 16-bit files and a pixel came near
    /// white; 0 where all is black.
    pub fn bits_used(&self) -> u32 {
        u16::BITS - self.brightest().leading_zeros()
    }

    /// The bits of a camera of less than 16 whose samples the field's 16 bits seem to hold as they are, such as 12: what
    /// [`Field::stretched`] is to be asked for.
    pub fn camera_bits(&self) -> Option<u32> {
        let used = self.bits_used();
        let is_narrow = self.bits == 16 && used >= 8;
        let mut cameras = [8, 12, 14].into_iter();
        cameras.find(|&bits| is_narrow && used <= bits)
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

    /// Stretches 16-bit samples that use only so many `bits`, from 8 to 16, so that the brightest level of these becomes 65535.
    /// Samples of 8 bit stay as they are.
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

    /// A description for people, such as `2048 × 2048 px, 16 bit, red green blue yellow`.
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
