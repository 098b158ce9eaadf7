//! Texts of the map.

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
            "{count} fields, by their principal components: {MOST_POINTS} are the most whose neighbours are drawn together."
        ),
        _ => format!("{count} fields. Close together lies what the network sees alike; directions and far distances mean nothing."),
    }
}

/// A group and the number of its fields.
pub(crate) fn group(name: &str, count: usize) -> String {
    format!("{name} ({count})")
}

/// A place on the map.
pub(crate) fn place([x, y]: [f32; 2]) -> String {
    format!("{x:.2}, {y:.2}")
}

/// The fields inside the line.
pub(crate) fn chosen(count: usize) -> String {
    match count {
        0 => "Draw a line around fields to choose them.".to_owned(),
        1 => "1 field chosen.".to_owned(),
        count => format!("{count} fields chosen."),
    }
}

/// The button that gives the chosen fields a class.
pub(crate) fn give(class: &str) -> String {
    format!("They are {class}")
}

/// The announcement of fields that got a class.
pub(crate) fn given(count: usize) -> String {
    format!("{count} fields have the class now.")
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
    format!("Map of {count} fields{}", selected.unwrap_or_default())
}
