//! The layout of a field: its cell line, the places of its cells and which of them divide.

use std::f32::consts::{FRAC_PI_2, PI};

use crate::cell::Phase;
use crate::cell_line::{CELL_LINE_SHARES, CELL_LINES, CellLine};
use crate::geometry::Point;
use crate::random::FieldStream;
use crate::settings::FIELD_WIDTH;
use crate::texture::Grain;

/// A line drawn by its share; only lines that grow in contact if junctions are asked for.
pub(crate) fn choose_line(stream: &mut FieldStream, junctions: bool) -> CellLine {
    let fits = |line: &CellLine| !junctions || line.gap < 0.45;
    let shares: Vec<f32> = CELL_LINES
        .iter()
        .zip(CELL_LINE_SHARES)
        .map(|(line, share)| if fits(line) { share } else { 0.0 })
        .collect();
    let mut rest = stream.unit() * shares.iter().sum::<f32>();
    for (line, share) in CELL_LINES.iter().zip(shares) {
        rest -= share;
        if rest < 0.0 {
            return *line;
        }
    }
    CELL_LINES[0]
}

/// A cell's place, size and phase, before its details.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) centre: Point,
    pub(crate) radius: f32,
    pub(crate) axis: f32,
    pub(crate) elongation: f32,
    pub(crate) phase: Phase,
}

/// The placing of cells: darts thrown at the field that keep their distance.
pub(crate) struct Layout {
    line: CellLine,
    pub(crate) stream: FieldStream,
    coverage: f32,
    gathered: f32,
    islands: Grain,
    currents: Grain,
    axis: f32,
    /// Share of the cells that press against their neighbours.
    pressing: f32,
    pub(crate) spots: Vec<Spot>,
}

impl Layout {
    pub(crate) fn new(line: CellLine, junctions: bool, mut stream: FieldStream) -> Self {
        let (low, high) = line.coverage;
        let coverage = stream.between(
            if junctions { high.max(0.75) } else { low },
            high.max(0.8 * f32::from(junctions)),
        );
        let island = stream.between(30.0, 75.0);
        let islands = Grain::new(&mut stream, island);
        let currents = Grain::new(&mut stream, 120.0);
        let axis = stream.angle();
        let pressing = 0.05 + 0.5 * stream.unit().powi(2);
        Self {
            line,
            coverage,
            gathered: line.gathered,
            islands,
            currents,
            axis,
            pressing,
            spots: Vec::new(),
            stream,
        }
    }

    /// The direction of a cell at a place: cells lie along slow currents, the more so the longer they are.
    fn axis_at(&mut self, place: Point) -> f32 {
        let freedom = 1.4 / self.line.elongation;
        self.axis + 0.9 * self.currents.at(place) + freedom * self.stream.normal()
    }

    /// Places two daughters that a bridge joins.
    pub(crate) fn place_daughters(&mut self) {
        let place = self.inner_place();
        self.part(place);
    }

    fn part(&mut self, place: Point) {
        let axis = self.stream.angle();
        let radius = self.line.radius * self.stream.between(0.65, 0.8);
        let distance = 2.0 * radius + self.stream.between(2.5, 9.0);
        let first = self.spots.len();
        let way = Point::at_angle(axis) * (distance / 2.0);
        for (centre, other) in [(place - way, first + 1), (place + way, first)] {
            let phase = Phase::Daughter(other);
            self.spots.push(Spot {
                centre,
                radius,
                axis: axis + FRAC_PI_2,
                elongation: 1.15,
                phase,
            });
        }
    }

    /// Places a cell in mitosis.
    pub(crate) fn place_dividing(&mut self) {
        let centre = self.inner_place();
        let spot = self.dividing(centre);
        self.spots.push(spot);
    }

    fn dividing(&mut self, centre: Point) -> Spot {
        let phase = if self.stream.chance(0.7) {
            Phase::Metaphase
        } else {
            Phase::Anaphase
        };
        let radius = self.line.nucleus.0 * self.stream.between(1.2, 1.5);
        Spot {
            centre,
            radius,
            axis: self.stream.angle(),
            elongation: 1.08,
            phase,
        }
    }

    /// A place well inside the field and clear of what stands there already.
    fn inner_place(&mut self) -> Point {
        let mut place = Point::new(FIELD_WIDTH / 2.0, FIELD_WIDTH / 2.0);
        for _ in 0..60 {
            place = Point::new(
                self.stream.between(0.16, 0.84),
                self.stream.between(0.16, 0.84),
            ) * FIELD_WIDTH;
            let clear = 2.6 * self.line.radius;
            if self
                .spots
                .iter()
                .all(|spot| (spot.centre - place).length() > clear)
            {
                break;
            }
        }
        place
    }

    /// Places cells until they cover the line's share of the field; a share of them is in mitosis.
    pub(crate) fn fill(&mut self, mitoses: f32) {
        let margin = self.line.radius * 0.8;
        let area = (FIELD_WIDTH + 2.0 * margin).powi(2);
        // Darts leave gaps that outlines then grow into, so covering all of the field takes less than its area.
        let wanted = 0.68 * self.coverage * area;
        let mut covered: f32 = self
            .spots
            .iter()
            .map(|spot| PI * spot.radius * spot.radius)
            .sum();
        let threshold = self.gathered * (1.2 - 1.8 * self.coverage);
        let mut misses = 0;
        while covered < wanted && misses < 900 {
            let centre = Point::new(
                self.stream.between(-margin, FIELD_WIDTH + margin),
                self.stream.between(-margin, FIELD_WIDTH + margin),
            );
            let outside = self.islands.at(centre) * self.gathered < threshold - 0.55;
            let axis = self.axis_at(centre);
            let giant = if self.stream.chance(0.04) { 1.35 } else { 1.0 };
            let radius = self.stream.around(self.line.radius, 0.16) * giant;
            let elongation = 1.0 + (self.line.elongation - 1.0) * self.stream.between(0.4, 2.2);
            let mut spot = Spot {
                centre,
                radius,
                axis,
                elongation,
                phase: Phase::Interphase,
            };
            let presses = self.stream.chance(self.pressing);
            if outside
                || self
                    .spots
                    .iter()
                    .any(|other| crowds(&spot, other, &self.line, presses))
            {
                misses += 1;
                continue;
            }
            covered += PI * spot.radius * spot.radius;
            if self.stream.chance(mitoses) {
                match self.stream.count(0, 3) {
                    0 => spot.phase = Phase::Prophase,
                    1 => {
                        self.part(centre);
                        continue;
                    }
                    // Cells round up to divide.
                    _ => spot = self.dividing(centre),
                }
            }
            self.spots.push(spot);
        }
    }
}

/// Whether two cells would lie too close: measured in a frame squeezed along the cell's long axis. A cell that `presses` comes
/// so near that its nucleus may touch the other's.
fn crowds(spot: &Spot, other: &Spot, line: &CellLine, presses: bool) -> bool {
    let squeeze = |spot: &Spot, offset: Point| {
        let stretch = spot.elongation.sqrt();
        let along = offset.turned(-spot.axis);
        Point::new(along.x / stretch, along.y * stretch).length()
    };
    let offset = other.centre - spot.centre;
    let distance = squeeze(spot, offset).min(squeeze(other, offset));
    let resting = spot.phase != Phase::Interphase || other.phase != Phase::Interphase;
    let (closeness, nuclei_apart) = match (resting, presses) {
        (true, _) => (1.0, 1.9),
        (false, false) => (0.78, 1.9),
        (false, true) => (0.5, 1.35),
    };
    distance < closeness * (spot.radius + other.radius)
        || offset.length() < nuclei_apart * line.nucleus.0
}
