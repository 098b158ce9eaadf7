//! Vesicles and bodies in the cytoplasm: peroxisomes, endosomes, lysosomes, lipid droplets, cytoplasmic bodies; and the aggresome
//! and rods and rings.
//!
//! Descriptions follow <https://www.proteinatlas.org/humanproteome/subcellular/vesicles> and the atlas's page on the cytosol,
//! which covers aggresomes, cytoplasmic bodies and rods and rings.

use crate::geometry::Point;
use crate::random::FieldStream;
use crate::staining::Staining;

/// Peroxisomes: many small even dots all over the cytoplasm.
pub(crate) fn peroxisomes(staining: &mut Staining) {
    let density = staining.stream.between(0.14, 0.3);
    for cell in staining.shown_cells() {
        let count = (staining.scene.area(cell) * density) as usize;
        staining.sprinkle(cell, count, (0.3, 0.42), 1.0);
    }
    staining.haze(0.06);
}

/// Endosomes: dots of differing size, most of them close to the nucleus and its organising centre, the largest hollow.
pub(crate) fn endosomes(staining: &mut Staining) {
    let density = staining.stream.between(0.06, 0.16);
    let hollow = staining.stream.between(0.0, 0.7);
    let reach = staining.stream.between(2.5, 7.0);
    for cell in staining.shown_cells() {
        let owner = &staining.scene.cells()[cell];
        let (organiser, divides) = (owner.organiser, owner.divides());
        for _ in 0..(staining.scene.area(cell) * density) as usize {
            let scene = staining.scene;
            let site = scene.pick(cell, &mut staining.stream, |site| {
                let from_organiser = (site.place - organiser).length();
                let near = (-site.nucleus / reach).exp() + (-from_organiser / reach).exp();
                site.cytoplasm(divides) * (0.06 + 0.5 * near).min(1.0)
            });
            let Some(site) = site else { continue };
            let radius = staining.stream.around(0.38, 0.35);
            let light = staining.brightness[cell] * staining.stream.between(0.35, 1.0);
            if radius > 0.5 && staining.stream.chance(hollow) {
                staining
                    .canvas
                    .ring(site.place, 0.9 * radius + 0.15, 0.35, light);
            } else {
                staining.canvas.spot(site.place, radius, light);
            }
        }
    }
    staining.haze(0.08);
}

/// Lysosomes: larger uneven dots that gather around the organising centre.
pub(crate) fn lysosomes(staining: &mut Staining) {
    let density = staining.stream.between(0.05, 0.12);
    let reach = staining.stream.between(4.0, 9.0);
    for cell in staining.shown_cells() {
        let owner = &staining.scene.cells()[cell];
        let (organiser, divides) = (owner.organiser, owner.divides());
        for _ in 0..(staining.scene.area(cell) * density) as usize {
            let scene = staining.scene;
            let site = scene.pick(cell, &mut staining.stream, |site| {
                site.cytoplasm(divides)
                    * (0.04 + (-(site.place - organiser).length() / reach).exp()).min(1.0)
            });
            let Some(site) = site else { continue };
            let radius = staining.stream.around(0.6, 0.3);
            let light = staining.brightness[cell] * staining.stream.between(0.4, 1.0);
            let direction = Point::at_angle(staining.stream.angle());
            let stretch = staining.stream.between(1.0, 1.5);
            staining.canvas.dash(
                site.place,
                direction,
                (radius * stretch, radius / stretch),
                light,
            );
        }
    }
    staining.haze(0.08);
}

/// Lipid droplets: round drops of very different size in clusters, their surface brighter than their inside.
pub(crate) fn lipid_droplets(staining: &mut Staining) {
    let typical = staining.stream.between(0.6, 1.1);
    let rich = staining.stream.between(0.3, 0.9);
    for cell in staining.shown_cells() {
        let divides = staining.scene.cells()[cell].divides();
        let clusters = if staining.stream.chance(rich) {
            staining.stream.count(3, 9)
        } else {
            staining.stream.count(0, 2)
        };
        for _ in 0..clusters {
            let scene = staining.scene;
            let Some(middle) =
                scene.pick(cell, &mut staining.stream, |site| site.cytoplasm(divides))
            else {
                continue;
            };
            for _ in 0..staining.stream.count(2, 9) {
                let aside =
                    Point::at_angle(staining.stream.angle()) * (3.2 * staining.stream.unit());
                let place = middle.place + aside;
                let Some(site) = scene.territory.within(cell, place) else {
                    continue;
                };
                if site.cytoplasm(divides) <= 0.0 {
                    continue;
                }
                let radius = staining.stream.around(typical, 0.35);
                let light = staining.brightness[cell] * staining.stream.between(0.6, 1.0);
                staining.canvas.disc(place, radius, 0.35, 0.45 * light);
                staining.canvas.ring(place, radius, 0.4, 0.6 * light);
            }
        }
    }
    staining.haze(0.05);
}

/// Cytoplasmic bodies: a few distinct round spots in an otherwise faint cytoplasm.
pub(crate) fn cytoplasmic_bodies(staining: &mut Staining) {
    let typical = staining.stream.count(3, 9);
    let size = staining.stream.between(0.42, 0.75);
    for cell in staining.shown_cells() {
        let count = staining.stream.count(1, 2 * typical);
        staining.sprinkle(cell, count, (0.8 * size, 1.2 * size), 1.6);
    }
    let background = staining.stream.between(0.06, 0.2);
    staining.haze(background);
}

/// Aggresome: one dense irregular clump beside the nucleus, where unwanted protein is brought along the microtubules.
pub(crate) fn aggresome(staining: &mut Staining) {
    let size = staining.stream.between(1.2, 2.2);
    let share = staining.stream.between(0.5, 1.0);
    for cell in staining.resting_cells() {
        if !staining.stream.chance(share) {
            continue;
        }
        let owner = &staining.scene.cells()[cell];
        let outward = (owner.organiser - owner.nucleus).unit();
        let middle = owner.organiser + outward * (size * 0.6);
        let light = staining.brightness[cell];
        for _ in 0..staining.stream.count(4, 8) {
            let aside =
                Point::at_angle(staining.stream.angle()) * (size * 0.8 * staining.stream.unit());
            let radius = size * staining.stream.between(0.4, 0.8);
            let height = light * staining.stream.between(0.75, 1.0);
            staining.canvas.disc(middle + aside, radius, 0.6, height);
        }
        for _ in 0..staining.stream.count(0, 8) {
            let aside = Point::at_angle(staining.stream.angle())
                * (size * staining.stream.between(1.0, 3.0));
            let height = light * staining.stream.between(0.3, 0.7);
            staining.canvas.spot(middle + aside, 0.4, height);
        }
    }
    let background = staining.stream.between(0.05, 0.18);
    staining.haze(background);
}

/// A closed line, nearly a circle.
fn ring(middle: Point, stream: &mut FieldStream) -> Vec<Point> {
    let (radius, flat, turn) = (
        stream.between(0.8, 2.0),
        stream.between(0.75, 1.0),
        stream.angle(),
    );
    let around = |step: usize| {
        let way = Point::at_angle(step as f32 * std::f32::consts::TAU / 24.0);
        middle + Point::new(way.x, way.y * flat).turned(turn) * radius
    };
    (0..=24).map(around).collect()
}

/// A nearly straight line.
fn rod(middle: Point, stream: &mut FieldStream) -> Vec<Point> {
    let along = Point::at_angle(stream.angle());
    let (half, bow) = (stream.between(1.4, 4.5), stream.normal() * 0.03);
    let across = Point::new(-along.y, along.x);
    (-4..=4)
        .map(|step| {
            let way = half * step as f32 / 4.0;
            middle + along * way + across * (bow * way * way)
        })
        .collect()
}

/// Rods and rings: a few long straight rods and closed rings in the cytoplasm, several micrometres in size.
pub(crate) fn rods_and_rings(staining: &mut Staining) {
    let share = staining.stream.between(0.6, 1.0);
    let rings = staining.stream.between(0.15, 0.5);
    for cell in staining.resting_cells() {
        if !staining.stream.chance(share) {
            continue;
        }
        for _ in 0..staining.stream.count(1, 5) {
            let scene = staining.scene;
            let site = scene.pick(cell, &mut staining.stream, |site| {
                f32::from(site.nucleus > 0.8 && site.rim > 1.0)
            });
            let Some(site) = site else { continue };
            let light = staining.brightness[cell] * staining.stream.between(1.0, 1.6);
            let width = staining.stream.between(0.45, 0.7);
            let path = if staining.stream.chance(rings) {
                ring(site.place, &mut staining.stream)
            } else {
                rod(site.place, &mut staining.stream)
            };
            staining.canvas.stroke(&path, width, |_| light);
        }
    }
    let background = staining.stream.between(0.04, 0.15);
    staining.haze(background);
}
