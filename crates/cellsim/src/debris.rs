//! Debris between cells: blebs and vesicles that cells shed, clumps of antibody and pieces of dead nuclei.

use crate::canvas::Canvas;
use crate::geometry::Point;
use crate::random::FieldStream;
use crate::scene::Scene;

/// One round piece of debris.
#[derive(Debug)]
pub(crate) struct Speck {
    place: Point,
    radius: f32,
    /// Its light in red, green, blue and yellow.
    light: [f32; 4],
}

/// Strews debris over a field; most fields get none.
pub(crate) fn strew(scene: &Scene, amount: f32, stream: &mut FieldStream) -> Vec<Speck> {
    let mut specks = Vec::new();
    if stream.chance(0.3 * amount) {
        for _ in 0..stream.count(2, 14) {
            blebs(scene, stream, &mut specks);
        }
    }
    if stream.chance(0.15 * amount) {
        for _ in 0..stream.count(1, 4) {
            let light = [0.0, stream.between(0.3, 1.2), 0.0, 0.0];
            clump(scene, stream, (0.3, 1.0), light, &mut specks);
        }
    }
    if stream.chance(0.12 * amount) {
        for _ in 0..stream.count(1, 3) {
            let light = [0.05, 0.1, stream.between(0.3, 0.9), 0.1];
            clump(scene, stream, (0.6, 1.6), light, &mut specks);
        }
    }
    specks
}

/// Adds the specks' light in one channel: 0 red, 1 green, 2 blue, 3 yellow.
pub(crate) fn draw(specks: &[Speck], channel: usize, canvas: &mut Canvas) {
    for speck in specks {
        canvas.spot(speck.place, speck.radius, speck.light[channel]);
    }
}

/// A row of blebs just outside a cell's rim.
fn blebs(scene: &Scene, stream: &mut FieldStream, specks: &mut Vec<Speck>) {
    let cell = stream.count(0, scene.cells().len().max(1) - 1);
    let angle = stream.angle();
    if scene.cells().is_empty() {
        return;
    }
    for _ in 0..stream.count(2, 9) {
        let Some(edge) = scene.edge(cell, angle + 0.5 * stream.normal()) else {
            continue;
        };
        let outward = (edge - scene.cells()[cell].nucleus).unit();
        let place = edge + outward * stream.between(0.3, 4.5);
        let bright = stream.between(0.15, 0.6);
        let light = [
            bright * stream.unit(),
            bright * stream.between(0.2, 1.0),
            0.0,
            bright,
        ];
        specks.push(Speck {
            place,
            radius: stream.between(0.4, 1.5),
            light,
        });
    }
}

/// An irregular heap of specks on empty glass.
fn clump(
    scene: &Scene,
    stream: &mut FieldStream,
    (least, greatest): (f32, f32),
    light: [f32; 4],
    specks: &mut Vec<Speck>,
) {
    let side = scene.territory.size as f32 / scene.territory.scale;
    let middle = Point::new(stream.unit(), stream.unit()) * side;
    if scene.territory.at(middle).is_some() {
        return;
    }
    for _ in 0..stream.count(1, 8) {
        let radius = stream.between(least, greatest);
        let place = middle + Point::at_angle(stream.angle()) * (2.5 * greatest * stream.unit());
        specks.push(Speck {
            place,
            radius,
            light,
        });
    }
}
