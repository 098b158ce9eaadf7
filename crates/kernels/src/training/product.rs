//! The product that gives a weight's gradient: a sum over pixels.

use pulp::{Simd, WithSimd};

use crate::processor::{Processor, load, store};
use crate::product::Row;

/// The pixels of which a weight's gradient is summed at a time.
pub(super) const SUMMED: usize = 192;

/// Numbers of pixels, each pixel's next to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixels<'a> {
    values: &'a [f32],
    /// The numbers from one pixel to the next.
    stride: usize,
    /// The numbers of a pixel that count.
    pub(super) count: usize,
}

impl<'a> Pixels<'a> {
    /// Pixels of `count` numbers, one after the other.
    pub(super) fn of(values: &'a [f32], count: usize) -> Self {
        Self {
            values,
            stride: count,
            count,
        }
    }

    /// The first `count` numbers of each row.
    pub(super) fn of_rows(rows: &'a [Row], count: usize) -> Self {
        Self {
            values: rows.as_flattened(),
            stride: size_of::<Row>() / size_of::<f32>(),
            count,
        }
    }

    /// The pixels from `first` on.
    pub(super) fn skip(self, first: usize) -> Self {
        Self {
            values: &self.values[first * self.stride..],
            ..self
        }
    }
}

/// Adds to `sums`, `[a.count, stride]`, for each pixel the product of each of its numbers in `a` and each in `b`. The number of
/// `b` is a multiple of 16.
pub(super) fn add_outer_products(
    processor: Processor,
    pixels: usize,
    a: Pixels<'_>,
    b: Pixels<'_>,
    sums: &mut [f32],
    stride: usize,
) {
    processor.run(Outer {
        pixels,
        a,
        b,
        sums,
        stride,
    });
}

/// Adds to `sums`, `[9, a.count, b.count]`, for each tap of a 3x3 kernel the [outer products](add_outer_products) of an image's pixels in
/// `a` and those that the tap sees in `b`. Rows have `columns` pixels in both. In `a` there are `height` of them, which end in two pixels
/// of zeros, so that a shift of the image is a shift of all its pixels; in `b` the image has a border of zeros.
pub(super) fn add_tap_products(
    processor: Processor,
    [height, columns]: [usize; 2],
    a: Pixels<'_>,
    b: Pixels<'_>,
    sums: &mut [f32],
) {
    let at_once = SUMMED.div_ceil(columns);
    for top in (0..height).step_by(at_once) {
        let rows = at_once.min(height - top);
        let taps = sums.chunks_exact_mut(a.count * b.count);
        for (tap, sums) in taps.enumerate() {
            let own = a.skip(top * columns);
            let seen = b.skip((top + tap / 3) * columns + tap % 3);
            // The last two are of zeros, and would see what is behind the image.
            let pixels = rows * columns - 2;
            add_outer_products(processor, pixels, own, seen, sums, b.count);
        }
    }
}

struct Outer<'a> {
    pixels: usize,
    a: Pixels<'a>,
    b: Pixels<'a>,
    sums: &'a mut [f32],
    stride: usize,
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = 2 * S::F32_LANES;
        assert!(self.b.count.is_multiple_of(width), "whole vectors");
        for column in (0..self.b.count).step_by(width) {
            let mut row = 0;
            if S::F32_LANES > 4 {
                row = self.tiles::<S, 6>(simd, row, column);
            }
            row = self.tiles::<S, 4>(simd, row, column);
            self.tiles::<S, 1>(simd, row, column);
        }
    }
}

impl Outer<'_> {
    /// Computes whole tiles of `ROWS` of the numbers of `a` from `row` on; returns the first that is left.
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize>(
        &mut self,
        simd: S,
        mut row: usize,
        column: usize,
    ) -> usize {
        while row + ROWS <= self.a.count {
            let sums = self.tile::<S, ROWS>(simd, row, column);
            for (index, sums) in sums.into_iter().enumerate() {
                let at = (row + index) * self.stride + column;
                for (vector, sum) in sums.into_iter().enumerate() {
                    let at = at + vector * S::F32_LANES;
                    let before = load::<S>(self.sums, at);
                    store::<S>(self.sums, at, simd.add_f32s(before, sum));
                }
            }
            row += ROWS;
        }
        row
    }

    #[inline(always)]
    fn tile<S: Simd, const ROWS: usize>(
        &self,
        simd: S,
        row: usize,
        column: usize,
    ) -> [[S::f32s; 2]; ROWS] {
        let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
        let (mut at_a, mut at_b) = (row, column);
        for _ in 0..self.pixels {
            let a: &[f32; ROWS] = self.a.values[at_a..]
                .first_chunk()
                .expect("a pixel's numbers");
            let b = S::as_simd_f32s(&self.b.values[at_b..][..2 * S::F32_LANES]).0;
            let b = [b[0], b[1]];
            for (sums, &a) in sums.iter_mut().zip(a) {
                let a = simd.splat_f32s(a);
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = simd.mul_add_e_f32s(a, b, *sum);
                }
            }
            at_a += self.a.stride;
            at_b += self.b.stride;
        }
        sums
    }
}
