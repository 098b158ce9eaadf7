//! Feature maps, pixel by pixel, and the operations on them that are not products.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::engine::Engine;
use crate::pool::{Buffer, Pool, each_part, threads};
use crate::processor::{LINE, Processor, load, prefetch, store};
use crate::product::Row;

/// Feature maps `[height, width, channels]`.
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) values: Buffer,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Map {
    /// Makes maps of whatever numbers.
    pub(crate) fn new(pool: &Pool, height: usize, width: usize, channels: usize) -> Self {
        Self {
            values: pool.take(height * width * channels),
            height,
            width,
            channels,
        }
    }

    /// Reorders planes `[channels, height, width]`.
    pub(crate) fn of_planes(
        pool: &Pool,
        planes: &[f32],
        [channels, height, width]: [usize; 3],
    ) -> Self {
        let mut map = Self::new(pool, height, width, channels);
        for (channel, plane) in planes.chunks_exact(height * width).enumerate() {
            let values = map.values[channel..].iter_mut().step_by(channels);
            for (value, &from) in values.zip(plane) {
                *value = from;
            }
        }
        map
    }

    /// The numbers; a buffer may be longer.
    pub(crate) fn values(&self) -> &[f32] {
        &self.values[..self.height * self.width * self.channels]
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.height * self.width * self.channels]
    }

    /// The rows in the part of each core, a multiple of `unit`.
    pub(crate) fn rows_a_part(&self, unit: usize) -> usize {
        self.height.div_ceil(unit).div_ceil(threads()).max(1) * unit
    }
}

/// How many pixels ahead of their use they are asked for: a processor by itself foresees no new page of memory.
const AHEAD: usize = 32;

/// A multiplication and an addition for every channel.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
}

/// Puts `relu(x * scale + shift)` of some channels of some pixels of several maps, one after the other as if they were one,
/// into rows.
pub(crate) struct Normed<'a> {
    pub(crate) maps: &'a [Map],
    pub(crate) norm: &'a Affine,
    pub(crate) pixels: Range<usize>,
    pub(crate) channels: Range<usize>,
    pub(crate) rows: &'a mut [Row],
}

impl WithSimd for Normed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for part in parts(self.maps, &self.channels) {
            let scale = S::as_simd_f32s(&self.norm.scale[part.channels.clone()]).0;
            let shift = S::as_simd_f32s(&self.norm.shift[part.channels.clone()]).0;
            for (pixel, row) in self.pixels.clone().zip(self.rows.iter_mut()) {
                let at = pixel * part.stride + part.first;
                for line in (0..part.channels.len()).step_by(LINE) {
                    prefetch(part.values, at + AHEAD * part.stride + line);
                }
                let from = &part.values[at..][..part.channels.len()];
                let to = &mut row[part.place..][..part.channels.len()];
                let to = S::as_mut_simd_f32s(to).0;
                for (((to, &x), &scale), &shift) in to
                    .iter_mut()
                    .zip(S::as_simd_f32s(from).0)
                    .zip(scale)
                    .zip(shift)
                {
                    let y = simd.mul_add_e_f32s(x, scale, shift);
                    *to = simd.max_f32s(y, simd.splat_f32s(0.0));
                }
            }
        }
    }
}

/// Puts the means of `relu(x * scale + shift)` over 2x2 pixels into rows, as [`Normed`] does for single pixels.
pub(crate) struct NormedMeans<'a> {
    pub(crate) maps: &'a [Map],
    /// The first row of the maps that counts.
    pub(crate) top: usize,
    pub(crate) norm: &'a Affine,
    pub(crate) pixels: Range<usize>,
    pub(crate) channels: Range<usize>,
    pub(crate) rows: &'a mut [Row],
}

impl WithSimd for NormedMeans<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.maps[0].width;
        let (zero, quarter) = (simd.splat_f32s(0.0), simd.splat_f32s(0.25));
        for part in parts(self.maps, &self.channels) {
            for (pixel, row) in self.pixels.clone().zip(self.rows.iter_mut()) {
                let (y, x) = (self.top + pixel / (width / 2) * 2, pixel % (width / 2) * 2);
                let at = (y * width + x) * part.stride + part.first;
                for channel in (0..part.channels.len()).step_by(S::F32_LANES) {
                    let scale = load::<S>(&self.norm.scale, part.channels.start + channel);
                    let shift = load::<S>(&self.norm.shift, part.channels.start + channel);
                    let normed = |place: usize| {
                        let x = load::<S>(part.values, at + place * part.stride + channel);
                        simd.max_f32s(simd.mul_add_e_f32s(x, scale, shift), zero)
                    };
                    let top = simd.add_f32s(normed(0), normed(1));
                    let bottom = simd.add_f32s(normed(width), normed(width + 1));
                    let mean = simd.mul_f32s(simd.add_f32s(top, bottom), quarter);
                    store::<S>(row, part.place + channel, mean);
                }
            }
        }
    }
}

/// Some channels of one of several maps.
struct Part<'a> {
    values: &'a [f32],
    /// The map's channels.
    stride: usize,
    /// The first of them.
    first: usize,
    /// The channels as all maps together count them.
    channels: Range<usize>,
    /// The place of the first in a row.
    place: usize,
}

/// The parts of `channels` by the maps that hold them.
fn parts<'a>(maps: &'a [Map], channels: &Range<usize>) -> impl Iterator<Item = Part<'a>> {
    let channels = channels.clone();
    let starts = maps.iter().scan(0, |start, map| {
        let at = *start;
        *start += map.channels;
        Some(at)
    });
    maps.iter().zip(starts).filter_map(move |(map, start)| {
        let held = channels.start.max(start)..channels.end.min(start + map.channels);
        (!held.is_empty()).then(|| Part {
            values: map.values(),
            stride: map.channels,
            first: held.start - start,
            place: held.start - channels.start,
            channels: held,
        })
    })
}

/// The window of a convolution or of pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Height and width.
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: usize,
    /// The border above and below, and left and right.
    pub(crate) padding: [usize; 2],
}

impl Window {
    /// 3x3 pixels that halve the map.
    pub(crate) const HALVING: Self = Self {
        kernel: [3, 3],
        stride: 2,
        padding: [1, 1],
    };

    /// The same without the border.
    pub(crate) const fn without_border(self) -> Self {
        Self {
            padding: [0, 0],
            ..self
        }
    }

    /// Height and width of what comes out.
    pub(crate) fn output(&self, map: &Map) -> [usize; 2] {
        let side = |side: usize, dimension: usize| {
            (side + 2 * self.padding[dimension]).saturating_sub(self.kernel[dimension])
                / self.stride
                + 1
        };
        [side(map.height, 0), side(map.width, 1)]
    }

    /// The rows (dimension 0) or columns (1) of a map of this height or width that a row or column of what comes out sees.
    #[inline(always)]
    pub(crate) fn seen(&self, at: usize, dimension: usize, side: usize) -> Range<usize> {
        let start = at * self.stride;
        let end = (start + self.kernel[dimension] - self.padding[dimension]).min(side);
        start.saturating_sub(self.padding[dimension])..end
    }

    /// Puts some of the inputs of some pixels of a convolution into rows. Inputs go by the kernel's rows, its columns and the
    /// channels; outside the map they are 0.
    pub(crate) fn gather(
        &self,
        map: &Map,
        pixels: Range<usize>,
        inputs: Range<usize>,
        rows: &mut [Row],
    ) {
        let [_, width] = self.output(map);
        let [_, kernel_width] = self.kernel;
        let line = kernel_width * map.channels;
        let map_line = map.width * map.channels;
        let values = map.values();
        for (pixel, row) in pixels.zip(rows) {
            let (y, x) = (pixel / width * self.stride, pixel % width * self.stride);
            let mut input = inputs.start;
            while input < inputs.end {
                let (kernel_row, from) = (input / line, input % line);
                let count = (line - from).min(inputs.end - input);
                let to = &mut row[input - inputs.start..][..count];
                // The kernel's line in the map's: it may begin before it and end after it.
                let outside = self.padding[1] * map.channels;
                let start = x * map.channels + from;
                let before = outside.saturating_sub(start).min(count);
                let inside = (map_line + outside)
                    .saturating_sub(start)
                    .min(count)
                    .max(before);
                match (y + kernel_row).checked_sub(self.padding[0]) {
                    Some(y) if y < map.height && before < inside => {
                        to[..before].fill(0.0);
                        let from = y * map_line + start + before - outside;
                        let from = &values[from..][..inside - before];
                        to[before..inside].copy_from_slice(from);
                        to[inside..].fill(0.0);
                    }
                    _ => to.fill(0.0),
                }
                input += count;
            }
        }
    }
}

/// A kind of pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The largest value.
    Max,
    /// The mean of the values inside the map.
    Mean,
}

/// Pools maps.
pub(crate) fn pooled(engine: &Engine, pooling: Pooling, window: Window, x: &Map) -> Map {
    let [height, width] = window.output(x);
    let mut out = Map::new(&engine.pool, height, width, x.channels);
    pool_into(engine.processor, pooling, window, x, &mut out, 0);
    out
}

/// Pools maps into the channels of `out` from `first` on.
pub(crate) fn pool_into(
    processor: Processor,
    pooling: Pooling,
    window: Window,
    map: &Map,
    out: &mut Map,
    first: usize,
) {
    let rows = out.rows_a_part(1);
    let line = out.width * out.channels;
    let channels = out.channels;
    each_part(out.values_mut(), rows * line, |index, part| {
        processor.run(Pool3 {
            pooling,
            window,
            map,
            top: index * rows,
            line,
            channels,
            first,
            out: part,
        });
    });
}

struct Pool3<'a> {
    pooling: Pooling,
    window: Window,
    map: &'a Map,
    /// The first row.
    top: usize,
    line: usize,
    channels: usize,
    first: usize,
    out: &'a mut [f32],
}

impl WithSimd for Pool3<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { window, map, .. } = self;
        let values = map.values();
        for (row, line) in self.out.chunks_exact_mut(self.line).enumerate() {
            let ys = window.seen(self.top + row, 0, map.height);
            for (column, pixel) in line.chunks_exact_mut(self.channels).enumerate() {
                let xs = window.seen(column, 1, map.width);
                let out = &mut pixel[self.first..][..map.channels];
                let count = ys.len() * xs.len();
                let mut seen = ys
                    .clone()
                    .flat_map(|y| xs.clone().map(move |x| y * map.width + x))
                    .map(|pixel| &values[pixel * map.channels..][..map.channels]);
                if let Some(first) = seen.next() {
                    out.copy_from_slice(first);
                }
                for other in seen {
                    let (whole, rest) = S::as_mut_simd_f32s(out);
                    let (whole_other, rest_other) = S::as_simd_f32s(other);
                    for (out, &other) in whole.iter_mut().zip(whole_other) {
                        *out = match self.pooling {
                            Pooling::Max => simd.max_f32s(*out, other),
                            Pooling::Mean => simd.add_f32s(*out, other),
                        };
                    }
                    for (out, &other) in rest.iter_mut().zip(rest_other) {
                        *out = match self.pooling {
                            Pooling::Max => out.max(other),
                            Pooling::Mean => *out + other,
                        };
                    }
                }
                if self.pooling == Pooling::Mean {
                    let share = 1.0 / count as f32;
                    for out in out {
                        *out *= share;
                    }
                }
            }
        }
    }
}
