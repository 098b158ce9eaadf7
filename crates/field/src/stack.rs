//! TIFF files of all channels of a field: one channel a page, or one a sample of each pixel.

use cytolens_core::{Channel, ChannelOrder};

use super::canvas::Picture;
use super::description::{self, DescribedChannel, Description};
use super::directory::{MAX_PAGES, Page, Pages, photometric};
use super::error::ImageFault;
use super::names;
use super::page;

/// The channels of a stack.
pub(super) struct Stack {
    pub(super) layers: Vec<Layer>,
    /// The names in the file, where they tell no channel.
    pub(super) passed_over: Option<PassedOver>,
}

/// Names that tell no channel, and the channels in whose order the file's images were taken instead.
pub(super) struct PassedOver {
    pub(super) names: String,
    pub(super) taken: String,
}

/// One channel of a stack.
pub(super) struct Layer {
    pub(super) channel: Channel,
    /// The page's number, from 1.
    pub(super) page: usize,
    /// Its one plane.
    pub(super) picture: Picture,
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
pub(super) fn read(bytes: &[u8], file: &Pages, order: &ChannelOrder) -> Result<Stack, ImageFault> {
    let pages = file.pages.as_slice();
    if pages.len() > MAX_PAGES {
        return Err(ImageFault::TooManyPages { limit: MAX_PAGES });
    }
    let [first, rest @ ..] = pages else {
        return Err(ImageFault::ChannelCount { found: 0 });
    };
    let images: Vec<usize> = if rest.is_empty() {
        (1..=first.samples as usize).collect()
    } else {
        pages.iter().map(|page| page.number).collect()
    };
    let (channels, passed_over) = channels(file, &images, order)?;
    let is_little_endian = bytes.starts_with(b"II");
    let mut layers = Vec::new();
    if rest.is_empty() {
        let mut picture = page::planes(bytes, first, is_little_endian)?;
        let planes = std::mem::take(&mut picture.planes);
        for (channel, plane) in channels.into_iter().zip(planes) {
            let Some(channel) = channel else { continue };
            layers.push(Layer {
                channel,
                page: first.number,
                picture: Picture {
                    planes: vec![plane],
                    ..picture
                },
            });
        }
    } else {
        if let Some(page) = pages.iter().find(|page| !page::is_one_plane(page)) {
            return Err(ImageFault::PageNotGrey { page: page.number });
        }
        for (page, channel) in pages.iter().zip(channels) {
            let Some(channel) = channel else { continue };
            layers.push(Layer {
                channel,
                page: page.number,
                picture: page::planes(bytes, page, is_little_endian)?,
            });
        }
    }
    Ok(Stack {
        layers,
        passed_over,
    })
}

/// The channel of each page or sample, none for one that is skipped; and the names that were passed over.
fn channels(
    file: &Pages,
    images: &[usize],
    order: &ChannelOrder,
) -> Result<(Vec<Option<Channel>>, Option<PassedOver>), ImageFault> {
    let count = images.len();
    let description = match &file.description {
        Some(text) => description::read(text, images),
        None => Ok(Description::default()),
    };
    if let Some(channels) = order.given() {
        // Whoever gives one for each image knows what they are, whatever axis the file says they lie on.
        if channels.len() == count {
            return Ok((channels.to_vec(), None));
        }
        description?;
        return Err(ImageFault::OrderDiffers {
            order: order.clone(),
            found: count,
        });
    }
    let description = description?;
    if let Some((depths, times)) = description.stack {
        return Err(ImageFault::SeveralPlanes { depths, times });
    }
    let mut lists = names::lists(file, count);
    lists.insert(0, description.channels);
    for list in &lists {
        if let Some(channels) = described_channels(list)? {
            return Ok((channels, None));
        }
    }
    let by_position = Channel::ALL.map(Some);
    let mut colours = names::colours(&file.pages, count);
    if let Some(shown) = &colours {
        if is_a_field(shown) {
            return Ok((shown.clone(), None));
        }
        let mut both = shown.iter().zip(by_position);
        if both.any(|(shown, position)| shown.is_some() && *shown != position) {
            return Err(ImageFault::ChannelNames {
                names: colour_names(shown),
            });
        }
    }
    let (3 | 4) = count else {
        return Err(ImageFault::ChannelCount { found: count });
    };
    let names = lists.iter().find_map(|list| {
        let names: Vec<&str> = list.iter().map(|one| one.name.as_str()).collect();
        names::tell_apart(&names).then(|| names.join(", "))
    });
    let names = names.or_else(|| colours.take().map(|shown| colour_names(&shown)));
    let taken = &Channel::ALL[..count];
    let passed_over = names.map(|names| PassedOver {
        names,
        taken: joined(taken.iter().map(|channel| channel.name())),
    });
    Ok((by_position[..count].to_vec(), passed_over))
}

fn colour_names(shown: &[Option<Channel>]) -> String {
    joined(
        shown
            .iter()
            .map(|channel| channel.map_or("another colour", Channel::name)),
    )
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
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
