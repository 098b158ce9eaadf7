//! PNG images. Layout: <https://www.w3.org/TR/png-3/>.

use std::io::{Cursor, ErrorKind};

use png::{
    BitDepth, ColorType, Decoder, DecodingError, Limits, PixelDimensions, Reader, Transformations,
    Unit,
};

use super::canvas::{Canvas, Picture, Row};
use super::error::ImageFault;
use super::limits::{MAX_DECODER_BYTES, check_memory, check_size};
use super::picture::{Colours, Image};
use super::pixel_size;

/// Reads an image row by row; one that is interlaced as a whole.
pub(super) fn read(bytes: &[u8]) -> Result<Image, ImageFault> {
    check_structure(bytes)?;
    let limits = Limits {
        bytes: MAX_DECODER_BYTES as usize,
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    // Texts and colour profiles say nothing about the samples.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Palettes become colours, fewer bits become 8, and a colour declared transparent becomes a sample of opacity.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(fault)?;
    let info = reader.info();
    let (width, height) = (u64::from(info.width), u64::from(info.height));
    let is_palette = info.color_type == ColorType::Indexed;
    let is_interlaced = info.interlaced;
    let pixel_size = info.pixel_dims.and_then(micrometres);
    check_size(width, height)?;

    let (colour, depth) = reader.output_color_type();
    let bits = if depth == BitDepth::Sixteen { 16 } else { 8 };
    let mut canvas = Canvas::new(width, height, colour.samples(), bits)?;
    if is_interlaced {
        read_whole(&mut reader, &mut canvas, bits)?;
    } else {
        read_rows(&mut reader, &mut canvas, bits)?;
    }
    let colours = match colour {
        _ if is_palette => Colours::Palette,
        ColorType::Grayscale | ColorType::GrayscaleAlpha => Colours::Grey,
        _ => Colours::Rgb,
    };
    Ok(Image {
        colours,
        picture: Picture {
            pixel_size,
            ..canvas.finished()
        },
    })
}

type PngReader<'a> = Reader<Cursor<&'a [u8]>>;

fn read_rows(reader: &mut PngReader<'_>, canvas: &mut Canvas, bits: u32) -> Result<(), ImageFault> {
    let length = reader.output_line_size(reader.info().width);
    let mut row = vec![0; length.unwrap_or_default()];
    let mut wide = Vec::new();
    let mut top = 0;
    while reader.read_row(&mut row).map_err(fault)?.is_some() {
        write(canvas, top, &row, bits, &mut wide);
        top += 1;
        canvas.complete(top);
    }
    Ok(())
}

fn read_whole(
    reader: &mut PngReader<'_>,
    canvas: &mut Canvas,
    bits: u32,
) -> Result<(), ImageFault> {
    let length = reader.output_buffer_size().unwrap_or(usize::MAX);
    check_memory(length as u64)?;
    let mut rows = vec![0; length];
    let info = reader.next_frame(&mut rows).map_err(fault)?;
    let mut wide = Vec::new();
    for (top, row) in rows.chunks_exact(info.line_size).enumerate() {
        write(canvas, top, row, bits, &mut wide);
        canvas.complete(top + 1);
    }
    Ok(())
}

/// Writes a row, of 16-bit samples by way of `wide`.
fn write(canvas: &mut Canvas, top: usize, row: &[u8], bits: u32, wide: &mut Vec<u16>) {
    if bits == 8 {
        return canvas.write(0, top, Row::Eight(row));
    }
    wide.clear();
    let (pairs, _) = row.as_chunks::<2>();
    wide.extend(pairs.iter().map(|&pair| u16::from_be_bytes(pair)));
    canvas.write(0, top, Row::Sixteen(wide));
}

/// Walks the chunks to the last, `IEND`, which decoders do not miss.
fn check_structure(bytes: &[u8]) -> Result<(), ImageFault> {
    // The length, the type and the checksum of a chunk.
    const FRAME: usize = 12;

    let mut chunk = bytes.get(8..).ok_or(ImageFault::Truncated)?;
    loop {
        let (length, rest) = chunk.split_first_chunk().ok_or(ImageFault::Truncated)?;
        let length = u32::from_be_bytes(*length) as usize;
        let next = length.checked_add(FRAME).and_then(|end| chunk.get(end..));
        let next = next.ok_or(ImageFault::Truncated)?;
        if rest.starts_with(b"IEND") {
            return Ok(());
        }
        if rest.starts_with(b"acTL") {
            return Err(ImageFault::SeveralImages);
        }
        chunk = next;
    }
}

fn micrometres(density: PixelDimensions) -> Option<f64> {
    let is_metre = matches!(density.unit, Unit::Meter);
    let per_metre = is_metre.then(|| f64::from(density.xppu))?;
    pixel_size::plausible(1e6 / per_metre)
}

fn fault(error: DecodingError) -> ImageFault {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ImageFault::Truncated
        }
        DecodingError::LimitsExceeded => ImageFault::TooMuchMemory {
            limit: MAX_DECODER_BYTES >> 20,
        },
        error => ImageFault::Damaged {
            detail: error.to_string(),
        },
    }
}
