//! Filaments: microtubules with their ends and organising centres, intermediate filaments and actin.
//!
//! Descriptions follow <https://www.proteinatlas.org/humanproteome/subcellular/microtubules> and the atlas's pages on actin
//! filaments, intermediate filaments and centrosomes.

use std::f32::consts::FRAC_PI_2;

use crate::division;
use crate::geometry::{Point, bell, smooth_step};
use crate::scene::Walk;
use crate::staining::Staining;
use crate::texture::Grain;

/// Microtubules: thin strands that stretch through the whole cell from a centre beside the nucleus.
pub(crate) fn microtubules(staining: &mut Staining) {
    let width = staining.stream.between(0.26, 0.33);
    let haze = 0.04 + 0.45 * staining.stream.unit().powi(2);
    let flat = staining.stream.between(0.1, 0.6);
    let beads = Grain::new(&mut staining.stream, 0.9);
    let grain = Grain::new(&mut staining.stream, 1.0);
    let scene = staining.scene;
    for filament in staining.microtubules {
        let light = filament.light * staining.brightness[filament.cell];
        let points = &filament.points;
        let last = points.len() as f32;
        staining.canvas.stroke(points, width, |segment| {
            let place = points[segment];
            // Over the nucleus strands are out of the focal plane, and where the cell is thin there are fewer of them.
            let depth = scene
                .territory
                .at(place)
                .map_or(1.0, |site| match site.nucleus {
                    inside if inside < 0.0 => 0.35,
                    _ => flat + (1.0 - flat) * scene.thickness(&site),
                });
            let ending = 1.0 - 0.5 * segment as f32 / last;
            light * ending * (1.0 + 0.15 * beads.at(place)).max(0.1) * depth
        });
    }
    staining.shade(|scene, site, _| {
        if scene.cells()[site.cell].divides() {
            return 0.0;
        }
        let thick = scene.thickness(site) * if site.nucleus < 0.0 { 0.5 } else { 1.0 };
        haze * thick * (1.0 + 0.25 * grain.at(site.place)).max(0.0)
    });
    division::spindles(staining, 1.0);
}

/// Microtubule ends: short comets at the growing ends, most of them near the rim.
pub(crate) fn microtubule_ends(staining: &mut Staining) {
    let length = staining.stream.between(0.6, 1.1);
    for filament in staining.microtubules {
        let points = &filament.points;
        if points.len() < 4 {
            continue;
        }
        for _ in 0..2 {
            let place = points.len()
                - 1
                - if staining.stream.chance(0.5) {
                    0
                } else {
                    staining.stream.count(1, points.len() - 3)
                };
            let direction = (points[place] - points[place - 1]).unit();
            let light = staining.brightness[filament.cell] * staining.stream.between(0.4, 1.0);
            staining
                .canvas
                .dash(points[place], direction, (length, 0.24), 1.4 * light);
        }
    }
    staining.haze(0.08);
}

/// Intermediate filaments: a tangled, wavy mesh that is thickest around the nucleus and thins out towards the rim.
pub(crate) fn intermediate_filaments(staining: &mut Staining) {
    let density = staining.stream.between(0.1, 0.2);
    let wobble = staining.stream.between(0.3, 0.5);
    let reach = staining.stream.between(4.0, 12.0);
    let scene = staining.scene;
    for cell in staining.resting_cells() {
        // Bundles collect on one side of the nucleus.
        let side = (scene.cells()[cell].organiser - scene.cells()[cell].nucleus).unit();
        let nucleus = scene.cells()[cell].nucleus;
        for _ in 0..((scene.area(cell) * density) as usize).clamp(6, 160) {
            let start = scene.pick(cell, &mut staining.stream, |site| {
                let offset = (site.place - nucleus).unit();
                let facing = 0.55 + 0.45 * (offset.x * side.x + offset.y * side.y);
                if site.nucleus < 0.2 {
                    0.0
                } else {
                    facing * (-site.nucleus / reach).exp()
                }
            });
            let Some(start) = start else { continue };
            let around =
                (start.place - nucleus).angle() + FRAC_PI_2 + 0.6 * staining.stream.normal();
            let steps = staining.stream.count(6, 22);
            let walk = Walk {
                start: start.place,
                direction: around,
                wobble,
                steps,
                step: 0.7,
                guide: None,
            };
            let path = scene.wander(cell, walk, &mut staining.stream, |site| {
                site.nucleus > 0.1 && site.rim > 0.5
            });
            let light = staining.brightness[cell] * staining.stream.between(0.25, 0.8);
            let width = staining.stream.between(0.3, 0.6);
            staining.canvas.stroke(&path, width, |_| light);
        }
    }
    staining.haze(0.06);
}

/// Actin filaments: straight parallel bundles across the cell, and a line along the membrane.
pub(crate) fn actin(staining: &mut Staining) {
    let scene = staining.scene;
    let spacing = staining.stream.between(0.9, 2.2);
    let cortex = staining.stream.between(0.15, 0.8);
    let patches = Grain::new(&mut staining.stream, 5.0);
    let beads = Grain::new(&mut staining.stream, 1.3);
    for cell in staining.resting_cells() {
        let owner = &scene.cells()[cell];
        let bundles = if staining.stream.chance(0.2) { 2 } else { 1 };
        for bundle in 0..bundles {
            let axis = owner.axis
                + 0.2 * staining.stream.normal()
                + bundle as f32 * staining.stream.between(0.5, 1.2);
            let (along, across) = (Point::at_angle(axis), Point::at_angle(axis + FRAC_PI_2));
            let reach = owner.outline.greatest();
            let lines = (2.0 * owner.outline.mean() / spacing) as usize;
            for _ in 0..lines {
                let aside = owner.outline.mean() * staining.stream.between(-1.0, 1.0);
                let from = reach * staining.stream.between(-1.0, 0.4);
                let length = reach * staining.stream.between(0.3, 1.3);
                let (bow, tilt) = (
                    staining.stream.normal() * 0.02,
                    0.06 * staining.stream.normal(),
                );
                let light = staining.brightness[cell] * staining.stream.between(0.25, 1.0);
                let steps = (length / 0.9) as usize + 2;
                let points: Vec<Point> = (0..steps)
                    .map(|step| {
                        let forward = step as f32 * 0.9;
                        owner.centre
                            + along * (from + forward)
                            + across * (aside + tilt * forward + bow * forward * forward * 0.2)
                    })
                    .collect();
                staining.canvas.stroke(&points, 0.4, |segment| {
                    let place = points[segment];
                    scene.territory.within(cell, place).map_or(0.0, |site| {
                        let over = if site.nucleus < 0.0 { 0.45 } else { 1.0 };
                        light
                            * over
                            * smooth_step(0.1, 0.8, site.rim)
                            * (1.0 + 0.25 * beads.at(place)).max(0.0)
                    })
                });
            }
        }
    }
    staining.shade(|_, site, _| {
        let line = bell(site.rim, 0.4) * (0.7 + 0.5 * patches.at(site.place)).clamp(0.0, 1.4);
        cortex * line + 0.06 * smooth_step(0.0, 2.0, site.rim)
    });
}

/// Microtubule organising centre: a cloud of light beside the nucleus that fades outwards.
pub(crate) fn organising_centre(staining: &mut Staining) {
    let size = staining.stream.between(0.9, 1.7);
    let crumbs = staining.stream.count(4, 18);
    for cell in staining.shown_cells() {
        for pole in staining.scene.cells()[cell].poles() {
            let light = staining.brightness[cell];
            staining.canvas.spot(pole, size * 0.55, 0.8 * light);
            staining.canvas.spot(pole, size * 2.2, 0.22 * light);
            for _ in 0..crumbs {
                let aside = Point::at_angle(staining.stream.angle())
                    * (size * 1.6 * staining.stream.unit());
                let height = light * staining.stream.between(0.15, 0.5);
                staining.canvas.spot(pole + aside, 0.3, height);
            }
        }
    }
    staining.haze(0.06);
}

/// Centrosome: one or two small distinct dots beside the nucleus.
pub(crate) fn centrosome(staining: &mut Staining) {
    let size = staining.stream.between(0.42, 0.6);
    for cell in staining.shown_cells() {
        let poles = staining.scene.cells()[cell].poles();
        for pole in &poles {
            let light = staining.brightness[cell] * staining.stream.between(1.2, 1.8);
            staining.canvas.spot(*pole, size, light);
            if poles.len() == 1 && staining.stream.chance(0.75) {
                let aside =
                    Point::at_angle(staining.stream.angle()) * staining.stream.between(0.7, 1.6);
                staining.canvas.spot(*pole + aside, size, light * 0.9);
            }
        }
    }
    staining.haze(0.06);
}
