//! The backward pass of [`DenseNet`](super::DenseNet).

use std::ops::Range;

use super::densenet::{
    BOTTLENECK, BlockPass, DenseNet, GROWTH, LayerPass, NormRelu, Pass, Pooled, STEM, STEM_WINDOW,
    images,
};
use super::norm::{Moment, Norm, NormGradient, NormSums};
use super::product::{Pixels, add_outer_products, add_tap_products};
use crate::map::{Map, Normed, NormedMeans};
use crate::pool::each;
use crate::processor::{Function, function};
use crate::product::{BLOCK, Finish, PIXELS, Row, Weights, blocks, multiply, rows_of};
use crate::winograd::Winograd;

function!(Whole = BlockGradient::whole:
    (&'a BlockGradient, &'a Map, usize, usize, Range<usize>, &'a mut [f32]) => ());
function!(WholeRows = Inner::whole: (&'a Inner, &'a Norm, &'a Map, usize, &'a mut [Row]) => ());
function!(LetPass = NormSums::pass: (&'a mut NormSums, &'a Norm, &'a [f32], &'a mut [f32]) => ());
function!(ToLargest = to_largest: (Pooled, &'a Norm, &'a [f32], &'a [f32], &'a mut [f32]) => ());

/// Every number of inputs is made a multiple of it for [`add_outer_products`].
const WHOLE: usize = 32;

/// Takes parameters and their gradients from the end.
pub(super) struct Backward<'a> {
    pub(super) parameters: &'a [f32],
    pub(super) gradients: &'a mut [f32],
}

impl<'a> Backward<'a> {
    pub(super) fn take(&mut self, count: usize) -> (&'a [f32], &'a mut [f32]) {
        let (rest, parameters) = self.parameters.split_at(self.parameters.len() - count);
        self.parameters = rest;
        let gradients = std::mem::take(&mut self.gradients);
        let (rest, gradients) = gradients.split_at_mut(gradients.len() - count);
        self.gradients = rest;
        (parameters, gradients)
    }

    /// Puts the gradient of a norm's weight and bias.
    pub(super) fn put_norm(&mut self, gradient: &NormGradient) {
        let channels = gradient.weight.len();
        self.take(channels).1.copy_from_slice(&gradient.bias);
        self.take(channels).1.copy_from_slice(&gradient.weight);
    }
}

/// The gradient of a block's maps. What is left to add to those of a map `x` is `slope * x + constant`.
struct BlockGradient {
    maps: Vec<Map>,
    slope: Vec<f32>,
    constant: Vec<f32>,
}

impl BlockGradient {
    fn new(network: &DenseNet, maps: &[Map]) -> Self {
        let zeros = |map: &Map| {
            let mut zeros = Map::new(&network.engine.pool, map.height, map.width, map.channels);
            zeros.values_mut().fill(0.0);
            zeros
        };
        let channels: usize = maps.iter().map(|map| map.channels).sum();
        Self {
            maps: maps.iter().map(zeros).collect(),
            slope: vec![0.0; channels],
            constant: vec![0.0; channels],
        }
    }

    fn add_rest(&mut self, norm: &NormGradient) {
        let add = |sums: &mut Vec<f32>, more: &[f32]| {
            sums.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
        };
        add(&mut self.slope, &norm.slope);
        add(&mut self.constant, &norm.constant);
    }

    /// The images of the first `count` maps.
    fn images(&mut self, count: usize, batch: usize) -> Vec<Vec<&mut [f32]>> {
        let mut all: Vec<Vec<_>> = (0..batch).map(|_| Vec::new()).collect();
        for map in &mut self.maps[..count] {
            for (image, values) in images(map, batch).into_iter().enumerate() {
                all[image].push(values);
            }
        }
        all
    }

    /// Puts the whole gradient of some pixels of the map with this index, whose channels begin with `first`, to `out`.
    #[inline(always)]
    fn whole(
        (gradient, map, index, first, pixels, out): (
            &Self,
            &Map,
            usize,
            usize,
            Range<usize>,
            &mut [f32],
        ),
    ) {
        let channels = map.channels;
        let range = pixels.start * channels..pixels.end * channels;
        let x = map.values()[range.clone()].chunks_exact(channels);
        let g = gradient.maps[index].values()[range].chunks_exact(channels);
        let slope = &gradient.slope[first..][..channels];
        let constant = &gradient.constant[first..][..channels];
        for ((x, g), out) in x.zip(g).zip(out.chunks_exact_mut(channels)) {
            for channel in 0..channels {
                out[channel] = g[channel] + slope[channel] * x[channel] + constant[channel];
            }
        }
    }
}

impl Pass {
    /// The norms' statistics, in the order of the network.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Computes the gradients of all parameters from that of the features.
    ///
    /// # Panics
    /// If there are not as many numbers as there must be.
    pub fn gradients(&self, parameters: &[f32], features: &[f32]) -> Vec<f32> {
        assert_eq!(parameters.len(), self.network.parameters(), "parameters");
        let mut gradients = vec![0.0; parameters.len()];
        let mut backward = Backward {
            parameters,
            gradients: &mut gradients,
        };
        // The last norm stands where transitions have theirs.
        let mut incoming = Incoming::Features(features);
        for block in self.blocks.iter().rev() {
            let mut gradient = BlockGradient::new(&self.network, &block.maps);
            match incoming {
                Incoming::Features(features) => {
                    self.last_norm(block, features, &mut gradient, &mut backward);
                }
                Incoming::Next(next, after) => {
                    self.transition(block, next, &after, &mut gradient, &mut backward);
                }
            }
            for (index, layer) in block.layers.iter().enumerate().rev() {
                self.layer(block, index, layer, &mut gradient, &mut backward);
            }
            incoming = Incoming::Next(block, gradient);
        }
        if let Incoming::Next(block, gradient) = incoming {
            self.stem(block, &gradient, &mut backward);
        }
        gradients
    }

    /// Adds the gradient of the last norm and ReLU.
    fn last_norm(
        &self,
        block: &BlockPass,
        features: &[f32],
        gradient: &mut BlockGradient,
        backward: &mut Backward<'_>,
    ) {
        let channels = self.last.affine.scale.len();
        let engine = &self.network.engine;
        let (height, width) = (block.maps[0].height / self.batch, block.maps[0].width);
        let pixels = height * width;
        assert_eq!(features.len(), self.batch * channels * pixels, "features");
        let maps = &block.maps[..];
        let sums = each(
            gradient.images(maps.len(), self.batch),
            |image, mut gradients| {
                let features = &features[image * channels * pixels..][..channels * pixels];
                let rows = Map::of_planes(&engine.pool, features, [channels, height, width]);
                let mut sums = NormSums::new(channels);
                let mut spread = Spread {
                    norm: &self.last,
                    maps,
                    first: image * pixels,
                    gradients: &mut gradients,
                    sums: &mut sums,
                };
                let arguments = (&mut spread, rows.values(), 1.0, |pixel| pixel);
                engine.processor.call(AddSpread, arguments);
                sums
            },
        );
        let norm = self.last.backward(&sums, self.batch * pixels);
        gradient.add_rest(&norm);
        backward.put_norm(&norm);
    }

    /// Adds the gradient of the transition to the block `next`, whose maps have the gradient `after`.
    fn transition(
        &self,
        block: &BlockPass,
        next: &BlockPass,
        after: &BlockGradient,
        gradient: &mut BlockGradient,
        backward: &mut Backward<'_>,
    ) {
        let processor = self.network.engine.processor;
        let norm = block
            .transition
            .as_ref()
            .expect("a block before another has a transition");
        let inputs = norm.affine.scale.len();
        let outputs = inputs / 2;
        let (weights, weight_gradient) = backward.take(outputs * inputs);
        let transposed = Weights::new(processor, inputs, outputs, |input, output| {
            weights[output * inputs + input]
        });
        let maps = &block.maps[..];
        let (height, width) = (maps[0].height / self.batch, maps[0].width);
        let (pooled_height, pooled_width) = (height / 2, width / 2);
        let pooled = pooled_height * pooled_width;
        let parts = each(
            gradient.images(maps.len(), self.batch),
            |image, mut gradients| {
                let mut sums = NormSums::new(inputs);
                let mut weight_gradient = vec![0.0; outputs * inputs];
                let mut outer = rows_of(&self.network.engine.pool);
                let outer: &mut [Row] = outer.as_chunks_mut().0;
                let mut inner = rows_of(&self.network.engine.pool);
                let inner: &mut [Row] = inner.as_chunks_mut().0;
                let mut own = vec![0.0; PIXELS * outputs];
                let mut spreading = vec![0.0; PIXELS * inputs];
                for start in (0..pooled).step_by(PIXELS) {
                    let pixels = start..(start + PIXELS).min(pooled);
                    let count = pixels.len();
                    let first = image * pooled;
                    let all = first + pixels.start..first + pixels.end;
                    let own = &mut own[..];
                    processor.call(Whole, (after, &next.maps[0], 0, 0, all, &mut *own));
                    let own = &*own;
                    let fill = |range: Range<usize>, rows: &mut [Row]| {
                        for (row, own) in rows.iter_mut().zip(own.chunks_exact(outputs)) {
                            row[..range.len()].copy_from_slice(&own[range.clone()]);
                        }
                    };
                    for channels in blocks(inputs) {
                        processor.run(NormedMeans {
                            maps,
                            top: image * height,
                            norm: &norm.affine,
                            pixels: pixels.clone(),
                            channels: channels.clone(),
                            rows: &mut inner[..count],
                        });
                        let b = Pixels::of_rows(inner, channels.len());
                        let a = Pixels::of(own, outputs);
                        let to = &mut weight_gradient[channels.start..];
                        add_outer_products(processor, count, a, b, to, inputs);
                    }
                    let places: [usize; PIXELS] = std::array::from_fn(|pixel| pixel * inputs);
                    let outer = &mut outer[..count];
                    let places = &places[..count];
                    multiply(
                        processor,
                        &transposed,
                        Finish::PLAIN,
                        outer,
                        fill,
                        places,
                        &mut spreading,
                    );
                    let mut spread = Spread {
                        norm,
                        maps,
                        first: image * height * width,
                        gradients: &mut gradients,
                        sums: &mut sums,
                    };
                    for offset in [0, 1, width, width + 1] {
                        let place = |pixel: usize| {
                            let pixel = start + pixel;
                            let (y, x) = (pixel / pooled_width, pixel % pooled_width);
                            2 * y * width + 2 * x + offset
                        };
                        let rows = &spreading[..count * inputs];
                        processor.call(AddSpread, (&mut spread, rows, 0.25, place));
                    }
                }
                (sums, weight_gradient)
            },
        );
        let (sums, weight_gradients): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        add_all(weight_gradient, &weight_gradients);
        let norm = norm.backward(&sums, self.batch * height * width);
        gradient.add_rest(&norm);
        backward.put_norm(&norm);
    }

    /// Adds the gradient of a layer to that of the maps that it reads.
    fn layer(
        &self,
        block: &BlockPass,
        index: usize,
        layer: &LayerPass,
        gradient: &mut BlockGradient,
        backward: &mut Backward<'_>,
    ) {
        let (weights, weight_gradient) = backward.take(9 * BOTTLENECK * GROWTH);
        let inner = self.growth(block, index, layer, gradient, weights, weight_gradient);
        backward.put_norm(&inner.norm);
        let inputs = layer.before.affine.scale.len();
        let (weights, weight_gradient) = backward.take(BOTTLENECK * inputs);
        let norm = self.bottleneck(
            block,
            index,
            layer,
            &inner,
            gradient,
            weights,
            weight_gradient,
        );
        gradient.add_rest(&norm);
        backward.put_norm(&norm);
    }

    /// The gradient of a layer's 3x3 convolution and of the norm before it.
    fn growth(
        &self,
        block: &BlockPass,
        index: usize,
        layer: &LayerPass,
        gradient: &BlockGradient,
        weights: &[f32],
        weight_gradient: &mut [f32],
    ) -> Inner {
        let engine = &self.network.engine;
        let processor = engine.processor;
        // The same taps in the other direction.
        let turned: Vec<f32> = (0..weights.len())
            .map(|place| {
                let (input, rest) = (place / (9 * GROWTH), place % (9 * GROWTH));
                let (output, tap) = (rest / 9, rest % 9);
                weights[(output * BOTTLENECK + input) * 9 + 8 - tap]
            })
            .collect();
        let turned = Winograd::new(processor, &turned, BOTTLENECK);
        let grown = &block.maps[index + 1];
        let (height, width) = (grown.height / self.batch, grown.width);
        let first = layer.before.affine.scale.len();
        let norm = &layer.between;
        let mut inner = Map::new(&engine.pool, grown.height, width, BOTTLENECK);
        let columns = width + 2;
        let parts = each(images(&mut inner, self.batch), |image, out| {
            // Rows end in two zeros, for `add_tap_products`.
            let mut own = engine.pool.take(height * columns * GROWTH);
            let own = &mut own[..height * columns * GROWTH];
            let bottleneck = image * height * width * BOTTLENECK..;
            let bottleneck = &layer.bottleneck.values()[bottleneck][..out.len()];
            let mut normed = engine.pool.take((height + 2) * columns * BOTTLENECK);
            let normed = &mut normed[..(height + 2) * columns * BOTTLENECK];
            for (y, row) in own.chunks_exact_mut(columns * GROWTH).enumerate() {
                let pixels = (image * height + y) * width..(image * height + y + 1) * width;
                let (inside, beside) = row.split_at_mut(width * GROWTH);
                let arguments = (gradient, grown, index + 1, first, pixels, inside);
                processor.call(Whole, arguments);
                beside.fill(0.0);
            }
            let line = columns * BOTTLENECK;
            normed[..line].fill(0.0);
            normed[(height + 1) * line..].fill(0.0);
            let rows = normed[line..].chunks_exact_mut(line);
            for (row, from) in rows.zip(bottleneck.chunks_exact(width * BOTTLENECK)) {
                row[..BOTTLENECK].fill(0.0);
                row[(width + 1) * BOTTLENECK..].fill(0.0);
                let inside = &mut row[BOTTLENECK..(width + 1) * BOTTLENECK];
                processor.call(NormRelu, (norm, from, inside));
            }
            let mut weight_gradient = vec![0.0; 9 * GROWTH * BOTTLENECK];
            let a = Pixels::of(own, GROWTH);
            let b = Pixels::of(normed, BOTTLENECK);
            add_tap_products(processor, [height, columns], a, b, &mut weight_gradient);
            self.network
                .convolve(&turned, height, width, out, |y, row| {
                    let from = &own[y * columns * GROWTH..];
                    row.copy_from_slice(&from[..row.len()]);
                });
            let mut sums = NormSums::new(BOTTLENECK);
            processor.call(LetPass, (&mut sums, norm, bottleneck, out));
            (sums, weight_gradient)
        });
        let (sums, weight_gradients): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let mut total = vec![0.0; weight_gradient.len()];
        add_all(&mut total, &weight_gradients);
        for (place, gradient) in weight_gradient.iter_mut().enumerate() {
            let (kernel, tap) = (place / 9, place % 9);
            *gradient = total[tap * GROWTH * BOTTLENECK + kernel];
        }
        Inner {
            norm: norm.backward(&sums, self.batch * height * width),
            passed: inner,
        }
    }

    /// The gradient of a layer's 1x1 convolution and of the norm before it.
    #[allow(clippy::too_many_arguments, reason = "they are the layer's")]
    fn bottleneck(
        &self,
        block: &BlockPass,
        index: usize,
        layer: &LayerPass,
        inner: &Inner,
        gradient: &mut BlockGradient,
        weights: &[f32],
        weight_gradient: &mut [f32],
    ) -> NormGradient {
        let processor = self.network.engine.processor;
        let norm = &layer.before;
        let inputs = norm.affine.scale.len();
        let transposed = Weights::new(processor, inputs, BOTTLENECK, |input, output| {
            weights[output * inputs + input]
        });
        let maps = &block.maps[..=index];
        let pixels = maps[0].height * maps[0].width / self.batch;
        let parts = each(
            gradient.images(maps.len(), self.batch),
            |image, mut gradients| {
                let mut sums = NormSums::new(inputs);
                let mut weight_gradient = vec![0.0; BOTTLENECK * inputs];
                let mut outer = rows_of(&self.network.engine.pool);
                let outer: &mut [Row] = outer.as_chunks_mut().0;
                let mut normed = rows_of(&self.network.engine.pool);
                let normed: &mut [Row] = normed.as_chunks_mut().0;
                let mut spreading = vec![0.0; PIXELS * inputs];
                let places: [usize; PIXELS] = std::array::from_fn(|pixel| pixel * inputs);
                for start in (0..pixels).step_by(PIXELS) {
                    let count = PIXELS.min(pixels - start);
                    let first = image * pixels + start;
                    let arguments = (
                        inner,
                        &layer.between,
                        &layer.bottleneck,
                        first,
                        &mut outer[..count],
                    );
                    processor.call(WholeRows, arguments);
                    for channels in blocks(inputs) {
                        processor.run(Normed {
                            maps,
                            norm: &norm.affine,
                            pixels: first..first + count,
                            channels: channels.clone(),
                            rows: &mut normed[..count],
                        });
                        let a = Pixels::of_rows(outer, BOTTLENECK);
                        let b = Pixels::of_rows(normed, channels.len());
                        let to = &mut weight_gradient[channels.start..];
                        add_outer_products(processor, count, a, b, to, inputs);
                    }
                    let outer = &mut outer[..count];
                    let places = &places[..count];
                    // The rows are there already.
                    let fill = |_, _: &mut [Row]| {};
                    multiply(
                        processor,
                        &transposed,
                        Finish::PLAIN,
                        outer,
                        fill,
                        places,
                        &mut spreading,
                    );
                    let mut spread = Spread {
                        norm,
                        maps,
                        first: image * pixels,
                        gradients: &mut gradients,
                        sums: &mut sums,
                    };
                    let spreading = &spreading[..count * inputs];
                    let place = |pixel| start + pixel;
                    processor.call(AddSpread, (&mut spread, spreading, 1.0, place));
                }
                (sums, weight_gradient)
            },
        );
        let (sums, weight_gradients): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        add_all(weight_gradient, &weight_gradients);
        norm.backward(&sums, self.batch * pixels)
    }

    /// The gradient of the stem.
    fn stem(&self, block: &BlockPass, gradient: &BlockGradient, backward: &mut Backward<'_>) {
        let engine = &self.network.engine;
        let processor = engine.processor;
        let norm = &self.stem_norm;
        let pooled = &block.maps[0];
        let (height, width) = (self.stem.height / self.batch, self.stem.width);
        let window = Pooled::new(height, width);
        let mut passed = Map::new(&engine.pool, self.stem.height, width, STEM);
        let sums = each(images(&mut passed, self.batch), |image, out| {
            let pixels = window.height * window.width;
            let mut own = engine.pool.take(pixels * STEM);
            let own = &mut own[..pixels * STEM];
            let stem = &self.stem.values()[image * out.len()..][..out.len()];
            let mut sums = NormSums::new(STEM);
            let range = image * pixels..(image + 1) * pixels;
            processor.call(Whole, (gradient, pooled, 0, 0, range, &mut *own));
            processor.call(ToLargest, (window, norm, stem, &*own, &mut *out));
            processor.call(LetPass, (&mut sums, norm, stem, out));
            sums
        });
        let inner = Inner {
            norm: norm.backward(&sums, self.stem.height * width),
            passed,
        };
        backward.put_norm(&inner.norm);
        let planes = self.network.planes;
        let inputs = 49 * planes;
        let (_, weight_gradient) = backward.take(STEM * inputs);
        let whole = inputs.next_multiple_of(WHOLE);
        let weight_gradients = each((0..self.batch).collect(), |image, _: usize| {
            let mut sums = vec![0.0; STEM * whole];
            let mut outer = rows_of(&self.network.engine.pool);
            let outer: &mut [Row] = outer.as_chunks_mut().0;
            let mut seen = rows_of(&self.network.engine.pool);
            let seen: &mut [Row] = seen.as_chunks_mut().0;
            let pixels = height * width;
            for start in (0..pixels).step_by(PIXELS) {
                let count = PIXELS.min(pixels - start);
                let first = image * pixels + start;
                let arguments = (&inner, norm, &self.stem, first, &mut outer[..count]);
                processor.call(WholeRows, arguments);
                for block in blocks(inputs) {
                    let numbers = block.len().next_multiple_of(WHOLE).min(BLOCK);
                    let map = &self.input[image];
                    STEM_WINDOW.gather(
                        map,
                        start..start + count,
                        block.clone(),
                        &mut seen[..count],
                    );
                    for row in &mut seen[..count] {
                        row[block.len()..numbers].fill(0.0);
                    }
                    let a = Pixels::of_rows(outer, STEM);
                    let b = Pixels::of_rows(seen, numbers);
                    let to = &mut sums[block.start..];
                    add_outer_products(processor, count, a, b, to, whole);
                }
            }
            sums
        });
        let mut total = vec![0.0; STEM * whole];
        add_all(&mut total, &weight_gradients);
        for (place, gradient) in weight_gradient.iter_mut().enumerate() {
            let (kernel, tap) = (place / 49, place % 49);
            let (output, plane) = (kernel / planes, kernel % planes);
            *gradient = total[output * whole + tap * planes + plane];
        }
    }
}

/// The gradient that comes from above a block.
enum Incoming<'a> {
    Features(&'a [f32]),
    /// That of the next block's maps.
    Next(&'a BlockPass, BlockGradient),
}

/// The gradient of a norm inside a layer.
struct Inner {
    norm: NormGradient,
    /// That of its output, where the ReLU lets it pass.
    passed: Map,
}

impl Inner {
    /// Puts the gradient of the norm's input `map` of some pixels from `first` on into rows.
    #[inline(always)]
    fn whole((inner, norm, map, first, rows): (&Self, &Norm, &Map, usize, &mut [Row])) {
        let channels = map.channels;
        let x = map.values()[first * channels..].chunks_exact(channels);
        let g = inner.passed.values()[first * channels..].chunks_exact(channels);
        let scale = &norm.affine.scale[..channels];
        let slope = &inner.norm.slope[..channels];
        let constant = &inner.norm.constant[..channels];
        for ((x, g), row) in x.zip(g).zip(rows) {
            let row = &mut row[..channels];
            for channel in 0..channels {
                row[channel] =
                    scale[channel] * g[channel] + slope[channel] * x[channel] + constant[channel];
            }
        }
    }
}

impl NormSums {
    /// Lets the gradient of `relu(norm(x))` pass where the ReLU did, and sums it.
    #[inline(always)]
    fn pass((sums, norm, x, gradient): (&mut Self, &Norm, &[f32], &mut [f32])) {
        let channels = norm.mean.len();
        let (scale, shift) = (
            &norm.affine.scale[..channels],
            &norm.affine.shift[..channels],
        );
        let mean = &norm.mean[..channels];
        let (sum, product) = (
            &mut sums.gradient[..channels],
            &mut sums.product[..channels],
        );
        let pixels = x
            .chunks_exact(channels)
            .zip(gradient.chunks_exact_mut(channels));
        for (x, gradient) in pixels {
            for channel in 0..channels {
                let z = x[channel] * scale[channel] + shift[channel];
                let g = if z > 0.0 { gradient[channel] } else { 0.0 };
                gradient[channel] = g;
                sum[channel] += g;
                product[channel] += g * (x[channel] - mean[channel]);
            }
        }
    }
}

/// [`Spread::add`].
struct AddSpread;

impl<'s, 'a, 'g, P: Fn(usize) -> usize> Function<(&'s mut Spread<'a, 'g>, &'s [f32], f32, P)>
    for AddSpread
{
    type Output = ();

    #[inline(always)]
    fn call(self, arguments: (&'s mut Spread<'a, 'g>, &'s [f32], f32, P)) {
        Spread::add(arguments);
    }
}

/// Adds the gradient of `relu(norm(maps))` to those of the maps.
struct Spread<'a, 'g> {
    norm: &'a Norm,
    maps: &'a [Map],
    /// The image's first pixel.
    first: usize,
    /// The gradients of the image's maps.
    gradients: &'a mut [&'g mut [f32]],
    sums: &'a mut NormSums,
}

impl Spread<'_, '_> {
    /// Adds `factor` times the gradient `rows`, `[pixels, channels]`; `place` gives a pixel's place in the image.
    #[inline(always)]
    fn add<P: Fn(usize) -> usize>((spread, rows, factor, place): (&mut Self, &[f32], f32, P)) {
        let all = spread.norm.mean.len();
        let mut start = 0;
        for (map, gradients) in spread.maps.iter().zip(spread.gradients.iter_mut()) {
            let channels = map.channels;
            let range = start..start + channels;
            let scale = &spread.norm.affine.scale[range.clone()][..channels];
            let shift = &spread.norm.affine.shift[range.clone()][..channels];
            let mean = &spread.norm.mean[range.clone()][..channels];
            let sum = &mut spread.sums.gradient[range.clone()][..channels];
            let product = &mut spread.sums.product[range.clone()][..channels];
            let values = map.values();
            for (pixel, row) in rows.chunks_exact(all).enumerate() {
                let place = place(pixel);
                let x = &values[(spread.first + place) * channels..][..channels];
                let to = &mut gradients[place * channels..][..channels];
                let row = &row[range.clone()][..channels];
                for channel in 0..channels {
                    let z = x[channel] * scale[channel] + shift[channel];
                    let g = if z > 0.0 { factor * row[channel] } else { 0.0 };
                    sum[channel] += g;
                    product[channel] += g * (x[channel] - mean[channel]);
                    to[channel] += scale[channel] * g;
                }
            }
            start += channels;
        }
    }
}

/// Gives the gradient of each pooled pixel to the pixel of the stem that it is the largest of.
#[inline(always)]
fn to_largest((window, norm, stem, own, out): (Pooled, &Norm, &[f32], &[f32], &mut [f32])) {
    let (scale, shift) = (&norm.affine.scale[..STEM], &norm.affine.shift[..STEM]);
    out.fill(0.0);
    for (pixel, own) in own.chunks_exact(STEM).enumerate() {
        let mut largest = [0.0; STEM];
        let mut place = [u32::MAX; STEM];
        for seen in window.seen(pixel) {
            let x = &stem[seen * STEM..][..STEM];
            for channel in 0..STEM {
                let z = x[channel] * scale[channel] + shift[channel];
                let larger = z > largest[channel];
                largest[channel] = if larger { z } else { largest[channel] };
                place[channel] = if larger { seen as u32 } else { place[channel] };
            }
        }
        for channel in 0..STEM {
            if place[channel] != u32::MAX {
                out[place[channel] as usize * STEM + channel] += own[channel];
            }
        }
    }
}

/// Adds all parts to `sum`, in their order.
pub(super) fn add_all(sum: &mut [f32], parts: &[Vec<f32>]) {
    for part in parts {
        for (sum, value) in sum.iter_mut().zip(part) {
            *sum += value;
        }
    }
}
