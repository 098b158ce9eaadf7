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
    let floor = staining.stream.between(0.4, 1.0);
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
            * (1.0 + 0.4 * fineness).max(0.0)
            * (1.0 - empty * smooth_step(1.3, 1.9, vacuoles.at(site.place)));
        let body = reach * uneven * (sheet + (1.0 - sheet) * threads);
        let within = smooth_step(0.25, -0.25, site.nucleus) * if divides { 0.5 } else { 1.0 };
        body * (1.0 - within) + inner * within + envelope * bell(site.nucleus, 0.3)
    });
}

/// Golgi apparatus: a cap of small pieces and ribbons beside the nucleus around the organising centre, compact or scattered.
pub(crate) fn golgi(staining: &mut Staining) {
    let scene = staining.scene;
    let width = staining.stream.between(0.4, 0.7);
    // From ribbons to grains alone.
    let granular = staining.stream.between(0.2, 1.0);
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
        for _ in 0..staining.stream.count(9, 18) {
            let direction = middle + spread * staining.stream.normal() * 0.8;
            let off = staining.stream.between(0.4, 3.2);
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
            let ribbon = height * (1.0 - 0.8 * granular);
            staining.canvas.stroke(&path, width, |_| ribbon);
            for place in &path {
                let aside = Point::at_angle(staining.stream.angle()) * (0.6 * granular);
                let radius = staining.stream.between(0.3, 0.55);
                let grain = height * granular * staining.stream.between(0.4, 1.5);
                staining.canvas.spot(*place + aside, radius, grain);
            }
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

/// Mitochondria: fine threads or grains that gather around the nucleus, mostly faint, often with some staining of nucleoli or
/// nucleus.
pub(crate) fn mitochondria(staining: &mut Staining) {
    let scene = staining.scene;
    let density = staining.stream.between(0.25, 0.6);
    let reach = staining.stream.between(2.0, 6.0);
    let scattered = 0.01 + 0.09 * staining.stream.unit().powi(2);
    let longest = staining.stream.count(1, 12);
    let width = staining.stream.between(0.32, 0.5);
    let wobble = staining.stream.between(0.15, 0.4);
    let beads = Grain::new(&mut staining.stream, 1.0);
    for cell in staining.shown_cells() {
        let owner = &scene.cells()[cell];
        // They gather on the organising centre's side.
        let side = (owner.organiser - owner.nucleus).unit();
        for _ in 0..((scene.area(cell) * density) as usize).min(400) {
            let start = scene.pick(cell, &mut staining.stream, |site| {
                if site.nucleus < 0.4 || site.rim < 0.6 {
                    0.0
                } else {
                    let offset = (site.place - owner.nucleus).unit();
                    let facing = 0.75 + 0.25 * (offset.x * side.x + offset.y * side.y);
                    scattered + facing * (-site.nucleus / reach).exp()
                }
            });
            let Some(start) = start else { continue };
            let outward = (start.place - owner.nucleus).angle();
            let direction = outward
                + 0.7 * staining.stream.normal()
                + if staining.stream.chance(0.45) {
                    FRAC_PI_2
                } else {
                    0.0
                };
            let steps = staining.stream.count(1, longest);
            let walk = Walk {
                start: start.place,
                direction,
                wobble,
                steps,
                step: 0.45,
                guide: None,
            };
            let path = scene.wander(cell, walk, &mut staining.stream, |site| {
                site.nucleus > 0.3 && site.rim > 0.5
            });
            let light = staining.brightness[cell] * staining.stream.around(0.8, 0.45);
            staining.canvas.stroke(&path, width, |segment| {
                light * (1.0 + 0.45 * beads.at(path[segment])).max(0.1)
            });
        }
    }
    let background = 0.02 + 0.18 * staining.stream.unit().powi(2);
    staining.haze(background);
    let nucleoli = staining.stream.between(-0.25, 0.45).max(0.0);
    let nucleus = staining.stream.between(-0.1, 0.2).max(0.0);
    staining.shade(|scene, site, index| {
        let within = smooth_step(0.3, -0.3, site.nucleus);
        if within <= 0.0 || scene.cells()[site.cell].divides() {
            return 0.0;
        }
        within * (nucleus + (nucleoli - nucleus) * scene.nucleoli.values[index])
    });
}

/// Cytosol: the whole cytoplasm as thick as the cell, clumpy and denser near the nucleus, with small dark holes where organelles
/// lie; the nucleus is anything between empty and equal.
pub(crate) fn cytosol(staining: &mut Staining) {
    let stream = &mut staining.stream;
    let size = stream.between(0.6, 1.4);
    let grain = Grain::new(stream, size);
    let clumps = Grain::new(stream, 3.0);
    let organelles = Grain::new(stream, 2.2);
    let contrast = stream.between(0.1, 0.45);
    let clumpy = stream.between(0.05, 0.3);
    let nucleus = stream.between(0.03, 0.75);
    let hole = stream.between(0.0, 0.6);
    let central = stream.between(0.1, 0.75);
    let reach = stream.between(2.0, 8.0);
    let nucleolus = stream.between(0.0, 0.7);
    staining.shade(|scene, site, index| {
        let texture = contrast * grain.at(site.place) + clumpy * clumps.at(site.place);
        let within = smooth_step(0.3, -0.3, site.nucleus)
            * if scene.cells()[site.cell].divides() {
                0.0
            } else {
                1.0
            };
        let holes = 1.0 - hole * smooth_step(1.2, 1.9, organelles.at(site.place));
        let rise = 1.0 - central + central * (-site.nucleus.max(0.0) / reach).exp();
        let outer = scene.thickness(site) * holes * rise;
        let inner = nucleus * (1.0 - nucleolus * scene.nucleoli.values[index]);
        0.8 * texture.exp() * (outer * (1.0 - within) + inner * within)
    });
}

/// Unspecific staining, as every antibody leaves: a granular veil over cytoplasm and nucleus, and in some fields weak nucleoli
/// or granules that nobody labels.
pub(crate) fn unspecific(staining: &mut Staining, cytoplasm: f32, nucleus: f32) {
    let size = staining.stream.between(0.5, 1.0);
    let grain = Grain::new(&mut staining.stream, size);
    // Nucleoli are mostly darker than the veil, sometimes brighter.
    let nucleoli = if staining.stream.chance(0.12) {
        cytoplasm.max(nucleus) * staining.stream.between(0.9, 1.8)
    } else {
        nucleus * 0.4
    };
    staining.shade(|scene, site, index| {
        let within = smooth_step(0.3, -0.3, site.nucleus);
        let texture = (0.9 + 0.35 * grain.at(site.place)).max(0.0);
        let inner = nucleus + (nucleoli - nucleus) * scene.nucleoli.values[index];
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
    if staining.stream.chance(0.15) {
        // Granules beside the nucleus, where antibodies gather.
        let light = (0.5 * cytoplasm + 0.1) * staining.stream.between(0.6, 1.6);
        for cell in staining.resting_cells() {
            let scene = staining.scene;
            let organiser = scene.cells()[cell].organiser;
            for _ in 0..staining.stream.count(4, 20) {
                let site = scene.pick(cell, &mut staining.stream, |site| {
                    site.cytoplasm(false) * (-(site.place - organiser).length() / 4.0).exp()
                });
                if let Some(site) = site {
                    let radius = staining.stream.between(0.3, 0.6);
                    staining
                        .canvas
                        .spot(site.place, radius, light * staining.brightness[cell]);
                }
            }
        }
    }
}
