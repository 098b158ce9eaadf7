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
    pub(crate) const YCBCR: u64 = 6;
}

/// The pages of a TIFF file that are images of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pages {
    /// Those of full resolution, in the file's order.
    pub(super) pages: Vec<Page>,
    /// The text of the first page's `ImageDescription`, which programs write about the whole file.
    pub(super) description: Option<String>,
}

/// The tags of a page; where one is missing, the format's default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// The page's number in the file, from 1.
    pub(super) number: usize,
    /// The width in pixels.
    pub(super) width: u64,
    /// The height in pixels.
    pub(super) height: u64,
    /// The bits of one sample; 0 where the samples of a pixel differ.
    pub(super) bits: u64,
    /// The samples of one pixel.
    pub(super) samples: u64,
    /// Whether the planes are stored one after the other rather than interleaved.
    pub(super) is_planar: bool,
    /// The width and height of the tiles in pixels; none where the samples lie in strips.
    pub(super) tile: Option<(u64, u64)>,
    /// The rows of a strip.
    pub(super) strip_rows: u64,
    /// The places of the strips or tiles in the file.
    pub(super) chunks: Vec<Range<usize>>,
    /// The number of the packing.
    pub(super) compression: u64,
    /// 1 for none, 2 for differences between neighbours.
    pub(super) predictor: u64,
    /// 2 where the bits of each byte come in reverse.
    pub(super) fill_order: u64,
    /// 1 for whole numbers.
    pub(super) sample_format: u64,
    pub(super) photometric: u64,
    /// The kind of the first sample beyond the colours: 0 for unspecified, 1 and 2 for transparency.
    pub(super) extra_sample: Option<u64>,
    /// The palette: all reds, all greens, all blues.
    pub(super) colour_map: Vec<u64>,
    /// The place of the tables that all JPEG strips share.
    pub(super) jpeg_tables: Option<Range<usize>>,
    /// The place of a whole JPEG image, as old files have it.
    pub(super) jpeg_stream: Option<Range<usize>>,
    /// The pixels in a unit of length, from left to right.
    pub(super) resolution: Option<f64>,
    /// The unit of the resolution: 1 for none, 2 for the inch, 3 for the centimetre.
    pub(super) resolution_unit: u64,
    /// The text of the tag `PageName`.
    pub(super) name: Option<String>,
    /// The text of the tag `ImageDescription`.
    pub(super) description: Option<String>,
    /// What Micro-Manager says of the page, in JSON.
    pub(super) micro_manager: Option<String>,
    /// ImageJ's labels of the file's images, and the colours of their display: red, green and blue of the brightest level.
    pub(super) image_j: ImageJ,
    /// Whether the page is a smaller image of another, or a mask.
    is_secondary: bool,
    /// The positions of directories below this one.
    below: Vec<u64>,
}

/// ImageJ's words about a file's images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ImageJ {
    pub(super) labels: Vec<String>,
    pub(super) colours: Vec<[u8; 3]>,
}

impl Page {
    /// A name of the samples' type where they are not whole numbers of the allowed bits.
    pub(super) fn odd_samples(&self, allowed_bits: &[u64]) -> Option<String> {
        let kind = match self.sample_format {
            1 => "whole numbers",
            2 => "signed numbers",
            3 => "floating-point numbers",
            _ => "numbers of an unknown kind",
        };
        if self.bits == 0 {
            return Some("numbers of several depths".to_owned());
        }
        (self.sample_format != 1 || !allowed_bits.contains(&self.bits))
            .then(|| format!("{kind} of {} bit", self.bits))
    }

    /// Whether the samples of the page are grey levels.
    pub(super) fn is_grey(&self) -> bool {
        matches!(
            self.photometric,
            photometric::WHITE_IS_ZERO | photometric::BLACK_IS_ZERO
        )
    }
}

/// Whether these bytes begin a TIFF file of long numbers, which `image` does not know by its signature.
pub(super) fn is_big_tiff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b")
}

/// The pages of a TIFF file but for smaller images of others, [`MAX_PAGES`] and one at most; none where the bytes end before all
/// tags and samples.
///
/// Where a page is a smaller image of one that lies below it, that one is taken.
pub(super) fn pages(bytes: &[u8]) -> Option<Pages> {
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
        pages.push(directory.page(pages.len() + 1)?);
        position = directory.next;
    }
    let description = pages.first().and_then(|page| page.description.clone());
    // If all are secondary, there is none that they could be smaller images of.
    let is_told = pages
        .iter()
        .any(|page| !page.is_secondary || !page.below.is_empty());
    let mut full = Vec::new();
    for page in pages {
        if !is_told || !page.is_secondary {
            full.push(page);
            continue;
        }
        for &position in page.below.iter().take(MAX_PAGES) {
            let below = file.directory(position)?.page(page.number)?;
            if !below.is_secondary {
                full.push(below);
            }
        }
    }
    Some(Pages {
        pages: full,
        description,
    })
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

    /// ImageJ's labels and colours from the bytes of its tag.
    fn image_j(self, lengths: &[u64]) -> Option<ImageJ> {
        const MAGIC: u64 = 0x494a_494a;
        const LABEL: u64 = 0x6c61_626c;
        const COLOURS: u64 = 0x6c75_7473;
        const KIND_AND_COUNT: usize = 8;
        let (header_length, lengths) = lengths.split_first()?;
        let header_length = usize::try_from(*header_length).ok()?;
        if self.number(0, 4)? != MAGIC || header_length > self.bytes.len() {
            return None;
        }
        let mut read = ImageJ::default();
        let mut lengths = lengths.iter();
        let mut position = header_length;
        for kind in (4..header_length).step_by(KIND_AND_COUNT) {
            let (kind, count) = (self.number(kind, 4)?, self.number(kind + 4, 4)?);
            for length in lengths.by_ref().take(count as usize) {
                let end = position.checked_add(usize::try_from(*length).ok()?)?;
                let entry = self.bytes.get(position..end)?;
                match kind {
                    LABEL => {
                        let (pairs, _) = entry.as_chunks::<2>();
                        let letters: Vec<u16> = pairs
                            .iter()
                            .map(|&pair| match self.is_little_endian {
                                true => u16::from_le_bytes(pair),
                                false => u16::from_be_bytes(pair),
                            })
                            .collect();
                        read.labels.push(String::from_utf16_lossy(&letters));
                    }
                    // 256 levels of red, of green and of blue; the last are the brightest.
                    COLOURS if entry.len() == 768 => {
                        read.colours.push([entry[255], entry[511], entry[767]]);
                    }
                    _ => {}
                }
                position = end;
            }
        }
        Some(read)
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
    fn page(&self, number: usize) -> Option<Page> {
        const NEW_SUBFILE_TYPE: u64 = 254;
        const SUBFILE_TYPE: u64 = 255;
        const WIDTH: u64 = 256;
        const HEIGHT: u64 = 257;
        const BITS_PER_SAMPLE: u64 = 258;
        const COMPRESSION: u64 = 259;
        const PHOTOMETRIC: u64 = 262;
        const FILL_ORDER: u64 = 266;
        const DESCRIPTION: u64 = 270;
        const SAMPLES_PER_PIXEL: u64 = 277;
        const ROWS_PER_STRIP: u64 = 278;
        const X_RESOLUTION: u64 = 282;
        const PLANAR_CONFIGURATION: u64 = 284;
        const PAGE_NAME: u64 = 285;
        const RESOLUTION_UNIT: u64 = 296;
        const PREDICTOR: u64 = 317;
        const COLOUR_MAP: u64 = 320;
        const TILE_WIDTH: u64 = 322;
        const TILE_LENGTH: u64 = 323;
        const SUB_DIRECTORIES: u64 = 330;
        const EXTRA_SAMPLES: u64 = 338;
        const SAMPLE_FORMAT: u64 = 339;
        const JPEG_TABLES: u64 = 347;
        const JPEG_STREAM: u64 = 513;
        const JPEG_STREAM_LENGTH: u64 = 514;
        const MICRO_MANAGER: u64 = 51_123;
        /// Bits of `NewSubfileType`: a reduced image, a mask. `SubfileType` has the number 2 for the former.
        const REDUCED_OR_MASK: u64 = 0b101;
        const REDUCED: u64 = 2;

        let first = |tag| Some(self.numbers(tag)?.first().copied());
        let text = |tag| {
            let bytes = |values: Values| {
                let text = String::from_utf8_lossy(&self.file.bytes[values.place]);
                text.trim_matches('\0').to_owned()
            };
            Some(self.values(tag)?.map(bytes))
        };
        let all_bits = self.numbers(BITS_PER_SAMPLE)?;
        let bits = match all_bits.as_slice() {
            [] => 1,
            [bits, others @ ..] if others.iter().all(|other| other == bits) => *bits,
            _ => 0,
        };
        let tile = first(TILE_WIDTH)?.zip(first(TILE_LENGTH)?);
        let jpeg_stream = match first(JPEG_STREAM)? {
            Some(start) => {
                let start = usize::try_from(start).ok()?;
                let all = self.file.bytes.len().checked_sub(start)?;
                let length = first(JPEG_STREAM_LENGTH)?.map_or(all, |length| length as usize);
                Some(start..start + length.min(all))
            }
            None => None,
        };
        let is_secondary = first(NEW_SUBFILE_TYPE)?.is_some_and(|kind| kind & REDUCED_OR_MASK != 0)
            || first(SUBFILE_TYPE)? == Some(REDUCED);
        Some(Page {
            number,
            width: first(WIDTH)?.unwrap_or(0),
            height: first(HEIGHT)?.unwrap_or(0),
            bits,
            samples: first(SAMPLES_PER_PIXEL)?.unwrap_or(1),
            is_planar: first(PLANAR_CONFIGURATION)? == Some(2),
            tile,
            strip_rows: first(ROWS_PER_STRIP)?.unwrap_or(u64::MAX),
            chunks: self.chunks()?,
            compression: first(COMPRESSION)?.unwrap_or(1),
            predictor: first(PREDICTOR)?.unwrap_or(1),
            fill_order: first(FILL_ORDER)?.unwrap_or(1),
            sample_format: first(SAMPLE_FORMAT)?.unwrap_or(1),
            photometric: first(PHOTOMETRIC)?.unwrap_or(photometric::BLACK_IS_ZERO),
            extra_sample: first(EXTRA_SAMPLES)?,
            colour_map: self.numbers(COLOUR_MAP)?,
            jpeg_tables: self.values(JPEG_TABLES)?.map(|values| values.place),
            jpeg_stream,
            resolution: self.fraction(X_RESOLUTION)?,
            resolution_unit: first(RESOLUTION_UNIT)?.unwrap_or(2),
            name: text(PAGE_NAME)?,
            description: text(DESCRIPTION)?,
            micro_manager: text(MICRO_MANAGER)?,
            image_j: self.image_j()?.unwrap_or_default(),
            is_secondary,
            below: self.numbers(SUB_DIRECTORIES)?,
        })
    }

    /// The places of the strips or tiles; none where one lies beyond the file's end.
    fn chunks(&self) -> Option<Vec<Range<usize>>> {
        // Positions and byte counts, in strips or in tiles.
        const OFFSETS_AND_COUNTS: [(u64, u64); 2] = [(273, 279), (324, 325)];

        let mut chunks = Vec::new();
        for (offsets, counts) in OFFSETS_AND_COUNTS {
            let (offsets, counts) = (self.numbers(offsets)?, self.numbers(counts)?);
            for (position, start) in offsets.into_iter().enumerate() {
                let start = usize::try_from(start).ok()?;
                // Old files name no counts.
                let all = self.file.bytes.len().checked_sub(start)? as u64;
                let count = counts.get(position).copied().unwrap_or(all);
                let end = start.checked_add(usize::try_from(count).ok()?)?;
                self.file.bytes.get(start..end)?;
                chunks.push(start..end);
            }
        }
        Some(chunks)
    }

    /// The first value of a tag of fractions; `Some(None)` where the page lacks it or divides by zero.
    fn fraction(&self, tag: u64) -> Option<Option<f64>> {
        let Some(Values { place, size: 8 }) = self.values(tag)? else {
            return Some(None);
        };
        if place.len() < 8 {
            return Some(None);
        }
        let above = self.file.number(place.start, 4)? as f64;
        let below = self.file.number(place.start + 4, 4)? as f64;
        Some((below > 0.0).then_some(above / below))
    }

    /// ImageJ's labels and colours; `Some(None)` where there are none that can be read. A header of types and numbers of
    /// entries, whose lengths stand in another tag, is followed by the entries.
    fn image_j(&self) -> Option<Option<ImageJ>> {
        const LENGTHS: u64 = 50_838;
        const ENTRIES: u64 = 50_839;
        let (lengths, Some(Values { place, .. })) = (self.numbers(LENGTHS)?, self.values(ENTRIES)?)
        else {
            return Some(None);
        };
        let entries = File {
            bytes: &self.file.bytes[place],
            ..self.file
        };
        Some(entries.image_j(&lengths))
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
