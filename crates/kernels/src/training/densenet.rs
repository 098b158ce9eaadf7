//! DenseNet's backbone in training.
//!
//! As for inference, each layer's maps are memory of their own. A layer keeps, besides, the 128 maps of its bottleneck before
//! their norm; all else is computed again in the backward pass, which costs less than to read it from memory.
//!
//! Where a norm's input is the block's maps, its gradient goes to all of them: `scale * g + slope * x + constant`, where slope
//! and constant are known only when all of `g` is. The first part is added at once, the others are summed up over the layers
//! and added when the gradient of the maps themselves is needed.

use std::ops::Range;

use crate::convolution::convolve_rows;
use crate::engine::Engine;
use crate::map::{Map, Normed, NormedMeans, Window};
use crate::networks::Features;
use crate::pool::each;
use crate::processor::function;
use crate::product::{Finish, Row, Weights, multiply_pixels};
use crate::training::norm::{Moment, Norm, Sum};
use crate::winograd::{Rows, Winograd};

/// The stem's maps.
pub(super) const STEM: usize = 64;
/// The maps of a layer's bottleneck, and those that it adds.
pub(super) const BOTTLENECK: usize = 128;
pub(super) const GROWTH: usize = 32;
pub(super) const STEM_WINDOW: Window = Window {
    kernel: [7, 7],
    stride: 2,
    padding: [3, 3],
};
/// A DenseNet's backbone in training.
///
/// Its parameters are one list of numbers, in the order of the network: the stem's weights, its norm's weight and bias; for
/// each block, for each layer, the first norm's weight and bias, the 1x1 weights, the second norm's weight and bias, the 3x3
/// weights; after each block but the last, the transition's norm's weight and bias and its weights; the last norm's weight
/// and bias. Gradients have the same order.
#[derive(Debug, Clone)]
pub struct DenseNet {
    pub(super) engine: Engine,
    pub(super) planes: usize,
    /// The layers of each block.
    blocks: Vec<usize>,
    epsilon: f32,
}

/// A forward pass: all that its backward pass needs.
#[derive(Debug)]
pub struct Pass {
    pub(super) network: DenseNet,
    pub(super) batch: usize,
    /// The images, one each.
    pub(super) input: Vec<Map>,
    pub(super) stem: Map,
    pub(super) stem_norm: Norm,
    pub(super) blocks: Vec<BlockPass>,
    pub(super) last: Norm,
    pub(super) moments: Vec<Moment>,
}

/// A block's part of a pass, with the transition after it. The images of a map stand below each other.
#[derive(Debug)]
pub(super) struct BlockPass {
    pub(super) maps: Vec<Map>,
    pub(super) layers: Vec<LayerPass>,
    pub(super) transition: Option<Norm>,
}

#[derive(Debug)]
pub(super) struct LayerPass {
    pub(super) before: Norm,
    pub(super) bottleneck: Map,
    pub(super) between: Norm,
}

/// Takes parameters one after the other.
pub(super) struct Parameters<'a>(pub(super) &'a [f32]);

impl<'a> Parameters<'a> {
    pub(super) fn take(&mut self, count: usize) -> &'a [f32] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }
}

impl DenseNet {
    /// A network of this many planes and layers a block. `epsilon` is added to the variance in batch normalisation.
    pub fn new(engine: Engine, planes: usize, blocks: Vec<usize>, epsilon: f64) -> Self {
        Self {
            engine,
            planes,
            blocks,
            epsilon: epsilon as f32,
        }
    }

    /// The number of its parameters.
    pub fn parameters(&self) -> usize {
        let mut count = STEM * self.planes * 49 + 2 * STEM;
        let mut channels = STEM;
        for (block, &layers) in self.blocks.iter().enumerate() {
            for _ in 0..layers {
                count += 2 * channels + BOTTLENECK * channels;
                count += 2 * BOTTLENECK + 9 * BOTTLENECK * GROWTH;
                channels += GROWTH;
            }
            count += 2 * channels;
            if block + 1 < self.blocks.len() {
                count += channels * channels / 2;
                channels /= 2;
            }
        }
        count
    }

    /// Computes the features `[batch, maps, height, width]` of normalised planes `[batch, planes, height, width]`, of which
    /// `shape` gives batch, height and width; and the pass, which gives the norms' statistics and the gradients.
    ///
    /// # Panics
    /// If there are not as many parameters or planes as there must be.
    pub fn forward(
        &self,
        parameters: &[f32],
        planes: &[f32],
        [batch, height, width]: [usize; 3],
    ) -> (Features, Pass) {
        assert_eq!(parameters.len(), self.parameters(), "parameters");
        let image = self.planes * height * width;
        assert_eq!(planes.len(), batch * image, "planes");
        let pool = &self.engine.pool;
        let input: Vec<Map> = planes
            .chunks_exact(image)
            .map(|planes| Map::of_planes(pool, planes, [self.planes, height, width]))
            .collect();
        let mut parameters = Parameters(parameters);
        let mut seen = Vec::new();
        let mut norm = |moments: &Moment, parameters: &mut Parameters<'_>| {
            let channels = moments.mean.len();
            seen.push(moments.clone());
            let (weight, bias) = (parameters.take(channels), parameters.take(channels));
            Norm::new(moments, weight, bias, self.epsilon)
        };

        let (stem, moments) = self.stem(&input, parameters.take(STEM * self.planes * 49));
        let stem_norm = norm(&moments, &mut parameters);
        let (mut x, mut moments) = self.pooled(batch, &stem, &stem_norm);
        let mut blocks = Vec::new();
        for (index, &layers) in self.blocks.iter().enumerate() {
            let mut block = BlockPass {
                maps: vec![x],
                layers: Vec::new(),
                transition: None,
            };
            for _ in 0..layers {
                let before = norm(&moments, &mut parameters);
                let weights = parameters.take(BOTTLENECK * moments.mean.len());
                let (bottleneck, inner) = self.reduced(batch, &block.maps, &before, weights);
                let between = norm(&inner, &mut parameters);
                let weights = parameters.take(9 * BOTTLENECK * GROWTH);
                let (grown, own) = self.grown(batch, &bottleneck, &between, weights);
                block.maps.push(grown);
                moments.extend(own);
                block.layers.push(LayerPass {
                    before,
                    bottleneck,
                    between,
                });
            }
            let after = norm(&moments, &mut parameters);
            if index + 1 == self.blocks.len() {
                let features = self.features(batch, &block.maps, &after);
                blocks.push(block);
                let pass = Pass {
                    network: self.clone(),
                    batch,
                    input,
                    stem,
                    stem_norm,
                    blocks,
                    last: after,
                    moments: seen,
                };
                return (features, pass);
            }
            let channels = moments.mean.len();
            let weights = parameters.take(channels * channels / 2);
            (x, moments) = self.transition(batch, &block.maps, &after, weights);
            block.transition = Some(after);
            blocks.push(block);
        }
        unreachable!("a network has a block at least");
    }

    /// Maps of the images below each other, each image made by `make`, and their statistics.
    fn maps(
        &self,
        batch: usize,
        [height, width, channels]: [usize; 3],
        make: impl Fn(usize, &mut [f32]) + Send + Sync,
    ) -> (Map, Moment) {
        let mut map = Map::new(&self.engine.pool, batch * height, width, channels);
        let sums = each(images(&mut map, batch), |image, out| {
            make(image, out);
            self.engine.processor.call(Sum, (&*out, channels))
        });
        (map, Moment::of(&sums))
    }

    fn stem(&self, input: &[Map], weights: &[f32]) -> (Map, Moment) {
        let inputs = 49 * self.planes;
        let packed = self.pack(STEM, inputs, |output, place| {
            let (tap, plane) = (place / self.planes, place % self.planes);
            weights[(output * self.planes + plane) * 49 + tap]
        });
        let [height, width] = STEM_WINDOW.output(&input[0]);
        self.maps(input.len(), [height, width, STEM], |image, out| {
            self.multiply_pixels(&packed, out, |pixels, inputs, rows| {
                STEM_WINDOW.gather(&input[image], pixels, inputs, rows);
            });
        })
    }

    /// The largest of each 3x3 pixels after norm and ReLU.
    fn pooled(&self, batch: usize, stem: &Map, norm: &Norm) -> (Map, Moment) {
        let height = stem.height / batch;
        let window = Pooled::new(height, stem.width);
        self.maps(batch, [window.height, window.width, STEM], |image, out| {
            let stem = &stem.values()[image * height * stem.width * STEM..];
            self.engine
                .processor
                .call(Largest, (window, norm, stem, out));
        })
    }

    /// A layer's 1x1 convolution.
    fn reduced(&self, batch: usize, maps: &[Map], norm: &Norm, weights: &[f32]) -> (Map, Moment) {
        let inputs = norm.affine.scale.len();
        let packed = self.pack(BOTTLENECK, inputs, |output, input| {
            weights[output * inputs + input]
        });
        let (height, width) = (maps[0].height / batch, maps[0].width);
        self.maps(batch, [height, width, BOTTLENECK], |image, out| {
            let first = image * height * width;
            self.multiply_pixels(&packed, out, |pixels, channels, rows| {
                self.engine.processor.run(Normed {
                    maps,
                    norm: &norm.affine,
                    pixels: first + pixels.start..first + pixels.end,
                    channels,
                    rows,
                });
            });
        })
    }

    /// A layer's 3x3 convolution.
    fn grown(&self, batch: usize, bottleneck: &Map, norm: &Norm, weights: &[f32]) -> (Map, Moment) {
        let processor = self.engine.processor;
        let winograd = Winograd::new(processor, weights, GROWTH);
        let (height, width) = (bottleneck.height / batch, bottleneck.width);
        self.maps(batch, [height, width, GROWTH], |image, out| {
            self.convolve(&winograd, height, width, out, |y, row| {
                let line = width * BOTTLENECK;
                let from = &bottleneck.values()[(image * height + y) * line..][..line];
                processor.call(NormRelu, (norm, from, row));
            });
        })
    }

    fn transition(
        &self,
        batch: usize,
        maps: &[Map],
        norm: &Norm,
        weights: &[f32],
    ) -> (Map, Moment) {
        let inputs = norm.affine.scale.len();
        let packed = self.pack(inputs / 2, inputs, |output, input| {
            weights[output * inputs + input]
        });
        let height = maps[0].height / batch;
        let shape = [height / 2, maps[0].width / 2, inputs / 2];
        self.maps(batch, shape, |image, out| {
            self.multiply_pixels(&packed, out, |pixels, channels, rows| {
                self.engine.processor.run(NormedMeans {
                    maps,
                    top: image * height,
                    norm: &norm.affine,
                    pixels,
                    channels,
                    rows,
                });
            });
        })
    }

    /// The last norm and ReLU: `[batch, maps, height, width]`.
    fn features(&self, batch: usize, maps: &[Map], norm: &Norm) -> Features {
        let channels = norm.affine.scale.len();
        let (height, width) = (maps[0].height / batch, maps[0].width);
        let pixels = height * width;
        let mut values = vec![0.0; batch * channels * pixels];
        for (image, out) in values.chunks_exact_mut(channels * pixels).enumerate() {
            let mut channel = 0;
            for map in maps {
                for own in 0..map.channels {
                    let (scale, shift) = (norm.affine.scale[channel], norm.affine.shift[channel]);
                    let from = map.values()[image * pixels * map.channels + own..].iter();
                    let out = &mut out[channel * pixels..][..pixels];
                    for (out, x) in out.iter_mut().zip(from.step_by(map.channels)) {
                        *out = (x * scale + shift).max(0.0);
                    }
                    channel += 1;
                }
            }
        }
        Features {
            shape: [channels, height, width],
            values,
        }
    }

    fn pack(&self, outputs: usize, inputs: usize, at: impl Fn(usize, usize) -> f32) -> Weights {
        Weights::new(self.engine.processor, outputs, inputs, at)
    }

    /// Multiplies the pixels of an image, whose inputs `fill` gives, into `out`.
    fn multiply_pixels(
        &self,
        weights: &Weights,
        out: &mut [f32],
        fill: impl Fn(Range<usize>, Range<usize>, &mut [Row]),
    ) {
        let channels = [weights.outputs(), 0];
        multiply_pixels(&self.engine, weights, Finish::PLAIN, fill, channels, out);
    }

    /// A 3x3 convolution of an image, whose rows `fill` gives, into `out`.
    pub(super) fn convolve(
        &self,
        winograd: &Winograd,
        height: usize,
        width: usize,
        out: &mut [f32],
        fill: impl Fn(usize, &mut [f32]),
    ) {
        let channels = winograd.outputs();
        let out = Rows {
            values: out,
            width,
            channels,
            first: 0,
        };
        convolve_rows(&self.engine, winograd, Finish::PLAIN, 0, height, out, fill);
    }
}

/// The images of a map.
pub(super) fn images(map: &mut Map, batch: usize) -> Vec<&mut [f32]> {
    let image = map.values().len() / batch;
    map.values_mut().chunks_exact_mut(image).collect()
}

function!(Largest = largest: (Pooled, &'a Norm, &'a [f32], &'a mut [f32]) => ());
function!(NormRelu = norm_relu: (&'a Norm, &'a [f32], &'a mut [f32]) => ());

/// The largest `relu(norm(x))` of the pixels of the stem that each pooled one sees.
#[inline(always)]
fn largest((window, norm, stem, out): (Pooled, &Norm, &[f32], &mut [f32])) {
    let (scale, shift) = (&norm.affine.scale[..STEM], &norm.affine.shift[..STEM]);
    out.fill(0.0);
    for (pixel, out) in out.chunks_exact_mut(STEM).enumerate() {
        for seen in window.seen(pixel) {
            let x = &stem[seen * STEM..][..STEM];
            for channel in 0..STEM {
                let z = x[channel] * scale[channel] + shift[channel];
                out[channel] = out[channel].max(z);
            }
        }
    }
}

/// `relu(norm(x))` of pixels.
#[inline(always)]
fn norm_relu((norm, x, out): (&Norm, &[f32], &mut [f32])) {
    let (scale, shift) = (&norm.affine.scale[..], &norm.affine.shift[..]);
    let channels = scale.len();
    for (x, out) in x.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
        for (((x, out), scale), shift) in x.iter().zip(out).zip(scale).zip(shift) {
            let z = x * scale + shift;
            *out = if z > 0.0 { z } else { 0.0 };
        }
    }
}

/// The pooling of an image after the stem.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pooled {
    from: [usize; 2],
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Pooled {
    pub(super) fn new(height: usize, width: usize) -> Self {
        Self {
            from: [height, width],
            height: (height - 1) / 2 + 1,
            width: (width - 1) / 2 + 1,
        }
    }

    /// The pixels of the stem that a pooled one sees.
    #[inline(always)]
    pub(super) fn seen(self, pixel: usize) -> impl Iterator<Item = usize> {
        let [height, width] = self.from;
        let xs = Window::HALVING.seen(pixel % self.width, 1, width);
        let ys = Window::HALVING.seen(pixel / self.width, 0, height);
        ys.flat_map(move |y| xs.clone().map(move |x| y * width + x))
    }
}
