//! The cell's rim: plasma membrane, cell junctions and focal adhesion sites.
//!
//! Descriptions follow <https://www.proteinatlas.org/humanproteome/subcellular/plasma+membrane> and the atlas's page on actin
//! filaments, which covers focal adhesion sites.

use crate::geometry::{Point, bell, smooth_step};
use crate::staining::Staining;
use crate::texture::Grain;

/// Plasma membrane: a line around the cell, with ruffles, brighter where two cells meet, and a faint mottled upper surface.
pub(crate) fn plasma_membrane(staining: &mut Staining) {
    let width = staining.stream.between(0.3, 0.5);
    let patches = Grain::new(&mut staining.stream, 4.0);
    let ruffles = Grain::new(&mut staining.stream, 1.3);
    let uneven = staining.stream.between(0.1, 0.4);
    let ruffled = staining.stream.between(0.0, 0.45);
    let surface = staining.stream.between(0.06, 0.25);
    staining.shade(|scene, site, _| {
        let place = site.place;
        let line = bell(site.rim, width) * (0.85 + uneven * patches.at(place)).clamp(0.1, 1.5);
        let shared = if site.contact { 1.25 } else { 1.0 };
        let folds = ruffled * ruffles.net(place, 0.4) * bell(site.rim, 1.6);
        let top = surface
            * (1.0 + 0.3 * ruffles.at(place)).max(0.0)
            * if site.nucleus < 0.0 { 0.6 } else { 1.0 };
        let divides = if scene.cells()[site.cell].divides() {
            1.2
        } else {
            1.0
        };
        (line * shared + folds) * divides + top
    });
}

/// Cell junctions: bright, often interrupted lines only where two cells touch.
pub(crate) fn junctions(staining: &mut Staining) {
    let width = staining.stream.between(0.3, 0.5);
    let patches = Grain::new(&mut staining.stream, 2.0);
    let broken = staining.stream.between(0.0, 0.9);
    staining.shade(|_, site, _| {
        if !site.contact || site.rim > 2.5 {
            return 0.0;
        }
        let whole = 1.0 - broken * smooth_step(0.2, -0.8, patches.at(site.place));
        1.1 * whole * bell(site.rim, width)
    });
    let background = staining.stream.between(0.03, 0.15);
    staining.haze(background);
}

/// Focal adhesion sites: short bright wedges near the rim that point along the cell's pull, some under the cell's middle.
pub(crate) fn focal_adhesions(staining: &mut Staining) {
    let scene = staining.scene;
    let crowd = staining.stream.between(0.12, 0.4);
    let length = staining.stream.between(0.8, 1.8);
    let patches = Grain::new(&mut staining.stream, 9.0);
    let inner = staining.stream.between(0.0, 0.35);
    for cell in staining.resting_cells() {
        let owner = &scene.cells()[cell];
        let count = (owner.outline.mean() * std::f32::consts::TAU * crowd * 1.6) as usize;
        for _ in 0..count {
            let angle = staining.stream.angle();
            let Some(edge) = scene.edge(cell, angle) else {
                continue;
            };
            // Adhesions crowd where the cell pulls.
            if !staining.stream.chance(0.65 + 0.6 * patches.at(edge)) {
                continue;
            }
            let centre_ward = (owner.centre - edge).unit();
            let in_middle = staining.stream.chance(inner);
            let depth = if in_middle {
                staining.stream.between(3.0, 10.0)
            } else {
                staining.stream.between(0.5, 2.2)
            };
            let place = edge + centre_ward * depth;
            if scene.territory.within(cell, place).is_none() {
                continue;
            }
            let axis = Point::at_angle(owner.axis);
            let side = if axis.x * centre_ward.x + axis.y * centre_ward.y < 0.0 {
                -1.0
            } else {
                1.0
            };
            let pull = centre_ward
                .mix(axis * side, 0.4)
                .unit()
                .turned(0.15 * staining.stream.normal());
            let long = length * staining.stream.between(0.6, 1.4);
            let light = staining.brightness[cell] * staining.stream.between(0.5, 1.1);
            staining.canvas.dash(place, pull, (long, 0.34), light);
        }
    }
    let background = staining.stream.between(0.04, 0.15);
    staining.haze(background);
}
