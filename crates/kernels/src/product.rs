//! Matrix products, in which nearly all of the time goes: rows of inputs, a pixel each, times packed weights.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::engine::Engine;
use crate::pool::{Buffer, Pool, unaligned};
use crate::processor::{LINE, Processor, load, store};

/// The inputs that are multiplied at a time, so that the weights in use stay in the processor's caches.
pub(crate) const BLOCK: usize = 256;
/// The pixels that are multiplied at a time: a multiple of every tile's.
pub(crate) const PIXELS: usize = 96;
/// The vectors of outputs in a tile.
const VECTORS: usize = 2;

/// A pixel's inputs of one block. The length is no power of two: rows that far apart would share a few lines of cache.
pub(crate) type Row = [f32; BLOCK + 16];

/// Memory for the [`Row`]s of [`PIXELS`] pixels.
pub(crate) fn rows_of(pool: &Pool) -> Buffer {
    pool.take(PIXELS * size_of::<Row>() / size_of::<f32>())
}

/// Weights `[outputs, inputs]` in the order in which [`multiply`] reads them: block by block of inputs, then panel by panel
/// of outputs, then input by input. The last panel ends in zeros.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    panels: Vec<f32>,
    /// The place of the first panel, where a cache line begins.
    start: usize,
    outputs: usize,
    inputs: usize,
    /// The outputs of a panel.
    width: usize,
}

impl Weights {
    /// Packs the weights that `at` gives for an output and an input.
    pub(crate) fn new(
        processor: Processor,
        outputs: usize,
        inputs: usize,
        at: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let width = VECTORS * processor.lanes();
        let mut panels = Vec::with_capacity(outputs.next_multiple_of(width) * inputs + LINE);
        let start = unaligned(&panels);
        panels.resize(start, 0.0);
        for block in blocks(inputs) {
            for first in (0..outputs).step_by(width) {
                for input in block.clone() {
                    panels.extend((first..first + width).map(|output| {
                        if output < outputs {
                            at(output, input)
                        } else {
                            0.0
                        }
                    }));
                }
            }
        }
        Self {
            panels,
            start,
            outputs,
            inputs,
            width,
        }
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The panels of a block of inputs.
    fn block(&self, inputs: &Range<usize>) -> &[f32] {
        let outputs = self.outputs.next_multiple_of(self.width);
        &self.panels[self.start..][inputs.start * outputs..inputs.end * outputs]
    }
}

/// The blocks of inputs.
pub(crate) fn blocks(inputs: usize) -> impl Iterator<Item = Range<usize>> {
    (0..inputs)
        .step_by(BLOCK)
        .map(move |start| start..(start + BLOCK).min(inputs))
}

/// What happens to a sum of products.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish<'a> {
    /// Added to every pixel, one an output.
    pub(crate) bias: Option<&'a [f32]>,
    /// Whether what is at the output already is added.
    pub(crate) adds: bool,
    /// Whether negative sums become 0.
    pub(crate) relu: bool,
}

impl Finish<'_> {
    /// Nothing: the sums as they are.
    pub(crate) const PLAIN: Self = Self {
        bias: None,
        adds: false,
        relu: false,
    };
}

/// Multiplies the inputs of some pixels by weights. `fill` puts a range of the inputs of every pixel into rows; the outputs of
/// the pixel with index `i` go to `out[places[i]..]`.
pub(crate) fn multiply(
    processor: Processor,
    weights: &Weights,
    finish: Finish<'_>,
    rows: &mut [Row],
    mut fill: impl FnMut(Range<usize>, &mut [Row]),
    places: &[usize],
    out: &mut [f32],
) {
    for inputs in blocks(weights.inputs) {
        fill(inputs.clone(), rows);
        multiply_block(processor, weights, finish, inputs, rows, places, out);
    }
}

/// Multiplies the pixels of `out`, each of `channels` numbers of which the outputs are those from `first` on. `fill` puts a range
/// of the inputs of a range of the pixels into rows.
pub(crate) fn multiply_pixels(
    engine: &Engine,
    weights: &Weights,
    finish: Finish<'_>,
    fill: impl Fn(Range<usize>, Range<usize>, &mut [Row]),
    [channels, first]: [usize; 2],
    out: &mut [f32],
) {
    let mut rows = rows_of(&engine.pool);
    let rows = rows.as_chunks_mut().0;
    let places: [usize; PIXELS] = std::array::from_fn(|pixel| pixel * channels + first);
    for (chunk, out) in out.chunks_mut(PIXELS * channels).enumerate() {
        let count = out.len() / channels;
        let pixels = chunk * PIXELS..chunk * PIXELS + count;
        multiply(
            engine.processor,
            weights,
            finish,
            &mut rows[..count],
            |inputs, rows| fill(pixels.clone(), inputs, rows),
            &places[..count],
            out,
        );
    }
}

/// Multiplies one of the [`blocks`] of the inputs, which is in `rows`.
pub(crate) fn multiply_block(
    processor: Processor,
    weights: &Weights,
    finish: Finish<'_>,
    inputs: Range<usize>,
    rows: &[Row],
    places: &[usize],
    out: &mut [f32],
) {
    let (first, last) = (inputs.start == 0, inputs.end == weights.inputs);
    processor.run(Product {
        panels: weights.block(&inputs),
        inputs: inputs.len(),
        outputs: weights.outputs,
        bias: finish.bias.filter(|_| first),
        adds: finish.adds || !first,
        relu: finish.relu && last,
        rows,
        places,
        out,
    });
}

/// Measures the multiply-adds a second that one core reaches in a product of 96 pixels' `inputs` and `outputs`, all of it in the
/// processor's caches: what networks are measured against.
pub fn product_rate(processor: Processor, inputs: usize, outputs: usize) -> f64 {
    let weights = Weights::new(processor, outputs, inputs, |output, input| {
        (output + input) as f32
    });
    let mut rows: Vec<Row> = vec![[1.0; _]; PIXELS];
    let places: Vec<usize> = (0..PIXELS).map(|pixel| pixel * outputs).collect();
    let mut out = vec![0.0; PIXELS * outputs];
    let finish = Finish::PLAIN;
    let times = 100_000_000 / (PIXELS * inputs * outputs) + 1;
    let start = std::time::Instant::now();
    for _ in 0..times {
        multiply(
            processor,
            &weights,
            finish,
            &mut rows,
            |_, _| {},
            &places,
            &mut out,
        );
    }
    (times * PIXELS * inputs * outputs) as f64 / start.elapsed().as_secs_f64()
}

struct Product<'a> {
    panels: &'a [f32],
    inputs: usize,
    outputs: usize,
    bias: Option<&'a [f32]>,
    adds: bool,
    relu: bool,
    rows: &'a [Row],
    places: &'a [usize],
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = VECTORS * S::F32_LANES;
        let panels = self.panels.chunks_exact(width * self.inputs);
        for (panel, first) in panels.zip((0..self.outputs).step_by(width)) {
            let panel = S::as_simd_f32s(panel).0.as_chunks::<VECTORS>().0;
            let pixels = self.rows.len();
            let mut done = 0;
            // The sums of a tile, its weights and one input fill the processor's registers.
            if S::F32_LANES > 4 {
                // As many as leave whole tiles of 4, for a pixel alone takes as long as 4: 32 are 4 times 6 and twice 4.
                let sixes = (pixels / 6).saturating_sub((pixels / 6 + pixels / 2) % 2);
                done = self.tiles::<S, 6>(simd, panel, first, 0..6 * sixes);
            } else if cfg!(target_arch = "aarch64") {
                done = self.tiles::<S, 8>(simd, panel, first, 0..pixels);
            }
            done = self.tiles::<S, 4>(simd, panel, first, done..pixels);
            self.tiles::<S, 1>(simd, panel, first, done..pixels);
        }
    }
}

impl Product<'_> {
    /// Computes whole tiles of `PIXELS` pixels from the one with index `done` on; returns the first that is left.
    #[inline(always)]
    fn tiles<S: Simd, const PIXELS: usize>(
        &mut self,
        simd: S,
        panel: &[[S::f32s; VECTORS]],
        first: usize,
        pixels: Range<usize>,
    ) -> usize {
        let rows = self.rows[pixels.clone()].as_chunks::<PIXELS>().0;
        let places = self.places[pixels.clone()].as_chunks::<PIXELS>().0;
        for (rows, places) in rows.iter().zip(places) {
            self.tile(simd, panel, first, rows, places);
        }
        pixels.start + rows.len() * PIXELS
    }

    #[inline(always)]
    fn tile<S: Simd, const PIXELS: usize>(
        &mut self,
        simd: S,
        panel: &[[S::f32s; VECTORS]],
        first: usize,
        rows: &[Row; PIXELS],
        places: &[usize; PIXELS],
    ) {
        let lanes = S::F32_LANES;
        let width = VECTORS * lanes;
        // The last panel may have fewer outputs than a tile.
        let whole = self.outputs - first >= width;
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[zero; VECTORS]; PIXELS];
        if whole {
            if let Some(bias) = self.bias {
                let bias: [S::f32s; VECTORS] =
                    std::array::from_fn(|vector| load::<S>(bias, first + vector * lanes));
                sums = [bias; PIXELS];
            }
            if self.adds {
                for (sums, place) in sums.iter_mut().zip(places) {
                    let before = S::as_simd_f32s(&self.out[place + first..][..width]).0;
                    for (sum, &before) in sums.iter_mut().zip(before) {
                        *sum = simd.add_f32s(*sum, before);
                    }
                }
            }
        }
        let sums = accumulated(simd, sums, panel, rows);
        if whole {
            for (sums, place) in sums.iter().zip(places) {
                let out = S::as_mut_simd_f32s(&mut self.out[place + first..][..width]).0;
                for (out, &sum) in out.iter_mut().zip(sums) {
                    *out = if self.relu {
                        simd.max_f32s(sum, zero)
                    } else {
                        sum
                    };
                }
            }
        } else {
            for (sums, place) in sums.into_iter().zip(places) {
                self.finish_partly::<S>(sums, first, *place);
            }
        }
    }

    /// Finishes a pixel's outputs of the last panel, of which there are fewer than a tile has.
    #[inline(never)]
    fn finish_partly<S: Simd>(&mut self, sums: [S::f32s; VECTORS], first: usize, place: usize) {
        let mut values = [0.0; 64];
        for (vector, sum) in sums.into_iter().enumerate() {
            store::<S>(&mut values, vector * S::F32_LANES, sum);
        }
        let outputs = self.outputs - first;
        let out = &mut self.out[place + first..][..outputs];
        for (index, (out, value)) in out.iter_mut().zip(values).enumerate() {
            let mut sum = value + self.bias.map_or(0.0, |bias| bias[first + index]);
            if self.adds {
                sum += *out;
            }
            *out = if self.relu { sum.max(0.0) } else { sum };
        }
    }
}

/// Adds the products of a tile's rows and a panel to `sums`. These are given and returned, so that they stay in registers.
#[inline(always)]
fn accumulated<S: Simd, const PIXELS: usize>(
    simd: S,
    mut sums: [[S::f32s; VECTORS]; PIXELS],
    panel: &[[S::f32s; VECTORS]],
    rows: &[Row; PIXELS],
) -> [[S::f32s; VECTORS]; PIXELS] {
    assert!(panel.len() <= BLOCK);
    for (input, &weights) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(rows) {
            let value = simd.splat_f32s(row[input]);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = simd.mul_add_e_f32s(value, weight, *sum);
            }
        }
    }
    sums
}
