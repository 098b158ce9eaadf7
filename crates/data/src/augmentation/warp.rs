//! Rotation, scaling, mirroring and cropping in one step: each pixel is sampled at the position given by the inverse map, with
//! Catmull-Rom interpolation, as fields are resized; beyond the border the picture is mirrored.
//!
//! Catmull-Rom in place of bilinear: one turn by 17 degrees leaves 68 to 78 % of the squared gradient
//! of a field's channels against 48 to 58 %, and some locations are recognised by the smallest structures. It costs about twice
//! the time.
//!
//! All arithmetic is in whole numbers, so that results are equal on every machine. The four channels of a pixel
//! are lanes of 16 bits in one `u64`, and a product with a weight acts on all four.

use std::ops::Range;

/// Lanes of a pixel, a channel each.
const LANES: usize = 4;
/// A 1 in each lane.
const EACH: u64 = 0x0001_0001_0001_0001;
/// The weights of four neighbours sum to this: the largest power of 2 by which no lane overflows.
const WEIGHT: u64 = 128;
const WEIGHT_BITS: u32 = WEIGHT.trailing_zeros();
/// Added to levels, so that none is under 0: two sums undershoot black by 77 at most.
const BIAS: u64 = 40;
/// Levels as they leave the second sum: black is at twice the bias.
const SUMS: usize = 512;

/// Columns that are made at a time. Of a turned picture, a row of this many pixels and the next take
/// from almost the same lines of the processor's cache; whole rows would be evicted in between.
const STRIP: usize = 64;
/// Pixels between rows in memory, a line of cache: rows of a power of 2 would all fall on one
/// another's place in the cache.
const GAP: usize = 8;

/// Positions are in pixels times 2 to this power.
const FRACTION_BITS: u32 = 32;

/// The map from a place in the changed picture to its place in the original, `centre + matrix * (place - 0.5)`; places are
/// `[across, down]` in shares of the side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inverse {
    /// The linear part; its rows give across and down.
    pub matrix: [[f64; 2]; 2],
    /// The place in the original of the changed picture's centre.
    pub centre: [f64; 2],
}

/// A position that moves with a pixel of the changed picture.
#[derive(Debug, Clone, Copy)]
struct Track {
    /// The position for the top left pixel.
    start: i64,
    /// The step for a pixel to the right.
    across: i64,
    /// The step for a pixel down.
    down: i64,
}

impl Track {
    fn new(centre: f64, [across, down]: [f64; 2], from: usize, to: usize) -> Self {
        let (from, to) = (from as f64, to as f64);
        let fixed = |value: f64| (value * (1_u64 << FRACTION_BITS) as f64).round() as i64;
        let [across, down] = [across, down].map(|step| step * (from / to));
        // Places count from borders, pixels from their middles.
        let to_first = 0.5 - to / 2.0;
        let start = centre * from - 0.5 + (across + down) * to_first;
        // Weights are kept for so many parts of a pixel; half a part makes their choice rounding.
        let half_a_part = 1_i64 << (FRACTION_BITS - WEIGHT_BITS - 1);
        Self {
            start: fixed(start) + half_a_part,
            across: fixed(across),
            down: fixed(down),
        }
    }

    fn at(self, x: usize, y: usize) -> i64 {
        self.start + self.across * x as i64 + self.down * y as i64
    }

    /// The pixels of row `y`, of `to`, whose position among `from` pixels has one neighbour before it and two after it.
    fn inside(self, y: usize, from: usize, to: usize) -> Range<usize> {
        let (low, high) = (
            1_i64 << FRACTION_BITS,
            (from as i64 - 2) << FRACTION_BITS, // itself outside
        );
        let first = self.at(0, y);
        let clamped = |value: i64| value.clamp(0, to as i64) as usize;
        let ceiling = |dividend: i64, divisor: i64| -(-dividend).div_euclid(divisor);
        match self.across {
            0 if (low..high).contains(&first) => 0..to,
            0 => 0..0,
            step if step > 0 => {
                clamped(ceiling(low - first, step))..clamped(ceiling(high - first, step))
            }
            step => {
                clamped((first - high).div_euclid(-step) + 1)
                    ..clamped((first - low).div_euclid(-step) + 1)
            }
        }
    }
}

/// The weights of the neighbours at -1, 0, 1 and 2 for each part of a pixel; the first and the last
/// are to be subtracted.
fn weights() -> [[u64; 4]; WEIGHT as usize] {
    std::array::from_fn(|part| {
        let t = part as f64 / WEIGHT as f64;
        let exact = [
            ((0.5 * t - 1.0) * t + 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1.0,
            ((-1.5 * t + 2.0) * t + 0.5) * t,
            (0.5 - 0.5 * t) * t * t,
        ];
        let mut weights = exact.map(|weight| (weight * WEIGHT as f64).round() as u64);
        // Rounding may have moved the sum; the nearer neighbour, of the largest weight, makes up.
        let (near, far) = if t < 0.5 { (1, 2) } else { (2, 1) };
        weights[near] = WEIGHT + weights[0] + weights[3] - weights[far];
        weights
    })
}

/// The weighted mean of four neighbours, with the bias added.
#[inline(always)]
fn mean(pixels: [u64; 4], weights: &[u64; 4]) -> u64 {
    let added = pixels[1] * weights[1] + pixels[2] * weights[2];
    let subtracted = pixels[0] * weights[0] + pixels[3] * weights[3];
    let biased = added + EACH * (BIAS * WEIGHT + WEIGHT / 2) - subtracted;
    (biased >> WEIGHT_BITS) & (EACH * (SUMS as u64 - 1))
}

/// The picture with channels as lanes.
struct Picture {
    pixels: Vec<u64>,
    size: usize,
    /// The distance between rows in `pixels`.
    stride: usize,
    weights: [[u64; 4]; WEIGHT as usize],
}

impl Picture {
    fn new(planes: &[Vec<u8>], size: usize) -> Self {
        assert!(planes.len() <= LANES, "at most {LANES} channels");
        let stride = size + GAP;
        let mut pixels = vec![0_u64; size * stride];
        for (lane, plane) in planes.iter().enumerate() {
            assert_eq!(plane.len(), size * size, "{size} px a side");
            let rows = pixels.chunks_exact_mut(stride);
            for (pixels, levels) in rows.zip(plane.chunks_exact(size)) {
                for (pixel, &level) in pixels.iter_mut().zip(levels) {
                    *pixel |= u64::from(level) << (16 * lane);
                }
            }
        }
        Self {
            pixels,
            size,
            stride,
            weights: weights(),
        }
    }

    /// The sums of all channels at a position whose neighbours are the given ones.
    #[inline(always)]
    fn sums(&self, rows: [[u64; 4]; 4], (x, y): (i64, i64)) -> u64 {
        let part = |position: i64| {
            &self.weights
                [(position >> (FRACTION_BITS - WEIGHT_BITS)) as usize & (WEIGHT as usize - 1)]
        };
        mean(rows.map(|row| mean(row, part(x))), part(y))
    }

    /// The sums at a position inside.
    #[inline(always)]
    fn inside(&self, (x, y): (i64, i64)) -> u64 {
        let (column, row) = (x >> FRACTION_BITS, y >> FRACTION_BITS);
        let first = (row as usize - 1) * self.stride + (column as usize - 1);
        let near = |row: usize| {
            let start = first + row * self.stride;
            let pixels = &self.pixels[start..start + 4];
            [pixels[0], pixels[1], pixels[2], pixels[3]]
        };
        self.sums(std::array::from_fn(near), (x, y))
    }

    /// The sums at any position.
    fn anywhere(&self, (x, y): (i64, i64)) -> u64 {
        let neighbours = |position: i64| {
            std::array::from_fn::<_, 4, _>(|index| {
                mirrored((position >> FRACTION_BITS) - 1 + index as i64, self.size)
            })
        };
        let (columns, rows) = (neighbours(x), neighbours(y));
        let rows = rows.map(|row| columns.map(|column| self.pixels[row * self.stride + column]));
        self.sums(rows, (x, y))
    }
}

/// The index within the picture for one beyond the border: mirrored, with the border's pixel twice.
fn mirrored(index: i64, size: usize) -> usize {
    let size = size as i64;
    // Most are within, even at the border, and a division is expensive.
    if (0..size).contains(&index) {
        return index as usize;
    }
    let index = index.rem_euclid(2 * size);
    index.min(2 * size - 1 - index) as usize
}

/// Resamples square planes of `from` px a side to `to` px by the inverse map, and replaces their levels by the tables'.
pub(super) fn warp(
    planes: &[Vec<u8>],
    from: usize,
    to: usize,
    inverse: &Inverse,
    levels: &[[u8; 256]],
) -> Vec<Vec<u8>> {
    let picture = Picture::new(planes, from);
    let tables: Vec<[u8; SUMS]> = levels
        .iter()
        .map(|levels| {
            std::array::from_fn(|sum| levels[sum.saturating_sub(2 * BIAS as usize).min(255)])
        })
        .collect();
    let [across, down] =
        [0, 1].map(|axis| Track::new(inverse.centre[axis], inverse.matrix[axis], from, to));

    // The pixels of each row all of whose neighbours are in the picture.
    let insides: Vec<Range<usize>> = (0..to)
        .map(|y| {
            let (columns, rows) = (across.inside(y, from, to), down.inside(y, from, to));
            columns.start.max(rows.start)..columns.end.min(rows.end)
        })
        .collect();

    let mut warped = vec![vec![0; to * to]; planes.len()];
    let mut sums = [0_u64; STRIP];
    for left in (0..to).step_by(STRIP) {
        let right = to.min(left + STRIP);
        for (y, inside) in insides.iter().enumerate() {
            let start = inside.start.clamp(left, right);
            let end = inside.end.clamp(start, right);
            let at = |x: usize| (across.at(x, y), down.at(x, y));
            for x in (left..start).chain(end..right) {
                sums[x - left] = picture.anywhere(at(x));
            }
            let mut position = at(start);
            for sum in &mut sums[start - left..end - left] {
                *sum = picture.inside(position);
                position.0 += across.across;
                position.1 += down.across;
            }
            let pixels = y * to + left..y * to + right;
            for (lane, (plane, table)) in warped.iter_mut().zip(&tables).enumerate() {
                for (level, sum) in plane[pixels.clone()].iter_mut().zip(&sums) {
                    *level = table[(sum >> (16 * lane)) as usize & (SUMS - 1)];
                }
            }
        }
    }
    warped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sum_leaves_its_lane() {
        for weights in weights() {
            let [before, near, far, beyond] = weights;
            assert_eq!(near + far - before - beyond, WEIGHT);
            let (added, subtracted) = (near + far, before + beyond);
            // The brightest that a row can give is under white and the bias twice.
            let most = (255 + 2 * BIAS) * added + BIAS * WEIGHT + WEIGHT / 2;
            assert!(most < 1 << 16, "{weights:?}");
            // A row undershoots black and overshoots white by this, a column of rows by twice that
            // and a little.
            let overshoot = 255.0 * subtracted as f64 / WEIGHT as f64;
            let twice = 2.0 * overshoot * added as f64 / WEIGHT as f64;
            assert!(overshoot < BIAS as f64 && twice < 2.0 * BIAS as f64 - 1.0);
        }
    }
}
