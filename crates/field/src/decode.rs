//! Decoding of image files into fields.
//!
//! A file that is not understood for certain is refused, with its name and the reason: a field read wrongly is worse than one not
//! read.

use std::io::{Cursor, ErrorKind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageResult, Limits};

use cytolens_core::{Channel, ChannelOrder, MAX_FILE_BYTES};

use super::container::{Structure, structure};
use super::error::{FieldError, ImageFault};
use super::field::{Field, Plane, Samples};
use super::limits::{MAX_DECODER_BYTES, check_size};
use super::{colour, directory, stack};

/// One file of a field.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name, for errors; its extension is not trusted.
    pub name: &'a str,
    /// The channel in the file; none for a file of several channels, an RGB composite or a TIFF.
    pub channel: Option<Channel>,
    /// The file's content.
    pub bytes: &'a [u8],
}

/// Decodes a field from one file a channel, or from one file of several channels: an RGB composite, whose planes become the red,
/// green and blue channels, or a TIFF with one image a channel.
///
/// The format, PNG, JPEG or TIFF, is recognised by content. The file of one channel is grey, or an image in the channel's own
/// colour, as the Human Protein Atlas publishes them (yellow: equal red and green).
/// Grey PNG of 1, 2 or 4 bits and grey TIFF of 1 bit are widened to 8. Palettes, other colours in a
/// channel's file, transparency, CMYK, animations and samples other than whole numbers of at most 16
/// bit are refused. Colour profiles and orientation tags are not applied: samples are measurements.
///
/// A TIFF of several channels has one grey page a channel, or more samples a pixel than a colour image. `order` assigns the
/// channels; without one, the names in the file's OME-XML do, or the colours there, and else they are red, green, blue, yellow.
/// Stacks in depth and series in time are refused.
///
/// # Errors
/// Any [`FieldError`] but [`FieldError::MissingChannels`], [`FieldError::SampleCount`] and those of
/// [`Field::stretched`].
pub fn decode_field(
    id: &str,
    sources: &[Source<'_>],
    order: &ChannelOrder,
) -> Result<Field, FieldError> {
    let planes = match sources {
        [several @ Source { channel: None, .. }] => decode_several(*several, order)?,
        channels => channels
            .iter()
            .map(|source| decode_channel(id, *source))
            .collect::<Result<_, _>>()?,
    };
    Field::from_named(id.to_owned(), planes)
}

/// A channel, its image, and a name of its file for errors.
type NamedPlane = (Channel, Plane, String);

fn decode_channel(id: &str, source: Source<'_>) -> Result<NamedPlane, FieldError> {
    let file = source.name.to_owned();
    let Some(channel) = source.channel else {
        return Err(FieldError::CompositeNotAlone {
            id: id.to_owned(),
            file,
        });
    };
    let (width, height, samples) = read_channel(source.bytes, channel).map_err(in_file(source))?;
    Ok((channel, Plane::new(width, height, samples)?, file))
}

/// Decodes a file of several channels.
fn decode_several(source: Source<'_>, order: &ChannelOrder) -> Result<Vec<NamedPlane>, FieldError> {
    let format = format(source.bytes).map_err(in_file(source))?;
    if format == ImageFormat::Tiff {
        let pages = directory::pages(source.bytes)
            .ok_or(ImageFault::Truncated)
            .map_err(in_file(source))?;
        if stack::holds_channels(&pages, order) {
            return decode_stack(source, &pages, order);
        }
    }
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

fn decode_stack(
    source: Source<'_>,
    pages: &[directory::Page],
    order: &ChannelOrder,
) -> Result<Vec<NamedPlane>, FieldError> {
    stack::read(source.bytes, pages, order)
        .map_err(in_file(source))?
        .into_iter()
        .map(|layer| {
            Ok((
                layer.channel,
                Plane::new(layer.width, layer.height, layer.samples)?,
                format!("page {} of {}", layer.page, source.name),
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

fn read_channel(bytes: &[u8], channel: Channel) -> Result<(u32, u32, Samples), ImageFault> {
    let wrong_kind = |found| ImageFault::ChannelNotGrey { found };
    let wrong_colour = |found| ImageFault::OtherColour { channel, found };
    let image = read(bytes, wrong_kind)?;
    let (width, height) = (image.width(), image.height());
    let samples = match image {
        DynamicImage::ImageLuma8(grey) => Samples::Eight(grey.into_raw()),
        DynamicImage::ImageLuma16(grey) => Samples::Sixteen(grey.into_raw()),
        DynamicImage::ImageRgb8(picture) => colour::channel_samples(&picture, channel)
            .map(Samples::Eight)
            .map_err(wrong_colour)?,
        DynamicImage::ImageRgb16(picture) => colour::channel_samples(&picture, channel)
            .map(Samples::Sixteen)
            .map_err(wrong_colour)?,
        other => return Err(wrong_kind(colours(&other))),
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

/// Recognises the format of a file by its content; refuses one that is empty or too large.
fn format(bytes: &[u8]) -> Result<ImageFormat, ImageFault> {
    if bytes.is_empty() {
        return Err(ImageFault::Empty);
    }
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ImageFault::TooManyBytes {
            limit: MAX_FILE_BYTES,
        });
    }
    if directory::is_big_tiff(bytes) {
        return Ok(ImageFormat::Tiff);
    }
    image::guess_format(bytes).map_err(|_| ImageFault::NotAnImage)
}

/// Reads an image of any colour type but those that its decoder would convert without notice.
fn read(
    bytes: &[u8],
    wrong_colour: impl Fn(&'static str) -> ImageFault,
) -> Result<DynamicImage, ImageFault> {
    let format = format(bytes)?;
    match structure(format, bytes) {
        Structure::Plain => {}
        Structure::Truncated => return Err(ImageFault::Truncated),
        Structure::SeveralImages => return Err(ImageFault::SeveralImages),
        Structure::SampleKind(found) => return Err(ImageFault::SampleKind { found }),
        Structure::Unreadable(what) => {
            return Err(ImageFault::Unsupported {
                detail: what.to_owned(),
            });
        }
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

/// Decodes the samples after checking the size.
fn samples(decoder: ImageResult<impl ImageDecoder>) -> Result<DynamicImage, ImageFault> {
    let mut decoder = decoder.map_err(fault)?;
    let (width, height) = decoder.dimensions();
    check_size(width.into(), height.into())?;
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
