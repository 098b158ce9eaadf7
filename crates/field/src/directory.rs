//! The directories of a TIFF file: the tags of each page. Layout: TIFF 6.0, section 2; for files beyond 4 GB (BigTIFF), the same
//! with longer numbers.

use std::iter::StepBy;
use std::ops::Range;

/// The most pages that are read. A file of more is no field; and directories that link in a circle have no end.
pub(super) const MAX_PAGES: usize = 64;

/// Values of the tag `PhotometricInterpretation`.
pub(super) mod photometric {
    pub(crate) const WHITE_IS_ZERO: u64 = 0;
    pub(crate) const BLACK_IS_ZERO: u64 = 1;
    pub(crate) const RGB: u64 = 2;
    pub(crate) const PALETTE: u64 = 3;
    pub(crate) const CMYK: u64 = 5;
}

/// The tags of a page; where one is missing, the format's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// The width in pixels.
    pub(super) width: u64,
    /// The height in pixels.
    pub(super) height: u64,
    /// The bits of one sample.
    pub(super) bits: u64,
    /// The samples of one pixel.
    pub(super) samples: u64,
    /// Whether the planes are stored one after the other rather than interleaved.
    pub(super) is_planar: bool,
    /// The height of the tiles in pixels; none where the samples lie in strips.
    pub(super) tile_height: Option<u64>,
    /// 1 for whole numbers.
    pub(super) sample_format: u64,
    pub(super) photometric: u64,
    /// The position of that tag's value in the file.
    pub(super) photometric_place: Option<Range<usize>>,
    /// The kind of the first sample beyond the colours: 0 for unspecified, 1 and 2 for transparency.
    pub(super) extra_sample: Option<u64>,
    /// The text of the tag `ImageDescription`.
    pub(super) description: Option<Vec<u8>>,
}

impl Page {
    /// A name of the page's layout where no decoder here reads it.
    ///
    /// `tiff` 0.11.3 panics on planar tiles that do not fill the image's height: it takes the last rows of tiles of all but the
    /// first plane for whole ones.
    pub(super) fn unreadable(&self) -> Option<&'static str> {
        let is_ragged = |tile| self.height.checked_rem(tile) != Some(0);
        (self.is_planar && self.samples > 1 && self.tile_height.is_some_and(is_ragged))
            .then_some("planes in tiles that do not fill the image's height")
    }

    /// A name of the samples' type where they are not whole numbers of the allowed bits.
    pub(super) fn odd_samples(&self, allowed_bits: &[u64]) -> Option<String> {
        let kind = match self.sample_format {
            1 => "whole numbers",
            2 => "signed numbers",
            3 => "floating-point numbers",
            _ => "numbers of an unknown kind",
        };
        (self.sample_format != 1 || !allowed_bits.contains(&self.bits))
            .then(|| format!("{kind} of {} bit", self.bits))
    }
}

/// Whether these bytes begin a TIFF file of long numbers, which `image` does not know by its signature.
pub(super) fn is_big_tiff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b")
}

/// The pages of a TIFF file, [`MAX_PAGES`] and one at most; none where the bytes end before all tags
/// and samples.
pub(super) fn pages(bytes: &[u8]) -> Option<Vec<Page>> {
    let file = File {
        bytes,
        is_little_endian: bytes.starts_with(b"II"),
        is_big: is_big_tiff(bytes),
    };
    let mut pages = Vec::new();
    // The position of the first directory follows the signature, in BigTIFF 8 bytes.
    let mut position = file.number(file.offset_size(), file.offset_size())?;
    while position != 0 && pages.len() <= MAX_PAGES {
        let directory = file.directory(position)?;
        pages.push(directory.page()?);
        position = directory.next;
    }
    Some(pages)
}

#[derive(Clone, Copy)]
struct File<'a> {
    bytes: &'a [u8],
    is_little_endian: bool,
    is_big: bool,
}

impl<'a> File<'a> {
    /// The number in the `size` bytes at a position.
    fn number(self, position: usize, size: usize) -> Option<u64> {
        let bytes = self
            .bytes
            .get(position..position.checked_add(size)?)?
            .iter();
        let append = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        Some(if self.is_little_endian {
            bytes.rev().fold(0, append)
        } else {
            bytes.fold(0, append)
        })
    }

    /// The bytes that an offset takes; the count of a tag's values takes as many.
    fn offset_size(self) -> usize {
        if self.is_big { 8 } else { 4 }
    }

    fn directory(self, position: u64) -> Option<Directory<'a>> {
        let position = usize::try_from(position).ok()?;
        let count_size = if self.is_big { 8 } else { 2 };
        let count = usize::try_from(self.number(position, count_size)?).ok()?;
        // A tag, a type, a count, and a value or its position.
        let entry_size = 4 + 2 * self.offset_size();
        let start = position.checked_add(count_size)?;
        let end = start.checked_add(count.checked_mul(entry_size)?)?;
        Some(Directory {
            file: self,
            entries: (start..end).step_by(entry_size),
            // It follows the entries, so all of those can be read where this can.
            next: self.number(end, self.offset_size())?,
        })
    }
}

/// The tags of one page.
struct Directory<'a> {
    file: File<'a>,
    /// The positions of the entries.
    entries: StepBy<Range<usize>>,
    /// The position of the next page's directory; zero where there is none.
    next: u64,
}

/// The values of a tag: their place in the file, and the bytes of each.
struct Values {
    place: Range<usize>,
    size: usize,
}

impl Directory<'_> {
    /// The tags of the page; none where the bytes end before their values or the samples.
    fn page(&self) -> Option<Page> {
        const WIDTH: u64 = 256;
        const HEIGHT: u64 = 257;
        const BITS_PER_SAMPLE: u64 = 258;
        const PHOTOMETRIC: u64 = 262;
        const DESCRIPTION: u64 = 270;
        const SAMPLES_PER_PIXEL: u64 = 277;
        const PLANAR_CONFIGURATION: u64 = 284;
        const TILE_LENGTH: u64 = 323;
        const EXTRA_SAMPLES: u64 = 338;
        const SAMPLE_FORMAT: u64 = 339;
        // Positions and byte counts of the samples, in strips or in tiles.
        const OFFSETS_AND_COUNTS: [(u64, u64); 2] = [(273, 279), (324, 325)];

        for (offsets, counts) in OFFSETS_AND_COUNTS {
            for (offset, count) in self
                .numbers(offsets)?
                .into_iter()
                .zip(self.numbers(counts)?)
            {
                if offset.checked_add(count)? > self.file.bytes.len() as u64 {
                    return None;
                }
            }
        }
        let first = |tag| Some(self.numbers(tag)?.first().copied());
        let bytes = |values: Values| self.file.bytes[values.place].to_vec();
        Some(Page {
            width: first(WIDTH)?.unwrap_or(0),
            height: first(HEIGHT)?.unwrap_or(0),
            bits: first(BITS_PER_SAMPLE)?.unwrap_or(1),
            samples: first(SAMPLES_PER_PIXEL)?.unwrap_or(1),
            is_planar: first(PLANAR_CONFIGURATION)? == Some(2),
            tile_height: first(TILE_LENGTH)?,
            sample_format: first(SAMPLE_FORMAT)?.unwrap_or(1),
            photometric: first(PHOTOMETRIC)?.unwrap_or(photometric::BLACK_IS_ZERO),
            photometric_place: self.values(PHOTOMETRIC)?.map(|values| values.place),
            extra_sample: first(EXTRA_SAMPLES)?,
            description: self.values(DESCRIPTION)?.map(bytes),
        })
    }

    /// The whole numbers of a tag, empty where the page lacks it.
    fn numbers(&self, tag: u64) -> Option<Vec<u64>> {
        let Some(Values { place, size }) = self.values(tag)? else {
            return Some(Vec::new());
        };
        place
            .step_by(size)
            .map(|position| self.file.number(position, size))
            .collect()
    }

    /// The values of a tag: `None` where they lie beyond the file's end, `Some(None)` where the page lacks the tag.
    fn values(&self, wanted: u64) -> Option<Option<Values>> {
        let offset_size = self.file.offset_size();
        for entry in self.entries.clone() {
            if self.file.number(entry, 2)? != wanted {
                continue;
            }
            // Bytes and text; short numbers; fractions, doubles and BigTIFF's long numbers.
            let size = match self.file.number(entry + 2, 2)? {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                5 | 10 | 12 | 16..=18 => 8,
                _ => 4,
            };
            let count = usize::try_from(self.file.number(entry + 4, offset_size)?).ok()?;
            let length = count.checked_mul(size)?;
            // Values that fit into the entry are there; others lie elsewhere.
            let here = entry + 4 + offset_size;
            let start = if length <= offset_size {
                here
            } else {
                usize::try_from(self.file.number(here, offset_size)?).ok()?
            };
            let place = start..start.checked_add(length)?;
            self.file.bytes.get(place.clone())?;
            return Some(Some(Values { place, size }));
        }
        Some(None)
    }
}
