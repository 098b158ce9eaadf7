//! JPEG images, in files of their own and inside TIFF files. Layout: ITU-T T.81, annex B.

use std::sync::{Mutex, PoisonError};

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::canvas::{Canvas, Row};
use super::error::ImageFault;
use super::limits::{check_memory, check_size};
use super::picture::{Colours, Image};

/// Images that need more bytes than this are decoded one after the other, however many threads decode.
const LARGE: u64 = 256 << 20;

/// Held while a large image is decoded.
static ONE_LARGE: Mutex<()> = Mutex::new(());

/// Reads an image, whose decoder needs the whole of it in memory.
pub(super) fn read(bytes: &[u8]) -> Result<Image, ImageFault> {
    let frame = check_structure(bytes)?;
    if frame.components == 4 {
        return Ok(Image::without_samples(Colours::Cmyk));
    }
    check_size(frame.width.into(), frame.height.into())?;
    let _alone =
        (frame.memory() > LARGE).then(|| ONE_LARGE.lock().unwrap_or_else(PoisonError::into_inner));
    let decoded = decode(bytes, &frame, Conversion::ToRgb)?;
    let (colours, count) = match decoded.components {
        1 => (Colours::Grey, 1),
        _ => (Colours::Rgb, 3),
    };
    let mut canvas = Canvas::new(frame.width.into(), frame.height.into(), count, 8)?;
    let row = usize::from(frame.width) * count;
    for (top, row) in decoded.samples.chunks_exact(row).enumerate() {
        canvas.write(0, top, Row::Eight(row));
        canvas.complete(top + 1);
    }
    Ok(Image {
        colours,
        picture: canvas.finished(),
    })
}

/// What a JPEG says of its image before any sample.
pub(super) struct Frame {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) components: u8,
    is_progressive: bool,
}

impl Frame {
    /// The bytes that decoding takes: the samples, and before them the coefficients of a progressive image.
    fn memory(&self) -> u64 {
        let samples = u64::from(self.width) * u64::from(self.height) * u64::from(self.components);
        samples * if self.is_progressive { 3 } else { 1 }
    }
}

/// The colours to be given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Conversion {
    /// Red, green and blue from brightness and two chromas; grey stays grey.
    ToRgb,
    /// The components as they are stored.
    None,
}

/// Decoded samples, interleaved.
pub(super) struct Decoded {
    pub(super) samples: Vec<u8>,
    pub(super) components: usize,
}

/// Decodes a JPEG whose frame is known.
pub(super) fn decode(
    bytes: &[u8],
    frame: &Frame,
    conversion: Conversion,
) -> Result<Decoded, ImageFault> {
    check_memory(frame.memory())?;
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(fault)?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let given = match (stored, conversion) {
        (ColorSpace::YCbCr, Conversion::ToRgb) => ColorSpace::RGB,
        // Three components that an Adobe marker declares to be no chromas.
        (ColorSpace::CMYK, _) if frame.components == 3 => ColorSpace::RGB,
        (stored, _) => stored,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(given));
    let samples = decoder.decode().map_err(fault)?;
    let area = usize::from(frame.width) * usize::from(frame.height);
    let components = given.num_components();
    if samples.len() != area * components {
        return Err(ImageFault::Damaged {
            detail: "the JPEG is of another size than it says".to_owned(),
        });
    }
    Ok(Decoded {
        samples,
        components,
    })
}

/// Walks the markers to the last, EOI, which decoders do not miss.
pub(super) fn check_structure(bytes: &[u8]) -> Result<Frame, ImageFault> {
    walk(bytes).unwrap_or(Err(ImageFault::Truncated))
}

/// None where the bytes end early.
fn walk(bytes: &[u8]) -> Option<Result<Frame, ImageFault>> {
    let mut frame = None;
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
            0xD9 => {
                return Some(frame.ok_or_else(|| ImageFault::Damaged {
                    detail: "the JPEG has no image".to_owned(),
                }));
            }
            // Frame headers; 0xC4, 0xC8 and 0xCC are tables and an extension.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let header: &[u8; 8] = segment.first_chunk()?;
                let [_, _, bits, high, low, left, right, components] = *header;
                let unread = match (marker, bits) {
                    (0xC0..=0xC2, 8) => None,
                    (0xC0..=0xC2, _) => Some("a JPEG of other than 8 bit"),
                    (0xC3, _) => Some("a lossless JPEG"),
                    _ => Some("a JPEG packed in a rare way"),
                };
                if let Some(what) = unread {
                    return Some(Err(ImageFault::Unsupported {
                        what: what.to_owned(),
                    }));
                }
                frame = Some(Frame {
                    width: u16::from_be_bytes([left, right]),
                    height: u16::from_be_bytes([high, low]),
                    components,
                    is_progressive: marker == 0xC2,
                });
            }
            _ => {}
        }
        position += 2 + usize::from(u16::from_be_bytes(*segment.first_chunk()?));
    }
}

fn fault(error: DecodeErrors) -> ImageFault {
    match error {
        DecodeErrors::ExhaustedData => ImageFault::Truncated,
        DecodeErrors::Unsupported(_) => ImageFault::Unsupported {
            what: "a JPEG packed in a rare way".to_owned(),
        },
        error => ImageFault::Damaged {
            detail: error.to_string(),
        },
    }
}
