//! Names of a TIFF file's images outside OME-XML: of pages, in their descriptions, and as ImageJ, Micro-Manager, MetaMorph and
//! others write them.

use roxmltree::Node;
use serde_json::Value;

use cytolens_core::Channel;

use super::description::{self, DescribedChannel, lit};
use super::directory::{Page, Pages};
use super::page::tint;

/// The longest description of a page that can be a name, in bytes.
const LONGEST_NAME: usize = 100;

/// Digits of a wavelength or a dye, which shorter numbers, of pages and channels, are not.
const TELLING_DIGITS: usize = 3;

/// The colours in which ImageJ shows channels by itself: they say nothing.
const IMAGE_J_COLOURS: [Option<Channel>; 4] = [
    Some(Channel::Red),
    Some(Channel::Green),
    Some(Channel::Blue),
    None,
];

/// The lists of names that a file has for its images, each of one kind and for all of them.
pub(super) fn lists(file: &Pages, count: usize) -> Vec<Vec<DescribedChannel>> {
    let Pages { pages, description } = file;
    let Some(first) = pages.first() else {
        return Vec::new();
    };
    let by_page = |name: fn(&Page) -> Option<String>| match pages.len() {
        1 => Vec::new(),
        _ => pages
            .iter()
            .map(|page| name(page).unwrap_or_default())
            .collect(),
    };
    let lists = [
        by_page(|page| page.name.clone()),
        by_page(|page| micro_manager(page.micro_manager.as_deref()?)),
        first.image_j.labels.clone(),
        by_page(|page| name_in(page.description.as_deref()?)),
        description
            .as_deref()
            .map_or_else(Vec::new, |text| listed(text, count)),
    ];
    let described = |name| DescribedChannel { name, colour: None };
    lists
        .into_iter()
        .filter(|names| names.len() == count && tell_apart(names))
        .map(|names| names.into_iter().map(described).collect())
        .collect()
}

/// The channels in whose colours a file's images are shown, by palettes or by ImageJ; none where nothing is said of all of them.
pub(super) fn colours(pages: &[Page], count: usize) -> Option<Vec<Option<Channel>>> {
    let by_palette: Vec<_> = pages.iter().map(tint).collect();
    let image_j = pages.first().map(|page| page.image_j.colours.as_slice());
    let by_image_j = image_j.unwrap_or_default().iter();
    let by_image_j: Vec<_> = by_image_j.map(|&colour| lit(colour)).collect();
    [by_palette, by_image_j].into_iter().find(|colours| {
        colours.len() == count
            && colours.iter().any(Option::is_some)
            && !IMAGE_J_COLOURS.starts_with(colours)
    })
}

/// Whether names differ by more than short numbers, as `c:1/4` and `c:2/4` do not.
pub(super) fn tell_apart<T: AsRef<str>>(names: &[T]) -> bool {
    let without_numbers = |name: &str| {
        let runs = name
            .as_bytes()
            .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        let telling = runs.filter(|run| !run[0].is_ascii_digit() || run.len() >= TELLING_DIGITS);
        telling.collect::<Vec<_>>().concat()
    };
    let mut names = names.iter().map(|name| without_numbers(name.as_ref()));
    let first = names.next();
    names.any(|name| Some(name) != first)
}

/// The channel's name in Micro-Manager's words about a page.
fn micro_manager(json: &str) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok()?;
    ["Channel", "ChannelName"]
        .iter()
        .find_map(|key| value.get(key)?.as_str().map(str::to_owned))
}

/// The name in a page's description: a short text, or a name inside XML. Others are words about something else.
fn name_in(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('<') {
        return name_in_xml(text);
    }
    let is_name = text.len() <= LONGEST_NAME
        && !text.contains('\n')
        && !text.starts_with(['{', '['])
        && !description::is_image_j(text);
    is_name.then(|| text.to_owned())
}

/// The name in the XML of MetaMorph (`<prop id="image-name" value="DAPI"/>`) and others (`<Name>DAPI</Name>`).
fn name_in_xml(text: &str) -> Option<String> {
    let document = description::parse(text).ok()?;
    let name = |node: Node<'_, '_>| match node.tag_name().name() {
        "Biomarker" | "ChannelName" | "Name" => node.text().map(str::to_owned),
        "prop" if node.attribute("id") == Some("image-name") => {
            node.attribute("value").map(str::to_owned)
        }
        _ => None,
    };
    document.descendants().find_map(name)
}

/// The names in a file's description in JSON, such as tifffile's `{"Channel": {"Name": [...]}}` and Micro-Manager's
/// `{"ChNames": [...]}`: the first list of so many texts.
fn listed(text: &str, count: usize) -> Vec<String> {
    let value = serde_json::from_str(text.trim()).unwrap_or(Value::Null);
    texts(&value, count).unwrap_or_default()
}

fn texts(value: &Value, count: usize) -> Option<Vec<String>> {
    match value {
        Value::Array(values) if values.len() == count => values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect(),
        Value::Object(entries) => entries.values().find_map(|value| texts(value, count)),
        _ => None,
    }
}
