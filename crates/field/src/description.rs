//! Channel names and colours from the description inside a TIFF file: OME-XML, or the lines of ImageJ.
//!
//! Sources: <https://docs.openmicroscopy.org/ome-model/latest/ome-tiff/specification.html>;
//! <https://www.proteinatlas.org/humanproteome/subcellular/method> for the Atlas's stains.

use roxmltree::{Document, Node, ParsingOptions};

use cytolens_core::Channel;

use super::error::ImageFault;

/// The most nodes of an OME-XML text; fields need some dozens.
const MAX_NODES: u32 = 100_000;

/// Words in an image's name that identify its channel, beside the channels' own names.
const WORDS: [(&str, Channel); 16] = [
    ("microtubule", Channel::Red),
    ("microtubules", Channel::Red),
    ("tubulin", Channel::Red),
    ("protein", Channel::Green),
    ("antibody", Channel::Green),
    ("nucleus", Channel::Blue),
    ("nuclei", Channel::Blue),
    ("nuclear", Channel::Blue),
    ("dapi", Channel::Blue),
    ("hoechst", Channel::Blue),
    ("dna", Channel::Blue),
    ("er", Channel::Yellow),
    ("reticulum", Channel::Yellow),
    ("endoplasmic", Channel::Yellow),
    ("calreticulin", Channel::Yellow),
    ("calnexin", Channel::Yellow),
];

/// The description of one image inside a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DescribedChannel {
    /// The image's name, empty where it has none.
    pub(super) name: String,
    /// The channel of the image's display colour.
    colour: Option<Channel>,
}

impl DescribedChannel {
    /// The channel that the name's words agree on.
    pub(super) fn by_name(&self) -> Option<Channel> {
        let words = self.name.split(|letter: char| !letter.is_alphabetic());
        let mut named = words.filter_map(|word| {
            let known = WORDS
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(word));
            word.parse().ok().or(known.map(|&(_, channel)| channel))
        });
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    /// The channel by the name, or else by the colour.
    pub(super) fn by_name_or_colour(&self) -> Option<Channel> {
        self.by_name().or(self.colour)
    }
}

/// The description of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Description {
    /// Nothing about channels.
    Silent,
    /// The images inside the file, in the order of pages, or of a pixel's samples.
    Channels(Vec<DescribedChannel>),
    /// ImageJ's statement that the pages are depths or times. It says so, too, of images of several channels that were put into
    /// one stack without names.
    Stack { depths: u64, times: u64 },
}

/// Reads the description of a file of so many `images`, pages or samples.
///
/// # Errors
/// If the file is not one field by the description, or contradicts it.
pub(super) fn read(text: &[u8], images: usize) -> Result<Description, ImageFault> {
    let text = String::from_utf8_lossy(text);
    let text =
        text.trim_matches(|letter: char| letter.is_whitespace() || "\0\u{feff}".contains(letter));
    if text.starts_with("ImageJ=") {
        return Ok(image_j(text));
    }
    // XML of another kind says nothing of channels.
    if !text.starts_with('<') || !text.contains("OME") {
        return Ok(Description::Silent);
    }
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document =
        Document::parse_with_options(text, options).map_err(|error| ImageFault::Damaged {
            detail: format!("OME-XML: {error}"),
        })?;
    ome(document.root_element(), images)
}

fn image_j(text: &str) -> Description {
    let number = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .find(|(name, _)| *name == key)
            .and_then(|(_, value)| value.trim().parse().ok())
            .unwrap_or(1)
    };
    match (number("slices"), number("frames")) {
        (1, 1) => Description::Silent,
        (depths, times) => Description::Stack { depths, times },
    }
}

fn ome(root: Node<'_, '_>, images: usize) -> Result<Description, ImageFault> {
    let series: Vec<_> = children(root, "Image").collect();
    let pixels = match series.as_slice() {
        [] => None,
        [image] => children(*image, "Pixels").next(),
        several => {
            return Err(ImageFault::SeveralSeries {
                found: several.len(),
            });
        }
    };
    let Some(pixels) = pixels else {
        return Ok(Description::Silent);
    };
    let (depths, times) = (number(pixels, "SizeZ", 1)?, number(pixels, "SizeT", 1)?);
    if (depths, times) != (1, 1) {
        return Err(ImageFault::SeveralPlanes { depths, times });
    }
    let mut channels = Vec::new();
    for channel in children(pixels, "Channel") {
        let described = DescribedChannel {
            name: channel.attribute("Name").unwrap_or_default().to_owned(),
            colour: channel.attribute("Color").and_then(colour),
        };
        // Bounded by the file's images, whatever the text says.
        for _ in 0..number(channel, "SamplesPerPixel", 1)?.min(images as u64 + 1) {
            channels.push(described.clone());
        }
    }
    let count = number(pixels, "SizeC", channels.len() as u64)?;
    if count != images as u64 {
        return Err(ImageFault::ChannelCountDiffers {
            described: count,
            found: images,
        });
    }
    channels.resize(images, DescribedChannel::default());
    Ok(Description::Channels(paged(pixels, &channels)?))
}

/// The channels in the order of the file's pages, which `TiffData` may change. `DimensionOrder`
/// adds nothing, since the channels are the only dimension here.
fn paged(
    pixels: Node<'_, '_>,
    channels: &[DescribedChannel],
) -> Result<Vec<DescribedChannel>, ImageFault> {
    let blocks: Vec<_> = children(pixels, "TiffData").collect();
    let mut files: Vec<_> = blocks
        .iter()
        .flat_map(|block| children(*block, "UUID"))
        .map(|file| file.attribute("FileName").or(file.text()))
        .collect();
    files.sort_unstable();
    files.dedup();
    if files.len() > 1 {
        return Err(ImageFault::SeveralFiles { found: files.len() });
    }
    if blocks.is_empty() {
        return Ok(channels.to_vec());
    }
    let mut pages = vec![DescribedChannel::default(); channels.len()];
    for block in blocks {
        let first_page = number(block, "IFD", 0)?;
        let first_channel = number(block, "FirstC", 0)?;
        let all = if block.has_attribute("IFD") {
            1
        } else {
            channels.len() as u64
        };
        for step in 0..number(block, "PlaneCount", all)?.min(channels.len() as u64) {
            let at = |first: u64| usize::try_from(first.saturating_add(step)).unwrap_or(usize::MAX);
            let (page, channel) = (
                pages.get_mut(at(first_page)),
                channels.get(at(first_channel)),
            );
            let (Some(page), Some(channel)) = (page, channel) else {
                return Err(ImageFault::Damaged {
                    detail: "OME-XML: TiffData names pages or channels that are not there"
                        .to_owned(),
                });
            };
            *page = channel.clone();
        }
    }
    Ok(pages)
}

/// The children of a name, in any namespace: it changes with the version of the format.
fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children()
        .filter(move |child| child.tag_name().name() == name)
}

fn number(node: Node<'_, '_>, attribute: &str, otherwise: u64) -> Result<u64, ImageFault> {
    let Some(text) = node.attribute(attribute) else {
        return Ok(otherwise);
    };
    text.trim().parse().map_err(|_| ImageFault::Damaged {
        detail: format!("OME-XML: {attribute} is {text:?}"),
    })
}

/// The channel of a colour, whose red, green, blue and opacity are the bytes of a signed number. A component counts as on above
/// half its brightness.
fn colour(text: &str) -> Option<Channel> {
    let number: i64 = text.trim().parse().ok()?;
    // Some write the same bits as an unsigned number.
    let bits = u32::try_from(number).or_else(|_| i32::try_from(number).map(|number| number as u32));
    let [red, green, blue, _] = bits.ok()?.to_be_bytes();
    match [red, green, blue].map(|light| light > 127) {
        [true, false, false] => Some(Channel::Red),
        [false, true, false] => Some(Channel::Green),
        [false, false, true] => Some(Channel::Blue),
        [true, true, false] => Some(Channel::Yellow),
        _ => None,
    }
}
