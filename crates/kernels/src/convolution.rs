//! Convolutions of feature maps.

use crate::Engine;
use crate::map::{Map, Window};
use crate::pool::each_part;
use crate::product::{Finish, PIXELS, Row, Weights, multiply};
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
            let bias = Some(bias.clone());
            Products::Winograd(Winograd::new(
                engine.processor,
                weights,
                outputs,
                bias,
                relu,
            ))
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

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Convolves a map.
    ///
    /// # Panics
    /// If the map has other channels than the weights.
    pub(crate) fn forward(&self, engine: &Engine, x: &Map) -> Map {
        assert_eq!(x.channels, self.inputs, "the channels of the map");
        let [height, width] = self.window.output(x);
        let mut out = Map::new(&engine.pool, height, width, self.outputs);
        self.forward_into(engine, x, &mut out, 0, false);
        out
    }

    /// Convolves a map into the channels of another from `first` on, or adds to what these hold before the ReLU.
    pub(crate) fn forward_into(
        &self,
        engine: &Engine,
        x: &Map,
        out: &mut Map,
        first: usize,
        adds: bool,
    ) {
        match &self.products {
            Products::Direct(weights) => self.directly(engine, weights, x, out, first, adds),
            Products::Winograd(winograd) => self.by_tiles(engine, winograd, x, out, first, adds),
        }
    }

    fn directly(
        &self,
        engine: &Engine,
        weights: &Weights,
        x: &Map,
        out: &mut Map,
        first: usize,
        adds: bool,
    ) {
        let rows = out.rows_a_part(1);
        let (width, channels) = (out.width, out.channels);
        let finish = Finish {
            bias: Some(&self.bias),
            adds,
            relu: self.relu,
        };
        each_part(out.values_mut(), rows * width * channels, |part, out| {
            let mut buffer = engine.pool.take(PIXELS * size_of::<Row>() / 4);
            let buffer = buffer.as_chunks_mut().0;
            let top = part * rows * width;
            for (chunk, out) in out.chunks_mut(PIXELS * channels).enumerate() {
                let pixels = out.len() / channels;
                let from = top + chunk * PIXELS;
                let places: [usize; PIXELS] = std::array::from_fn(|pixel| pixel * channels + first);
                multiply(
                    engine.processor,
                    weights,
                    finish,
                    &mut buffer[..pixels],
                    |inputs, rows| self.window.gather(x, from..from + pixels, inputs, rows),
                    &places[..pixels],
                    out,
                );
            }
        });
    }

    fn by_tiles(
        &self,
        engine: &Engine,
        winograd: &Winograd,
        x: &Map,
        out: &mut Map,
        first: usize,
        adds: bool,
    ) {
        let rows = out.rows_a_part(TILE);
        let (width, channels) = (out.width, out.channels);
        let line = width * x.channels;
        each_part(out.values_mut(), rows * width * channels, |part, out| {
            let top = part * rows;
            let out = &mut Rows {
                values: out,
                width,
                channels,
                first,
                adds,
            };
            convolve_rows(engine, winograd, top, x.height, out, |y, inside| {
                inside.copy_from_slice(&x.values()[y * line..][..line]);
            });
        });
    }
}

/// Convolves the rows of an image of `height` rows from `top` on; `fill` makes a row of the input.
pub(crate) fn convolve_rows(
    engine: &Engine,
    winograd: &Winograd,
    top: usize,
    height: usize,
    out: &mut Rows<'_>,
    fill: impl Fn(usize, &mut [f32]),
) {
    let width = out.width;
    let inputs = winograd.inputs();
    let columns = bordered_columns(width);
    let band = band_rows(width);
    let mut bordered = engine.pool.take((band + 2) * columns * inputs);
    let (channels, first, adds) = (out.channels, out.first, out.adds);
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
            values: &bordered,
            columns,
        };
        let out = &mut Rows {
            values,
            width,
            channels,
            first,
            adds,
        };
        winograd.convolve(engine.processor, &engine.pool, input, out);
    }
}

/// The rows of a band, whole tiles: few, so that it stays in the processor's caches, but enough tiles for a product.
pub(crate) fn band_rows(width: usize) -> usize {
    BAND.div_ceil(width.div_ceil(TILE)) * TILE
}
