//! What a file's structure tells and the decoders of `image` pass over in silence: that the end is
//! missing, that more images follow, that colours come from a palette or from inks.

use image::ImageFormat;

/// What a file holds, as far as its structure tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Structure {
    /// One image, nothing odd about it.
    Plain,
    /// Less than the image: the file ends early.
    Truncated,
    /// An animation, or several pages.
    SeveralImages,
    /// Colours from a palette.
    Palette,
    /// Four inks in place of three lights.
    Cmyk,
    /// Samples that are not whole numbers of 8 or 16 bit: what they are.
    SampleKind(String),
}

/// The structure of a file of this format; formats that are not read count as plain.
pub(super) fn structure(format: ImageFormat, bytes: &[u8]) -> Structure {
    // The readers return none where the bytes end early.
    let structure = match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Tiff => Tiff::new(bytes).and_then(|tiff| tiff.structure()),
        _ => Some(Structure::Plain),
    };
    structure.unwrap_or(Structure::Truncated)
}

/// Walks the chunks to the last, `IEND`. Layout: <https://www.w3.org/TR/png-3/#5DataRep>.
fn png(bytes: &[u8]) -> Option<Structure> {
    const COLOUR_TYPE: usize = 25;
    const PALETTE: u8 = 3;
    // The length, the type and the checksum of a chunk.
    const FRAME: usize = 12;

    let mut structure = match *bytes.get(COLOUR_TYPE)? {
        PALETTE => Structure::Palette,
        _ => Structure::Plain,
    };
    let mut chunk = bytes.get(8..)?;
    loop {
        let length = u32::from_be_bytes(array(chunk, 0)?) as usize;
        let rest = chunk.get(length.checked_add(FRAME)?..)?;
        match &array(chunk, 4)? {
            b"IEND" => return Some(structure),
            b"acTL" => structure = Structure::SeveralImages,
            _ => {}
        }
        chunk = rest;
    }
}

/// Walks the markers to the last, EOI. Layout: ITU-T T.81, annex B.
fn jpeg(bytes: &[u8]) -> Option<Structure> {
    let mut structure = Structure::Plain;
    let mut position = 2;
    loop {
        // In a scan's data 0xFF is followed by a zero, or by a restart marker; before any marker it
        // may be repeated. Passing over these finds the next segment from wherever we are.
        while *bytes.get(position)? != 0xFF
            || matches!(*bytes.get(position + 1)?, 0x00 | 0xD0..=0xD7 | 0xFF)
        {
            position += 1;
        }
        let marker = bytes[position + 1];
        let segment = bytes.get(position + 2..)?;
        match marker {
            0xD9 => return Some(structure),
            // Frame headers; 0xC4, 0xC8 and 0xCC are tables and an extension.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let components = *segment.get(7)?;
                if components == 4 {
                    structure = Structure::Cmyk;
                }
            }
            _ => {}
        }
        position += 2 + usize::from(u16::from_be_bytes(array(segment, 0)?));
    }
}

/// A TIFF file, of which only the tags of the first page are read. Layout: TIFF 6.0, section 2.
struct Tiff<'a> {
    bytes: &'a [u8],
    is_little_endian: bool,
    /// The 12-byte entries of the first page.
    entries: &'a [u8],
    /// Where the second page starts; zero where there is none.
    next_page: u32,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut tiff = Self {
            bytes,
            is_little_endian: bytes.starts_with(b"II"),
            entries: &[],
            next_page: 0,
        };
        let page = tiff.long(bytes, 4)? as usize;
        let count = usize::from(tiff.short(bytes, page)?);
        let start = page.checked_add(2)?;
        let end = start.checked_add(12 * count)?;
        tiff.entries = bytes.get(start..end)?;
        tiff.next_page = tiff.long(bytes, end)?;
        Some(tiff)
    }

    fn structure(&self) -> Option<Structure> {
        const BITS_PER_SAMPLE: u16 = 258;
        const PHOTOMETRIC: u16 = 262;
        const SAMPLE_FORMAT: u16 = 339;
        // Where the samples lie, in strips or in tiles, and how many bytes they fill there.
        const OFFSETS_AND_COUNTS: [(u16, u16); 2] = [(273, 279), (324, 325)];

        // Where a tag is missing, the format's default for each of these is 1.
        let first = |tag| Some(self.tag(tag)?.first().copied().unwrap_or(1));
        let bits = first(BITS_PER_SAMPLE)?;
        let kind = match first(SAMPLE_FORMAT)? {
            1 => "whole numbers",
            2 => "signed numbers",
            3 => "floating-point numbers",
            _ => "numbers of an unknown kind",
        };
        let photometric = first(PHOTOMETRIC)?;
        for (offsets, counts) in OFFSETS_AND_COUNTS {
            for (offset, count) in self.tag(offsets)?.into_iter().zip(self.tag(counts)?) {
                self.bytes.get(offset as usize..)?.get(..count as usize)?;
            }
        }
        Some(if self.next_page != 0 {
            Structure::SeveralImages
        } else if kind != "whole numbers" || !matches!(bits, 1 | 8 | 16) {
            Structure::SampleKind(format!("{kind} of {bits} bit"))
        } else {
            match photometric {
                3 => Structure::Palette,
                5 => Structure::Cmyk,
                _ => Structure::Plain,
            }
        })
    }

    /// The values of a tag of 16-bit or 32-bit numbers, empty where the page lacks it; none where
    /// they lie beyond the end.
    fn tag(&self, wanted: u16) -> Option<Vec<u32>> {
        const SHORT: u16 = 3;

        for entry in self.entries.chunks_exact(12) {
            if self.short(entry, 0)? != wanted {
                continue;
            }
            let is_short = self.short(entry, 2)? == SHORT;
            let size = (self.long(entry, 4)? as usize).checked_mul(if is_short { 2 } else { 4 })?;
            // Values that fit into the entry are there; others lie elsewhere.
            let start = if size <= 4 {
                &entry[8..]
            } else {
                self.bytes.get(self.long(entry, 8)? as usize..)?
            };
            let values = start.get(..size)?;
            return if is_short {
                values
                    .chunks_exact(2)
                    .map(|value| self.short(value, 0).map(u32::from))
                    .collect()
            } else {
                values
                    .chunks_exact(4)
                    .map(|value| self.long(value, 0))
                    .collect()
            };
        }
        Some(Vec::new())
    }

    fn short(&self, bytes: &[u8], position: usize) -> Option<u16> {
        let value = array(bytes, position)?;
        Some(if self.is_little_endian {
            u16::from_le_bytes(value)
        } else {
            u16::from_be_bytes(value)
        })
    }

    fn long(&self, bytes: &[u8], position: usize) -> Option<u32> {
        let value = array(bytes, position)?;
        Some(if self.is_little_endian {
            u32::from_le_bytes(value)
        } else {
            u32::from_be_bytes(value)
        })
    }
}

fn array<const COUNT: usize>(bytes: &[u8], position: usize) -> Option<[u8; COUNT]> {
    bytes.get(position..)?.first_chunk().copied()
}
