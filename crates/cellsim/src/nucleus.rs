//! The nucleus: its DNA stain and the six locations in it.
//!
//! Descriptions follow the atlas's pages on the nucleoplasm, nuclear membrane and nucleoli, such as
//! <https://www.proteinatlas.org/humanproteome/subcellular/nucleoplasm>.

use crate::cell::Phase;
use crate::geometry::{Point, bell, smooth_step};
use crate::random::FieldStream;
use crate::scene::{Scene, Walk};
use crate::staining::Staining;
use crate::territory::Site;
use crate::texture::Grain;

/// The share of a pixel that lies in the nucleus: 1 inside, 0 outside, with a soft edge.
pub(crate) fn inside(site: &Site) -> f32 {
    smooth_step(0.22, -0.22, site.nucleus)
}

/// The light of a nuclear protein in cells in mitosis, `None` in others: it spreads through the whole rounded cell, but for the chromosomes.
fn spread_in_mitosis(scene: &Scene, site: &Site) -> Option<f32> {
    scene.cells()[site.cell]
        .divides()
        .then(|| 0.35 * smooth_step(0.0, 1.0, site.rim))
}

/// DNA: chromatin of uneven density, darker nucleoli, folds, brighter at the rim; in some species bright chromocentres, and
/// threads before a division.
pub(crate) fn dna(staining: &mut Staining) {
    let size = staining.stream.between(0.9, 1.6);
    let coarse = Grain::new(&mut staining.stream, size);
    let fine = Grain::new(&mut staining.stream, 0.6);
    let folds = Grain::new(&mut staining.stream, 8.0);
    let threads = Grain::new(&mut staining.stream, 1.5);
    let contrast = staining.stream.between(0.6, 1.8);
    let hole = staining.stream.between(0.3, 0.8);
    let rim = staining.stream.between(0.0, 0.2);
    let crease = staining.stream.between(-0.15, 0.3);
    staining.shade(|scene, site, index| {
        if site.nucleus > 0.4 || scene.cells()[site.cell].divides() {
            return 0.0;
        }
        if scene.cells()[site.cell].phase == Phase::Prophase {
            return inside(site) * (0.25 + 0.9 * threads.net(site.place, 0.6));
        }
        let texture = 0.8 + contrast * (0.12 * coarse.at(site.place) + 0.12 * fine.at(site.place));
        let texture = texture * (1.0 - crease * folds.net(site.place, 0.15));
        let edge = rim * bell(site.nucleus + 0.6, 0.5);
        inside(site) * (texture + edge).max(0.15) * (1.0 - hole * scene.nucleoli.values[index])
    });
    micronuclei(staining, 0.8);
    if staining.scene.population.line.chromocentres {
        for cell in staining.resting_cells() {
            for _ in 0..staining.stream.count(8, 16) {
                let (radius, light) = (
                    staining.stream.between(0.5, 1.1),
                    0.9 * staining.brightness[cell],
                );
                if let Some(place) =
                    place_in_nucleus(staining.scene, cell, &mut staining.stream, 0.8)
                {
                    staining.canvas.spot(place, radius, light);
                }
            }
        }
    }
}

/// Draws micronuclei, which stain as their nucleus does.
fn micronuclei(staining: &mut Staining, light: f32) {
    for cell in staining.resting_cells() {
        for (place, radius) in &staining.scene.cells()[cell].micronuclei {
            let height = light * staining.brightness[cell];
            staining.canvas.disc(*place, *radius, 0.3, height);
        }
    }
}

/// A random place inside the nucleus, at least `depth` from its edge and outside nucleoli.
fn place_in_nucleus(
    scene: &Scene,
    cell: usize,
    stream: &mut FieldStream,
    depth: f32,
) -> Option<Point> {
    let owner = &scene.cells()[cell];
    for _ in 0..20 {
        let direction = stream.angle();
        let place = owner.nucleus
            + Point::at_angle(direction)
                * (owner.nucleus_outline.radius(direction) * stream.unit().sqrt());
        let free = |centre: Point, radius: f32| (place - centre).length() > radius + 0.2;
        let clear = owner
            .nucleoli
            .iter()
            .flat_map(|nucleolus| &nucleolus.lobes)
            .all(|lobe| free(lobe.0, lobe.1));
        if clear
            && scene
                .territory
                .within(cell, place)
                .is_some_and(|site| site.nucleus < -depth)
        {
            return Some(place);
        }
    }
    None
}

/// Nucleoplasm: all of the nucleus but the nucleoli, smooth or finely granular.
pub(crate) fn nucleoplasm(staining: &mut Staining) {
    let grain_size = staining.stream.between(0.5, 1.4);
    let grain = Grain::new(&mut staining.stream, grain_size);
    let contrast = staining.stream.between(0.05, 0.45);
    let hole = staining.stream.between(0.6, 1.0);
    staining.shade(|scene, site, index| {
        if let Some(light) = spread_in_mitosis(scene, site) {
            return light;
        }
        if site.nucleus > 0.4 {
            return 0.0;
        }
        let texture = (0.85 + contrast * grain.at(site.place)).max(0.0);
        inside(site) * texture * (1.0 - hole * scene.nucleoli.values[index])
    });
    micronuclei(staining, 0.8);
}

/// Draws a faint veil over the nucleus, as most nuclear proteins leave; `contrast` is its unevenness.
fn veil(staining: &mut Staining, light: f32, contrast: f32) {
    let grain = Grain::new(&mut staining.stream, 0.7);
    let hole = staining.stream.between(0.6, 1.0);
    if !staining.veiled {
        return;
    }
    staining.shade(|scene, site, index| {
        if let Some(spread) = spread_in_mitosis(scene, site) {
            return light * spread;
        }
        if site.nucleus > 0.4 {
            return 0.0;
        }
        let texture = (1.0 + contrast * grain.at(site.place)).max(0.0);
        light * inside(site) * texture * (1.0 - hole * scene.nucleoli.values[index])
    });
}

/// Nuclear membrane: a thin distinct circle around the nucleus, sometimes with folds that cross it.
pub(crate) fn membrane(staining: &mut Staining) {
    let width = staining.stream.between(0.18, 0.3);
    let patches = Grain::new(&mut staining.stream, 2.5);
    let fill = staining.stream.between(0.02, 0.2);
    let around = staining.stream.between(0.0, 0.12);
    staining.shade(|scene, site, _| {
        if let Some(light) = spread_in_mitosis(scene, site) {
            return light;
        }
        let line = bell(site.nucleus, width) * (0.9 + 0.2 * patches.at(site.place)).max(0.2);
        line + fill * inside(site) + around * (-site.nucleus.max(0.0) / 4.0).exp()
    });
    for cell in staining.resting_cells() {
        if staining.stream.chance(0.3) {
            let owner = &staining.scene.cells()[cell];
            let direction = staining.stream.angle();
            let start = owner.nucleus
                + Point::at_angle(direction) * (0.95 * owner.nucleus_outline.radius(direction));
            let length = staining.stream.count(6, 16);
            let turned = direction + std::f32::consts::PI + 0.5 * staining.stream.normal();
            let scene = staining.scene;
            let walk = Walk {
                start,
                direction: turned,
                wobble: 0.12,
                steps: length,
                step: 0.5,
                guide: None,
            };
            let fold = scene.wander(cell, walk, &mut staining.stream, |site| site.nucleus < 0.2);
            let light = 0.45 * staining.brightness[cell];
            staining.canvas.stroke(&fold, 0.4, |_| light);
        }
    }
}

/// Nucleoli: a few smooth, sharp discs exactly in the holes of the DNA, in some fields hollow; the rest of the nucleus is nearly
/// clean.
pub(crate) fn nucleoli(staining: &mut Staining) {
    let hollow = if staining.stream.chance(0.25) {
        staining.stream.between(0.4, 0.95)
    } else {
        0.0
    };
    let middle = (hollow > 0.0).then(|| staining.scene.nucleoli.blurred(0.5));
    let smooth = Grain::new(&mut staining.stream, 1.5);
    let textured = staining.stream.between(0.0, 0.12);
    // Neighbouring nucleoli of a nucleus differ, grains of one do not.
    let each = Grain::new(&mut staining.stream, 9.0);
    let uneven = staining.stream.between(0.0, 0.4);
    let background = 0.01 + 0.16 * staining.stream.unit().powi(2);
    staining.shade(|scene, site, index| {
        let height = smooth_step(0.2, 0.8, scene.nucleoli.values[index]);
        if height <= 0.0 {
            return 0.0;
        }
        let place = site.place;
        let texture = 1.0 + textured * smooth.at(place) + uneven * each.at(place);
        let inner = middle
            .as_ref()
            .map_or(0.0, |middle| smooth_step(0.6, 0.97, middle.values[index]));
        height * texture.max(0.15) * (1.0 - hollow * inner)
    });
    veil(staining, background, 0.3);
}

/// How the fibrillar centres of a field's nucleoli show.
#[derive(Clone, Copy)]
enum Centres {
    /// One to three dots in a nucleolus.
    Few,
    /// One irregular clump.
    Clump,
    /// Many small spots.
    Many,
}

/// Fibrillar centres: bright spots within nucleoli that are else empty: one to three dots, a clump or many in each.
pub(crate) fn fibrillar_centres(staining: &mut Staining) {
    let scene = staining.scene;
    let kind = match staining.stream.count(0, 9) {
        0..=3 => Centres::Few,
        4..=5 => Centres::Clump,
        _ => Centres::Many,
    };
    for cell in staining.resting_cells() {
        let light = staining.brightness[cell];
        for nucleolus in &scene.cells()[cell].nucleoli {
            for (lobe, (centre, radius)) in nucleolus.lobes.iter().enumerate() {
                let stream = &mut staining.stream;
                let (count, scatter, sizes) = match kind {
                    // Side lobes of a nucleolus have no dots of their own.
                    Centres::Few if lobe > 0 => continue,
                    Centres::Few => (stream.count(1, 3), 0.6, (0.35, 0.6)),
                    Centres::Clump if lobe > 0 => continue,
                    Centres::Clump => (stream.count(3, 6), 0.4, (0.35, 0.6)),
                    Centres::Many => {
                        let full = radius * radius * stream.between(1.2, 2.6);
                        ((full.ceil() as usize + 1).min(9), 0.75, (0.28, 0.5))
                    }
                };
                for _ in 0..count {
                    let aside = Point::at_angle(staining.stream.angle())
                        * (radius * scatter * staining.stream.unit().sqrt());
                    let size = staining.stream.between(sizes.0, sizes.1);
                    let height = light * staining.stream.between(0.8, 1.4);
                    staining.canvas.spot(*centre + aside, size, height);
                }
            }
        }
    }
    let background = 0.01 + 0.2 * staining.stream.unit().powi(2);
    veil(staining, background, 0.4);
}

/// Nuclear speckles: ten to some thirty distinct irregular patches of about a micrometre around empty nucleoli.
pub(crate) fn speckles(staining: &mut Staining) {
    let typical = staining.stream.count(10, 28);
    let size = staining.stream.between(0.48, 0.8);
    for cell in staining.resting_cells() {
        let room = (staining.scene.cells()[cell].nucleus_outline.mean() / 7.5).powi(2);
        let count = (typical as f32 * room * staining.stream.between(0.7, 1.3)) as usize;
        for _ in 0..count {
            let Some(place) = place_in_nucleus(staining.scene, cell, &mut staining.stream, 0.7)
            else {
                continue;
            };
            let light = staining.brightness[cell] * staining.stream.between(0.4, 1.0);
            // A patch is a small heap of grains.
            for grain in 0..staining.stream.count(1, 5) {
                let aside = if grain == 0 {
                    0.0
                } else {
                    size * staining.stream.between(0.6, 1.5)
                };
                let radius = size * staining.stream.between(0.6, 1.2);
                let beside = place + Point::at_angle(staining.stream.angle()) * aside;
                staining.canvas.spot(beside, radius, 0.6 * light);
            }
        }
    }
    let background = staining.stream.between(0.05, 0.4);
    veil(staining, background, 0.4);
}

/// Nuclear bodies: a few to a dozen round distinct spots in the nucleoplasm.
pub(crate) fn bodies(staining: &mut Staining) {
    let typical = staining.stream.count(2, 9);
    let size = staining.stream.between(0.42, 0.75);
    for cell in staining.resting_cells() {
        for _ in 0..staining.stream.count(1, 2 * typical) {
            let (radius, light) = (
                staining.stream.around(size, 0.2),
                staining.stream.between(0.8, 1.5),
            );
            if let Some(place) = place_in_nucleus(staining.scene, cell, &mut staining.stream, 0.6) {
                staining
                    .canvas
                    .spot(place, radius, light * staining.brightness[cell]);
            }
        }
    }
    let background = staining.stream.between(0.05, 0.3);
    veil(staining, background, 0.4);
    let cytoplasm = 0.2 * staining.stream.unit().powi(2);
    staining.haze(cytoplasm);
}
