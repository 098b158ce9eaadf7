//! Files of cells for other programs: tables, QuPath, label images, and the challenge of 2021.

mod geojson;
mod image;
mod submission;
mod table;
#[cfg(test)]
mod tests;

pub use geojson::geojson;
pub use image::label_png;
pub use submission::{
    ChallengeClass, SUBMISSION_HEADER, challenge_classes, challenge_confidences, encoded_masks,
    submission_row,
};
pub use table::{table_header, table_rows};

use crate::answers::Answers;
use crate::cells::Cells;

/// The cells of a field, for export.
#[derive(Debug, Clone, Copy)]
pub struct FieldCells<'a> {
    /// The field's id.
    pub id: &'a str,
    /// The field's width in pixels.
    pub width: usize,
    /// The field's height in pixels.
    pub height: usize,
    /// Its cells, whose masks cover it at any size.
    pub cells: &'a Cells,
    /// The cells' answers, where the field has one.
    pub answers: Option<&'a Answers>,
    /// The classes' names.
    pub labels: &'a [String],
    /// The probability, per class, from which a label counts as present.
    pub thresholds: &'a [f32],
}

impl FieldCells<'_> {
    /// The field's pixels a pixel of the masks, across and down.
    fn scale(&self) -> [f32; 2] {
        [
            self.width as f32 / self.cells.width().max(1) as f32,
            self.height as f32 / self.cells.height().max(1) as f32,
        ]
    }

    /// A cell's probabilities.
    fn answer(&self, number: u16) -> Option<&[f32]> {
        self.answers?.of(number)
    }
}
