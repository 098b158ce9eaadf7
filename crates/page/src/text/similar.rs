//! Texts of the fields that are like the selected one.

use super::number;

/// The fault of a choice of files without an index.
pub(crate) const NO_INDEX: &str =
    "an index is three files, to be chosen together: index.json, vectors.bin and thumbnails.jpg";
/// The reason why an index cannot be compared.
pub(crate) const OTHER_LENGTH: &str = "the index holds vectors of another length than this model's";

/// The line about an index.
pub(crate) fn index(name: &str, entries: usize, licence: &str) -> String {
    format!("{name}: {}, licence {licence}", number::fields(entries))
}

/// The line where the page's own index is not there.
pub(crate) fn not_available(reason: &str) -> String {
    format!("The index of known fields is not available: {reason}.")
}

/// The announcement of an index.
pub(crate) fn opened(name: &str, entries: usize) -> String {
    format!("{name} is open, {}.", number::fields(entries))
}

/// Some labels.
pub(crate) fn labels(labels: &[&str]) -> String {
    if labels.is_empty() {
        "no location".to_owned()
    } else {
        labels.join(", ")
    }
}

/// How close a field is: the cosine of an angle.
pub(crate) fn closeness(closeness: f32) -> String {
    number::decimal(closeness.clamp(-1.0, 1.0).into(), 2)
}

/// A reason as a sentence.
pub(crate) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
