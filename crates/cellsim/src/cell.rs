//! One cell: its outline, nucleus, organising centre and brightness.

use crate::geometry::{Outline, Point};

/// Half the distance between a spindle's poles, as a share of the spindle's space.
const POLE: f32 = 0.92;

/// The phase of a cell's cycle, as far as a microscope shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Phase {
    Interphase,
    /// Chromosomes condensed to threads in a whole nucleus.
    Prophase,
    /// Chromosomes on the plate between the spindle's poles.
    Metaphase,
    /// Two sets of chromosomes on their way to the poles.
    Anaphase,
    /// One of two daughters that a bridge still joins; the other one's place in the list of cells.
    Daughter(usize),
}

impl Phase {
    /// Whether the cell is in mitosis.
    pub(crate) fn divides(self) -> bool {
        matches!(self, Self::Metaphase | Self::Anaphase)
    }

    /// Whether a bridge still joins the cell to its sister.
    pub(crate) fn is_daughter(self) -> bool {
        matches!(self, Self::Daughter(_))
    }
}

/// A nucleolus: a few overlapping discs.
#[derive(Debug, Clone)]
pub(crate) struct Nucleolus {
    pub(crate) lobes: Vec<(Point, f32)>,
}

/// One cell of a field.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) centre: Point,
    pub(crate) outline: Outline,
    /// Direction of the long axis.
    pub(crate) axis: f32,
    /// Long axis over short axis.
    pub(crate) elongation: f32,
    pub(crate) nucleus: Point,
    /// The nucleus's outline; in mitosis, that of the space the spindle takes.
    pub(crate) nucleus_outline: Outline,
    pub(crate) nucleoli: Vec<Nucleolus>,
    /// Small round pieces that came off the nucleus, and their radii.
    pub(crate) micronuclei: Vec<(Point, f32)>,
    /// The microtubule organising centre.
    pub(crate) organiser: Point,
    pub(crate) phase: Phase,
    /// Brightness of the red, blue and yellow stains.
    pub(crate) stain: [f32; 3],
    /// Brightness of the protein.
    pub(crate) expression: f32,
    /// Defocus: 0 in the focal plane, 1 farthest from it.
    pub(crate) defocus: f32,
}

impl Cell {
    /// Whether the cell is in mitosis: no nucleus, no nucleoli.
    pub(crate) fn divides(&self) -> bool {
        self.phase.divides()
    }

    /// The places where microtubules start: the two poles in mitosis, else the organising centre.
    pub(crate) fn poles(&self) -> Vec<Point> {
        if !self.divides() {
            return vec![self.organiser];
        }
        let half = Point::at_angle(self.axis) * (self.nucleus_outline.radius(self.axis) * POLE);
        vec![self.nucleus - half, self.nucleus + half]
    }
}
