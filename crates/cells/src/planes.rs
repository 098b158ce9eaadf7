//! The input of a cells network.

use cytolens_core::Channel;
use cytolens_field::{Field, Plane, Samples};

/// The share of the pixels that are darkest at most, and of those below the level that becomes 1.
const BLACK: f64 = 0.01;
const WHITE: f64 = 0.998;
/// The brightest level.
const BRIGHTEST: f32 = 1.5;
/// A plane is stretched by no more than that so much of the full range becomes 1: one level of 8 bit.
const LEAST_RANGE: f32 = 1.0 / 255.0;

/// The planes of a whole field: red, green, blue and yellow, each stretched by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Planes {
    /// The width in pixels.
    pub width: usize,
    /// The height in pixels.
    pub height: usize,
    /// `[4, height, width]`, from 0 to 1.5: the plane's darkest percent is 0, and 1 is brighter than 99.8 % of it. A channel that
    /// the field lacks, or that is of one level, is 0.
    pub values: Vec<f32>,
}

/// The planes of a field, resized by the mean of the area under a pixel so that the longer side has `size` px.
///
/// # Panics
/// If `size` is 0.
pub fn planes(field: &Field, size: usize) -> Planes {
    let mut planes = Planes::reduced(field, size);
    planes.stretch();
    planes
}

impl Planes {
    /// The number of planes.
    pub const COUNT: usize = 4;

    /// The planes before they are stretched: levels from 0 to 1.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn reduced(field: &Field, size: usize) -> Self {
        assert!(size > 0, "planes of no size");
        let (full_width, full_height) = (field.width() as usize, field.height() as usize);
        let longest = full_width.max(full_height);
        let side = |side: usize| ((side * size + longest / 2) / longest).max(1);
        let (width, height) = (side(full_width), side(full_height));
        let mut values = Vec::with_capacity(Self::COUNT * width * height);
        for channel in Channel::ALL {
            match field.plane(channel) {
                Some(plane) => values.extend(reduced(plane, width, height)),
                None => values.resize(values.len() + width * height, 0.0),
            }
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// Stretches each plane by itself. Gives the levels of each that became 0 and 1.
    pub fn stretch(&mut self) -> [[f32; 2]; Self::COUNT] {
        let mut ends = [[0.0; 2]; Self::COUNT];
        let planes = self.values.chunks_exact_mut(self.width * self.height);
        for (ends, plane) in ends.iter_mut().zip(planes) {
            *ends = stretch(plane);
        }
        ends
    }

    /// One plane, by the channel's place in [`Channel::ALL`].
    pub fn plane(&self, number: usize) -> &[f32] {
        let pixels = self.width * self.height;
        &self.values[number * pixels..][..pixels]
    }

    /// The plane of a channel.
    pub fn channel(&self, channel: Channel) -> &[f32] {
        self.plane(channel as usize)
    }

    /// The planes with black added at the right and below, up to sides that are multiples of `unit`, and their shape `[4, rows,
    /// columns]`.
    pub fn padded(&self, unit: usize) -> (Vec<f32>, [usize; 3]) {
        let (columns, rows) = (
            self.width.next_multiple_of(unit),
            self.height.next_multiple_of(unit),
        );
        let mut values = vec![0.0; Self::COUNT * rows * columns];
        let planes = values.chunks_exact_mut(rows * columns);
        for (number, plane) in planes.enumerate() {
            let lines = plane.chunks_exact_mut(columns);
            for (to, from) in lines.zip(self.plane(number).chunks_exact(self.width)) {
                to[..self.width].copy_from_slice(from);
            }
        }
        (values, [Self::COUNT, rows, columns])
    }
}

/// A plane at another size, each pixel the mean of the area under it; levels from 0 to 1.
fn reduced(plane: &Plane, width: usize, height: usize) -> Vec<f32> {
    match plane.samples() {
        Samples::Eight(samples) => means(samples, plane, width, height, 1.0 / 255.0),
        Samples::Sixteen(samples) => means(samples, plane, width, height, 1.0 / 65535.0),
    }
}

fn means<T: Copy + Into<f32>>(
    samples: &[T],
    plane: &Plane,
    width: usize,
    height: usize,
    unit: f32,
) -> Vec<f32> {
    let (full_width, full_height) = (plane.width() as usize, plane.height() as usize);
    let columns: Vec<_> = (0..width).map(|x| under(x, full_width, width)).collect();
    let mut out = Vec::with_capacity(width * height);
    let mut row = vec![0.0_f32; full_width];
    for y in 0..height {
        let (first, shares) = under(y, full_height, height);
        row.fill(0.0);
        for (line, share) in samples[first * full_width..]
            .chunks_exact(full_width)
            .zip(shares)
        {
            for (sum, &sample) in row.iter_mut().zip(line) {
                *sum += share * sample.into();
            }
        }
        out.extend(columns.iter().map(|(first, shares)| {
            let products = row[*first..].iter().zip(shares);
            unit * products.map(|(value, share)| value * share).sum::<f32>()
        }));
    }
    out
}

/// The first of the `from` pixels under pixel `at` of `to`, and the share of each from it on.
fn under(at: usize, from: usize, to: usize) -> (usize, Vec<f32>) {
    // In units of which a pixel of `from` has `to` and one of `to` has `from`, so that all borders are whole.
    let (start, end) = (at * from, (at + 1) * from);
    let shares = (start / to..end.div_ceil(to)).map(|small| {
        let shared = end.min((small + 1) * to) - start.max(small * to);
        shared as f32 / from as f32
    });
    (start / to, shares.collect())
}

fn stretch(levels: &mut [f32]) -> [f32; 2] {
    let mut sorted = levels.to_vec();
    let last = sorted.len() - 1;
    let mut level = |share: f64| {
        let rank = (last as f64 * share).round() as usize;
        *sorted.select_nth_unstable_by(rank, f32::total_cmp).1
    };
    let (black, white) = (level(BLACK), level(WHITE));
    let range = (white - black).max(LEAST_RANGE);
    for level in levels {
        *level = ((*level - black) / range).clamp(0.0, BRIGHTEST);
    }
    [black, black + range]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(planes: &[(Channel, u32, u32, Samples)]) -> Field {
        let planes = planes.iter().map(|(channel, width, height, samples)| {
            let plane = Plane::new(*width, *height, samples.clone()).expect("a plane");
            (*channel, plane)
        });
        Field::new("field", planes).expect("a field")
    }

    /// Eight-bit samples by column and row.
    fn eight(width: u32, height: u32, of: impl Fn(u32, u32) -> u8) -> Samples {
        let places = (0..width * height).map(|at| (at % width, at / width));
        Samples::Eight(places.map(|(x, y)| of(x, y)).collect())
    }

    #[test]
    fn the_longer_side_has_the_size_and_what_is_missing_is_black() {
        let samples = eight(100, 60, |x, y| (x + y) as u8);
        let field = field(&[(Channel::Blue, 100, 60, samples)]);
        let planes = planes(&field, 50);
        assert_eq!((planes.width, planes.height), (50, 30));
        assert_eq!(planes.values.len(), 4 * 50 * 30);
        for number in [0, 1, 3] {
            assert!(planes.plane(number).iter().all(|&level| level == 0.0));
        }
        let blue = planes.plane(2);
        assert_eq!(blue[0], 0.0);
        assert!(blue[1499] >= 1.0 && blue[1499] <= BRIGHTEST);
        let middle = blue[15 * 50 + 25];
        assert!((0.4..0.6).contains(&middle), "{middle}");
        let (padded, shape) = planes.padded(16);
        assert_eq!(shape, [4, 32, 64]);
        let at = |plane: usize, y: usize, x: usize| padded[(plane * 32 + y) * 64 + x];
        assert_eq!(at(2, 15, 25), middle);
        assert_eq!([at(2, 29, 50), at(2, 30, 0)], [0.0; 2]);
    }

    #[test]
    fn a_field_at_four_times_the_side_gives_the_same_planes() {
        let level = |x: u32, y: u32| ((x * 37 + y * 91) % 251) as u8;
        let small = field(&[(Channel::Blue, 64, 48, eight(64, 48, level))]);
        let large = eight(256, 192, |x, y| level(x / 4, y / 4));
        let large = field(&[(Channel::Blue, 256, 192, large)]);
        let (small, large) = (planes(&small, 64), planes(&large, 64));
        for (a, b) in small.values.iter().zip(&large.values) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn brightness_and_depth_do_not_matter_and_one_level_is_black() {
        let level = |x: u32, y: u32| (x * 2 + y) as u8;
        let one = field(&[(Channel::Blue, 40, 40, eight(40, 40, level))]);
        let places = (0..1600).map(|at| (at % 40, at / 40));
        let deep = Samples::Sixteen(
            places
                .map(|(x, y)| u16::from(level(x, y)) * 31 + 1000)
                .collect(),
        );
        let other = field(&[(Channel::Blue, 40, 40, deep)]);
        let (one, other) = (planes(&one, 40), planes(&other, 40));
        for (a, b) in one.values.iter().zip(&other.values) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        let flat = field(&[(Channel::Blue, 16, 16, eight(16, 16, |_, _| 200))]);
        // Enlarged as well: the smallest field has 16 px a side.
        let planes = planes(&flat, 64);
        assert_eq!((planes.width, planes.height), (64, 64));
        assert!(planes.values.iter().all(|&level| level == 0.0));
    }
}
