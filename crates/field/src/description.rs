//! Channel names, colours and the size of a pixel from the description inside a TIFF file: OME-XML, or the lines of ImageJ.
//!
//! Sources: <https://docs.openmicroscopy.org/ome-model/latest/ome-tiff/specification.html>;
//! <https://www.proteinatlas.org/humanproteome/subcellular/method> for the Atlas's stains.

use roxmltree::{Document, Node, ParsingOptions};

use cytolens_core::Channel;

use super::error::ImageFault;
use super::pixel_size;

/// The most nodes of an OME-XML text; fields need some dozens.
const MAX_NODES: u32 = 100_000;

/// Words in an image's name that identify its channel, beside the channels' own names.
const WORDS: [(&str, Channel); 19] = [
    ("microtubule", Channel::Red),
    ("microtubules", Channel::Red),
    ("tubulin", Channel::Red),
    ("protein", Channel::Green),
    ("antibody", Channel::Green),
    ("gfp", Channel::Green),
    ("egfp", Channel::Green),
    ("nucleus", Channel::Blue),
    ("nuclei", Channel::Blue),
    ("nuclear", Channel::Blue),
    ("dapi", Channel::Blue),
    ("hoechst", Channel::Blue),
    ("draq", Channel::Blue),
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
    pub(super) colour: Option<Channel>,
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
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Description {
    /// The images inside the file, in the order of pages, or of a pixel's samples; none where nothing is said of them.
    pub(super) channels: Vec<DescribedChannel>,
    /// ImageJ's statement that the pages are so many depths and times. It says so, too, of images of several channels that were
    /// put into one stack without names.
    pub(super) stack: Option<(u64, u64)>,
}

/// Reads the description of a file of these `images`: the numbers of its pages, from 1, or of a pixel's samples.
///
/// # Errors
/// If the file is not one field by the description, or contradicts it.
pub(super) fn read(text: &str, images: &[usize]) -> Result<Description, ImageFault> {
    let text = trimmed(text);
    if let Some(image_j) = ImageJText::of(text) {
        let (depths, times) = (image_j.number("slices"), image_j.number("frames"));
        return Ok(Description {
            stack: ((depths, times) != (1, 1)).then_some((depths, times)),
            ..Description::default()
        });
    }
    // XML of another kind says nothing that binds.
    if !is_ome(text) {
        return Ok(Description::default());
    }
    let document = parse(text).map_err(|error| ImageFault::Damaged {
        detail: format!("OME-XML: {error}"),
    })?;
    ome(document.root_element(), images)
}

/// The side of a pixel in micrometres by the description; `resolution` is what TIFF's own tag says, in pixels a unit.
pub(super) fn pixel_size(text: &str, resolution: Option<f64>) -> Option<f64> {
    let text = trimmed(text);
    if let Some(image_j) = ImageJText::of(text) {
        let unit = pixel_size::unit(image_j.value("unit")?)?;
        return pixel_size::plausible(unit / resolution?);
    }
    if !is_ome(text) {
        return None;
    }
    let document = parse(text).ok()?;
    let image = children(document.root_element(), "Image").next()?;
    let pixels = children(image, "Pixels").next()?;
    let side: f64 = pixels.attribute("PhysicalSizeX")?.trim().parse().ok()?;
    let unit = pixel_size::unit(pixels.attribute("PhysicalSizeXUnit").unwrap_or("µm"))?;
    pixel_size::plausible(side * unit)
}

/// Whether ImageJ wrote a description.
pub(super) fn is_image_j(text: &str) -> bool {
    ImageJText::of(trimmed(text)).is_some()
}

/// The lines of ImageJ, each a key and a value.
struct ImageJText<'a>(&'a str);

impl<'a> ImageJText<'a> {
    fn of(text: &'a str) -> Option<Self> {
        text.starts_with("ImageJ=").then_some(Self(text))
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        let mut lines = self.0.lines().filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    fn number(&self, key: &str) -> u64 {
        let value = self.value(key).and_then(|value| value.trim().parse().ok());
        value.unwrap_or(1)
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || "\0\u{feff}".contains(letter))
}

fn is_ome(text: &str) -> bool {
    text.starts_with('<') && text.contains("OME")
}

/// Parses XML of a bounded size.
pub(super) fn parse(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    let options = ParsingOptions {
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options)
}

fn ome(root: Node<'_, '_>, images: &[usize]) -> Result<Description, ImageFault> {
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
        return Ok(Description::default());
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
        for _ in 0..number(channel, "SamplesPerPixel", 1)?.min(images.len() as u64 + 1) {
            channels.push(described.clone());
        }
    }
    let count = number(pixels, "SizeC", channels.len() as u64)?;
    if count != images.len() as u64 {
        return Err(ImageFault::ChannelCountDiffers {
            described: count,
            found: images.len(),
        });
    }
    channels.resize(images.len(), DescribedChannel::default());
    Ok(Description {
        channels: paged(pixels, &channels, images)?,
        stack: None,
    })
}

/// The channels in the order of the file's pages, which `TiffData` may change. `DimensionOrder`
/// adds nothing, since the channels are the only dimension here.
fn paged(
    pixels: Node<'_, '_>,
    channels: &[DescribedChannel],
    images: &[usize],
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
            // Smaller images between the pages count there.
            let number = at(first_page).saturating_add(1);
            let page = images.iter().position(|&image| image == number);
            let (page, channel) = (
                page.and_then(|page| pages.get_mut(page)),
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
    lit([red, green, blue])
}

/// The channel of a colour.
pub(super) fn lit(colour: [u8; 3]) -> Option<Channel> {
    match colour.map(|light| light > 127) {
        [true, false, false] => Some(Channel::Red),
        [false, true, false] => Some(Channel::Green),
        [false, false, true] => Some(Channel::Blue),
        [true, true, false] => Some(Channel::Yellow),
        _ => None,
    }
}
