//! Checks of a file's structure for what the decoders of `image` do not report: a missing end, further images, and colours from a
//! palette or from inks.

use image::ImageFormat;

use super::directory::{self, photometric};

/// The content of a file by its structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Structure {
    /// One image that the decoders read as it is.
    Plain,
    /// An image whose end is missing.
    Truncated,
    /// An animation, or several pages.
    SeveralImages,
    /// Colours from a palette.
    Palette,
    /// Four inks in place of red, green and blue.
    Cmyk,
    /// Samples that are not whole numbers of 8 or 16 bit; a name of their type.
    SampleKind(String),
    /// A layout that no decoder reads; a name of it.
    Unreadable(&'static str),
}

/// Examines the structure of a file of this format; formats that are not read count as plain.
pub(super) fn structure(format: ImageFormat, bytes: &[u8]) -> Structure {
    // The readers return none where the bytes end early.
    let structure = match format {
        ImageFormat::Png => png(bytes),
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Tiff => tiff(bytes),
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

/// Examines the first page, and whether there is another.
fn tiff(bytes: &[u8]) -> Option<Structure> {
    let pages = directory::pages(bytes)?;
    Some(match pages.as_slice() {
        // The decoder reports a file without any page.
        [] => Structure::Plain,
        [page] if let Some(what) = page.unreadable() => Structure::Unreadable(what),
        [page] => page.odd_samples(&[1, 8, 16]).map_or(
            match page.photometric {
                photometric::PALETTE => Structure::Palette,
                photometric::CMYK => Structure::Cmyk,
                _ => Structure::Plain,
            },
            Structure::SampleKind,
        ),
        _ => Structure::SeveralImages,
    })
}

fn array<const COUNT: usize>(bytes: &[u8], position: usize) -> Option<[u8; COUNT]> {
    bytes.get(position..)?.first_chunk().copied()
}
