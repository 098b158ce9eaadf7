//! Endoplasmic reticulum, Golgi apparatus, mitochondria and the cytosol around them.
//!
//! Descriptions follow <https://www.proteinatlas.org/humanproteome/subcellular/golgi+apparatus> and the atlas's pages on the
//! endoplasmic reticulum, mitochondria and cytosol.

use std::f32::consts::FRAC_PI_2;

use crate::geometry::{Point, bell, smooth_step};
use crate::scene::Walk;
use crate::staining::Staining;
use crate::texture::Grain;

/// Endoplasmic reticulum: a net through the cytoplasm, dense around the nucleus, with the nuclear envelope as its inner edge.
pub(crate) fn reticulum(staining: &mut Staining) {
    let mesh = staining.stream.between(1.2, 2.0);
    let net = Grain::new(&mut staining.stream, mesh);
    let second = Grain::new(&mut staining.stream, mesh * 0.6);
    let fine = Grain::new(&mut staining.stream, 0.6);
    let vacuoles = Grain::new(&mut staining.stream, 1.3);
    let empty = staining.stream.between(-0.3, 0.6).max(0.0);
    let clouds = Grain::new(&mut staining.stream, 5.0);
    let reach = staining.stream.between(2.5, 10.0);
    let floor = staining.stream.between(0.05, 0.35);
    let sheet = staining.stream.between(0.4, 0.75);
    let nucleus = staining.stream.between(0.02, 0.18);
    let envelope = staining.stream.between(-0.1, 0.25).max(0.0);
    staining.shade(|scene, site, _| {
        let fineness = fine.at(site.place);
        let inner = nucleus * (1.0 + 0.3 * fineness).max(0.0);
        let divides = scene.cells()[site.cell].divides();
        if site.nucleus < -1.0 && !divides {
            return inner;
        }
        let depth = site.nucleus.max(0.0);
        let reach = (floor + (1.0 - floor) * (-depth / reach).exp()) * scene.thickness(site);
        let threads = net
            .net(site.place, 0.55)
            .max(0.8 * second.net(site.place, 0.55));
        let uneven = (1.0 + 0.35 * clouds.at(site.place)).max(0.2)
            * (1.0 + 0.45 * fineness).max(0.0)
            * (1.0 - empty * smooth_step(1.3, 1.9, vacuoles.at(site.place)));
        let body = reach * uneven * (sheet + (1.0 - sheet) * threads);
        let within = smooth_step(0.25, -0.25, site.nucleus) * if divides { 0.5 } else { 1.0 };
        body * (1.0 - within) + inner * within + envelope * bell(site.nucleus, 0.3)
    });
}

/// Golgi apparatus: ribbons stacked beside the nucleus around the organising centre, compact or falling into pieces.
pub(crate) fn golgi(staining: &mut Staining) {
    let scene = staining.scene;
    let width = staining.stream.between(0.5, 0.8);
    let spread = staining.stream.between(0.35, 0.9);
    let scattered = staining.stream.between(0.0, 12.0);
    for cell in staining.shown_cells() {
        let owner = &scene.cells()[cell];
        let light = staining.brightness[cell];
        if owner.divides() {
            // The apparatus breaks up for mitosis.
            staining.sprinkle(cell, 30, (0.3, 0.5), 0.4);
            continue;
        }
        let middle = (owner.organiser - owner.nucleus).angle();
        let around = |place: Point| (place - owner.nucleus).angle() + FRAC_PI_2;
        for _ in 0..staining.stream.count(7, 15) {
            let direction = middle + spread * staining.stream.normal() * 0.8;
            let off = staining.stream.between(0.4, 2.6);
            let start = owner.nucleus
                + Point::at_angle(direction) * (owner.nucleus_outline.radius(direction) + off);
            let along = direction + FRAC_PI_2 + 0.35 * staining.stream.normal();
            let steps = staining.stream.count(3, 10);
            let walk = Walk {
                start,
                direction: along,
                wobble: 0.25,
                steps,
                step: 0.55,
                guide: Some(&around),
            };
            let path = scene.wander(cell, walk, &mut staining.stream, |site| {
                site.nucleus > 0.3 && site.rim > 0.4
            });
            let height = light * staining.stream.between(0.4, 1.0);
            staining.canvas.stroke(&path, width, |_| height);
            staining.canvas.spot(start, width * 0.6, height * 0.6);
        }
        for _ in 0..scattered as usize {
            let site = scene.pick(cell, &mut staining.stream, |site| {
                if site.nucleus < 0.3 {
                    0.0
                } else {
                    (-(site.place - owner.organiser).length() / 5.0).exp()
                }
            });
            if let Some(site) = site {
                let height = light * staining.stream.between(0.3, 0.7);
                staining.canvas.spot(site.place, 0.35, height);
            }
        }
    }
    let background = staining.stream.between(0.02, 0.1);
    staining.haze(background);
}

/// Mitochondria: short and long threads and grains spread through the cytoplasm, along the microtubules.
pub(crate) fn mitochondria(staining: &mut Staining) {
    let scene = staining.scene;
    let density = staining.stream.between(0.16, 0.34);
    let reach = staining.stream.between(4.0, 14.0);
    let longest = staining.stream.count(5, 14);
    let width = staining.stream.between(0.42, 0.62);
    let beads = Grain::new(&mut staining.stream, 1.4);
    for cell in staining.shown_cells() {
        let owner = &scene.cells()[cell];
        for _ in 0..((scene.area(cell) * density) as usize).min(400) {
            let start = scene.pick(cell, &mut staining.stream, |site| {
                if site.nucleus < 0.4 || site.rim < 0.6 {
                    0.0
                } else {
                    0.06 + (-site.nucleus / reach).exp()
                }
            });
            let Some(start) = start else { continue };
            let outward = (start.place - owner.nucleus).angle();
            let direction = outward
                + 0.8 * staining.stream.normal()
                + if staining.stream.chance(0.35) {
                    FRAC_PI_2
                } else {
                    0.0
                };
            let steps = staining.stream.count(1, longest);
            let walk = Walk {
                start: start.place,
                direction,
                wobble: 0.3,
                steps,
                step: 0.5,
                guide: None,
            };
            let path = scene.wander(cell, walk, &mut staining.stream, |site| {
                site.nucleus > 0.3 && site.rim > 0.5
            });
            let light = staining.brightness[cell] * staining.stream.between(0.35, 0.85);
            staining.canvas.stroke(&path, width, |segment| {
                light * (1.0 + 0.35 * beads.at(path[segment])).max(0.15)
            });
        }
    }
    let background = staining.stream.between(0.02, 0.1);
    staining.haze(background);
}

/// Cytosol: the whole cytoplasm, even or granular, with small dark holes where organelles lie, and less in the nucleus.
pub(crate) fn cytosol(staining: &mut Staining) {
    let size = staining.stream.between(0.6, 1.3);
    let grain = Grain::new(&mut staining.stream, size);
    let organelles = Grain::new(&mut staining.stream, 2.2);
    let contrast = staining.stream.between(0.08, 0.45);
    let nucleus = if staining.stream.chance(0.5) {
        staining.stream.between(0.03, 0.25)
    } else {
        staining.stream.between(0.25, 0.8)
    };
    let thickness = staining.stream.between(0.8, 6.0);
    let hole = staining.stream.between(0.0, 0.5);
    let central = staining.stream.between(0.0, 0.5);
    staining.shade(|scene, site, index| {
        let texture = (1.0 + contrast * grain.at(site.place)).max(0.0);
        let holes = 1.0 - hole * smooth_step(1.2, 1.9, organelles.at(site.place));
        let body = smooth_step(-0.3, thickness, site.rim);
        let rise = 1.0 - central + central * (-site.nucleus.max(0.0) / 5.0).exp();
        let within = smooth_step(0.3, -0.3, site.nucleus)
            * if scene.cells()[site.cell].divides() {
                0.0
            } else {
                1.0
            };
        let inner = nucleus * (1.0 - 0.5 * scene.nucleoli.values[index]);
        0.8 * texture * (body * holes * rise * (1.0 - within) + inner * within)
    });
}

/// Unspecific staining, as every antibody leaves: a granular veil over cytoplasm and nucleus.
pub(crate) fn unspecific(staining: &mut Staining, cytoplasm: f32, nucleus: f32) {
    let size = staining.stream.between(0.5, 1.0);
    let grain = Grain::new(&mut staining.stream, size);
    staining.shade(|scene, site, index| {
        let within = smooth_step(0.3, -0.3, site.nucleus);
        let texture = (0.9 + 0.35 * grain.at(site.place)).max(0.0);
        let inner = nucleus * (1.0 - 0.6 * scene.nucleoli.values[index]);
        texture * (cytoplasm * scene.thickness(site) * (1.0 - within) + inner * within)
    });
    if staining.stream.chance(0.35) {
        // Dots of precipitate or of vesicles that the antibody also binds.
        let density = staining.stream.between(0.01, 0.08);
        for cell in staining.shown_cells() {
            let count = (staining.scene.area(cell) * density) as usize;
            staining.sprinkle(cell, count, (0.22, 0.4), 0.1 + 1.2 * cytoplasm);
        }
    }
}
