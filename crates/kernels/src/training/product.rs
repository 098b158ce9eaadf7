//! The product that gives a weight's gradient: a sum over pixels.

use pulp::{Simd, WithSimd};

use crate::processor::{Processor, load, store};
use crate::product::Row;

/// Numbers of pixels, each pixel's next to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixels<'a> {
    pub(super) values: &'a [f32],
    /// The numbers from one pixel to the next.
    pub(super) stride: usize,
    /// The numbers of a pixel that count.
    pub(super) count: usize,
}

impl<'a> Pixels<'a> {
    /// The first `count` numbers of each row.
    pub(super) fn of_rows(rows: &'a [Row], count: usize) -> Self {
        Self {
            values: rows.as_flattened(),
            stride: size_of::<Row>() / size_of::<f32>(),
            count,
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
