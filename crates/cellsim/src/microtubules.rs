//! The microtubules of a field's cells, which the red channel always shows and a protein may follow.

use std::f32::consts::{FRAC_PI_2, PI};

use crate::geometry::Point;
use crate::random::{FieldPurpose, FieldSeed, FieldStream};
use crate::scene::{Scene, Walk};
use crate::territory::Site;
use crate::texture::Grain;

/// One microtubule of a cell.
#[derive(Debug)]
pub(crate) struct Filament {
    pub(crate) cell: usize,
    pub(crate) points: Vec<Point>,
    pub(crate) light: f32,
}

/// Grows the microtubules of all interphase cells: a polar net from the organising centre towards the membrane.
pub(crate) fn grow_microtubules(scene: &Scene, seed: FieldSeed) -> Vec<Filament> {
    let mut style = seed.stream(FieldPurpose::Filaments, usize::MAX);
    let density = style.between(0.14, 0.32);
    let wobble = style.between(0.04, 0.16);
    let central = 0.02 + 0.38 * style.unit().powi(2);
    let order = style.between(0.2, 0.9);
    let perinuclear = style.between(3.0, 16.0);
    let bends = Grain::new(&mut style, 26.0);
    let mut filaments = Vec::new();
    for (number, cell) in scene.cells().iter().enumerate() {
        let area = scene.area(number);
        if area <= 0.0 || cell.divides() {
            continue;
        }
        let mut stream = seed.stream(FieldPurpose::Filaments, number);
        let along_axis = |place: Point| cell.axis + 0.5 * bends.at(place);
        let from_organiser =
            |place: Point| (place - cell.organiser).angle() + 0.35 * bends.at(place);
        for _ in 0..((area * density) as usize).clamp(16, 420) {
            // Some lie in the focal plane, others above or below it.
            let light = stream.around(0.42, 0.7);
            let over = stream.chance(0.3);
            let beside = stream.between(0.15, 1.2);
            // Each turns at a distance of its own from the rim.
            let margin = stream.between(0.3, 1.8);
            let (start, direction) = origin(scene, number, (central, perinuclear), &mut stream);
            // Long cells order their filaments along their axis, round ones around the organising centre.
            let aligned = (cell.elongation - 1.0).clamp(0.1, 0.8);
            let guide: Option<&dyn Fn(Point) -> f32> = if !stream.chance(order) {
                None
            } else if stream.chance(aligned) {
                Some(&along_axis)
            } else {
                Some(&from_organiser)
            };
            let walk = Walk {
                start,
                direction,
                wobble,
                steps: stream.count(10, 48),
                step: 0.9,
                guide,
            };
            let mut points = scene.wander(number, walk, &mut stream, |site| {
                site.rim > margin && (over || site.nucleus > beside)
            });
            if scene.population.overlap {
                creep(scene, &mut points, &mut stream);
            }
            filaments.push(Filament {
                cell: number,
                points,
                light,
            });
        }
    }
    filaments
}

/// Lets a filament that has come to its cell's border run on over the neighbour there.
fn creep(scene: &Scene, points: &mut Vec<Point>, stream: &mut FieldStream) {
    let [.., before, last] = points[..] else {
        return;
    };
    let at_border = |site: Site| site.contact && site.rim < 3.0;
    if !scene.territory.at(last).is_some_and(at_border) {
        return;
    }
    let step = last - before;
    for number in 1..=stream.count(0, 5) {
        let next = last + step * number as f32;
        let is_cytoplasm = |site: Site| site.nucleus > 0.5;
        if !scene.territory.at(next).is_some_and(is_cytoplasm) {
            break;
        }
        points.push(next);
    }
}

/// The start and direction of a microtubule; `central` is the share that starts at the organising centre, and the
/// others thin out over `perinuclear` micrometres from the nucleus.
fn origin(
    scene: &Scene,
    number: usize,
    (central, perinuclear): (f32, f32),
    stream: &mut FieldStream,
) -> (Point, f32) {
    let cell = &scene.cells()[number];
    let from_organiser =
        stream.chance(central) && scene.territory.within(number, cell.organiser).is_some();
    if from_organiser {
        let start = cell.organiser + Point::at_angle(stream.angle()) * (3.5 * stream.unit());
        let away = (cell.organiser - cell.nucleus).angle() + 1.3 * stream.normal();
        return (start, away);
    }
    let near = scene.pick(number, stream, |site| {
        if site.nucleus < 0.2 || site.rim < 0.8 {
            0.0
        } else {
            0.05 + 0.9 * (-site.nucleus / perinuclear).exp()
        }
    });
    let start = near.map_or(cell.organiser, |site| site.place);
    let outward = (start - cell.nucleus).angle();
    // Filaments around the nucleus run beside it or outward, and along long cells.
    let direction = match stream.count(0, 3) {
        0 => outward + 0.5 * stream.normal(),
        1 => cell.axis + if stream.chance(0.5) { PI } else { 0.0 } + 0.3 * stream.normal(),
        2 => {
            outward
                + FRAC_PI_2 * if stream.chance(0.5) { 1.0 } else { -1.0 }
                + 0.35 * stream.normal()
        }
        _ => stream.angle(),
    };
    (start, direction)
}
