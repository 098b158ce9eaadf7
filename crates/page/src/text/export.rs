//! The texts of files that are saved or printed.

/// The reason why there is no table.
pub(crate) const NOTHING_ANSWERED: &str = "Nothing is classified yet.";
/// The reason why there is no picture and no report.
pub(crate) const NOTHING_SELECTED: &str = "Select a classified field first.";
/// The reason why a selected field has no picture.
pub(crate) const NO_PICTURE: &str = "the field's picture is not there yet";
/// The reason why there is no submission.
pub(crate) const NOT_THE_CHALLENGES: &str =
    "No field was answered by a model with the challenge's 28 locations.";
/// The note on every document and report.
pub(crate) const ESTIMATES: &str =
    "Predictions are estimates of a neural network: for research and teaching, not for diagnosis.";
/// The report's licence where it is not known.
pub(crate) const NO_LICENCE: &str = "not stated";
/// The report's verdict beside a probability at or over its threshold.
pub(crate) const OVER: &str = "present";
/// The report's verdict beside a probability under it.
pub(crate) const UNDER: &str = "–";

fn fields(count: usize) -> String {
    if count == 1 {
        "1 field".to_owned()
    } else {
        format!("{count} fields")
    }
}

/// The content of a table of predictions, with the model where there are several.
pub(crate) fn table(count: usize, model: Option<&str>) -> String {
    let by = model.map(|model| format!(" answered by {model}"));
    format!(
        "{}{}: locations present and every probability.",
        fields(count),
        by.unwrap_or_default()
    )
}

/// The content of the submission.
pub(crate) fn submission(held: usize, answered: usize) -> String {
    let left = answered - held;
    let mut about = format!(
        "{} as class numbers, in the form of the Kaggle challenge.",
        fields(held)
    );
    if left > 0 {
        about += &format!(" {} of models with other locations left out.", fields(left));
    }
    about
}

/// The content of the document.
pub(crate) fn document(answered: usize, refused: usize) -> String {
    let mut about = format!(
        "{} with models, thresholds, device and times",
        fields(answered)
    );
    if refused > 0 {
        about += &format!(", and {refused} left out with the reason");
    }
    about + "."
}

/// The content of the table of faults.
pub(crate) fn faults(refused: usize) -> String {
    format!(
        "{} that could not be classified, each with the reason.",
        fields(refused)
    )
}

/// The content of the picture.
pub(crate) fn picture(id: &str) -> String {
    format!("{id} as the viewer shows it.")
}

/// The content of the report.
pub(crate) fn report(id: &str) -> String {
    format!("{id} on one page: picture, answer and model.")
}

/// The reason why a table cannot be written.
pub(crate) fn not_a_probability_each(id: &str) -> String {
    format!("the answer for {id} has not one probability a location")
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
            format!("The field as viewed, and over it where the model finds evidence for {label}.")
        }
        None => "The field as viewed.".to_owned(),
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
        assert!(submission(1, 3).contains("2 fields of models with other locations left out"));
    }

    #[test]
    fn dates_are_printed_to_the_minute() {
        assert_eq!(printed("2026-01-02T03:04:05.678Z"), "2026-01-02 03:04 UTC");
    }
}
