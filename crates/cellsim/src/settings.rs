//! The choices by which a field is simulated.

use std::ops::RangeInclusive;

use crate::cell_line::CellLine;

/// The width of a field in micrometres: 2048 pixels of 0.08 micrometres, the atlas's usual image (63x, NA 1.4).
pub(crate) const FIELD_WIDTH: f32 = 164.0;

/// The least and the greatest size of a field, in pixels on a side.
pub const SIZES: RangeInclusive<usize> = 32..=4096;

/// The choices by which a field is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Settings {
    /// Pixels on a side; brought into [`SIZES`].
    pub(crate) size: usize,
    /// The cells' look; `None` draws one for each field.
    pub(crate) cell_line: Option<CellLine>,
    /// Share of cells in mitosis, besides those that a label demands.
    pub(crate) mitoses: f32,
    /// Spread of staining, exposure and illumination over fields and cells: 1 as in the atlas, 0 none.
    pub(crate) variation: f32,
    /// Frequency of cells and fields out of focus: 1 as in the atlas, 0 none.
    pub(crate) defocus: f32,
    /// Strength of the noise: 1 as in the atlas, 0 none.
    pub(crate) noise: f32,
    /// Strength of the protein's unspecific staining: 1 as in the atlas, 0 none.
    pub(crate) background: f32,
    /// Frequency of debris between the cells: 1 as in the atlas, 0 none.
    pub(crate) debris: f32,
    /// Whether to tell the labels of each cell, for which locations are drawn twice.
    pub(crate) cell_labels: bool,
}

impl Settings {
    /// A field of `size` pixels on a side, in all else as in the atlas.
    pub(crate) fn of_size(size: usize) -> Self {
        Self {
            size,
            cell_line: None,
            mitoses: 0.01,
            variation: 1.0,
            defocus: 1.0,
            noise: 1.0,
            background: 1.0,
            debris: 1.0,
            cell_labels: false,
        }
    }
}
