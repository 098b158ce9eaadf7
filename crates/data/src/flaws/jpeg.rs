//! What JPEG leaves of an image: cosine transform by blocks of eight, rounding by its tables, and back. The lossless part of the
//! format, which changes nothing, is left out.
//!
//! Tables and formulas: ITU-T T.81 annexes A and K, JFIF 1.02; the scale of qualities is libjpeg's.

use std::f32::consts::PI;
use std::sync::LazyLock;

/// The side of a block.
const BLOCK: usize = 8;

/// The steps to which the coefficients of luminance are rounded at quality 50, row by row.
const LUMINANCE: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// The same for the two planes of colour.
const CHROMINANCE: [u16; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// The resolution of an image's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// That of its light (4:4:4).
    Full,
    /// Half of it in both directions (4:2:0).
    Halved,
}

/// Compresses a channel as a grey image.
pub(super) fn compress_channel(plane: &mut [u8], size: usize, quality: u8) {
    let values: Vec<f32> = plane.iter().map(|level| f32::from(*level)).collect();
    let compressed = rounded(&values, size, &steps(&LUMINANCE, quality));
    for (level, value) in plane.iter_mut().zip(compressed) {
        // The cast clips.
        *level = value.round() as u8;
    }
}

/// Compresses red, green and blue as one image.
pub(super) fn compress_colour(
    [red, green, blue]: [Vec<u8>; 3],
    size: usize,
    quality: u8,
    resolution: Colour,
) -> [Vec<u8>; 3] {
    let mut planes = [const { Vec::new() }; 3];
    for ((red, green), blue) in red.iter().zip(&green).zip(&blue) {
        let [red, green, blue] = [red, green, blue].map(|level| f32::from(*level));
        // Files hold whole numbers.
        planes[0].push((0.299 * red + 0.587 * green + 0.114 * blue).round());
        planes[1].push((128.0 - 0.168_736 * red - 0.331_264 * green + 0.5 * blue).round());
        planes[2].push((128.0 + 0.5 * red - 0.418_688 * green - 0.081_312 * blue).round());
    }
    let [light, first, second] = planes;
    let light = rounded(&light, size, &steps(&LUMINANCE, quality));
    let table = steps(&CHROMINANCE, quality);
    let [first, second] = [first, second].map(|colour| match resolution {
        Colour::Full => rounded(&colour, size, &table),
        Colour::Halved => {
            let half = size.div_ceil(2);
            doubled(&rounded(&halved(&colour, size), half, &table), size)
        }
    });
    let mut image = [const { Vec::new() }; 3];
    for ((light, first), second) in light.into_iter().zip(first).zip(second) {
        let (first, second) = (first - 128.0, second - 128.0);
        image[0].push((light + 1.402 * second).round() as u8);
        image[1].push((light - 0.344_136 * first - 0.714_136 * second).round() as u8);
        image[2].push((light + 1.772 * first).round() as u8);
    }
    image
}

/// A table's steps at a quality from 1 to 100.
fn steps(table: &[u16; 64], quality: u8) -> [f32; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let scale = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    table.map(|step| ((u32::from(step) * scale + 50) / 100).clamp(1, 255) as f32)
}

/// The mean of every two by two pixels; an odd border counts twice.
fn halved(plane: &[f32], size: usize) -> Vec<f32> {
    let half = size.div_ceil(2);
    let at = |x: usize, y: usize| plane[y.min(size - 1) * size + x.min(size - 1)];
    (0..half * half)
        .map(|index| {
            let (x, y) = (2 * (index % half), 2 * (index / half));
            (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0
        })
        .collect()
}

/// Every pixel four times, `size` px a side.
fn doubled(plane: &[f32], size: usize) -> Vec<f32> {
    let half = size.div_ceil(2);
    (0..size * size)
        .map(|index| plane[index / size / 2 * half + index % size / 2])
        .collect()
}

/// The cosines of the transform, by frequency and place.
static COSINES: LazyLock<[[f32; BLOCK]; BLOCK]> = LazyLock::new(|| {
    std::array::from_fn(|frequency| {
        let norm = if frequency == 0 { 0.125_f32 } else { 0.25 }.sqrt();
        std::array::from_fn(|place| {
            norm * ((2 * place + 1) as f32 * frequency as f32 * PI / 16.0).cos()
        })
    })
});

/// Transforms a plane by blocks, rounds to the steps, and transforms back. Beyond the border its last pixel goes on.
fn rounded(plane: &[f32], size: usize, steps: &[f32; 64]) -> Vec<f32> {
    let cosines = &*COSINES;
    let mut out = vec![0.0; plane.len()];
    for top in (0..size).step_by(BLOCK) {
        for left in (0..size).step_by(BLOCK) {
            let block: [[f32; BLOCK]; BLOCK] = std::array::from_fn(|y| {
                let row = (top + y).min(size - 1) * size;
                std::array::from_fn(|x| plane[row + (left + x).min(size - 1)] - 128.0)
            });
            let mut coefficients =
                transposed(&rows_by(&transposed(&rows_by(&block, cosines)), cosines));
            for (row, steps) in coefficients.iter_mut().zip(steps.chunks_exact(BLOCK)) {
                for (coefficient, step) in row.iter_mut().zip(steps) {
                    *coefficient = (*coefficient / step).round() * step;
                }
            }
            let back = transposed(cosines);
            let block = transposed(&rows_by(&transposed(&rows_by(&coefficients, &back)), &back));
            for (y, row) in block.iter().enumerate().take(size - top) {
                for (x, value) in row.iter().enumerate().take(size - left) {
                    out[(top + y) * size + left + x] = value + 128.0;
                }
            }
        }
    }
    out
}

/// Each row's products with the rows of a matrix.
fn rows_by(block: &[[f32; BLOCK]; BLOCK], matrix: &[[f32; BLOCK]; BLOCK]) -> [[f32; BLOCK]; BLOCK] {
    std::array::from_fn(|y| {
        std::array::from_fn(|frequency| {
            let products = block[y].iter().zip(&matrix[frequency]);
            products.map(|(value, weight)| value * weight).sum()
        })
    })
}

fn transposed(block: &[[f32; BLOCK]; BLOCK]) -> [[f32; BLOCK]; BLOCK] {
    std::array::from_fn(|y| std::array::from_fn(|x| block[x][y]))
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, ImageFormat};

    use super::*;

    /// Smooth bodies with an edge, in three channels that differ.
    fn image(size: usize) -> [Vec<u8>; 3] {
        [3.0, 5.0, 9.0].map(|width| {
            (0..size * size)
                .map(|index| {
                    let (x, y) = ((index % size) as f32, (index / size) as f32);
                    let wave = 100.0 + 60.0 * (x / width).sin() + 40.0 * (y / (width + 2.0)).cos();
                    if x + y > size as f32 {
                        wave
                    } else {
                        wave / 3.0
                    }
                    .round() as u8
                })
                .collect()
        })
    }

    /// The same by the encoder and decoder of the `image` crate, which keep colours at full resolution.
    fn reference(pixels: &[u8], size: usize, colour: ExtendedColorType, quality: u8) -> Vec<u8> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality)
            .encode(pixels, size as u32, size as u32, colour)
            .expect("a file");
        let image =
            image::load_from_memory_with_format(&file, ImageFormat::Jpeg).expect("an image");
        image.into_bytes()
    }

    fn mean_difference(one: &[u8], other: &[u8]) -> f64 {
        let differences = one
            .iter()
            .zip(other)
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        differences.sum::<f64>() / one.len() as f64
    }

    /// Encoders round inside, so levels may differ by a few; what compression changes is several times as much.
    #[test]
    fn images_lose_what_a_jpeg_file_loses() {
        for size in [64, 61] {
            let planes = image(size);
            for quality in [30, 60, 90] {
                let mut grey = planes[0].clone();
                compress_channel(&mut grey, size, quality);
                let expected = reference(&planes[0], size, ExtendedColorType::L8, quality);
                let (off, change) = (
                    mean_difference(&grey, &expected),
                    mean_difference(&grey, &planes[0]),
                );
                assert!(
                    off < 0.5 && change > 1.5 * off,
                    "{size} {quality}: {off} {change}"
                );

                let interleaved: Vec<u8> = (0..size * size)
                    .flat_map(|pixel| [0, 1, 2].map(|plane| planes[plane][pixel]))
                    .collect();
                let expected = reference(&interleaved, size, ExtendedColorType::Rgb8, quality);
                let found = compress_colour(planes.clone(), size, quality, Colour::Full);
                for (channel, plane) in found.iter().enumerate() {
                    let expected: Vec<u8> =
                        expected.iter().skip(channel).step_by(3).copied().collect();
                    let off = mean_difference(plane, &expected);
                    let change = mean_difference(plane, &planes[channel]);
                    assert!(
                        off < 1.5 && change > 1.5 * off,
                        "{size} {quality} {channel}: {off} {change}"
                    );
                }
            }
        }
    }

    #[test]
    fn colours_at_half_resolution_lose_more_colour_and_hardly_more_light() {
        let planes = image(64);
        let full = compress_colour(planes.clone(), 64, 95, Colour::Full);
        let halved = compress_colour(planes.clone(), 64, 95, Colour::Halved);
        let off = |found: &[Vec<u8>; 3], channel: usize| {
            mean_difference(&found[channel], &planes[channel])
        };
        for channel in [0, 2] {
            assert!(off(&halved, channel) > 1.5 * off(&full, channel));
        }
        let light = |planes: &[Vec<u8>; 3]| -> Vec<u8> {
            (0..64 * 64)
                .map(|pixel| {
                    let [red, green, blue] = [0, 1, 2].map(|plane| f32::from(planes[plane][pixel]));
                    (0.299 * red + 0.587 * green + 0.114 * blue).round() as u8
                })
                .collect()
        };
        assert!(mean_difference(&light(&halved), &light(&planes)) < 2.0);
    }
}
