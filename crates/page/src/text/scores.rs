//! Texts of the scores against a table of labels.

use super::number;
use super::similar::labels;
use crate::scores::Tally;

/// The line before there is a table.
pub(crate) const NO_TABLE: &str = "A table with the columns Id and Target, the labels as class numbers, as in the challenge's train.csv. Drop it with the fields, or choose it here.";
/// The announcement of a saved table.
pub(crate) const SAVED: &str = "Saved cytolens-scores.csv.";

/// What a table is of.
pub(crate) fn about(
    name: &str,
    scored: usize,
    labelled: usize,
    unknown: usize,
    faults: usize,
    compared: &str,
) -> String {
    if labelled == 0 {
        return format!("{name} labels no field of the desk: {compared}");
    }
    let fields = number::counted(scored, "answered field is", "answered fields are");
    let mut line = format!("{name}: {fields} scored");
    if labelled > scored {
        let waiting = number::counted(labelled - scored, "waits", "wait");
        line += &format!(", {waiting} for an answer by the 28 locations");
    }
    if unknown > 0 {
        let unknown = number::whole(unknown);
        line += &format!("; rows of fields that are not here: {unknown}");
    }
    if faults > 0 {
        let faults = number::whole(faults);
        line += &format!("; rows that cannot be read: {faults}");
    }
    line + "."
}

/// A share, of three digits.
pub(crate) fn share(share: f64) -> String {
    number::decimal(share, 3)
}

/// The scores of all classes together.
pub(crate) fn all(tally: &Tally) -> String {
    let all = &tally.all;
    format!(
        "Macro F1 {} over the {} locations that occur ({} over all 28), micro F1 {}, all labels right in {} of {}.",
        share(all.macro_f1_present),
        all.classes_present,
        share(all.macro_f1),
        share(all.micro_f1),
        number::percent(all.exact_match),
        number::fields(all.samples)
    )
}

/// A label given in place of another.
pub(crate) fn pair(missed: &str, given: &str, count: usize) -> String {
    format!("{missed} missed, {given} given: {count}")
}

/// A field with wrong labels.
pub(crate) fn mistake(id: &str, truth: &[&str], given: &[&str]) -> String {
    format!("{id}: {}; the model says {}", labels(truth), labels(given))
}
