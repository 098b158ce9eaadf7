//! TIFF files of all channels of a field: one channel a page, or one a sample of each pixel.

use std::borrow::Cow;
use std::io::{Cursor, ErrorKind};

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::{TiffError, TiffUnsupportedError};

use cytolens_core::{Channel, ChannelOrder};

use super::description::{self, DescribedChannel, Description};
use super::directory::{MAX_PAGES, Page, photometric};
use super::error::ImageFault;
use super::field::Samples;
use super::limits::{MAX_DECODER_BYTES, check_size};

/// One channel of a stack.
pub(super) struct Layer {
    pub(super) channel: Channel,
    /// The page's number, from 1.
    pub(super) page: usize,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) samples: Samples,
}

/// Whether the pages of a TIFF file are single channels rather than one picture.
pub(super) fn holds_channels(pages: &[Page], order: &ChannelOrder) -> bool {
    let [page] = pages else {
        return pages.len() > 1;
    };
    // With an order given, a grey image can be one channel, and transparency another.
    let is_ordered = order
        .given()
        .is_some_and(|channels| channels.len() as u64 == page.samples);
    match page.photometric {
        photometric::WHITE_IS_ZERO | photometric::BLACK_IS_ZERO => page.samples > 2 || is_ordered,
        photometric::RGB => page.samples > 3 && (page.extra_sample == Some(0) || is_ordered),
        _ => false,
    }
}

/// Decodes the channels of a TIFF file, in the file's order.
pub(super) fn read(
    bytes: &[u8],
    pages: &[Page],
    order: &ChannelOrder,
) -> Result<Vec<Layer>, ImageFault> {
    if pages.len() > MAX_PAGES {
        return Err(ImageFault::TooManyPages { limit: MAX_PAGES });
    }
    let [first, rest @ ..] = pages else {
        return Err(ImageFault::ChannelCount { found: 0 });
    };
    let count = if rest.is_empty() {
        first.samples as usize
    } else {
        pages.len()
    };
    let channels = channels(first.description.as_deref(), count, order)?;
    for (position, page) in pages.iter().enumerate() {
        if let Some(found) = page.odd_samples(&[8, 16]) {
            return Err(ImageFault::SampleKind { found });
        }
        if let Some(what) = page.unreadable() {
            return Err(ImageFault::Unsupported {
                detail: what.to_owned(),
            });
        }
        let is_grey = matches!(
            page.photometric,
            photometric::WHITE_IS_ZERO | photometric::BLACK_IS_ZERO
        ) && page.samples == 1;
        if !is_grey && !rest.is_empty() {
            return Err(ImageFault::PageNotGrey { page: position + 1 });
        }
        check_size(page.width, page.height)?;
    }
    if rest.is_empty() {
        read_samples(bytes, first, &channels)
    } else {
        read_pages(bytes, pages, &channels)
    }
    .map_err(fault)
}

/// The channel of each page or sample; none for one that is skipped.
fn channels(
    description: Option<&[u8]>,
    count: usize,
    order: &ChannelOrder,
) -> Result<Vec<Option<Channel>>, ImageFault> {
    let description = description.map_or(Ok(Description::Silent), |text| {
        description::read(text, count)
    });
    if let Some(channels) = order.given() {
        // Whoever gives one for each image knows what they are, whatever axis the file says they lie on.
        if channels.len() == count {
            return Ok(channels.to_vec());
        }
        description?;
        return Err(ImageFault::OrderDiffers {
            order: order.clone(),
            found: count,
        });
    }
    match description? {
        Description::Stack { depths, times } => {
            return Err(ImageFault::SeveralPlanes { depths, times });
        }
        Description::Channels(described) => {
            if let Some(channels) = described_channels(&described)? {
                return Ok(channels);
            }
        }
        Description::Silent => {}
    }
    match count {
        3 | 4 => Ok(Channel::ALL[..count].iter().copied().map(Some).collect()),
        found => Err(ImageFault::ChannelCount { found }),
    }
}

/// The channel of each image by its description; none where no description says one.
fn described_channels(
    described: &[DescribedChannel],
) -> Result<Option<Vec<Option<Channel>>>, ImageFault> {
    let by_name: Vec<_> = described.iter().map(DescribedChannel::by_name).collect();
    let by_both: Vec<_> = described
        .iter()
        .map(DescribedChannel::by_name_or_colour)
        .collect();
    if by_both.iter().all(Option::is_none) {
        return Ok(None);
    }
    [by_name, by_both]
        .into_iter()
        .find(|channels| is_a_field(channels))
        .map(Some)
        .ok_or_else(|| {
            let names: Vec<&str> = described.iter().map(|one| one.name.as_str()).collect();
            ImageFault::ChannelNames {
                names: names.join(", "),
            }
        })
}

/// Whether red, green and blue, which every composition needs, are there, and no channel twice.
fn is_a_field(channels: &[Option<Channel>]) -> bool {
    let times = |wanted: Channel| {
        let same = channels.iter().filter(|&&channel| channel == Some(wanted));
        same.count()
    };
    Channel::ALL[..3].iter().all(|&channel| times(channel) == 1) && times(Channel::Yellow) <= 1
}

fn read_pages(
    bytes: &[u8],
    pages: &[Page],
    channels: &[Option<Channel>],
) -> Result<Vec<Layer>, TiffError> {
    let mut decoder = decoder(bytes)?;
    let mut layers = Vec::new();
    for (position, (page, channel)) in pages.iter().zip(channels).enumerate() {
        if position > 0 {
            decoder.next_image()?;
        }
        if let Some(channel) = *channel {
            layers.push(Layer {
                channel,
                page: position + 1,
                width: page.width as u32,
                height: page.height as u32,
                samples: read_image(&mut decoder)?.0,
            });
        }
    }
    Ok(layers)
}

fn read_samples(
    bytes: &[u8],
    page: &Page,
    channels: &[Option<Channel>],
) -> Result<Vec<Layer>, TiffError> {
    let bytes = without_colours(bytes, page);
    let (samples, is_planar) = read_image(&mut decoder(&bytes)?)?;
    let layer = |(position, channel): (usize, &Option<Channel>)| {
        let samples = match &samples {
            Samples::Eight(values) => {
                Samples::Eight(one_of(values, channels.len(), position, is_planar))
            }
            Samples::Sixteen(values) => {
                Samples::Sixteen(one_of(values, channels.len(), position, is_planar))
            }
        };
        Some(Layer {
            channel: (*channel)?,
            page: 1,
            width: page.width as u32,
            height: page.height as u32,
            samples,
        })
    };
    Ok(channels.iter().enumerate().filter_map(layer).collect())
}

/// The file with its colour page declared grey: of an RGB page the decoder gives three samples a pixel only, and wrong ones
/// where the samples are packed.
fn without_colours<'a>(bytes: &'a [u8], page: &Page) -> Cow<'a, [u8]> {
    match &page.photometric_place {
        Some(place) if page.photometric == photometric::RGB => {
            let mut bytes = bytes.to_vec();
            // The number is short, so its only byte other than zero is the one that is 2.
            for byte in &mut bytes[place.clone()] {
                if u64::from(*byte) == photometric::RGB {
                    *byte = photometric::BLACK_IS_ZERO as u8;
                }
            }
            Cow::Owned(bytes)
        }
        _ => Cow::Borrowed(bytes),
    }
}

/// One of `count` planes that are stored one after the other (planar) or interleaved.
fn one_of<T: Copy>(values: &[T], count: usize, position: usize, is_planar: bool) -> Vec<T> {
    let area = values.len() / count;
    if is_planar {
        values[area * position..][..area].to_vec()
    } else {
        let samples = values.iter().skip(position).step_by(count);
        samples.copied().collect()
    }
}

fn decoder(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, TiffError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_DECODER_BYTES as usize;
    limits.intermediate_buffer_size = MAX_DECODER_BYTES as usize;
    Ok(Decoder::new(Cursor::new(bytes))?.with_limits(limits))
}

/// All samples of the decoder's current page, and whether they are planar.
fn read_image(decoder: &mut Decoder<Cursor<&[u8]>>) -> Result<(Samples, bool), TiffError> {
    let mut result = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut result)?;
    // An image that exceeds the limits is read only in part.
    if result.as_buffer(0).byte_len() < layout.complete_len {
        return Err(TiffError::LimitsExceeded);
    }
    let samples = match result {
        DecodingResult::U8(values) => Samples::Eight(values),
        DecodingResult::U16(values) => Samples::Sixteen(values),
        // Other samples do not come here, unless the file contradicts itself.
        _ => return Err(TiffUnsupportedError::UnknownInterpretation.into()),
    };
    Ok((samples, layout.planes > 1))
}

fn fault(error: TiffError) -> ImageFault {
    match error {
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ImageFault::Truncated
        }
        TiffError::LimitsExceeded => ImageFault::TooMuchMemory,
        TiffError::UnsupportedError(error) => ImageFault::Unsupported {
            detail: error.to_string(),
        },
        error => ImageFault::Damaged {
            detail: error.to_string(),
        },
    }
}
