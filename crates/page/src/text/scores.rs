//! Texts of the scores against a table of labels.

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
    let mut line = format!("{name}: {scored} answered fields are scored");
    if labelled > scored {
        line += &format!(
            ", {} wait for an answer by the 28 locations",
            labelled - scored
        );
    }
    if unknown > 0 {
        line += &format!("; rows of fields that are not here: {unknown}");
    }
    if faults > 0 {
        line += &format!("; rows that cannot be read: {faults}");
    }
    line + "."
}

/// A share, of three digits.
pub(crate) fn share(share: f64) -> String {
    format!("{share:.3}")
}

/// The scores of all classes together.
pub(crate) fn all(tally: &Tally) -> String {
    let all = &tally.all;
    format!(
        "Macro F1 {:.3} over the {} locations that occur ({:.3} over all 28), micro F1 {:.3}, all labels right in {:.0} % of {} fields.",
        all.macro_f1_present,
        all.classes_present,
        all.macro_f1,
        all.micro_f1,
        100.0 * all.exact_match,
        all.samples
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
