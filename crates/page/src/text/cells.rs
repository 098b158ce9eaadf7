//! The texts of cells.

/// The status while cells are looked for.
pub(crate) const FINDING: &str = "Finding cells";
/// The status of a field that has no answer yet.
pub(crate) const AFTER_THE_ANSWER: &str = "Cells come after the field's own answer.";
/// The status of a field without cells.
pub(crate) const NONE: &str = "No cell was found: nothing in this field looks like a nucleus.";
/// The status of a field all of whose cells were left out.
pub(crate) const NONE_LEFT: &str = "No cell is left: all are too small, on the border or deleted.";
/// The reason for a field whose cells break the engine.
pub(crate) const BREAKS: &str = "The engine broke twice while it looked for this field's cells.";
/// The reason why cells that were asked for do not come.
pub(crate) const GONE: &str = "the field was removed meanwhile";
/// The line in place of a cell's answer while none is pointed at.
pub(crate) const POINT: &str = "Point at a cell, or go to one with the Tab key, to see its answer; click cells to delete or merge them.";
/// The line of a cell outside what the model sees.
pub(crate) const UNSEEN: &str = "no answer: it lies outside the square that the model sees";
/// The mark of a cell on the border.
pub(crate) const ON_BORDER: &str = "on the border";
/// The name of the column of cells.
pub(crate) const CELL: &str = "Cell";
/// The name of the column of areas.
pub(crate) const AREA: &str = "Area, px";
/// The announcement of a correction that was taken back.
pub(crate) const UNDONE: &str = "The last correction was taken back.";
/// The reason why no file of cells can be saved.
pub(crate) const NO_FIELD: &str = "Select a classified field first.";
/// The reason why there is no submission of cells.
pub(crate) const NO_CHALLENGE: &str =
    "No field was answered by a model with the challenge's locations.";

/// The note where the cells network cannot be used.
pub(crate) fn without_network(reason: &str) -> String {
    format!(
        "The network for cells is not available ({reason}). Cells are found by brightness alone, which parts touching cells less well."
    )
}

/// The number of cells in words.
pub(crate) fn cells(count: usize) -> String {
    match count {
        1 => "1 cell".to_owned(),
        _ => format!("{count} cells"),
    }
}

/// The status of a field whose cells are shown, with the label that colours them.
pub(crate) fn found(count: usize, label: Option<&str>, corrections: usize) -> String {
    let mut text = cells(count);
    if let Some(label) = label {
        text += &format!(", coloured by {label}");
    }
    match corrections {
        0 => {}
        1 => text += "; one correction by hand",
        _ => text += &format!("; {corrections} corrections by hand"),
    }
    text + "."
}

/// The status of a field whose cells cannot be found.
pub(crate) fn not_found(reason: &str) -> String {
    format!("Cells cannot be found: {reason}")
}

/// How many cells show a label.
pub(crate) fn in_cells(shown: usize, all: usize) -> String {
    format!("in {shown} of {}", cells(all))
}

/// A cell by its number.
pub(crate) fn cell(number: u16) -> String {
    format!("Cell {number}")
}

/// A cell's answer: its number, its area, whether it is on the border, and labels with probabilities.
pub(crate) fn answer(number: u16, area: f32, on_border: bool, labels: &[(&str, f32)]) -> String {
    let mut text = format!("{}, {area:.0} px", cell(number));
    if on_border {
        text += ", ";
        text += ON_BORDER;
    }
    text += ": ";
    if labels.is_empty() {
        return text + UNSEEN;
    }
    let labels = labels.iter().map(|(label, probability)| {
        let percent = super::percent(*probability);
        format!("{label} {percent}")
    });
    text + &labels.collect::<Vec<_>>().join(", ")
}

/// The name of a crop, with the probability by which it is sorted.
pub(crate) fn crop(number: u16, label: &str, probability: f32) -> String {
    format!("{}: {label} {}", cell(number), super::percent(probability))
}

/// The number of crops that are shown.
pub(crate) fn crops(shown: usize, all: usize, label: &str) -> String {
    match shown == all {
        true => format!("The cells by falling probability of {label}"),
        false => format!("The {shown} surest of {} for {label}", cells(all)),
    }
}

/// The announcement of deleted cells.
pub(crate) fn deleted(count: usize) -> String {
    format!("{} deleted.", cells(count))
}

/// The announcement of merged cells.
pub(crate) fn merged(count: usize, number: u16) -> String {
    format!("{} merged into cell {number}.", cells(count))
}

/// The progress of a file of the cells of all fields.
pub(crate) fn saving(done: usize, all: usize) -> String {
    format!("Finding cells for the file: {done} of {all} fields")
}

/// The content of the table of cells.
pub(crate) fn table(fields: usize) -> String {
    format!(
        "A row a cell of {}: place, area and every probability.",
        of_fields(fields)
    )
}

/// The content of the submission.
pub(crate) fn submission(fields: usize) -> String {
    format!(
        "{} in the form of the single-cell challenge of 2021.",
        of_fields(fields)
    )
}

/// The content of the outlines.
pub(crate) fn outlines(id: &str) -> String {
    format!("The cells of {id} as QuPath opens them.")
}

/// The content of the label image.
pub(crate) fn image(id: &str) -> String {
    format!("The number of the cell at each pixel of {id}, 16 bit.")
}

/// The announcement of a saved file, with the fields that it lacks.
pub(crate) fn saved(file: &str, left_out: usize) -> String {
    match left_out {
        0 => format!("{file} was saved"),
        _ => format!(
            "{file} was saved without {}: no cells, other locations, or a painted channel",
            of_fields(left_out)
        ),
    }
}

fn of_fields(count: usize) -> String {
    match count {
        1 => "1 field".to_owned(),
        _ => format!("{count} fields"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_cells_read_well() {
        assert_eq!(in_cells(14, 32), "in 14 of 32 cells");
        assert_eq!(in_cells(1, 1), "in 1 of 1 cell");
        assert_eq!(found(1, Some("Cytosol"), 0), "1 cell, coloured by Cytosol.");
        assert_eq!(found(3, None, 2), "3 cells; 2 corrections by hand.");
        let answer = answer(4, 1200.4, true, &[("Cytosol", 0.5)]);
        assert!(answer.starts_with("Cell 4, 1200 px, on the border: Cytosol "));
    }
}
