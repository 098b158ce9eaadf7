//! What a model says of a field.

use super::{duration, probability};
use crate::answer::Answer;

/// Over the best chip where no label is present.
pub(crate) const NONE_PRESENT: &str =
    "No location reaches its threshold. Most likely, but below its threshold:";
/// The group of the labels that `locations.json` does not name.
pub(crate) const OTHER: &str = "Other";

/// A label in the drawn cell, for example `Nucleoli: 0.12, under its threshold of 0.35`.
pub(crate) fn part(answer: &Answer, class: usize) -> String {
    let side = if answer.present.contains(&class) {
        "present, at or over"
    } else {
        "under"
    };
    [
        answer.label(class),
        ": ",
        &probability(answer.probability(class)),
        ", ",
        side,
        " its threshold of ",
        &probability(answer.threshold(class)),
    ]
    .concat()
}

/// What stands for the drawn cell where it is not seen.
pub(crate) fn cell(lit: &[&str]) -> String {
    if lit.is_empty() {
        return "Drawing of a cell; no part is lit.".to_owned();
    }
    ["Drawing of a cell; lit: ", &lit.join(", "), "."].concat()
}

/// How a label's structure looks in the images.
pub(crate) fn look(look: &str) -> String {
    format!("In the green channel: {look}")
}

/// What the answer took, and whose it is.
pub(crate) fn took(answer: &Answer) -> String {
    format!(
        "Read in {}, network {} on {}, by {}.",
        duration(answer.decode_ms),
        duration(answer.network_ms),
        answer.device,
        answer.model.name
    )
}
