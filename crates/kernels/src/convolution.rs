//! Convolutions of feature maps.

use std::ops::Range;

use crate::engine::Engine;
use crate::map::{Map, Window};
use crate::pool::each_part;
use crate::product::{Finish, Weights, multiply_pixels};
use crate::winograd::{Bordered, Rows, TILE, Winograd, bordered_columns};

/// The unit of channels: twice the longest vector.
pub(crate) const UNIT: usize = 16;
/// The tiles that a band of rows has at least, where the map has them.
const BAND: usize = 16;

/// A convolution with its bias and the ReLU after it.
#[derive(Debug, Clone)]
pub(crate) struct Convolution {
    window: Window,
    inputs: usize,
    outputs: usize,
    products: Products,
    bias: Vec<f32>,
    relu: bool,
}

#[derive(Debug, Clone)]
enum Products {
    Direct(Weights),
    Winograd(Winograd),
}

impl Convolution {
    /// Packs weights `[outputs, inputs, height, width]`.
    pub(crate) fn new(
        engine: &Engine,
        weights: &[f32],
        [outputs, inputs]: [usize; 2],
        window: Window,
        bias: Vec<f32>,
        relu: bool,
    ) -> Self {
        let [height, width] = window.kernel;
        let keeping = Window {
            kernel: [3, 3],
            stride: 1,
            padding: [1, 1],
        };
        let whole = inputs.is_multiple_of(UNIT) && outputs.is_multiple_of(UNIT);
        let products = if window == keeping && whole {
            Products::Winograd(Winograd::new(engine.processor, weights, outputs))
        } else {
            let taps = height * width;
            Products::Direct(Weights::new(
                engine.processor,
                outputs,
                taps * inputs,
                |output, place| {
                    let (tap, input) = (place / inputs, place % inputs);
                    weights[(output * inputs + input) * taps + tap]
                },
            ))
        };
        Self {
            window,
            inputs,
            outputs,
            products,
            bias,
            relu,
        }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Convolves a map.
    pub(crate) fn forward(&self, engine: &Engine, x: &Map) -> Map {
        let [height, width] = self.window.output(x);
        let mut out = Map::new(&engine.pool, height, width, self.outputs);
        self.forward_into(engine, x, &mut out, 0, false);
        out
    }

    /// Convolves a map into the channels of another from `first` on, or adds to what these hold before the ReLU.
    ///
    /// # Panics
    /// If the map has other channels than the weights.
    pub(crate) fn forward_into(
        &self,
        engine: &Engine,
        x: &Map,
        out: &mut Map,
        first: usize,
        adds: bool,
    ) {
        assert_eq!(x.channels, self.inputs, "the channels of the map");
        let finish = Finish {
            bias: Some(&self.bias),
            adds,
            relu: self.relu,
        };
        let unit = match &self.products {
            Products::Direct(_) => 1,
            Products::Winograd(_) => TILE,
        };
        let rows = out.rows_a_part(unit);
        let (width, channels) = (out.width, out.channels);
        each_part(out.values_mut(), rows * width * channels, |part, out| {
            let top = part * rows;
            match &self.products {
                Products::Direct(weights) => {
                    let gather = |pixels: Range<usize>, inputs, rows: &mut [_]| {
                        let pixels = top * width + pixels.start..top * width + pixels.end;
                        self.window.gather(x, pixels, inputs, rows);
                    };
                    multiply_pixels(engine, weights, finish, gather, [channels, first], out);
                }
                Products::Winograd(winograd) => {
                    let out = Rows {
                        values: out,
                        width,
                        channels,
                        first,
                    };
                    let line = width * x.channels;
                    let copy = |y, inside: &mut [f32]| {
                        inside.copy_from_slice(&x.values()[y * line..][..line]);
                    };
                    convolve_rows(engine, winograd, finish, top, x.height, out, copy);
                }
            }
        });
    }
}

/// Convolves the rows of an image of `height` rows from `top` on; `fill` makes a row of the input.
pub(crate) fn convolve_rows(
    engine: &Engine,
    winograd: &Winograd,
    finish: Finish<'_>,
    top: usize,
    height: usize,
    out: Rows<'_>,
    fill: impl Fn(usize, &mut [f32]),
) {
    let width = out.width;
    let inputs = winograd.inputs();
    let columns = bordered_columns(width);
    let band = band_rows(width);
    let mut bordered = engine.pool.take((band + 2) * columns * inputs);
    let (channels, first) = (out.channels, out.first);
    for (index, values) in out.values.chunks_mut(band * width * channels).enumerate() {
        let top = top + index * band;
        let lines = bordered.chunks_exact_mut(columns * inputs).take(band + 2);
        for (row, line) in lines.enumerate() {
            let (left, rest) = line.split_at_mut(inputs);
            let (inside, right) = rest.split_at_mut(width * inputs);
            left.fill(0.0);
            right.fill(0.0);
            match (top + row).checked_sub(1) {
                Some(y) if y < height => fill(y, inside),
                _ => inside.fill(0.0),
            }
        }
        let input = Bordered {
            values: &bordered[..(band + 2) * columns * inputs],
            columns,
            top: 0,
        };
        let out = &mut Rows {
            values,
            width,
            channels,
            first,
        };
        winograd.convolve(engine.processor, &engine.pool, input, finish, out);
    }
}

/// The rows of a band, whole tiles: few, so that it stays in the processor's caches, but enough tiles for a product.
pub(crate) fn band_rows(width: usize) -> usize {
    BAND.div_ceil(width.div_ceil(TILE)) * TILE
}
