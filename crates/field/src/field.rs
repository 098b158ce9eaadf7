//! Fields of view as decoded: planes of samples, one a channel.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use cytolens_core::Channel;

use super::error::FieldError;
use super::notice::Notice;

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

    /// Keeps the upper left part of a plane of so many pixels a row.
    pub(super) fn cut(&mut self, full_width: u32, width: u32, height: u32) {
        fn rows<T: Copy>(values: &[T], full_width: u32, width: u32, height: u32) -> Vec<T> {
            let rows = values
                .chunks_exact(full_width as usize)
                .take(height as usize);
            rows.flat_map(|row| &row[..width as usize])
                .copied()
                .collect()
        }
        match self {
            Self::Eight(values) => *values = rows(values, full_width, width, height),
            Self::Sixteen(values) => *values = rows(values, full_width, width, height),
        }
    }

    /// Whether a sample is zero.
    pub(super) fn is_black(&self, pixel: usize) -> bool {
        match self {
            Self::Eight(values) => values[pixel] == 0,
            Self::Sixteen(values) => values[pixel] == 0,
        }
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Self::Eight(values) => values.len(),
            Self::Sixteen(values) => values.len(),
        }
    }
}

/// A sample of so many bits, from 8 to 16, stretched to 16: its upper bits are repeated below, so that black stays black and white
/// becomes white.
pub(super) fn widened(value: u16, bits: u32) -> u16 {
    let wide = u32::from(value);
    (wide << (16 - bits) | wide >> (2 * bits - 16)) as u16
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

    /// The brightest sample, as it is.
    fn brightest(&self) -> u16 {
        let brightest = match &self.samples {
            Samples::Eight(values) => values.iter().copied().max().map(u16::from),
            Samples::Sixteen(values) => values.iter().copied().max(),
        };
        brightest.unwrap_or(0)
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
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    id: String,
    width: u32,
    height: u32,
    bits: u32,
    planes: BTreeMap<Channel, Plane>,
    pixel_size: Option<f64>,
    notices: Vec<Notice>,
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
            pixel_size: None,
            notices: Vec::new(),
        })
    }

    /// The field with what its files say beside the samples.
    pub(super) fn with(mut self, pixel_size: Option<f64>, notices: Vec<Notice>) -> Self {
        self.pixel_size = pixel_size;
        self.notices = notices;
        self
    }

    /// The field with one channel more, which a network painted, and a notice that says so.
    ///
    /// # Errors
    /// [`FieldError::ChannelTwice`] where the field has the channel, and those of [`Field::new`] for a plane of another size or
    /// depth.
    pub fn with_painted(self, channel: Channel, plane: Plane) -> Result<Self, FieldError> {
        let Self {
            id,
            planes,
            pixel_size,
            mut notices,
            ..
        } = self;
        notices.push(Notice::Painted { channel });
        let planes = planes.into_iter().chain([(channel, plane)]);
        Ok(Self::new(id, planes)?.with(pixel_size, notices))
    }

    /// The channels that a network painted, and no microscope measured.
    pub fn painted(&self) -> impl Iterator<Item = Channel> {
        self.notices.iter().filter_map(|notice| match notice {
            Notice::Painted { channel } => Some(*channel),
            _ => None,
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

    /// The side of a pixel in micrometres, after any reduction; none where the files say none that can be a microscope's.
    pub fn pixel_size(&self) -> Option<f64> {
        self.pixel_size
    }

    /// What was decided in reading the field, and what its samples suggest.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
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

    pub(super) fn brightest(&self) -> u16 {
        let brightest = self.planes.values().map(Plane::brightest);
        brightest.max().unwrap_or(0)
    }

    /// The bits of a camera of less than 16 whose samples the field's 16 bits seem to hold as they are, such as 12: what
    /// [`Field::stretched`] is to be asked for. None for 8 bit, where the samples use all bits, and where they may just be dim.
    ///
    /// Cameras of 12 bit are by far the commonest, so samples below 4096 are theirs, even where few of their levels are used: in
    /// 16 bit, they would be dim beyond any use. Samples of 8 and 10 bit are believed only where they come near white. Those of
    /// 14 bit reach a quarter of the range, as dim samples of 16 bit do, so their highest bit and half of the channels must use
    /// more than 12 bits. Samples that a camera shifted up fill the range and need no stretching.
    pub fn camera_bits(&self) -> Option<u32> {
        if self.bits != 16 {
            return None;
        }
        let beyond_12 = |plane: &&Plane| plane.brightest() > 0xFFF;
        match self.brightest() {
            240..=0xFF => Some(8),
            960..=0x3FF => Some(10),
            0x100..=0xFFF => Some(12),
            0x2000..=0x3FFF => {
                let deep = self.planes.values().filter(beyond_12).count();
                (2 * deep >= self.planes.len()).then_some(14)
            }
            _ => None,
        }
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
                    *value = widened(*value, bits);
                }
            }
        }
        self.notices
            .retain(|notice| !matches!(notice, Notice::CameraBits { .. }));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: u32, samples: Samples) -> Plane {
        Plane::new(width, 1, samples).expect("a plane")
    }

    #[test]
    fn a_painted_channel_is_marked_wherever_the_field_goes() {
        let green = plane(2, Samples::Sixteen(vec![0, 4095]));
        let field = Field::new("a", [(Channel::Green, green)]).expect("a field");
        let field = field.with(Some(80.0), Vec::new());
        assert_eq!(field.painted().count(), 0);
        let yellow = || plane(2, Samples::Sixteen(vec![7, 9]));
        let painted = field.clone().with_painted(Channel::Yellow, yellow());
        let painted = painted.expect("a field");
        assert_eq!(painted.plane(Channel::Yellow), Some(&yellow()));
        assert_eq!(painted.pixel_size(), Some(80.0));
        for field in [
            painted.clone(),
            painted.clone().stretched(12).expect("12 bits"),
            painted.clone().at_atlas_scale().expect("a field"),
        ] {
            let channels: Vec<Channel> = field.painted().collect();
            assert_eq!(channels, [Channel::Yellow]);
            assert!(
                field
                    .notices()
                    .iter()
                    .any(|notice| notice.to_string().contains("yellow channel was painted"))
            );
        }
        let twice = painted.with_painted(Channel::Yellow, yellow());
        assert!(matches!(twice, Err(FieldError::ChannelTwice { .. })));
        let wider = plane(3, Samples::Sixteen(vec![0; 3]));
        let shallow = plane(2, Samples::Eight(vec![0; 2]));
        for (plane, reason) in [(wider, "the same size"), (shallow, "the same bit depth")] {
            let error = field.clone().with_painted(Channel::Yellow, plane);
            let error = error.expect_err("a refusal").to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
