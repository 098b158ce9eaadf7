//! Texts of the quiz.

use cytolens_core::Channel;

/// The locations in groups, by class number.
pub(crate) const GROUPS: [(&str, &[usize]); 4] = [
    ("Nucleus", &[0, 1, 2, 3, 4, 5]),
    ("Cytoskeleton", &[11, 12, 13, 14, 15, 16, 17, 18, 19]),
    ("Cytoplasm", &[25, 23, 24, 26, 27]),
    ("Membranes and vesicles", &[21, 22, 6, 7, 8, 9, 10, 20]),
];

/// In the column of the truth.
pub(crate) const THERE: &str = "there";
/// In the column of the truth.
pub(crate) const NOT_THERE: &str = "no";
/// Where a class was neither there nor said.
pub(crate) const NOT_SAID: &str = "–";
/// A figure's name.
pub(crate) const MACRO: &str = "Macro F1";
/// A figure's name.
pub(crate) const MICRO: &str = "Micro F1";
/// A figure's name.
pub(crate) const EXACT: &str = "Exactly right";
/// Where a visitor confirms nothing.
pub(crate) const CHOOSE: &str = "Tick at least one location, or 'none of these'.";
/// While the model's answer is on its way.
pub(crate) const THINKING: &str = "Your answer is in. The model is still at work.";
/// Where there are no samples.
pub(crate) const NO_SAMPLES: &str = "This site has no sample fields.";
/// Where no table was given.
pub(crate) const NO_TABLE: &str = "Give the table of their labels first.";
/// Why a field of a kept round cannot be asked.
pub(crate) const NOT_ON_DESK: &str = "it is no longer among the fields";
/// Why a sample of a kept round cannot be asked.
pub(crate) const NO_SUCH_SAMPLE: &str = "it is no longer among the samples";
/// Of a round in which nobody could tell anything.
pub(crate) const ALL_LEFT_OUT: &str = "No field could be asked in this round.";
/// The last field's button.
pub(crate) const TO_SCORES: &str = "See the scores";
/// Any other field's button.
pub(crate) const TO_NEXT: &str = "Next field";

/// What a channel shows.
pub(crate) fn shows(channel: Channel) -> &'static str {
    match channel {
        Channel::Green => "The protein",
        Channel::Red => "Microtubules",
        Channel::Blue => "Nucleus",
        Channel::Yellow => "Endoplasmic reticulum",
    }
}

/// How what was said agrees with what is there: a mark's name, and its words with an icon.
pub(crate) fn agreement(is_there: bool, is_said: bool) -> (&'static str, &'static str) {
    match (is_there, is_said) {
        (true, true) => ("right", "✓ found"),
        (false, true) => ("wrong", "✗ wrong"),
        (true, false) => ("missed", "○ missed"),
        (false, false) => ("unsaid", "– unsaid"),
    }
}

/// A score, from 0 to 1.
pub(crate) fn score(score: f64) -> String {
    format!("{:.2}", score as f32)
}

/// For example `3 of 12`.
pub(crate) fn of(some: usize, all: usize) -> String {
    format!("{some} of {all}")
}

/// Where a round stands.
pub(crate) fn place(at: usize, all: usize) -> String {
    format!("Field {} of {all}", at + 1)
}

/// How much of a kept round is done.
pub(crate) fn kept(done: usize, all: usize) -> String {
    format!("Go on: {done} of {all} done")
}

/// What is there, over one field's answers.
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

/// What the scores are worth.
pub(crate) fn caution(
    fields: usize,
    spread: Option<((f64, f64), (f64, f64))>,
    are_simulated: bool,
    models: &str,
) -> String {
    let mut said = format!(
        "Model: {models}. Macro F1 is the mean over the locations that occur; a location said where it never is lowers only the micro F1. "
    );
    match spread {
        Some((own, model)) => {
            said += &format!(
                "{fields} fields make rough figures: had any one of them not been asked, your macro F1 would be between {} and {}, and the model's between {} and {}.",
                score(own.0),
                score(own.1),
                score(model.0),
                score(model.1)
            );
        }
        None => said += "So few fields say next to nothing about either of you.",
    }
    if are_simulated {
        said += " These fields are simulated cells: the scores say little about real ones.";
    }
    said
}

/// How many samples there are.
pub(crate) fn samples(count: usize) -> String {
    format!("{count} sample fields, their labels known because they were drawn by a program.")
}

/// Which fields of the desk can be asked.
pub(crate) fn labelled(name: &str, asked: usize, on_desk: usize, faults: &[String]) -> String {
    let mut said = format!("{name} labels {asked} of the {on_desk} fields here.");
    if let Some(first) = faults.first() {
        said += &format!(" {} of its rows were left out; {first}.", faults.len());
    }
    said
}

/// Why a field was left out.
pub(crate) fn left_out(id: &str, reason: &str) -> String {
    format!("{id} was left out of the round: {reason}")
}

/// Why a table cannot be read.
pub(crate) fn unreadable_table(name: &str, error: &str) -> String {
    format!("{name} cannot be read as a table ({error})")
}

/// Why a table is not one of labels.
pub(crate) fn other_columns(name: &str, columns: &str) -> String {
    format!("{name} must have the columns Id and Target, or Id and Predicted; it has {columns}")
}

/// Why a row is left out.
pub(crate) const NOT_UTF8: &str = "it is not UTF-8";
/// Why a row is left out.
pub(crate) const NO_ID: &str = "it has no id";

/// Why a row is left out.
pub(crate) fn row_fault(line: u64, reason: &str) -> String {
    format!("line {line}: {reason}")
}

/// Why a row is left out.
pub(crate) fn row_length(found: usize, wanted: usize) -> String {
    format!("it has {found} columns where the header has {wanted}")
}

/// Why a row is left out.
pub(crate) fn id_twice(id: &str) -> String {
    format!("the table has the id twice: {id}")
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
