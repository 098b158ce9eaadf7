//! Dividing cells: chromosomes, the mitotic spindle and the cytokinetic bridge.
//!
//! Descriptions follow <https://www.proteinatlas.org/humanproteome/subcellular/microtubules>, which covers the bridge, the
//! midbody and the spindle.

use std::f32::consts::FRAC_PI_2;

use crate::cell::Phase;
use crate::geometry::{Point, bell};
use crate::scene::Scene;
use crate::staining::Staining;
use crate::texture::Grain;

/// The chromosomes of cells in mitosis: a ragged plate across the spindle, or two on their way to the poles.
pub(crate) fn chromosomes(staining: &mut Staining) {
    for number in staining.shown_cells() {
        let cell = &staining.scene.cells()[number];
        let apart = match cell.phase {
            Phase::Metaphase => 0.0,
            Phase::Anaphase => cell.nucleus_outline.radius(cell.axis) * 0.62,
            Phase::Interphase | Phase::Prophase | Phase::Daughter(_) => continue,
        };
        let (along, across) = (
            Point::at_angle(cell.axis),
            Point::at_angle(cell.axis + FRAC_PI_2),
        );
        let half = cell.nucleus_outline.radius(cell.axis + FRAC_PI_2) * 0.9;
        let sides: &[f32] = if apart > 0.0 { &[-1.0, 1.0] } else { &[0.0] };
        for side in sides {
            for _ in 0..55 {
                let aside = half * staining.stream.between(-1.0, 1.0);
                // Arms trail behind the centromeres on the way to the poles.
                let bend = -0.12 * aside * aside / half;
                let place = cell.nucleus
                    + across * aside
                    + along * (side * (apart + bend) + 0.55 * staining.stream.normal());
                let direction = along.turned(0.5 * staining.stream.normal());
                staining.canvas.dash(
                    place,
                    direction,
                    (1.2, 0.7),
                    0.45 * staining.brightness[number],
                );
            }
        }
    }
    // Chromosomes lie on top of each other, but stains saturate.
    staining
        .canvas
        .values
        .iter_mut()
        .for_each(|value| *value = value.min(1.9));
}

/// The spindle: fibres from both poles to the chromosomes, and short asters behind the poles.
pub(crate) fn spindles(staining: &mut Staining, share: f32) {
    let grain = Grain::new(&mut staining.stream, 1.0);
    for number in staining.shown_cells() {
        let cell = &staining.scene.cells()[number];
        if !cell.divides() {
            continue;
        }
        let light = share * staining.brightness[number];
        let ends = cell.poles();
        let across = Point::at_angle(cell.axis + FRAC_PI_2);
        let half = cell.nucleus_outline.radius(cell.axis + FRAC_PI_2) * 0.85;
        for (pole, other) in [(ends[0], ends[1]), (ends[1], ends[0])] {
            for _ in 0..22 {
                let aside = half * staining.stream.between(-1.0, 1.0);
                let reach = staining.stream.between(0.35, 0.62);
                // Fibres bow outwards like the lines of a magnet.
                let points: Vec<Point> = (0..9)
                    .map(|step| {
                        let way = reach * step as f32 / 8.0;
                        pole.mix(other, way)
                            + across * (aside * (std::f32::consts::PI * way.min(0.5)).sin())
                    })
                    .collect();
                let height = light * staining.stream.between(0.2, 0.42);
                staining.canvas.stroke(&points, 0.42, |_| height);
            }
            let back = (pole - other).angle();
            for _ in 0..9 {
                let ray = Point::at_angle(back + 1.1 * staining.stream.normal())
                    * staining.stream.between(1.0, 3.5);
                let height = light * staining.stream.between(0.12, 0.3);
                staining
                    .canvas
                    .stroke(&[pole, pole + ray], 0.35, |_| height);
            }
            staining.canvas.spot(pole, 0.8, 0.5 * light);
        }
    }
    staining.shade(|scene, site, _| {
        if !scene.cells()[site.cell].divides() {
            return 0.0;
        }
        0.1 * share * (1.0 + 0.3 * grain.at(site.place)).max(0.0)
    });
}

/// The two ends of every bridge between daughters, with the number of the first.
fn bridges(scene: &Scene) -> Vec<(usize, Point, Point)> {
    let mut found = Vec::new();
    for (number, cell) in scene.cells().iter().enumerate() {
        let Phase::Daughter(other) = cell.phase else {
            continue;
        };
        if other < number {
            continue;
        }
        let direction = scene.cells()[other].nucleus - cell.nucleus;
        let angle = direction.angle();
        let back = angle + std::f32::consts::PI;
        if let (Some(start), Some(end)) = (scene.edge(number, angle), scene.edge(other, back)) {
            // The bridge runs on a little way into both daughters.
            let inward = direction.unit() * 2.2;
            found.push((number, start - inward, end + inward));
        }
    }
    found
}

/// The cells that are joined by the bridges that show.
pub(crate) fn bridged(scene: &Scene) -> Vec<usize> {
    let firsts = bridges(scene).into_iter().map(|(number, _, _)| number);
    let pairs = firsts.filter_map(|number| match scene.cells()[number].phase {
        Phase::Daughter(other) => Some([number, other]),
        _ => None,
    });
    pairs.flatten().collect()
}

/// The bundle of microtubules between daughters, with the dark midbody in its middle.
pub(crate) fn bridge_bundle(staining: &mut Staining) {
    for (number, start, end) in bridges(staining.scene) {
        let light = 1.1 * staining.brightness[number];
        let points: Vec<Point> = (0..=24)
            .map(|step| start.mix(end, step as f32 / 24.0))
            .collect();
        let length = (end - start).length();
        staining.canvas.stroke(&points, 0.9, |segment| {
            let from_middle = ((segment as f32 + 0.5) / 24.0 - 0.5) * length;
            light * (1.0 - 0.85 * bell(from_middle, 0.4))
        });
    }
}

/// Cytokinetic bridge: the thin link between daughter cells, with or as the midbody in its middle.
pub(crate) fn cytokinetic_bridge(staining: &mut Staining) {
    let midbody = staining.stream.between(0.0, 1.0);
    let bundle = if staining.stream.chance(0.7) {
        staining.stream.between(0.5, 1.0)
    } else {
        0.1
    };
    for (number, start, end) in bridges(staining.scene) {
        // A field is labelled for its bridge, so the bridge shows whatever its cells express.
        let light = 1.7 * staining.brightness[number].max(0.7);
        staining
            .canvas
            .stroke(&[start, start.mix(end, 0.5), end], 1.1, |_| bundle * light);
        let middle = start.mix(end, 0.5);
        if midbody > 0.6 {
            staining.canvas.ring(middle, 0.8, 0.6, light);
        } else {
            staining
                .canvas
                .dash(middle, (end - start).unit(), (0.9, 0.8), light);
        }
    }
    staining.haze(0.12);
}

/// Mitotic spindle: the spindle's shape in cells in mitosis, little in all others.
pub(crate) fn mitotic_spindle(staining: &mut Staining) {
    spindles(staining, 1.0);
    let background = staining.stream.between(0.03, 0.15);
    staining.haze(background);
}
