//! The texts of a field's answer.

use super::{duration, probability};
use crate::answer::Answer;

/// The line over the best chip where no label is present.
pub(crate) const NONE_PRESENT: &str = "No location reaches its threshold. The likeliest is";
/// The group of the labels that `locations.json` does not name.
pub(crate) const OTHER: &str = "Other";

/// A label in the drawn cell, for example `Nucleoli: 0.12, does not reach its threshold of 0.35`.
pub(crate) fn part(answer: &Answer, class: usize) -> String {
    let side = if answer.present().contains(&class) {
        "present, reaches"
    } else {
        "does not reach"
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

/// The drawn cell in words, for screen readers.
pub(crate) fn cell(lit: &[&str]) -> String {
    if lit.is_empty() {
        return "Drawing of a cell; nothing is highlighted.".to_owned();
    }
    ["Drawing of a cell; highlighted: ", &lit.join(", "), "."].concat()
}

/// The look of a label's structure in the images.
pub(crate) fn look(look: &str) -> String {
    format!("In the green channel: {look}")
}

/// The link to the Human Protein Atlas's page on a location.
pub(crate) fn atlas(location: &str) -> String {
    format!("{location} in the Human Protein Atlas")
}

/// The times of an answer, its device and its model; of an ensemble, the times of its networks too.
pub(crate) fn took(answer: &Answer) -> String {
    let mut said = format!(
        "Read in {}, classified in {} on {} by {}.",
        duration(answer.prediction.decode_ms),
        duration(answer.prediction.network_ms),
        answer.device,
        answer.model.name
    );
    let networks = answer
        .model
        .members
        .iter()
        .zip(&answer.prediction.member_ms);
    for (network, time) in networks {
        said += &[" ", &network.name, ": ", &duration(*time), "."].concat();
    }
    said
}
