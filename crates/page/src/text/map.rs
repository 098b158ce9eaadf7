//! Texts of the map.

use super::number;
use cytolens_similar::MOST_POINTS;

/// The group of fields that have none.
pub(crate) const NO_GROUP: &str = "none";
/// The title of the saved picture.
pub(crate) const TITLE: &str = "Fields by what the network sees in them";

/// The map's fields.
pub(crate) fn about(count: usize, are_too_many: bool) -> String {
    match count {
        0 => "No field has an answer with features yet; fields of earlier visits have them once they are classified again.".to_owned(),
        _ if are_too_many => format!(
            "{}, by their principal components: {} are the most whose neighbours are drawn together.",
            number::fields(count),
            number::whole(MOST_POINTS)
        ),
        _ => format!("{}. Close together lies what the network sees alike; directions and far distances mean nothing.", number::fields(count)),
    }
}

/// A group and the number of its fields.
pub(crate) fn group(name: &str, count: usize) -> String {
    format!("{name} ({})", number::whole(count))
}

/// A place on the map.
pub(crate) fn place([x, y]: [f32; 2]) -> String {
    [x, y]
        .map(|place| number::decimal(place.into(), 2))
        .join("; ")
}

/// The fields inside the line.
pub(crate) fn chosen(count: usize) -> String {
    match count {
        0 => "Draw a line around fields to choose them.".to_owned(),
        count => format!("{} chosen.", number::fields(count)),
    }
}

/// The button that gives the chosen fields a class.
pub(crate) fn give(class: &str) -> String {
    format!("They are {class}")
}

/// The announcement of fields that got a class.
pub(crate) fn given(count: usize) -> String {
    let fields = number::counted(count, "field has", "fields have");
    format!("{fields} the class now.")
}

/// The announcement of a saved file.
pub(crate) fn saved(name: &str) -> String {
    format!("Saved {name}.")
}

/// A field on the map.
pub(crate) fn spot(id: &str, group: &str) -> String {
    format!("{id}: {group}")
}

/// The label of the map.
pub(crate) fn drawing(count: usize, selected: Option<&str>) -> String {
    let selected = selected.map(|selected| format!("; {selected}"));
    format!(
        "Map of {}{}",
        number::fields(count),
        selected.unwrap_or_default()
    )
}
