//! The meaning of labels and their groups, from `locations.json`, which people may edit.

use js_sys::{Array, JSON};
use wasm_bindgen::JsCast;

use crate::dom::property;
use crate::{download, text};

/// The file's address, relative to the page.
const FILE: &str = "locations.json";

/// The beginning of the addresses of the Human Protein Atlas's pages on structures of the cell.
const PAGES: &str = "https://www.proteinatlas.org/humanproteome/subcellular/";

/// The locations that the file names, in anatomical order.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(super) struct Atlas {
    locations: Vec<Location>,
}

/// One location. A field that the file lacks is empty.
#[derive(Debug)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub(super) struct Location {
    /// The label as model packages name it.
    pub(super) name: String,
    /// The part of the cell to which it belongs.
    pub(super) group: String,
    /// Its meaning, in a sentence.
    pub(super) meaning: String,
    /// The look of a protein in it, in the green channel.
    pub(super) look: String,
    /// The name of the Human Protein Atlas's page on it, as its address ends.
    pub(super) atlas: String,
}

/// Labels of one part of the cell.
#[derive(Debug, PartialEq)]
pub(super) struct LocationGroup<'a> {
    /// The part, for example `Nucleus`.
    pub(super) name: &'a str,
    /// The labels' class numbers, in anatomical order.
    pub(super) classes: Vec<usize>,
}

impl Location {
    /// The address of the Human Protein Atlas's page on it. Only a visitor opens it.
    pub(super) fn address(&self) -> Option<String> {
        (!self.atlas.is_empty()).then(|| [PAGES, &self.atlas].concat())
    }
}

impl Atlas {
    /// The file that comes with the page. Without it, or where an edit broke it, labels have their
    /// names alone.
    pub(super) async fn download() -> Self {
        let file = download::text(FILE).await.unwrap_or_default();
        let list = JSON::parse(&file).map(|file| property(&file, "locations"));
        let list = list.and_then(JsCast::dyn_into::<Array>).unwrap_or_default();
        // By hand: serde makes the program larger by kilobytes.
        let locations = list.iter().map(|location| {
            let text = |name| property(&location, name).as_string().unwrap_or_default();
            Location {
                name: text("name"),
                group: text("group"),
                meaning: text("meaning"),
                look: text("look"),
                atlas: text("atlas"),
            }
        });
        Self {
            locations: locations.collect(),
        }
    }

    /// The location of this label.
    pub(super) fn location(&self, label: &str) -> Option<&Location> {
        self.locations
            .iter()
            .find(|location| location.name == label)
    }

    /// The labels in the file's groups and in its order; those it does not name, or names without a
    /// group, come last, as packages order them.
    pub(super) fn groups<'a>(&'a self, labels: &[String]) -> Vec<LocationGroup<'a>> {
        let mut groups: Vec<LocationGroup<'a>> = Vec::new();
        let mut is_placed = vec![false; labels.len()];
        for location in &self.locations {
            for (class, label) in labels.iter().enumerate() {
                if *label == location.name && !location.group.is_empty() && !is_placed[class] {
                    is_placed[class] = true;
                    place(&mut groups, &location.group, class);
                }
            }
        }
        for class in (0..labels.len()).filter(|class| !is_placed[*class]) {
            place(&mut groups, text::results::OTHER, class);
        }
        groups
    }
}

fn place<'a>(groups: &mut Vec<LocationGroup<'a>>, name: &'a str, class: usize) {
    match groups.iter_mut().find(|group| group.name == name) {
        Some(group) => group.classes.push(class),
        None => groups.push(LocationGroup {
            name,
            classes: vec![class],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cytolens_core::labels;

    fn shipped() -> Atlas {
        serde_json::from_str(include_str!("../../../../www/locations.json"))
            .expect("locations.json is as the page reads it")
    }

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    #[test]
    fn the_file_names_exactly_the_28_locations() {
        let atlas = shipped();
        let mut named: Vec<&str> = atlas
            .locations
            .iter()
            .map(|location| location.name.as_str())
            .collect();
        named.sort_unstable();
        let mut known = labels::LOCATIONS.to_vec();
        known.sort_unstable();
        assert_eq!(named, known);
    }

    #[test]
    fn the_file_explains_and_groups_every_location() {
        for location in shipped().locations {
            assert!(
                location.meaning.ends_with('.') && location.look.ends_with('.'),
                "{} lacks a sentence",
                location.name
            );
            let plain = |letter: char| letter.is_ascii_lowercase() || letter == '+';
            assert!(
                location.atlas.chars().all(plain) && location.address().is_some(),
                "{} lacks its page",
                location.name
            );
        }
        let groups: Vec<(String, usize)> = shipped()
            .groups(&owned(&labels::LOCATIONS))
            .iter()
            .map(|group| (group.name.to_owned(), group.classes.len()))
            .collect();
        let expected = [
            ("Nucleus", 6),
            ("Cytoplasm", 14),
            ("Endomembrane system", 8),
        ];
        assert_eq!(groups, expected.map(|(name, size)| (name.to_owned(), size)));
    }

    #[test]
    fn unknown_labels_come_last_in_the_order_of_the_package() {
        let atlas = shipped();
        let labels = owned(&[
            "Tench",
            "Cytosol",
            "Goldfish",
            "Nucleoli",
            "Nuclear membrane",
        ]);
        let groups = atlas.groups(&labels);
        let group = |name, classes| LocationGroup { name, classes };
        assert_eq!(
            groups,
            [
                group("Nucleus", vec![4, 3]),
                group("Cytoplasm", vec![1]),
                group("Other", vec![0, 2])
            ]
        );
    }

    #[test]
    fn without_a_file_there_is_one_group() {
        let groups = Atlas::default();
        let groups = groups.groups(&owned(&["b", "a"]));
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].classes, [0, 1]);
    }
}
