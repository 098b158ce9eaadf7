//! 3x3 convolutions of stride 1 in a quarter of the products.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, <https://arxiv.org/abs/1509.09308>:
//! F(4x4, 3x3). A tile of 6x6 pixels is transformed; in that form, the convolution to its inner 4x4 pixels is 36 products
//! of matrices, one a frequency, instead of 144; and the result is transformed back. The price is a rounding error some
//! ten times a direct convolution's.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::pool::{Pool, each};
use crate::processor::{LINE, Processor, load, store};
use crate::product::{Finish, Row, Weights, blocks, multiply_block};

/// The side in pixels of a tile's output.
pub(crate) const TILE: usize = 4;
/// The side of a tile with its border.
const SIDE: usize = TILE + 2;
/// The tiles that are transformed at a time, which the processor's caches hold.
const TILES: usize = 32;

/// The transform of a kernel of 3 numbers.
const KERNEL: [[f32; 3]; SIDE] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// A 3x3 convolution's transformed weights.
#[derive(Debug, Clone)]
pub(crate) struct Winograd {
    frequencies: Vec<Weights>,
}

/// Rows of pixels with a border of a pixel, and as many columns as whole tiles need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bordered<'a> {
    /// The numbers `[rows, columns, channels]`, a ring of rows: after the last, the first follows.
    pub(crate) values: &'a [f32],
    /// The pixels of a row with its border.
    pub(crate) columns: usize,
    /// The row above the output's first.
    pub(crate) top: usize,
}

/// The pixels of a row that whole tiles cover, with its border.
pub(crate) fn bordered_columns(width: usize) -> usize {
    width.next_multiple_of(TILE) + 2
}

/// Rows of pixels `[rows, width, channels]`, where `channels` may be some of more.
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) width: usize,
    /// The channels of a pixel.
    pub(crate) channels: usize,
    /// The first channel to write.
    pub(crate) first: usize,
}

impl Winograd {
    /// Transforms weights `[outputs, inputs, 3, 3]`.
    pub(crate) fn new(processor: Processor, weights: &[f32], outputs: usize) -> Self {
        let inputs = weights.len() / outputs / 9;
        let taps: [Vec<f32>; 9] =
            std::array::from_fn(|tap| weights[tap..].iter().step_by(9).copied().collect());
        let transformed = |_, frequency: usize| {
            let (vertical, horizontal) = (KERNEL[frequency / SIDE], KERNEL[frequency % SIDE]);
            let mut sums = vec![0.0; outputs * inputs];
            for (place, tap) in taps.iter().enumerate() {
                let factor = vertical[place / 3] * horizontal[place % 3];
                if factor != 0.0 {
                    sums.iter_mut()
                        .zip(tap)
                        .for_each(|(sum, tap)| *sum += factor * tap);
                }
            }
            let at = |output, input| sums[output * inputs + input];
            Weights::new(processor, outputs, inputs, at)
        };
        Self {
            frequencies: each((0..SIDE * SIDE).collect(), transformed),
        }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.frequencies[0].inputs()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.frequencies[0].outputs()
    }

    /// Convolves rows: the output's first row has the input's first three around it.
    pub(crate) fn convolve(
        &self,
        processor: Processor,
        pool: &Pool,
        input: Bordered<'_>,
        finish: Finish<'_>,
        out: &mut Rows<'_>,
    ) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let rows = out.values.len() / (out.width * out.channels);
        let across = out.width.div_ceil(TILE);
        let tiles = rows.div_ceil(TILE) * across;
        let at_once = TILES.min(tiles);
        let parts = blocks(inputs).count();
        // Odd numbers of cache lines: frequencies that are a power of two apart would share a few lines.
        let row_stride = at_once | 1;
        let stride = (at_once * outputs) | LINE;
        let mut transformed =
            pool.take(SIDE * parts * row_stride * size_of::<Row>() / size_of::<f32>());
        let transformed = transformed.as_chunks_mut().0;
        let mut joined = pool.take(SIDE * inputs);
        let mut products = pool.take(SIDE * SIDE * stride);
        let places: Vec<usize> = (0..at_once).map(|tile| tile * outputs).collect();
        for first in (0..tiles).step_by(at_once) {
            let count = at_once.min(tiles - first);
            let lines = self.frequencies.chunks_exact(SIDE);
            let lines = lines.zip(products.chunks_exact_mut(SIDE * stride));
            for (vertical, (weights, products)) in VERTICAL.into_iter().zip(lines) {
                processor.run(Transform {
                    input,
                    channels: inputs,
                    vertical,
                    tiles: first..first + count,
                    across,
                    joined: &mut joined[..SIDE * inputs],
                    stride: row_stride,
                    out: transformed,
                });
                let products = products.chunks_exact_mut(stride);
                for (horizontal, (weights, out)) in weights.iter().zip(products).enumerate() {
                    for (part, range) in blocks(inputs).enumerate() {
                        let rows = &transformed[(horizontal * parts + part) * row_stride..];
                        multiply_block(
                            processor,
                            weights,
                            Finish::PLAIN,
                            range,
                            &rows[..count],
                            &places[..count],
                            out,
                        );
                    }
                }
            }
            processor.run(Restore {
                products: &products,
                stride,
                tiles: first..first + count,
                across,
                rows,
                outputs,
                finish,
                out,
            });
        }
    }
}

/// The rows of a tile that a vertical frequency is joined of, and the factors of all but the last, whose factor is 1.
type Vertical = ([usize; 4], [f32; 3]);

/// The vertical frequencies, one by one what [`transform`] gives together.
const VERTICAL: [Vertical; SIDE] = [
    ([0, 2, 2, 4], [4.0, -5.0, 0.0]),
    ([1, 2, 3, 4], [-4.0, -4.0, 1.0]),
    ([1, 2, 3, 4], [4.0, -4.0, -1.0]),
    ([1, 2, 3, 4], [-2.0, -1.0, 2.0]),
    ([1, 2, 3, 4], [2.0, -1.0, -2.0]),
    ([1, 3, 3, 5], [4.0, -5.0, 0.0]),
];

/// Transforms tiles to the frequencies of one vertical frequency, `[horizontal frequency, part of the inputs, tile]`, a row of
/// inputs each: all 36 would not stay in the processor's caches until they are multiplied.
struct Transform<'a> {
    input: Bordered<'a>,
    channels: usize,
    vertical: Vertical,
    tiles: Range<usize>,
    across: usize,
    /// Memory for a tile's six pixels across, each joined of those below each other.
    joined: &'a mut [f32],
    /// The rows from one part to the next.
    stride: usize,
    out: &'a mut [Row],
}

impl WithSimd for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Bordered {
            values,
            columns,
            top,
        } = self.input;
        let values = S::as_simd_f32s(values).0;
        let joined = S::as_mut_simd_f32s(self.joined).0;
        // In vectors: a pixel, a row of the input and a tile's side.
        let pixel = self.channels / S::F32_LANES;
        let (line, side) = (columns * pixel, SIDE * pixel);
        let rows = values.len() / line;
        let parts = blocks(self.channels).count();
        let (places, factors) = self.vertical;
        let factors = factors.map(|factor| simd.splat_f32s(factor));
        for (index, tile) in self.tiles.enumerate() {
            let (top, left) = (top + tile / self.across * TILE, tile % self.across * TILE);
            // The tile before ended in the first two pixels.
            let known = if index > 0 && left > 0 { 2 * pixel } else { 0 };
            joined.copy_within(side - known.., 0);
            let [a, b, c, d] = places.map(|place| {
                let row = (top + place) % rows;
                &values[row * line + left * pixel..][known..side]
            });
            let new = joined[known..].iter_mut();
            for ((((joined, &a), &b), &c), &d) in new.zip(a).zip(b).zip(c).zip(d) {
                let sum = simd.mul_add_e_f32s(factors[0], a, d);
                let sum = simd.mul_add_e_f32s(factors[1], b, sum);
                *joined = simd.mul_add_e_f32s(factors[2], c, sum);
            }
            for (part, inputs) in blocks(self.channels).enumerate() {
                let (first, count) = (inputs.start / S::F32_LANES, inputs.len() / S::F32_LANES);
                let columns: [&[S::f32s]; SIDE] =
                    std::array::from_fn(|x| &joined[x * pixel + first..][..count]);
                let mut frequencies = self.out.chunks_exact_mut(parts * self.stride);
                let mut out: [&mut [S::f32s]; SIDE] = std::array::from_fn(|_| {
                    let rows = frequencies.next().expect("six frequencies");
                    &mut S::as_mut_simd_f32s(&mut rows[part * self.stride + index]).0[..count]
                });
                for vector in 0..count {
                    let line = std::array::from_fn(|x| columns[x][vector]);
                    for (out, value) in out.iter_mut().zip(transform(simd, line)) {
                        out[vector] = value;
                    }
                }
            }
        }
    }
}

/// Transforms products back to tiles of pixels.
struct Restore<'a, 'o> {
    products: &'a [f32],
    /// The numbers from one frequency to the next.
    stride: usize,
    tiles: Range<usize>,
    across: usize,
    rows: usize,
    outputs: usize,
    finish: Finish<'a>,
    out: &'a mut Rows<'o>,
}

impl WithSimd for Restore<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Rows {
            width,
            channels,
            first,
            ..
        } = *self.out;
        let Finish { bias, adds, relu } = self.finish;
        let zero = simd.splat_f32s(0.0);
        let frequency = self.stride;
        for (index, tile) in self.tiles.enumerate() {
            let (top, left) = (tile / self.across * TILE, tile % self.across * TILE);
            let (height, columns) = (TILE.min(self.rows - top), TILE.min(width - left));
            for output in (0..self.outputs).step_by(S::F32_LANES) {
                let mut tops = [[zero; SIDE]; TILE];
                for x in 0..SIDE {
                    let at = x * frequency + index * self.outputs + output;
                    let column = restore(
                        simd,
                        std::array::from_fn(|y| {
                            load::<S>(self.products, at + y * SIDE * frequency)
                        }),
                    );
                    for (line, value) in tops.iter_mut().zip(column) {
                        line[x] = value;
                    }
                }
                let bias = bias.map_or(zero, |bias| load::<S>(bias, output));
                for (y, line) in tops.into_iter().enumerate().take(height) {
                    for (x, value) in restore(simd, line).into_iter().enumerate().take(columns) {
                        let pixel = (top + y) * width + left + x;
                        let at = pixel * channels + first + output;
                        let mut sum = simd.add_f32s(value, bias);
                        if adds {
                            sum = simd.add_f32s(sum, load::<S>(self.out.values, at));
                        }
                        if relu {
                            sum = simd.max_f32s(sum, zero);
                        }
                        store::<S>(self.out.values, at, sum);
                    }
                }
            }
        }
    }
}

/// One dimension of the transform to frequencies.
#[inline(always)]
fn transform<S: Simd>(simd: S, x: [S::f32s; SIDE]) -> [S::f32s; SIDE] {
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (even, odd) = (times(-4.0, x[2], x[4]), times(-4.0, x[1], x[3]));
    let (inner_even, inner_odd) = (simd.sub_f32s(x[4], x[2]), simd.sub_f32s(x[3], x[1]));
    [
        times(4.0, x[0], times(-5.0, x[2], x[4])),
        simd.add_f32s(even, odd),
        simd.sub_f32s(even, odd),
        times(2.0, inner_odd, inner_even),
        times(-2.0, inner_odd, inner_even),
        times(4.0, x[1], times(-5.0, x[3], x[5])),
    ]
}

/// One dimension of the transform back.
#[inline(always)]
fn restore<S: Simd>(simd: S, x: [S::f32s; SIDE]) -> [S::f32s; TILE] {
    let times = |factor: f32, a, b| simd.mul_add_e_f32s(simd.splat_f32s(factor), a, b);
    let (even, odd) = (simd.add_f32s(x[1], x[2]), simd.sub_f32s(x[1], x[2]));
    let (far_even, far_odd) = (simd.add_f32s(x[3], x[4]), simd.sub_f32s(x[3], x[4]));
    [
        simd.add_f32s(x[0], simd.add_f32s(even, far_even)),
        times(2.0, far_odd, odd),
        times(4.0, far_even, even),
        simd.add_f32s(times(8.0, far_odd, odd), x[5]),
    ]
}
