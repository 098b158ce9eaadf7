//! The texts of the views of all fields: gallery, table and plate.

use super::{number, percent};
use crate::entry::FieldState;
use crate::session::PlateWell;
use cytolens_core::{PlatePosition, Well};

/// The name of a plate whose fields name none.
const UNNAMED_PLATE: &str = "Plate";

/// The announcement of the fields that a filter leaves.
pub(crate) fn said_shown(shown: usize, all: usize) -> String {
    format!("{} of {} shown.", number::whole(shown), number::fields(all))
}

/// The number of fields that are chosen, for what is done with all of them.
pub(crate) fn chosen(count: usize) -> String {
    [&number::fields(count), " chosen"].concat()
}

/// The box that chooses a field, for screen readers.
pub(crate) fn chooser(id: &str) -> String {
    ["Choose ", id].concat()
}

/// The name beside a count: a label's, or that of the fields without one or without an answer.
pub(crate) fn counted(label: Option<&str>, is_unlabelled: bool) -> &str {
    match label {
        Some(label) => label,
        None if is_unlabelled => "No location",
        None => "Not classified",
    }
}

/// The line over fields of one well.
pub(crate) fn only_well(well: &PlateWell) -> String {
    format!("Only well {}.", in_plate(&well.plate, well.well))
}

fn in_plate(plate: &str, well: Well) -> String {
    match plate {
        "" => well.to_string(),
        plate => format!("{well} of {plate}"),
    }
}

/// A plate's name.
pub(crate) fn plate(name: &str) -> String {
    match name {
        "" => UNNAMED_PLATE.to_owned(),
        name => name.to_owned(),
    }
}

/// A field's well and site.
pub(crate) fn well(position: Option<&PlatePosition>) -> String {
    match position {
        None => String::new(),
        Some(position) if position.site.is_empty() => position.well.to_string(),
        Some(position) => format!("{}, {}", position.well, position.site),
    }
}

/// A field's labels, the likeliest first.
pub(crate) fn labels(state: &FieldState) -> String {
    let FieldState::Done(answer) = state else {
        return String::new();
    };
    let present = answer.present_ranked().into_iter();
    let labels: Vec<&str> = present.map(|class| answer.label(class)).collect();
    if labels.is_empty() {
        super::NO_LOCATION.to_owned()
    } else {
        labels.join(", ")
    }
}

/// The probability of a field's likeliest label, and the label where it is not present.
pub(crate) fn top(state: &FieldState) -> String {
    let FieldState::Done(answer) = state else {
        return String::new();
    };
    let Some(best) = answer.ranked().first().copied() else {
        return String::new();
    };
    let probability = percent(answer.probability(best));
    if answer.present().contains(&best) {
        probability
    } else {
        format!("{probability} {}", answer.label(best))
    }
}

/// What is to be said of a field: its remarks, or why it has no answer.
pub(crate) fn remarks(state: &FieldState) -> String {
    match state {
        FieldState::Done(answer) => answer.prediction.remarks.join("; "),
        FieldState::Refused(reason) => reason.clone(),
        _ => String::new(),
    }
}

/// The number in a well.
pub(crate) fn well_value(value: Option<f32>) -> String {
    value.map_or_else(String::new, percent)
}

/// A well in words.
pub(crate) fn well_said(
    well: Well,
    fields: usize,
    (answered, labelled): (usize, usize),
    label: &str,
    mean: Option<f32>,
) -> String {
    let name = format!("{well}: {}", number::fields(fields));
    let (answered_count, labelled) = (number::whole(answered), number::whole(labelled));
    match (answered, mean) {
        (0, _) => format!("{name}, not classified yet"),
        (_, Some(mean)) => format!("{name}, {label} on average {}", percent(mean)),
        (_, None) => format!("{name}, {label} in {labelled} of {answered_count}"),
    }
}

/// The button that keeps a field's picture beside others, or lets it go.
pub(crate) fn pin(is_pinned: bool) -> &'static str {
    if is_pinned {
        "End comparison"
    } else {
        "Compare"
    }
}

/// The line under the picture that is kept beside others; `is_alone` while no other field is selected.
pub(crate) fn pinned(id: &str, state: &FieldState, is_alone: bool) -> String {
    if is_alone {
        return format!("{id} stays here. Choose the field to compare it with.");
    }
    match labels(state) {
        labels if labels.is_empty() => id.to_owned(),
        labels => format!("{id}: {labels}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples::answer;

    #[test]
    fn a_row_says_what_a_field_is() {
        let done = |probabilities: &[f32]| FieldState::Done(answer(probabilities));
        assert_eq!(labels(&done(&[0.6, 0.9])), "Cytosol, Nucleoli");
        assert_eq!(top(&done(&[0.6, 0.9])), "90%");
        assert_eq!(labels(&done(&[0.1, 0.2])), "No location");
        assert_eq!(top(&done(&[0.1, 0.2])), "20% Cytosol");
        assert_eq!(labels(&FieldState::Waiting), "");
        assert_eq!(remarks(&FieldState::Refused("empty".to_owned())), "empty");
        let position = PlatePosition::of("p_B02_s5");
        assert_eq!(well(position.as_ref()), "B02, 5");
        assert_eq!(well(None), "");
    }

    #[test]
    fn a_well_says_its_numbers() {
        let b2 = Well { row: 1, column: 1 };
        let said = |answered, mean| well_said(b2, 4, (answered, 3), "Cytosol", mean);
        assert_eq!(said(0, None), "B02: 4 fields, not classified yet");
        assert_eq!(said(4, None), "B02: 4 fields, Cytosol in 3 of 4");
        assert_eq!(said(4, Some(0.5)), "B02: 4 fields, Cytosol on average 50%");
    }
}
