//! From files to fields.
//!
//! What is not surely understood is refused with the file's name and the reason: a field read wrong
//! is worse than one not read.

use std::io::{Cursor, ErrorKind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageResult, Limits};

use super::container::{Structure, structure};
use super::{Channel, Field, FieldError, ImageFault, Plane, Samples};

/// The most pixels a side: twice the Human Protein Atlas's fields of 2048 px.
pub const MAX_SIDE: u32 = 4096;

/// The fewest pixels a side: below, there is no cell to see.
pub const MIN_SIDE: u32 = 16;

/// The most bytes of a file: twice an uncompressed image of 4096 × 4096 px, four channels, 16 bit.
pub const MAX_FILE_BYTES: usize = 256 << 20;

/// The most bytes a decoder may allocate: the largest image, and as much again to work in.
const MAX_DECODER_BYTES: u64 = 256 << 20;

/// One file of a field.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name, for errors; its extension is not trusted.
    pub name: &'a str,
    /// The channel it holds; none for an RGB composite.
    pub channel: Option<Channel>,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Decodes a field from one grey file a channel, or from one RGB composite, whose planes become
/// the red, green and blue channels.
///
/// PNG, JPEG and TIFF are told apart by content. Grey PNG of 1, 2 or 4 bits and grey TIFF of 1 bit
/// are widened to 8. Palettes, colour in a channel's file, transparency, CMYK, animations, several pages and
/// samples other than whole numbers of at most 16 bit are refused. Colour profiles and orientation
/// tags are not applied: samples are measurements.
///
/// # Errors
/// Any [`FieldError`] but [`FieldError::MissingChannel`] and [`FieldError::SampleCount`].
pub fn decode_field(id: &str, sources: &[Source<'_>]) -> Result<Field, FieldError> {
    let planes = match sources {
        [composite @ Source { channel: None, .. }] => decode_composite(*composite)?,
        channels => channels
            .iter()
            .map(|source| decode_channel(id, *source))
            .collect::<Result<_, _>>()?,
    };
    Field::from_named(id.to_owned(), planes)
}

type NamedPlane = (Channel, Plane, String);

fn decode_channel(id: &str, source: Source<'_>) -> Result<NamedPlane, FieldError> {
    let file = source.name.to_owned();
    let Some(channel) = source.channel else {
        return Err(FieldError::CompositeNotAlone {
            id: id.to_owned(),
            file,
        });
    };
    let (width, height, samples) = read_grey(source.bytes).map_err(in_file(source))?;
    Ok((channel, Plane::new(width, height, samples)?, file))
}

fn decode_composite(source: Source<'_>) -> Result<Vec<NamedPlane>, FieldError> {
    let (width, height, [red, green, blue]) = read_rgb(source.bytes).map_err(in_file(source))?;
    [
        (Channel::Red, red),
        (Channel::Green, green),
        (Channel::Blue, blue),
    ]
    .into_iter()
    .map(|(channel, samples)| {
        Ok((
            channel,
            Plane::new(width, height, samples)?,
            source.name.to_owned(),
        ))
    })
    .collect()
}

fn in_file(source: Source<'_>) -> impl Fn(ImageFault) -> FieldError {
    move |fault| FieldError::File {
        file: source.name.to_owned(),
        fault,
    }
}

fn read_grey(bytes: &[u8]) -> Result<(u32, u32, Samples), ImageFault> {
    let wrong_colour = |found| ImageFault::ChannelNotGrey { found };
    let image = read(bytes, wrong_colour)?;
    let (width, height) = (image.width(), image.height());
    let samples = match image {
        DynamicImage::ImageLuma8(grey) => Samples::Eight(grey.into_raw()),
        DynamicImage::ImageLuma16(grey) => Samples::Sixteen(grey.into_raw()),
        other => return Err(wrong_colour(colours(&other))),
    };
    Ok((width, height, samples))
}

fn read_rgb(bytes: &[u8]) -> Result<(u32, u32, [Samples; 3]), ImageFault> {
    let wrong_colour = |found| ImageFault::CompositeNotRgb { found };
    let image = read(bytes, wrong_colour)?;
    let samples = match &image {
        DynamicImage::ImageRgb8(rgb) => split::<_, 3>(rgb).map(Samples::Eight),
        DynamicImage::ImageRgb16(rgb) => split::<_, 3>(rgb).map(Samples::Sixteen),
        DynamicImage::ImageRgba8(rgba) if rgba.pixels().all(|pixel| pixel[3] == u8::MAX) => {
            split::<_, 4>(rgba).map(Samples::Eight)
        }
        DynamicImage::ImageRgba16(rgba) if rgba.pixels().all(|pixel| pixel[3] == u16::MAX) => {
            split::<_, 4>(rgba).map(Samples::Sixteen)
        }
        DynamicImage::ImageRgba8(_) | DynamicImage::ImageRgba16(_) => {
            return Err(ImageFault::Transparent);
        }
        other => return Err(wrong_colour(colours(other))),
    };
    Ok((image.width(), image.height(), samples))
}

/// The first three of `COUNT` interleaved planes.
fn split<T: Copy, const COUNT: usize>(interleaved: &[T]) -> [Vec<T>; 3] {
    let (pixels, _) = interleaved.as_chunks::<COUNT>();
    std::array::from_fn(|plane| pixels.iter().map(|pixel| pixel[plane]).collect())
}

/// Reads an image of any colours but those that its decoder would hide.
fn read(
    bytes: &[u8],
    wrong_colour: impl Fn(&'static str) -> ImageFault,
) -> Result<DynamicImage, ImageFault> {
    if bytes.is_empty() {
        return Err(ImageFault::Empty);
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ImageFault::TooManyBytes {
            limit: MAX_FILE_BYTES,
        });
    }
    let format = image::guess_format(bytes).map_err(|_| ImageFault::NotAnImage)?;
    match structure(format, bytes) {
        Structure::Plain => {}
        Structure::Truncated => return Err(ImageFault::Truncated),
        Structure::SeveralImages => return Err(ImageFault::SeveralImages),
        Structure::SampleKind(found) => return Err(ImageFault::SampleKind { found }),
        Structure::Palette => return Err(wrong_colour("an image with a palette")),
        Structure::Cmyk => return Err(wrong_colour("a CMYK image")),
    }
    let bytes = Cursor::new(bytes);
    match format {
        ImageFormat::Png => samples(PngDecoder::with_limits(bytes, memory_limits())),
        ImageFormat::Jpeg => samples(JpegDecoder::new(bytes)),
        ImageFormat::Tiff => samples(TiffDecoder::new(bytes)),
        other => {
            let format = other
                .extensions_str()
                .first()
                .map_or_else(String::new, |name| name.to_ascii_uppercase());
            Err(ImageFault::OtherFormat { format })
        }
    }
}

/// Decodes the samples, once the size is known to be within the limits.
fn samples(decoder: ImageResult<impl ImageDecoder>) -> Result<DynamicImage, ImageFault> {
    let mut decoder = decoder.map_err(fault)?;
    let (width, height) = decoder.dimensions();
    let allowed = MIN_SIDE..=MAX_SIDE;
    if !allowed.contains(&width) || !allowed.contains(&height) {
        return Err(ImageFault::Size {
            min: MIN_SIDE,
            max: MAX_SIDE,
            width,
            height,
        });
    }
    decoder.set_limits(memory_limits()).map_err(fault)?;
    DynamicImage::from_decoder(decoder).map_err(fault)
}

fn memory_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    limits
}

fn fault(error: ImageError) -> ImageFault {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ImageFault::Truncated
        }
        ImageError::Limits(_) => ImageFault::TooMuchMemory,
        ImageError::Unsupported(error) => ImageFault::Unsupported {
            detail: error.to_string(),
        },
        error => ImageFault::Damaged {
            detail: error.to_string(),
        },
    }
}

fn colours(image: &DynamicImage) -> &'static str {
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLuma16(_) => "a grey image",
        DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLumaA16(_) => {
            "a grey image with transparency"
        }
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgb16(_) => "an RGB image",
        DynamicImage::ImageRgba8(_) | DynamicImage::ImageRgba16(_) => {
            "an RGB image with transparency"
        }
        _ => "an image of another kind",
    }
}
