//! What a network says of every pixel.

/// The names of the network's outputs, in their order.
pub(crate) const OUTPUTS: [&str; 3] = ["nucleus", "cell", "edge"];

/// Probabilities from 0 to 1 of every pixel, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Maps {
    /// The width in pixels.
    pub width: usize,
    /// The height in pixels.
    pub height: usize,
    /// The probability of being inside a nucleus.
    pub nucleus: Vec<f32>,
    /// The probability of being inside a cell, its nucleus included.
    pub cell: Vec<f32>,
    /// The probability of being on the border of a cell.
    pub edge: Vec<f32>,
}

impl Maps {
    /// The names of the maps, in the order of a network's outputs.
    pub const NAMES: [&str; 3] = OUTPUTS;

    /// Makes maps of a network's logits `[3, rows, columns]`, of which the upper left `width` × `height` px are the image's.
    ///
    /// # Panics
    /// If there are fewer logits, or the image is larger than they are.
    pub fn of_logits(
        logits: &[f32],
        [rows, columns]: [usize; 2],
        width: usize,
        height: usize,
    ) -> Self {
        assert!(width <= columns && height <= rows, "the image is larger");
        let map = |output: usize| {
            let map = &logits[output * rows * columns..][..rows * columns];
            probabilities(map, columns, width, height)
        };
        Self {
            width,
            height,
            nucleus: map(0),
            cell: map(1),
            edge: map(2),
        }
    }
}

/// The sigmoid of the upper left `width` × `height` logits of a map with so many columns.
pub(crate) fn probabilities(map: &[f32], columns: usize, width: usize, height: usize) -> Vec<f32> {
    let lines = map.chunks_exact(columns).take(height);
    let values = lines.flat_map(|line| &line[..width]);
    values.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()
}
