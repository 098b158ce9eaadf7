//! DenseNet, a layer at a time in one pass over the image.
//!
//! A layer reads all maps of its block, normalises them, and makes 128 maps by a 1x1 convolution, of which a 3x3 convolution
//! makes 32. The 128 are never whole in memory: a core computes them for the few rows that its next 3x3 tiles read. Each
//! layer's 32 maps are memory of their own, so that nothing is concatenated.

use std::ops::Range;

use crate::convolution::{Convolution, UNIT, band_rows};
use crate::engine::Engine;
use crate::map::{Affine, Map, Normed, NormedMeans, Pooling, Window, pooled};
use crate::pool::each_part;
use crate::product::{Finish, PIXELS, Weights, multiply, multiply_pixels, rows_of};
use crate::weights::{Maker, Steps, WeightsError, scale_outputs};
use crate::winograd::{Bordered, Rows, TILE, Winograd, bordered_columns};

/// A DenseNet's backbone.
#[derive(Debug)]
pub(crate) struct DenseNet {
    stem: Convolution,
    blocks: Vec<Vec<Layer>>,
    transitions: Vec<Transition>,
    last: Affine,
}

#[derive(Debug)]
struct Layer {
    norm: Affine,
    bottleneck: Weights,
    bias: Vec<f32>,
    growth: Winograd,
}

#[derive(Debug)]
struct Transition {
    norm: Affine,
    reduction: Weights,
}

impl DenseNet {
    pub(crate) fn new(maker: &Maker<'_>) -> Result<Self, WeightsError> {
        let planes = maker.inputs("features.conv0")?;
        let steps = Steps {
            stride: 2,
            norm: Some("features.norm0"),
            ..Steps::RELU
        };
        let stem = maker.convolution("features.conv0", planes, steps)?;
        let mut channels = stem.outputs();
        let (mut blocks, mut transitions) = (Vec::new(), Vec::new());
        for block in 1.. {
            let mut layers = Vec::new();
            for layer in 1.. {
                let layer = format!("features.denseblock{block}.denselayer{layer}");
                if !maker.has(&format!("{layer}.norm1")) {
                    break;
                }
                let layer = Layer::new(maker, &layer, channels)?;
                channels += layer.growth.outputs();
                layers.push(layer);
            }
            blocks.push(layers);
            let transition = format!("features.transition{block}");
            if !maker.has(&format!("{transition}.norm")) {
                break;
            }
            let transition = Transition::new(maker, &transition, channels)?;
            channels = transition.reduction.outputs();
            transitions.push(transition);
        }
        Ok(Self {
            stem,
            blocks,
            transitions,
            last: maker.norm("features.norm5", channels)?,
        })
    }

    pub(crate) fn planes(&self) -> usize {
        self.stem.inputs()
    }

    pub(crate) fn features(&self) -> usize {
        self.last.scale.len()
    }

    pub(crate) fn forward(&self, engine: &Engine, planes: &Map) -> Map {
        let x = self.stem.forward(engine, planes);
        let mut maps = vec![pooled(engine, Pooling::Max, Window::HALVING, &x)];
        drop(x);
        for (index, layers) in self.blocks.iter().enumerate() {
            for layer in layers {
                let grown = layer.forward(engine, &maps);
                maps.push(grown);
            }
            if let Some(transition) = self.transitions.get(index) {
                maps = vec![transition.forward(engine, &maps)];
            }
        }
        self.last(engine, &maps)
    }

    /// The last norm and ReLU, into one map.
    fn last(&self, engine: &Engine, maps: &[Map]) -> Map {
        let channels = self.last.scale.len();
        let mut out = Map::new(&engine.pool, maps[0].height, maps[0].width, channels);
        let mut first = 0;
        for map in maps {
            let count = map.channels;
            let pixels = out.values_mut().chunks_exact_mut(channels);
            for (pixel, values) in pixels.zip(map.values().chunks_exact(count)) {
                for (index, (out, x)) in pixel[first..].iter_mut().zip(values).enumerate() {
                    let channel = first + index;
                    *out = (x * self.last.scale[channel] + self.last.shift[channel]).max(0.0);
                }
            }
            first += count;
        }
        out
    }
}

impl Layer {
    fn new(maker: &Maker<'_>, layer: &str, channels: usize) -> Result<Self, WeightsError> {
        let name = format!("{layer}.conv1");
        let (shape, mut reducing) = maker.kernel(&name, channels)?;
        let outputs = shape[0];
        let after = maker.norm(&format!("{layer}.norm2"), outputs)?;
        scale_outputs(&mut reducing, &after.scale);
        let (growth_shape, growth) = maker.kernel(&format!("{layer}.conv2"), outputs)?;
        let units = [channels, outputs, growth_shape[0]];
        if shape[2..] != [1, 1]
            || growth_shape[2..] != [3, 3]
            || !units.iter().all(|channels| channels.is_multiple_of(UNIT))
        {
            return Err(WeightsError::Shape {
                name,
                found: shape.to_vec(),
            });
        }
        let processor = maker.engine.processor;
        Ok(Self {
            norm: maker.norm(&format!("{layer}.norm1"), channels)?,
            bottleneck: Weights::new(processor, outputs, channels, |output, input| {
                reducing[output * channels + input]
            }),
            bias: after.shift,
            growth: Winograd::new(processor, &growth, growth_shape[0]),
        })
    }

    fn forward(&self, engine: &Engine, maps: &[Map]) -> Map {
        let (height, width) = (maps[0].height, maps[0].width);
        let mut out = Map::new(&engine.pool, height, width, self.growth.outputs());
        let rows = out.rows_a_part(TILE);
        let line = width * out.channels;
        let channels = out.channels;
        let band = band_rows(width);
        let ring = band + 2;
        let columns = bordered_columns(width);
        let inner = self.bottleneck.outputs();
        let bordered_line = columns * inner;
        each_part(out.values_mut(), rows * line, |part, out| {
            let mut bordered = engine.pool.take(ring * bordered_line);
            let bordered = &mut bordered[..ring * bordered_line];
            // The columns beside the image.
            for line in bordered.chunks_exact_mut(bordered_line) {
                line[..inner].fill(0.0);
                line[(width + 1) * inner..].fill(0.0);
            }
            for (index, out) in out.chunks_mut(band * line).enumerate() {
                let top = part * rows + index * band;
                // The first row is the one above; of the band before, the last two are here already.
                let known = if index == 0 { 0 } else { 2 };
                let needed = (out.len() / line).next_multiple_of(TILE) + 2;
                let inside = (top + known).max(1)..(top + needed).min(height + 1);
                for row in (top + known..top + needed).filter(|row| !inside.contains(row)) {
                    bordered[row % ring * bordered_line..][..bordered_line].fill(0.0);
                }
                let image = inside.start - 1..inside.end.max(inside.start) - 1;
                self.reduce(engine, maps, image, columns, bordered);
                self.growth.convolve(
                    engine.processor,
                    &engine.pool,
                    Bordered {
                        values: bordered,
                        columns,
                        top,
                    },
                    Finish::PLAIN,
                    &mut Rows {
                        values: out,
                        width,
                        channels,
                        first: 0,
                    },
                );
            }
        });
        out
    }

    /// Computes some rows of the bottleneck into a ring of rows.
    fn reduce(
        &self,
        engine: &Engine,
        maps: &[Map],
        image: Range<usize>,
        columns: usize,
        bordered: &mut [f32],
    ) {
        let width = maps[0].width;
        let inner = self.bottleneck.outputs();
        let ring = bordered.len() / (columns * inner);
        let finish = Finish {
            bias: Some(&self.bias),
            adds: false,
            relu: true,
        };
        let mut rows = rows_of(&engine.pool);
        let rows = rows.as_chunks_mut().0;
        let end = image.end * width;
        for from in (image.start * width..end).step_by(PIXELS) {
            let pixels = from..(from + PIXELS).min(end);
            let places: [usize; PIXELS] = std::array::from_fn(|index| {
                let (y, x) = ((from + index) / width, (from + index) % width);
                ((y + 1) % ring * columns + x + 1) * inner
            });
            multiply(
                engine.processor,
                &self.bottleneck,
                finish,
                &mut rows[..pixels.len()],
                |channels, rows| {
                    engine.processor.run(Normed {
                        maps,
                        norm: &self.norm,
                        pixels: pixels.clone(),
                        channels,
                        rows,
                    });
                },
                &places[..pixels.len()],
                bordered,
            );
        }
    }
}

impl Transition {
    fn new(maker: &Maker<'_>, transition: &str, channels: usize) -> Result<Self, WeightsError> {
        let (shape, weights) = maker.kernel(&format!("{transition}.conv"), channels)?;
        Ok(Self {
            norm: maker.norm(&format!("{transition}.norm"), channels)?,
            reduction: Weights::new(
                maker.engine.processor,
                shape[0],
                channels,
                |output, input| weights[output * channels + input],
            ),
        })
    }

    /// Pools before the 1x1 convolution instead of after it: the same sum with a quarter of the products.
    fn forward(&self, engine: &Engine, maps: &[Map]) -> Map {
        let (height, width) = (maps[0].height / 2, maps[0].width / 2);
        let mut out = Map::new(&engine.pool, height, width, self.reduction.outputs());
        let rows = out.rows_a_part(1);
        let channels = out.channels;
        each_part(out.values_mut(), rows * width * channels, |part, out| {
            let first = part * rows * width;
            let means = |pixels: Range<usize>, channels, rows: &mut [_]| {
                engine.processor.run(NormedMeans {
                    maps,
                    top: 0,
                    norm: &self.norm,
                    pixels: first + pixels.start..first + pixels.end,
                    channels,
                    rows,
                });
            };
            let plain = Finish::PLAIN;
            multiply_pixels(engine, &self.reduction, plain, means, [channels, 0], out);
        });
        out
    }
}
