//! The cells of a field, placed and built.

use std::f32::consts::{FRAC_PI_2, PI};

use cytolens_core::labels::LabelSet;

use crate::cell::{Cell, Nucleolus, Phase};
use crate::cell_line::CellLine;
use crate::geometry::{Outline, Point, angle_between, bell};
use crate::layout::{Layout, Spot, choose_line};
use crate::random::{FieldPurpose, FieldSeed, FieldStream};
use crate::settings::Settings;
use crate::texture::Grain;

/// The cells of a field and what they have in common.
#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) line: CellLine,
    pub(crate) cells: Vec<Cell>,
    /// Typical width of the dark line between neighbours, in micrometres, and how it varies along the line.
    pub(crate) gap: f32,
    pub(crate) gap_width: Grain,
    /// Whether cells lie with their thin edges over each other.
    pub(crate) overlap: bool,
    /// The distance from the rim, in micrometres, at which cells reach their full thickness.
    pub(crate) thinning: f32,
}

/// Places and builds the cells of a field.
///
/// The labels matter only where they demand something of the cells: junctions need neighbours, a spindle needs a cell in
/// mitosis and a bridge needs two daughters.
pub(crate) fn populate(settings: &Settings, labels: LabelSet, seed: FieldSeed) -> Population {
    let mut stream = seed.stream(FieldPurpose::Layout, 0);
    let junctions = labels.contains(22);
    let line = settings
        .cell_line
        .unwrap_or_else(|| choose_line(&mut stream, junctions));
    // Fields of one line differ by passage and density, and the atlas's magnifications are not all the same.
    let line = line.scaled(stream.around(1.0, 0.2 * settings.variation));
    let mut layout = Layout::new(line, junctions, stream);
    if labels.contains(16) {
        for _ in 0..layout.stream.count(1, 3) {
            layout.place_daughters();
        }
    }
    if labels.contains(17) {
        for _ in 0..layout.stream.count(1, 3) {
            layout.place_dividing();
        }
    }
    layout.fill(settings.mitoses);
    let gap = line.gap
        * match layout.stream.count(0, 3) {
            _ if junctions => 0.3,
            // Cells that shrank when they were fixed stand well apart.
            0 => layout.stream.between(1.5, 5.0),
            _ => layout.stream.between(0.0, 1.5),
        };
    // From scallops to slow bends.
    let gap_grain = layout.stream.between(1.6, 9.0);
    let gap_width = Grain::new(&mut layout.stream, gap_grain);
    // Sheets of cells keep side by side; single ones creep over each other.
    let overlap = !junctions
        && layout
            .stream
            .chance(if line.gap < 0.4 { 0.35 } else { 0.75 });
    let thinning = line.radius * layout.stream.between(0.04, 0.3);
    let Layout { spots, .. } = layout;
    let fields = FieldLooks::new(seed, settings);
    let cells = spots
        .iter()
        .enumerate()
        .map(|(number, spot)| {
            build(
                spot,
                &line,
                &fields,
                &mut seed.stream(FieldPurpose::Cell, number),
            )
        })
        .collect();
    Population {
        line,
        cells,
        gap,
        gap_width,
        overlap,
        thinning,
    }
}

/// The staining and focus that all cells of a field share.
#[derive(Debug)]
pub(crate) struct FieldLooks {
    /// Spread of the protein's brightness from cell to cell.
    variation: f32,
    /// Share of cells that do not show the protein at all.
    silent: f32,
    /// Spread of the stains' brightness.
    uneven: f32,
    /// Share of cells out of focus.
    defocused: f32,
    /// Share of cells that are dying: shrunk, crumpled and bright.
    dying: f32,
    /// How far nuclei depart from ellipses, as a multiple of their line's.
    bent: f32,
    /// How far outlines are ragged, as a multiple of their line's.
    ragged: f32,
}

impl FieldLooks {
    pub(crate) fn new(seed: FieldSeed, settings: &Settings) -> Self {
        let mut stream = seed.stream(FieldPurpose::Style, 0);
        let selective = stream.chance(0.15 * settings.variation);
        Self {
            variation: stream.between(0.12, 0.55) * settings.variation,
            silent: if selective {
                stream.between(0.1, 0.5)
            } else {
                0.0
            },
            uneven: stream.between(0.12, 0.4) * settings.variation,
            defocused: if stream.chance(0.4) {
                stream.between(0.05, 0.35) * settings.defocus
            } else {
                0.0
            },
            dying: if stream.chance(0.3 * settings.variation) {
                0.2 * stream.unit().powi(2)
            } else {
                0.004 * settings.variation
            },
            bent: stream.around(1.6, 0.5 * settings.variation),
            ragged: stream.around(1.2, 0.45 * settings.variation),
        }
    }

    /// The protein's brightness in one cell.
    pub(crate) fn expression(&self, stream: &mut FieldStream) -> f32 {
        let silent = stream.chance(self.silent);
        let expression = stream.around(1.0, self.variation);
        if silent {
            expression * stream.between(0.0, 0.15)
        } else {
            expression
        }
    }
}

/// Gives a placed cell its outline, nucleus and brightness.
fn build(spot: &Spot, line: &CellLine, looks: &FieldLooks, stream: &mut FieldStream) -> Cell {
    let divides = spot.phase.divides();
    let dying = spot.phase == Phase::Interphase && stream.chance(looks.dying);
    let daughter = spot.phase.is_daughter();
    let stretch = spot.elongation.sqrt();
    // Outlines are drawn somewhat large: where neighbours meet, the border falls between them.
    let growth = match (divides, dying) {
        (true, _) => 1.0,
        (_, true) => stream.between(0.45, 0.75),
        _ => 1.12,
    };
    let mut outline = Outline::ellipse(
        spot.radius * stretch * growth,
        spot.radius / stretch * growth,
        spot.axis,
    );
    if !divides {
        shape(&mut outline, spot, line, looks, daughter, stream);
    }
    if dying {
        crumple(&mut outline, stream);
    }
    let (long, short) = line.nucleus;
    let giant = match stream.count(0, 39) {
        0 => 1.35,
        // Nuclei cut above their middle, and those of polyploid cells' small sisters.
        1..=3 => stream.between(0.55, 0.8),
        _ => 1.0,
    };
    let size =
        giant * stream.around(1.12, 0.18) * (spot.radius / line.radius).powf(0.5).clamp(0.7, 1.35);
    let size = if dying { size * 0.6 } else { size };
    let nucleus_axis = spot.axis + 0.35 * stream.normal();
    // Daughters begin with small dense nuclei across the axis of the division.
    let young = daughter && stream.chance(0.6);
    let nucleus_outline = if divides {
        Outline::ellipse(long * 0.88, short * 0.95, spot.axis)
    } else if young {
        Outline::ellipse(long * 0.68, short * 0.5, spot.axis).wavy(stream, 0.05, 4)
    } else {
        let stretch = stream.around(1.03, 0.11);
        let half_axes = (long * size * stretch, short * size / stretch);
        nuclear_outline(half_axes, nucleus_axis, line.bent * looks.bent, stream)
    };
    let wander = (spot.radius * 0.9 - long * size).max(0.0) * 0.45;
    let nucleus = if divides {
        spot.centre
    } else {
        spot.centre + Point::at_angle(stream.angle()) * (wander * stream.unit())
    };
    let nucleoli = if divides || young || dying || spot.phase == Phase::Prophase {
        Vec::new()
    } else {
        nucleoli(nucleus, &nucleus_outline, stream)
    };
    let mut micronuclei = Vec::new();
    if !divides && stream.chance(0.6 * line.bent) {
        for _ in 0..stream.count(1, 3) {
            let (direction, radius) = (stream.angle(), stream.between(0.4, 1.3));
            let away = nucleus_outline.radius(direction) + radius * stream.between(0.9, 1.8);
            micronuclei.push((nucleus + Point::at_angle(direction) * away, radius));
        }
    }
    // The organising centre keeps to the roomy side of the nucleus.
    let roomy = (spot.centre - nucleus).angle() + stream.normal() * 0.8;
    let organiser = nucleus
        + Point::at_angle(roomy) * (nucleus_outline.radius(roomy) + stream.between(0.6, 1.8));
    let expression = looks.expression(stream);
    let round = match (divides, dying) {
        (true, _) => 1.4,
        (_, true) => stream.between(1.2, 2.2),
        _ => 1.0,
    };
    // A thick cell is bright in every stain.
    let thick = stream.around(round, looks.uneven);
    let mut stain = [(); 3].map(|()| thick * stream.around(1.0, 0.4 * looks.uneven));
    if young || dying || spot.phase == Phase::Prophase {
        // The same DNA in less room.
        stain[1] *= 1.5;
    }
    let defocus = if stream.chance(looks.defocused) {
        stream.between(0.3, 1.0)
    } else {
        0.0
    };
    // A confocal microscope loses the light from out of its focal plane.
    let in_focus = 1.0 - 0.65 * defocus;
    let (stain, expression) = (stain.map(|stain| stain * in_focus), expression * in_focus);
    Cell {
        centre: spot.centre,
        outline,
        axis: spot.axis,
        elongation: spot.elongation,
        nucleus,
        nucleus_outline,
        nucleoli,
        micronuclei,
        organiser,
        phase: spot.phase,
        stain,
        expression,
        defocus,
    }
}

/// A nucleus's outline: most are slightly uneven ellipses, some have a dent, lobes, a bleb or are two in one.
fn nuclear_outline(
    (long, short): (f32, f32),
    axis: f32,
    bent: f32,
    stream: &mut FieldStream,
) -> Outline {
    let pair = stream.chance(0.25 * bent);
    let long = if pair { 1.45 * long } else { long };
    let mut outline = Outline::ellipse(long, short, axis).wavy(stream, bent * 0.75, 4);
    let mut notch = |direction: f32, depth: f32, width: f32| {
        outline.scale_by(|angle| 1.0 - depth * bell(angle_between(angle, direction), width));
    };
    let aside = axis + FRAC_PI_2 + 0.3 * stream.normal();
    if pair {
        notch(aside, 0.75, 0.25);
        notch(aside + PI, 0.75, 0.25);
    } else if stream.chance(2.0 * bent) {
        notch(aside, stream.between(0.15, 0.45), stream.between(0.3, 0.55));
    } else if stream.chance(0.9 * bent) {
        for _ in 0..stream.count(2, 4) {
            notch(
                stream.angle(),
                stream.between(0.12, 0.4),
                stream.between(0.1, 0.28),
            );
        }
    } else if stream.chance(bent) {
        notch(
            stream.angle(),
            stream.between(-0.3, -0.12),
            stream.between(0.08, 0.16),
        );
    }
    outline
}

/// Turns a cell's ellipse into an outline with lobes, tails and an uneven edge.
fn shape(
    outline: &mut Outline,
    spot: &Spot,
    line: &CellLine,
    looks: &FieldLooks,
    daughter: bool,
    stream: &mut FieldStream,
) {
    let shaped = std::mem::replace(outline, Outline::ellipse(1.0, 1.0, 0.0));
    *outline = shaped.wavy(stream, if daughter { 0.04 } else { 0.12 }, 5);
    if !daughter && stream.chance(line.tails) {
        for end in [0.0, PI] {
            if stream.chance(0.75) {
                let direction = spot.axis + end + 0.25 * stream.normal();
                let (length, width) = (stream.between(0.6, 2.4), stream.between(0.06, 0.2));
                outline.scale_by(|angle| {
                    1.0 + length * (-angle_between(angle, direction).abs() / width).exp()
                });
            }
        }
    }
    // A few corners, as where a cell holds on to the glass, with the rim drawn in between them.
    let pull = if daughter {
        0.15
    } else {
        0.25 + 0.7 * line.tails
    };
    for _ in 0..stream.count(1, 5) {
        let (direction, width, height) = (
            stream.angle(),
            stream.between(0.12, 0.4),
            pull * stream.between(0.0, 1.5),
        );
        outline.scale_by(|angle| {
            1.0 + height * (-angle_between(angle, direction).abs() / width).exp()
        });
    }
    let ragged = line.ragged * looks.ragged * stream.between(0.2, 1.1);
    for _ in 0..40 {
        let (direction, width, height) = (
            stream.angle(),
            stream.between(0.02, 0.09),
            ragged * stream.normal(),
        );
        outline.scale_by(|angle| 1.0 + height * bell(angle_between(angle, direction), width));
    }
}

/// Lets a dying cell's outline boil up in blebs.
fn crumple(outline: &mut Outline, stream: &mut FieldStream) {
    for _ in 0..stream.count(6, 14) {
        let (direction, width, height) = (
            stream.angle(),
            stream.between(0.08, 0.2),
            stream.between(-0.2, 0.45),
        );
        outline.scale_by(|angle| 1.0 + height * bell(angle_between(angle, direction), width));
    }
}

/// One to five smooth nucleoli, most of them one disc and the others a few merged, away from the rim.
pub(crate) fn nucleoli(
    nucleus: Point,
    outline: &Outline,
    stream: &mut FieldStream,
) -> Vec<Nucleolus> {
    let count = stream.count(1, 5);
    let mean = outline.mean();
    let mut found: Vec<Nucleolus> = Vec::new();
    for _ in 0..count * 3 {
        if found.len() == count {
            break;
        }
        let direction = stream.angle();
        let place = nucleus
            + Point::at_angle(direction)
                * (outline.radius(direction) * 0.68 * stream.unit().sqrt());
        let radius = mean * stream.between(0.12, 0.33) / (count as f32).powf(0.25);
        let far = |other: &Nucleolus| {
            other
                .lobes
                .iter()
                .all(|lobe| (lobe.0 - place).length() > lobe.1 + radius + 0.5)
        };
        if found.iter().all(far) {
            let mut lobes = vec![(place, radius)];
            let merged = if stream.chance(0.55) {
                0
            } else {
                stream.count(1, 3)
            };
            for _ in 0..merged {
                let aside = Point::at_angle(stream.angle()) * (radius * stream.between(0.5, 1.1));
                lobes.push((place + aside, radius * stream.between(0.4, 0.85)));
            }
            found.push(Nucleolus { lobes });
        }
    }
    found
}
