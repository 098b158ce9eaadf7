//! Writing pixels as PNG files, each under its name only when it is whole.

use std::path::Path;

use anyhow::Result;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::whole_file::fill_whole;

/// A square image's pixels, row by row.
#[derive(Debug, Clone, Copy)]
pub enum Pixels<'a> {
    /// One byte a pixel.
    Gray(&'a [u8]),
    /// Sixteen bits a pixel.
    Deep(&'a [u16]),
    /// Red, green and blue bytes of each pixel.
    Colour(&'a [u8]),
}

/// The compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Fast, for sets of thousands.
    Fast,
    /// As small as PNG allows, at several times the cost: for files that every visitor downloads.
    Smallest,
}

/// Writes a PNG of `size` by `size` pixels.
///
/// # Errors
/// If the file cannot be written.
pub fn write_png(path: &Path, pixels: Pixels, size: usize, packing: Packing) -> Result<()> {
    let (compression, filter) = match packing {
        Packing::Fast => (CompressionType::Fast, FilterType::Up),
        Packing::Smallest => (CompressionType::Best, FilterType::Adaptive),
    };
    fill_whole(path, |writer| {
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
