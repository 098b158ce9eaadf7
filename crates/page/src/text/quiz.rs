//! Texts of the quiz.

use super::number;
use cytolens_core::Channel;

/// The locations in groups, by class number.
pub(crate) const GROUPS: [(&str, &[usize]); 4] = [
    ("Nucleus", &[0, 1, 2, 3, 4, 5]),
    ("Cytoskeleton", &[11, 12, 13, 14, 15, 16, 17, 18, 19]),
    ("Cytoplasm", &[25, 23, 24, 26, 27]),
    ("Membranes and vesicles", &[21, 22, 6, 7, 8, 9, 10, 20]),
];

/// A value in the column of the truth.
pub(crate) const THERE: &str = "there";
/// A value in the column of the truth.
pub(crate) const NOT_THERE: &str = "no";
/// The score of a class that neither occurs nor was given.
pub(crate) const NOT_SAID: &str = "–";
/// The name of a score.
pub(crate) const MACRO: &str = "Macro F1";
/// The name of a score.
pub(crate) const MICRO: &str = "Micro F1";
/// The name of a score.
pub(crate) const EXACT: &str = "Exactly right";
/// The hint for a confirmation without any choice.
pub(crate) const CHOOSE: &str = "Tick at least one location, or “None of these”.";
/// The hint while the model is at work.
pub(crate) const THINKING: &str = "Your answer is noted. The model is still working.";
/// The description of a round on a site without samples.
pub(crate) const NO_SAMPLES: &str = "This page has no samples.";
/// The description of a round without a table of labels.
pub(crate) const NO_TABLE: &str = "Choose the table of their labels first.";
/// The reason for a field of a kept round that is gone.
pub(crate) const NOT_ON_DESK: &str = "it is no longer among the fields";
/// The reason for a sample of a kept round that is gone.
pub(crate) const NO_SUCH_SAMPLE: &str = "it is no longer among the samples";
/// The outcome of a round of which every field was left out.
pub(crate) const ALL_LEFT_OUT: &str = "No field of this round could be shown.";
/// The last field's button.
pub(crate) const TO_SCORES: &str = "See the scores";
/// Any other field's button.
pub(crate) const TO_NEXT: &str = "Next field";

/// The structure that a channel shows.
pub(crate) fn shows(channel: Channel) -> &'static str {
    match channel {
        Channel::Green => "The protein",
        Channel::Red => "Microtubules",
        Channel::Blue => "Nucleus",
        Channel::Yellow => "Endoplasmic reticulum",
    }
}

/// The agreement of an answer with the truth: a mark's name, and its words with an icon.
pub(crate) fn agreement(is_there: bool, is_said: bool) -> (&'static str, &'static str) {
    match (is_there, is_said) {
        (true, true) => ("right", "✓ found"),
        (false, true) => ("wrong", "✗ wrong"),
        (true, false) => ("missed", "○ missed"),
        (false, false) => ("unsaid", "– not said"),
    }
}

/// A score, from 0 to 1.
pub(crate) fn score(score: f64) -> String {
    number::decimal(f64::from(score as f32), 2)
}

/// A share, for example `3 of 12`.
pub(crate) fn of(some: usize, all: usize) -> String {
    format!("{} of {}", number::whole(some), number::whole(all))
}

/// The place of a field in its round.
pub(crate) fn place(at: usize, all: usize) -> String {
    format!("Field {} of {}", number::whole(at + 1), number::whole(all))
}

/// The progress of a kept round.
pub(crate) fn kept(done: usize, all: usize) -> String {
    format!("Resume: {} done", of(done, all))
}

/// The true locations, over one field's answers.
pub(crate) fn truth(locations: &str) -> String {
    if locations.is_empty() {
        "It is in none of the 28 locations".to_owned()
    } else {
        format!("It is in: {locations}")
    }
}

/// One field's scores.
pub(crate) fn field_scores(own: f64, model: f64) -> String {
    format!(
        "F1 of this field: you {}, the model {}.",
        score(own),
        score(model)
    )
}

/// A round's outcome in a sentence.
pub(crate) fn outcome(fields: usize, own: f64, model: f64) -> String {
    let (you, it) = (score(own), score(model));
    if fields == 0 {
        ALL_LEFT_OUT.to_owned()
    } else if you == it {
        format!("A draw: {you} each.")
    } else if own > model {
        format!("You are ahead: {you} to {it}.")
    } else {
        format!("The model is ahead: {it} to {you}.")
    }
}

/// A caution about the scores: the number of fields, and the spread that single fields cause.
pub(crate) fn caution(
    fields: usize,
    spread: Option<((f64, f64), (f64, f64))>,
    are_simulated: bool,
    models: &str,
) -> String {
    let mut said = format!(
        "Model: {models}. Macro F1 is the mean over the locations that occur; a wrong answer that occurs nowhere lowers only the micro F1. "
    );
    match spread {
        Some((own, model)) => {
            said += &format!(
                "{} make rough figures: without any one of them your macro F1 would be between {} and {}, and the model's between {} and {}.",
                number::fields(fields),
                score(own.0),
                score(own.1),
                score(model.0),
                score(model.1)
            );
        }
        None => said += "So few fields say almost nothing about either of you.",
    }
    if are_simulated {
        said += " These fields are simulated cells: the scores say little about real ones.";
    }
    said
}

/// The description of a round over samples.
pub(crate) fn samples(count: usize) -> String {
    format!(
        "{} drawn by a program, so their labels are known.",
        number::counted(count, "sample", "samples")
    )
}

/// The description of a round over labelled fields of the desk: the table's name, the number of fields that it labels, the ids that
/// were compared where it labels none, and the number of rows left out with the reason of the first.
pub(crate) fn labelled(
    name: &str,
    asked: usize,
    on_desk: usize,
    compared: &str,
    faults: usize,
    first: Option<&str>,
) -> String {
    let mut said = format!(
        "{name} has labels for {} of the {} here. {compared}",
        number::whole(asked),
        number::fields(on_desk)
    );
    if let Some(first) = first {
        let rows = number::counted(faults, "row was", "rows were");
        said += &format!(" {rows} left out: {first}.");
    }
    said
}

/// The notice for a field that was left out.
pub(crate) fn left_out(id: &str, reason: &str) -> String {
    format!("{id} was left out of the round: {reason}")
}

/// The reason for a table that cannot be read.
pub(crate) fn unreadable_table(name: &str, error: &str) -> String {
    format!("{name} cannot be read as a table ({error})")
}

/// The reason for a table without the columns of labels.
pub(crate) fn other_columns(name: &str, reason: &str) -> String {
    format!("{name}: {reason}")
}

/// The reason for leaving out a row.
pub(crate) fn row_fault(line: u64, reason: &str) -> String {
    format!("line {line}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cytolens_core::labels::COUNT;

    #[test]
    fn every_location_is_in_one_group() {
        let mut classes: Vec<usize> = GROUPS
            .iter()
            .flat_map(|(_, of)| of.iter().copied())
            .collect();
        classes.sort_unstable();
        assert_eq!(classes, (0..COUNT).collect::<Vec<_>>());
    }

    #[test]
    fn a_draw_is_what_reads_as_one() {
        assert!(outcome(5, 0.501, 0.5).starts_with("A draw"));
        assert!(outcome(5, 0.6, 0.5).starts_with("You"));
        assert!(outcome(5, 0.4, 0.5).starts_with("The model"));
        assert_eq!(outcome(0, 0.0, 0.0), ALL_LEFT_OUT);
    }
}
