//! A table with a row a cell.

use super::FieldCells;

/// The columns before the labels.
const COLUMNS: [&str; 7] = [
    "field",
    "cell",
    "x",
    "y",
    "area",
    "nucleus area",
    "on the border",
];

/// The names of the columns: the field's id, the cell's number, its centre and areas in the field's pixels, whether it touches
/// the border, and one probability a label.
pub fn table_header(labels: &[String]) -> Vec<String> {
    let columns = COLUMNS.map(str::to_owned);
    columns.into_iter().chain(labels.iter().cloned()).collect()
}

/// A row for each cell of a field. Probabilities are empty where the cell has no answer.
pub fn table_rows(field: &FieldCells<'_>) -> Vec<Vec<String>> {
    let [across, down] = field.scale();
    let rounded = |value: f32| format!("{:.0}", value);
    let area = |pixels: usize| rounded(pixels as f32 * across * down);
    let cells = field.cells.list().iter();
    cells
        .map(|cell| {
            let [x, y] = cell.centroid;
            let mut row = vec![
                field.id.to_owned(),
                cell.number.to_string(),
                rounded(x * across),
                rounded(y * down),
                area(cell.area),
                area(cell.nucleus_area),
                if cell.on_border { "yes" } else { "no" }.to_owned(),
            ];
            let answer = field.answer(cell.number);
            row.extend((0..field.labels.len()).map(|class| {
                let probability = answer.and_then(|answer| answer.get(class));
                probability.map_or(String::new(), |p| format!("{p:.4}"))
            }));
            row
        })
        .collect()
}
