//! Writing pixels as PNG files, each under its name only when it is whole.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// A square image's pixels, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pixels<'a> {
    /// One byte a pixel.
    Gray(&'a [u8]),
    /// Sixteen bits a pixel.
    Deep(&'a [u16]),
    /// Red, green and blue bytes of each pixel.
    Colour(&'a [u8]),
}

/// How hard a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// As sets of thousands want it.
    Fast,
    /// As small as PNG allows, at several times the cost: for what every visitor downloads.
    Smallest,
}

/// Writes a PNG of `size` by `size` pixels.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_png(path: &Path, pixels: Pixels, size: usize, packing: Packing) -> Result<()> {
    let (compression, filter) = match packing {
        Packing::Fast => (CompressionType::Fast, FilterType::Up),
        Packing::Smallest => (CompressionType::Best, FilterType::Adaptive),
    };
    write_whole(path, |partial| {
        let writer = BufWriter::new(File::create(partial)?);
        let side = u32::try_from(size)?;
        let encoder = PngEncoder::new_with_quality(writer, compression, filter);
        match pixels {
            Pixels::Gray(bytes) => encoder.write_image(bytes, side, side, ExtendedColorType::L8)?,
            Pixels::Colour(bytes) => {
                encoder.write_image(bytes, side, side, ExtendedColorType::Rgb8)?;
            }
            Pixels::Deep(values) => {
                // The encoder takes 16-bit pixels in the machine's byte order.
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
                encoder.write_image(&bytes, side, side, ExtendedColorType::L16)?;
            }
        }
        Ok(())
    })
}

/// Lets `write` fill a file beside `path` and gives it its name when it is done, so that a file under its name is whole.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_whole(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    write(&partial)
        .and_then(|()| Ok(fs::rename(&partial, path)?))
        .with_context(|| format!("cannot write {}", path.display()))
}
