//! Texts of the classes that visitors teach.

use super::number;
use crate::teach::{Refusal, Trials};
use cytolens_similar::{HeadError, LEAST_EXAMPLES};

/// The line before anything is taught.
pub(crate) const NOTHING_TAUGHT: &str =
    "Add two classes, select fields and give each its class; the classes are learnt at once.";
/// The announcement where no field is selected.
pub(crate) const NOTHING_SELECTED: &str = "No field is selected.";
/// The line about a head that was opened.
pub(crate) const OPENED_HEAD: &str = "These answers are by what was taught elsewhere and opened from a file. How well they do was shown there.";

/// The reason why a class is not added.
pub(crate) fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Nameless => "A class needs a name.",
        Refusal::Long => "The name is too long, or has characters that cannot be shown.",
        Refusal::Known => "There is a class of this name.",
        Refusal::Many => "Twenty classes are the most.",
    }
}

/// The reason why nothing is learnt.
pub(crate) fn not_learnt(error: &HeadError) -> String {
    match error {
        HeadError::OneClass => NOTHING_TAUGHT.to_owned(),
        _ => format!("Nothing is learnt: {error}."),
    }
}

/// The reason why a file is not opened.
pub(crate) fn not_opened(reason: &str) -> String {
    format!("Not opened: {reason}.")
}

/// The announcement of a head that was opened.
pub(crate) fn opened(classes: &[String], model: &str) -> String {
    format!(
        "Opened: {}, for fields that {model} has answered.",
        classes.join(", ")
    )
}

/// The announcement of a saved file.
pub(crate) fn saved(name: &str) -> String {
    format!("Saved {name}.")
}

/// The announcement of a class that a field was given, or that was taken.
pub(crate) fn given(id: &str, class: Option<&str>) -> String {
    match class {
        Some(class) => format!("{id}: {class}."),
        None => format!("{id}: no class of yours."),
    }
}

/// The number of a class's examples.
pub(crate) fn examples(count: usize) -> String {
    number::counted(count, "example", "examples")
}

/// The label of the button that removes a class.
pub(crate) fn remove(name: &str) -> String {
    format!("Remove the class {name}")
}

/// How well a head does on its own examples.
pub(crate) fn trials(trials: &Trials) -> String {
    let (hits, count, [low, high]) = trials.all();
    let said =
        format!("Each example answered by what the others alone teach: {hits} of {count} right");
    if trials.are_too_few() {
        format!("{said}. Too few to tell: {LEAST_EXAMPLES} examples a class are the least.")
    } else {
        format!(
            "{said}, so between {} and {} ({}).",
            number::percent(low),
            number::percent(high),
            number::percent(0.95)
        )
    }
}

/// How well a head does on the examples of a class.
pub(crate) fn trial(name: &str, hits: usize, count: usize) -> String {
    format!("{name}: {hits} of {count}")
}

/// An example that was answered wrongly.
pub(crate) fn wrong(id: &str, class: &str, said: &str) -> String {
    format!("{id}: {class}, taken for {said}")
}

/// What a threshold decides.
pub(crate) fn preview(count: usize, undecided: usize, sure: f32) -> String {
    format!(
        "At a lead of {}: of {} {} get a class, and {} stay undecided.",
        lead_of(sure),
        number::counted(count, "other field", "other fields"),
        number::whole(count - undecided),
        number::whole(undecided)
    )
}

/// What a head says of a field.
pub(crate) fn answer(id: &str, class: &str, lead: f32, is_sure: bool) -> String {
    let doubt = if is_sure { "" } else { ", undecided" };
    format!("{id}: {class}, lead {}{doubt}", lead_of(lead))
}

fn lead_of(lead: f32) -> String {
    number::decimal(lead.into(), 2)
}

/// The line beside the model's labels; empty where nothing is known.
pub(crate) fn own(given: Option<&str>, said: Option<(&str, bool)>) -> String {
    match (given, said) {
        (Some(given), _) => format!("Your class: {given}"),
        (None, Some((said, true))) => format!("By what you taught: {said}"),
        (None, Some((said, false))) => format!("By what you taught: undecided, at most {said}"),
        (None, None) => String::new(),
    }
}

/// The selected field and its class.
pub(crate) fn selected(id: Option<&str>, class: Option<&str>) -> String {
    match (id, class) {
        (None, _) => NOTHING_SELECTED.to_owned(),
        (Some(id), None) => format!("{id}: no class yet"),
        (Some(id), Some(class)) => format!("{id}: {class}"),
    }
}
