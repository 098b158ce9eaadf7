//! The pictures of an index as one picture.

use anyhow::{Context, Result};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

/// The squares in a row: as many as rows, about.
pub fn columns(count: usize) -> u32 {
    (count as f64).sqrt().ceil().max(1.0) as u32
}

/// The picture, as JPEG, of squares `[side, side, 3]` row by row.
///
/// # Errors
/// If it is larger than JPEG allows.
pub fn sheet<'a>(
    squares: impl ExactSizeIterator<Item = &'a [u8]>,
    side: u32,
    columns: u32,
    quality: u8,
) -> Result<Vec<u8>> {
    let rows = squares.len().div_ceil(columns as usize);
    let (line, height) = ((columns * side * 3) as usize, rows * side as usize);
    let mut pixels = vec![0_u8; line * height];
    let piece = (side * 3) as usize;
    for (at, square) in squares.enumerate() {
        let (column, row) = (at % columns as usize, at / columns as usize);
        for (y, from) in square.chunks_exact(piece).enumerate() {
            let to = (row * side as usize + y) * line + column * piece;
            pixels[to..to + piece].copy_from_slice(from);
        }
    }
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode(
            &pixels,
            columns * side,
            height as u32,
            ExtendedColorType::Rgb8,
        )
        .context("the pictures of the index")?;
    Ok(file)
}
