//! The texts of files that are saved or printed.

use super::number::{self, fields};

/// The reason why there is no table.
pub(crate) const NOTHING_ANSWERED: &str = "No field is classified yet.";
/// The reason why there is no picture and no report.
pub(crate) const NOTHING_SELECTED: &str = "Select a classified field first.";
/// The reason why a selected field has no picture.
pub(crate) const NO_PICTURE: &str = "the picture is not loaded yet";
/// The reason why there is no submission.
pub(crate) const NOT_THE_CHALLENGES: &str = "No field was classified by a model with the 28 locations of the challenge, by measured channels alone.";
/// The note on every document and report.
pub(crate) const ESTIMATES: &str =
    "Predictions are estimates of a neural network: for research and teaching, not for diagnosis.";
/// The report's licence where it is not known.
pub(crate) const NO_LICENCE: &str = "not stated";
/// The report's verdict beside a probability at or over its threshold.
pub(crate) const OVER: &str = "present";
/// The report's verdict beside a probability under it.
pub(crate) const UNDER: &str = "–";

/// The content of a table of predictions, with the model where there are several.
pub(crate) fn table(count: usize, model: Option<&str>) -> String {
    let by = model.map(|model| format!(" classified by {model}"));
    format!(
        "{}{}: the locations and all probabilities.",
        fields(count),
        by.unwrap_or_default()
    )
}

/// The line that says of which fields files are; none where they are of all.
pub(crate) fn of_chosen(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "Tables and JSON are of the chosen field alone.".to_owned(),
        _ => format!("Tables and JSON are of the {} chosen.", fields(count)),
    }
}

/// The content of the submission.
pub(crate) fn submission(held: usize, answered: usize) -> String {
    let left = answered - held;
    let mut about = format!(
        "{} as class numbers, as the Kaggle challenge takes them.",
        fields(held)
    );
    if left > 0 {
        about += &format!(
            " {} left out: their models have other locations, or a channel is painted.",
            fields(left)
        );
    }
    about
}

/// The content of the document.
pub(crate) fn document(answered: usize, refused: usize) -> String {
    let mut about = format!(
        "{} with models, thresholds, devices and times",
        fields(answered)
    );
    if refused > 0 {
        about += &format!(
            ", and {} left out, with the reasons",
            number::whole(refused)
        );
    }
    about + "."
}

/// The content of the table of faults.
pub(crate) fn faults(refused: usize) -> String {
    format!("{} not classified, each with the reason.", fields(refused))
}

/// The content of the picture.
pub(crate) fn picture(id: &str) -> String {
    format!("{id} as it is shown now.")
}

/// The content of the report.
pub(crate) fn report(id: &str) -> String {
    format!("{id} on one page: picture, answer and model.")
}

/// The reason why a table cannot be written.
pub(crate) fn not_a_probability_each(id: &str) -> String {
    format!("the answer for {id} does not have one probability for each location")
}

/// The announcement of a saved file.
pub(crate) fn saved(file: &str) -> String {
    format!("{file} was saved")
}

/// The announcement that nothing could be saved or printed.
pub(crate) fn failed(error: &str) -> String {
    format!("Nothing was saved: {error}")
}

/// The caption of the report's picture.
pub(crate) fn caption(map: Option<&str>) -> String {
    match map {
        Some(label) => {
            format!("The field as shown, with the evidence for {label} over it.")
        }
        None => "The field as shown.".to_owned(),
    }
}

/// The report's date, from ISO 8601 in UTC.
pub(crate) fn printed(now: &str) -> String {
    let minute = now.get(..16).unwrap_or(now).replace('T', " ");
    format!("{minute} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_submission_says_what_it_leaves_out() {
        assert!(!submission(3, 3).contains("left out"));
        assert!(submission(1, 3).contains("2 fields left out: their models"));
    }

    #[test]
    fn files_say_that_they_are_of_some_fields() {
        assert_eq!(of_chosen(0), "");
        let some = "Tables and JSON are of the 3 fields chosen.";
        assert_eq!(of_chosen(3), some);
    }

    #[test]
    fn dates_are_printed_to_the_minute() {
        assert_eq!(printed("2026-01-02T03:04:05.678Z"), "2026-01-02 03:04 UTC");
    }
}
