//! The looks of cultured cell lines: how large, how crowded, how drawn out their cells are.
//!
//! Modelled on the lines of the Human Protein Atlas's panel
//! (<https://www.proteinatlas.org/humanproteome/subcellular/cell+line>): not measured from single cells, but drawn so that
//! fields of the same line look alike and fields of different lines differ as much as real ones do.

/// The look of a cell line. Lengths are micrometres, shares are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CellLine {
    /// The line's name in the atlas.
    pub(crate) name: &'static str,
    /// Half axes of the typical nucleus.
    pub(crate) nucleus: (f32, f32),
    /// Mean radius of a cell's outline.
    pub(crate) radius: f32,
    /// Long axis over short axis of the typical cell.
    pub(crate) elongation: f32,
    /// Share of cells with drawn-out tails.
    pub(crate) tails: f32,
    /// Unevenness of outlines.
    pub(crate) ragged: f32,
    /// Least and greatest share of the field that cells cover.
    pub(crate) coverage: (f32, f32),
    /// Strength by which cells keep to islands.
    pub(crate) gathered: f32,
    /// Width of the dark line between neighbours.
    pub(crate) gap: f32,
    /// Departure of nuclei from ellipses.
    pub(crate) bent: f32,
    /// Whether the nuclei show the bright chromocentres of mouse cells.
    pub(crate) chromocentres: bool,
}

impl CellLine {
    /// The line with all lengths of its cells and nuclei multiplied by `factor`.
    pub(crate) fn scaled(self, factor: f32) -> Self {
        Self {
            nucleus: (self.nucleus.0 * factor, self.nucleus.1 * factor),
            radius: self.radius * factor,
            ..self
        }
    }
}

/// The cell lines of fields.
pub(crate) const CELL_LINES: [CellLine; 11] = [
    CellLine {
        name: "U-2 OS",
        nucleus: (9.2, 7.2),
        radius: 17.5,
        elongation: 1.35,
        tails: 0.12,
        ragged: 0.06,
        coverage: (0.5, 0.95),
        gathered: 0.2,
        gap: 0.5,
        bent: 0.05,
        chromocentres: false,
    },
    CellLine {
        name: "A-431",
        nucleus: (8.0, 6.6),
        radius: 13.5,
        elongation: 1.2,
        tails: 0.0,
        ragged: 0.04,
        coverage: (0.6, 1.0),
        gathered: 0.5,
        gap: 0.35,
        bent: 0.06,
        chromocentres: false,
    },
    CellLine {
        name: "U-251 MG",
        nucleus: (9.6, 7.2),
        radius: 18.5,
        elongation: 1.7,
        tails: 0.3,
        ragged: 0.05,
        coverage: (0.5, 0.9),
        gathered: 0.15,
        gap: 0.6,
        bent: 0.05,
        chromocentres: false,
    },
    CellLine {
        name: "HeLa",
        nucleus: (8.4, 6.8),
        radius: 14.5,
        elongation: 1.4,
        tails: 0.15,
        ragged: 0.06,
        coverage: (0.45, 0.9),
        gathered: 0.3,
        gap: 0.5,
        bent: 0.07,
        chromocentres: false,
    },
    CellLine {
        name: "HEK 293",
        nucleus: (6.9, 5.3),
        radius: 9.0,
        elongation: 1.3,
        tails: 0.1,
        ragged: 0.05,
        coverage: (0.5, 0.95),
        gathered: 0.5,
        gap: 0.15,
        bent: 0.06,
        chromocentres: false,
    },
    CellLine {
        name: "MCF7",
        nucleus: (7.2, 5.8),
        radius: 9.6,
        elongation: 1.15,
        tails: 0.0,
        ragged: 0.04,
        coverage: (0.25, 0.7),
        gathered: 1.0,
        gap: 0.1,
        bent: 0.05,
        chromocentres: false,
    },
    CellLine {
        name: "SH-SY5Y",
        nucleus: (6.4, 4.8),
        radius: 8.4,
        elongation: 1.6,
        tails: 0.55,
        ragged: 0.05,
        coverage: (0.25, 0.6),
        gathered: 0.5,
        gap: 0.2,
        bent: 0.06,
        chromocentres: false,
    },
    CellLine {
        name: "BJ",
        nucleus: (10.2, 6.4),
        radius: 20.0,
        elongation: 2.3,
        tails: 0.5,
        ragged: 0.04,
        coverage: (0.4, 0.85),
        gathered: 0.1,
        gap: 0.6,
        bent: 0.03,
        chromocentres: false,
    },
    CellLine {
        name: "PC-3",
        nucleus: (7.6, 5.9),
        radius: 11.5,
        elongation: 1.35,
        tails: 0.12,
        ragged: 0.12,
        coverage: (0.2, 0.55),
        gathered: 0.25,
        gap: 0.4,
        bent: 0.1,
        chromocentres: false,
    },
    CellLine {
        name: "Hep G2",
        nucleus: (6.8, 6.0),
        radius: 9.8,
        elongation: 1.1,
        tails: 0.0,
        ragged: 0.05,
        coverage: (0.5, 0.9),
        gathered: 0.9,
        gap: 0.1,
        bent: 0.04,
        chromocentres: false,
    },
    CellLine {
        name: "NIH 3T3",
        nucleus: (8.4, 6.8),
        radius: 17.0,
        elongation: 1.6,
        tails: 0.3,
        ragged: 0.05,
        coverage: (0.5, 0.9),
        gathered: 0.15,
        gap: 0.7,
        bent: 0.03,
        chromocentres: true,
    },
];

/// The share of fields that show each line, in the order of [`CELL_LINES`]: the atlas stains U-2 OS for every protein.
pub(crate) const CELL_LINE_SHARES: [f32; CELL_LINES.len()] = [
    0.34, 0.15, 0.14, 0.06, 0.06, 0.05, 0.05, 0.03, 0.06, 0.04, 0.02,
];
