//! Natural-looking unevenness: smooth noise of any grain, read from one tile made once.

use std::sync::OnceLock;

use crate::geometry::Point;
use crate::random::{FieldPurpose, FieldSeed, FieldStream};

/// Side of the noise tile, a power of two.
const SIDE: usize = 512;
/// The texels of the tile that one grain spans.
const TEXELS_PER_GRAIN: f32 = 4.0;

/// A square of noise, of fixed size, so that masked places need no check.
type Tile = [f32; SIDE * SIDE];

/// The tile: normal noise smoothed to `TEXELS_PER_GRAIN`, of mean 0 and deviation 1, seamless at its edges.
fn tile() -> &'static Tile {
    static TILE: OnceLock<Box<Tile>> = OnceLock::new();
    TILE.get_or_init(|| {
        let mut stream = FieldSeed { seed: 0, index: 0 }.stream(FieldPurpose::Style, SIDE);
        let mut values: Vec<f32> = (0..SIDE * SIDE).map(|_| stream.normal()).collect();
        for _ in 0..3 {
            values = smoothed(&values, 1, SIDE);
            values = smoothed(&values, SIDE, 1);
        }
        let deviation = (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt();
        let mut tile = Box::new([0.0; SIDE * SIDE]);
        tile.iter_mut()
            .zip(values)
            .for_each(|(texel, value)| *texel = value / deviation);
        tile
    })
}

/// A binomial smoothing of width five along one axis, wrapping around.
fn smoothed(values: &[f32], step: usize, other: usize) -> Vec<f32> {
    let mut result = vec![0.0; values.len()];
    for line in 0..SIDE {
        for place in 0..SIDE {
            let at =
                |offset: usize| values[line * other + ((place + SIDE + offset - 2) % SIDE) * step];
            result[line * other + place * step] =
                (at(0) + 4.0 * at(1) + 6.0 * at(2) + 4.0 * at(3) + at(4)) / 16.0;
        }
    }
    result
}

/// Noise with a grain of a given size, at a random place and turn of the tile.
#[derive(Debug, Clone)]
pub(crate) struct Grain {
    tile: &'static Tile,
    offset: Point,
    along: Point,
}

impl Grain {
    /// Noise whose grains are about `size` micrometres across.
    pub(crate) fn new(stream: &mut FieldStream, size: f32) -> Self {
        // Far from the origin, so that no place of a field has a negative coordinate and a cast rounds down.
        let far = Point::new(16.0, 16.0);
        let offset = (Point::new(stream.unit(), stream.unit()) + far) * (SIDE as f32);
        Self {
            tile: tile(),
            offset,
            along: Point::at_angle(stream.angle()) * (TEXELS_PER_GRAIN / size),
        }
    }

    /// The noise at a place: about normal, of mean 0 and deviation 1.
    #[inline]
    pub(crate) fn at(&self, place: Point) -> f32 {
        let u = place.x * self.along.x - place.y * self.along.y + self.offset.x;
        let v = place.x * self.along.y + place.y * self.along.x + self.offset.y;
        let (column, row) = (u as usize, v as usize);
        let (right, down) = (u - column as f32, v - row as f32);
        let mask = SIDE - 1;
        let (left, top) = (column & mask, (row & mask) * SIDE);
        let (next, below) = ((column + 1) & mask, ((row + 1) & mask) * SIDE);
        let upper = self.tile[top + left] + (self.tile[top + next] - self.tile[top + left]) * right;
        let lower =
            self.tile[below + left] + (self.tile[below + next] - self.tile[below + left]) * right;
        upper + (lower - upper) * down
    }

    /// A net of bright threads, 1 on the threads and 0 in the meshes: where the noise crosses zero.
    pub(crate) fn net(&self, place: Point, thickness: f32) -> f32 {
        let gap = self.at(place).abs() / thickness;
        (1.0 - gap * gap).max(0.0)
    }
}
