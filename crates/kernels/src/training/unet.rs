//! The forward pass of a U-Net in training, and its gradients.

use std::ops::Range;

use super::backward::{Backward, LetPass, add_all};
use super::densenet::{NormRelu, Parameters, images};
use super::norm::{Moment, Norm, NormGradient, NormSums, Sum};
use super::product::{Pixels, SUMMED, add_outer_products, add_tap_products};
use crate::convolution::{UNIT, convolve_rows};
use crate::engine::Engine;
use crate::map::Map;
use crate::networks::Features;
use crate::pool::each;
use crate::processor::function;
use crate::product::{Finish, Row, Weights, multiply_pixels};
use crate::winograd::{Rows, Winograd};

function!(Whole = whole: (&'a NormGradient, &'a Norm, &'a [f32], &'a mut [f32]) => ());
function!(Largest = largest: (&'a [f32], [usize; 2], &'a mut [f32]) => ());
function!(ToLargest = to_largest: (&'a [f32], &'a [f32], [usize; 2], &'a mut [f32]) => ());

/// The shape of a U-Net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UNetShape {
    /// The input's planes.
    pub planes: usize,
    /// The output's maps.
    pub outputs: usize,
    /// The levels, each of half the side of the one above it.
    pub levels: usize,
    /// The channels of the first level; each level has twice as many as the one above it.
    pub width: usize,
}

/// A U-Net of padded convolutions with batch norms, in training.
///
/// Its parameters are one list of numbers: for each level from the top, the weights of the first convolution, its norm's weight
/// and bias, the same of the second; for each level but the last, from below, weights and bias of the transposed convolution and
/// then two convolutions with their norms; the last convolution's weights and bias. Gradients have the same order.
#[derive(Debug, Clone)]
pub struct UNet {
    engine: Engine,
    shape: UNetShape,
    epsilon: f32,
}

/// A forward pass: all that its backward pass needs. The images of a map stand below each other.
#[derive(Debug)]
pub struct UNetPass {
    network: UNet,
    batch: usize,
    /// The blocks of the levels, from the top.
    down: Vec<Block>,
    /// Those after a transposed convolution, from the top.
    up: Vec<Block>,
    moments: Vec<Moment>,
}

/// Two convolutions, each with norm and ReLU.
#[derive(Debug)]
struct Block {
    units: [Unit; 2],
    /// What comes out.
    out: Map,
}

#[derive(Debug)]
struct Unit {
    input: Map,
    /// What the convolution makes of it.
    convolved: Map,
    norm: Norm,
}

impl UNetShape {
    /// The channels of a level.
    pub fn channels(&self, level: usize) -> usize {
        self.width << level
    }

    /// The number of parameters.
    pub fn parameters(&self) -> usize {
        let block = |inputs: usize, outputs: usize| 9 * outputs * (inputs + outputs) + 4 * outputs;
        let down = |level: usize| {
            let inputs = match level.checked_sub(1) {
                Some(above) => self.channels(above),
                None => self.planes,
            };
            block(inputs, self.channels(level))
        };
        let up = |level: usize| {
            let channels = self.channels(level);
            8 * channels * channels + channels + block(2 * channels, channels)
        };
        (0..self.levels).map(down).sum::<usize>()
            + (0..self.levels - 1).map(up).sum::<usize>()
            + self.outputs * (self.width + 1)
    }

    /// The planes with those of zeros that make whole vectors.
    fn whole_planes(&self) -> usize {
        self.planes.next_multiple_of(UNIT)
    }
}

impl UNet {
    /// A network of this shape; `None` where a level's channels are no whole vectors, or there are fewer than two levels.
    /// `epsilon` is added to the variance in batch normalisation.
    pub fn new(engine: Engine, shape: UNetShape, epsilon: f64) -> Option<Self> {
        let whole = shape.width > 0 && shape.width.is_multiple_of(UNIT) && shape.levels > 1;
        whole.then_some(Self {
            engine,
            shape,
            epsilon: epsilon as f32,
        })
    }

    /// Computes the logits `[batch, outputs, height, width]` of planes `[batch, planes, height, width]`, of which `sides` gives
    /// batch, height and width; and the pass, which gives the norms' statistics and the gradients.
    ///
    /// # Panics
    /// If there are not as many parameters or planes as there must be, or a side cannot be halved at every level.
    pub fn forward(
        &self,
        parameters: &[f32],
        planes: &[f32],
        [batch, height, width]: [usize; 3],
    ) -> (Features, UNetPass) {
        let shape = self.shape;
        assert_eq!(parameters.len(), shape.parameters(), "parameters");
        assert_eq!(
            planes.len(),
            batch * shape.planes * height * width,
            "planes"
        );
        let unit = 1 << (shape.levels - 1);
        assert!(
            height.is_multiple_of(unit) && width.is_multiple_of(unit),
            "sides of {height} and {width} px, which must be multiples of {unit}"
        );
        let mut parameters = Parameters(parameters);
        let mut moments = Vec::new();
        let mut down: Vec<Block> = Vec::new();
        let mut x = self.padded(batch, planes, [height, width]);
        for level in 0..shape.levels {
            let channels = shape.channels(level);
            let inputs = if level == 0 {
                shape.planes
            } else {
                channels / 2
            };
            let block = self.block(batch, x, [inputs, channels], &mut parameters, &mut moments);
            x = self.pooled(batch, &block.out, level + 1 < shape.levels);
            down.push(block);
        }
        let mut up: Vec<Block> = Vec::new();
        for level in (0..shape.levels - 1).rev() {
            let channels = shape.channels(level);
            let below = up.last().unwrap_or(&down[level + 1]);
            let weights = parameters.take(8 * channels * channels);
            let bias = parameters.take(channels);
            let x = self.joined(batch, &down[level].out, &below.out, weights, bias);
            let inputs = 2 * channels;
            up.push(self.block(batch, x, [inputs, channels], &mut parameters, &mut moments));
        }
        up.reverse();
        let weights = parameters.take(shape.outputs * shape.width);
        let logits = self.logits(batch, &up[0].out, weights, parameters.take(shape.outputs));
        let pass = UNetPass {
            network: self.clone(),
            batch,
            down,
            up,
            moments,
        };
        (logits, pass)
    }

    /// The planes as a map whose channels are whole vectors.
    fn padded(&self, batch: usize, planes: &[f32], [height, width]: [usize; 2]) -> Map {
        let (own, whole) = (self.shape.planes, self.shape.whole_planes());
        let mut map = Map::new(&self.engine.pool, batch * height, width, whole);
        map.values_mut().fill(0.0);
        let pixels = height * width;
        for (index, plane) in planes.chunks_exact(pixels).enumerate() {
            let (image, channel) = (index / own, index % own);
            let values = map.values_mut()[image * pixels * whole + channel..].iter_mut();
            for (to, &from) in values.step_by(whole).zip(plane) {
                *to = from;
            }
        }
        map
    }

    /// Two convolutions with norms, between these numbers of channels.
    fn block(
        &self,
        batch: usize,
        input: Map,
        [inputs, outputs]: [usize; 2],
        parameters: &mut Parameters<'_>,
        moments: &mut Vec<Moment>,
    ) -> Block {
        let mut unit = |input: Map, inputs: usize| {
            let weights = parameters.take(9 * inputs * outputs);
            let weights = with_inputs(weights, inputs, input.channels);
            let winograd = Winograd::new(self.engine.processor, &weights, outputs);
            let height = input.height / batch;
            let width = input.width;
            let mut convolved = Map::new(&self.engine.pool, input.height, width, outputs);
            let sums = each(images(&mut convolved, batch), |image, out| {
                let from = image_of(&input, batch, image);
                self.convolve(&winograd, height, from, width * input.channels, width, out);
                self.engine.processor.call(Sum, (&*out, outputs))
            });
            let moment = Moment::of(&sums);
            let (weight, bias) = (parameters.take(outputs), parameters.take(outputs));
            let norm = Norm::new(&moment, weight, bias, self.epsilon);
            moments.push(moment);
            let mut out = Map::new(&self.engine.pool, input.height, width, outputs);
            each(images(&mut out, batch), |image, out| {
                let from = image_of(&convolved, batch, image);
                self.engine.processor.call(NormRelu, (&norm, from, out));
            });
            let unit = Unit {
                input,
                convolved,
                norm,
            };
            (unit, out)
        };
        let (first, x) = unit(input, inputs);
        let (second, out) = unit(x, outputs);
        Block {
            units: [first, second],
            out,
        }
    }

    /// A 3x3 convolution of an image, whose rows begin `line` numbers apart.
    fn convolve(
        &self,
        winograd: &Winograd,
        height: usize,
        from: &[f32],
        line: usize,
        width: usize,
        out: &mut [f32],
    ) {
        let channels = winograd.outputs();
        let rows = Rows {
            values: out,
            width,
            channels,
            first: 0,
        };
        let fill = |y: usize, row: &mut [f32]| row.copy_from_slice(&from[y * line..][..row.len()]);
        convolve_rows(&self.engine, winograd, Finish::PLAIN, 0, height, rows, fill);
    }

    /// The largest of each 2x2 pixels; an empty map where nothing is below.
    fn pooled(&self, batch: usize, map: &Map, has_below: bool) -> Map {
        let (height, width) = match has_below {
            true => (map.height / 2, map.width / 2),
            false => (0, 0),
        };
        let mut out = Map::new(&self.engine.pool, height, width, map.channels);
        if has_below {
            each(images(&mut out, batch), |image, out| {
                let from = image_of(map, batch, image);
                let arguments = (from, [map.width, map.channels], out);
                self.engine.processor.call(Largest, arguments);
            });
        }
        out
    }

    /// A level's maps, and after them what a transposed convolution makes of those below.
    fn joined(&self, batch: usize, skip: &Map, below: &Map, weights: &[f32], bias: &[f32]) -> Map {
        let channels = skip.channels;
        let packed = Weights::new(
            self.engine.processor,
            4 * channels,
            below.channels,
            |output, input| weights[transposed_place(channels, input, output)],
        );
        let bias = bias.repeat(4);
        let finish = Finish {
            bias: Some(&bias),
            ..Finish::PLAIN
        };
        let mut out = Map::new(&self.engine.pool, skip.height, skip.width, 2 * channels);
        each(images(&mut out, batch), |image, out| {
            let skip_image = image_of(skip, batch, image);
            for (to, from) in out
                .chunks_exact_mut(2 * channels)
                .zip(skip_image.chunks_exact(channels))
            {
                to[..channels].copy_from_slice(from);
            }
            let from = image_of(below, batch, image);
            let pixels = from.len() / below.channels;
            let mut spread = self.engine.pool.take(pixels * 4 * channels);
            let spread = &mut spread[..pixels * 4 * channels];
            let fill = rows_from(from, below.channels);
            multiply_pixels(
                &self.engine,
                &packed,
                finish,
                fill,
                [4 * channels, 0],
                spread,
            );
            for (pixel, values) in spread.chunks_exact(4 * channels).enumerate() {
                for (tap, values) in values.chunks_exact(channels).enumerate() {
                    let to = spread_pixel(pixel, tap, below.width) * 2 * channels + channels;
                    out[to..to + channels].copy_from_slice(values);
                }
            }
        });
        out
    }

    /// The last convolution: `[batch, outputs, height, width]`.
    fn logits(&self, batch: usize, map: &Map, weights: &[f32], bias: &[f32]) -> Features {
        let outputs = self.shape.outputs;
        let packed = Weights::new(
            self.engine.processor,
            outputs,
            map.channels,
            |output, input| weights[output * map.channels + input],
        );
        let finish = Finish {
            bias: Some(bias),
            ..Finish::PLAIN
        };
        let pixels = map.height / batch * map.width;
        let mut values = vec![0.0; batch * outputs * pixels];
        let parts = values.chunks_exact_mut(outputs * pixels).collect();
        each(parts, |image, out: &mut [f32]| {
            let from = image_of(map, batch, image);
            let mut rows = vec![0.0; pixels * outputs];
            let fill = rows_from(from, map.channels);
            multiply_pixels(&self.engine, &packed, finish, fill, [outputs, 0], &mut rows);
            for (output, plane) in out.chunks_exact_mut(pixels).enumerate() {
                for (to, from) in plane.iter_mut().zip(rows[output..].iter().step_by(outputs)) {
                    *to = *from;
                }
            }
        });
        Features {
            shape: [outputs, map.height / batch, map.width],
            values,
        }
    }
}

impl UNetPass {
    /// The norms' statistics, in the order of the parameters.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Computes the gradients of all parameters from that of the logits.
    ///
    /// # Panics
    /// If there are not as many numbers as there must be.
    pub fn gradients(&self, parameters: &[f32], logits: &[f32]) -> Vec<f32> {
        let shape = self.network.shape;
        assert_eq!(parameters.len(), shape.parameters(), "parameters");
        let mut gradients = vec![0.0; parameters.len()];
        let mut backward = Backward {
            parameters,
            gradients: &mut gradients,
        };
        let mut gradient = self.last(logits, &mut backward);
        // What reaches each level from beside it.
        let mut beside = Vec::new();
        for (level, block) in self.up.iter().enumerate() {
            let joined = self.block(block, gradient, shape.channels(level + 1), &mut backward);
            let below = match self.up.get(level + 1) {
                Some(block) => &block.out,
                None => &self.down[level + 1].out,
            };
            let (skip, up) = self.parted(&joined, below, &mut backward);
            beside.push(skip);
            gradient = up;
        }
        for (level, block) in self.down.iter().enumerate().rev() {
            let inputs = match level.checked_sub(1) {
                Some(above) => shape.channels(above),
                None => shape.planes,
            };
            let input = self.block(block, gradient, inputs, &mut backward);
            let (Some(above), Some(mut sum)) = (level.checked_sub(1), beside.pop()) else {
                break;
            };
            let map = &self.down[above].out;
            each(images(&mut sum, self.batch), |image, sum| {
                let from = image_of(map, self.batch, image);
                let input = image_of(&input, self.batch, image);
                let sides = [map.width, map.channels];
                let processor = self.network.engine.processor;
                processor.call(ToLargest, (from, input, sides, sum));
            });
            gradient = sum;
        }
        gradients
    }

    /// The gradient of the maps that the last convolution reads.
    fn last(&self, logits: &[f32], backward: &mut Backward<'_>) -> Map {
        let UNet { engine, shape, .. } = &self.network;
        let map = &self.up[0].out;
        let (outputs, channels) = (shape.outputs, map.channels);
        let pixels = map.height / self.batch * map.width;
        assert_eq!(logits.len(), self.batch * outputs * pixels, "logits");
        let (_, bias) = backward.take(outputs);
        for (index, plane) in logits.chunks_exact(pixels).enumerate() {
            bias[index % outputs] += plane.iter().sum::<f32>();
        }
        let (weights, weight_gradient) = backward.take(outputs * channels);
        let packed = Weights::new(engine.processor, channels, outputs, |channel, output| {
            weights[output * channels + channel]
        });
        let mut gradient = Map::new(&engine.pool, map.height, map.width, channels);
        let parts = each(images(&mut gradient, self.batch), |image, out| {
            let own = &logits[image * outputs * pixels..][..outputs * pixels];
            let rows = Map::of_planes(&engine.pool, own, [outputs, pixels, 1]);
            let fill = rows_from(rows.values(), outputs);
            multiply_pixels(engine, &packed, Finish::PLAIN, fill, [channels, 0], out);
            let mut sums = vec![0.0; outputs * channels];
            let a = Pixels::of(rows.values(), outputs);
            let b = Pixels::of(image_of(map, self.batch, image), channels);
            self.outer_products(pixels, a, b, &mut sums);
            sums
        });
        add_all(weight_gradient, &parts);
        gradient
    }

    /// The gradient of a block's input, of which `inputs` channels count, from that of what comes out.
    fn block(
        &self,
        block: &Block,
        gradient: Map,
        inputs: usize,
        backward: &mut Backward<'_>,
    ) -> Map {
        let [first, second] = &block.units;
        let inner = self.unit(second, gradient, second.input.channels, backward);
        self.unit(first, inner, inputs, backward)
    }

    /// The gradient of a convolution's input from that of what comes out of norm and ReLU.
    fn unit(
        &self,
        unit: &Unit,
        mut gradient: Map,
        inputs: usize,
        backward: &mut Backward<'_>,
    ) -> Map {
        let engine = &self.network.engine;
        let processor = engine.processor;
        let (norm, convolved) = (&unit.norm, &unit.convolved);
        let outputs = convolved.channels;
        let (height, width) = (convolved.height / self.batch, convolved.width);
        let sums = each(images(&mut gradient, self.batch), |image, gradient| {
            let mut sums = NormSums::new(outputs);
            let from = image_of(convolved, self.batch, image);
            processor.call(LetPass, (&mut sums, norm, from, gradient));
            sums
        });
        let norm_gradient = norm.backward(&sums, convolved.height * width);
        backward.put_norm(&norm_gradient);

        let (weights, weight_gradient) = backward.take(9 * inputs * outputs);
        let whole = unit.input.channels;
        let weights = with_inputs(weights, inputs, whole);
        // The same taps in the other direction.
        let turned: Vec<f32> = (0..weights.len())
            .map(|place| {
                let (input, rest) = (place / (9 * outputs), place % (9 * outputs));
                let (output, tap) = (rest / 9, rest % 9);
                weights[(output * whole + input) * 9 + 8 - tap]
            })
            .collect();
        let turned = Winograd::new(processor, &turned, whole);
        let mut passed = Map::new(&engine.pool, convolved.height, width, whole);
        let columns = width + 2;
        let gradient = &gradient;
        let parts = each(images(&mut passed, self.batch), |image, out| {
            // Rows end in two zeros, for `add_tap_products`.
            let mut own = engine.pool.take(height * columns * outputs);
            let own = &mut own[..height * columns * outputs];
            let line = width * outputs;
            let from = image_of(convolved, self.batch, image).chunks_exact(line);
            let above = image_of(gradient, self.batch, image).chunks_exact(line);
            for ((row, from), above) in own.chunks_exact_mut(columns * outputs).zip(from).zip(above)
            {
                let (inside, beside) = row.split_at_mut(line);
                inside.copy_from_slice(above);
                processor.call(Whole, (&norm_gradient, norm, from, inside));
                beside.fill(0.0);
            }
            let bordered = self.bordered(image_of(&unit.input, self.batch, image), width, whole);
            let mut weight_gradient = vec![0.0; 9 * outputs * whole];
            let a = Pixels::of(own, outputs);
            let b = Pixels::of(&bordered, whole);
            add_tap_products(processor, [height, columns], a, b, &mut weight_gradient);
            let line = columns * outputs;
            self.network
                .convolve(&turned, height, own, line, width, out);
            weight_gradient
        });
        let mut total = vec![0.0; 9 * outputs * whole];
        add_all(&mut total, &parts);
        for (place, gradient) in weight_gradient.iter_mut().enumerate() {
            let (kernel, tap) = (place / 9, place % 9);
            let (output, input) = (kernel / inputs, kernel % inputs);
            *gradient = total[(tap * outputs + output) * whole + input];
        }
        passed
    }

    /// An image with a border of zeros.
    fn bordered(&self, image: &[f32], width: usize, channels: usize) -> crate::pool::Buffer {
        let (line, inside) = ((width + 2) * channels, width * channels);
        let height = image.len() / inside;
        let mut all = self.network.engine.pool.take((height + 2) * line);
        all[..line].fill(0.0);
        all[(height + 1) * line..].fill(0.0);
        for (row, from) in all[line..]
            .chunks_exact_mut(line)
            .zip(image.chunks_exact(inside))
        {
            row[..channels].fill(0.0);
            row[channels..channels + inside].copy_from_slice(from);
            row[channels + inside..].fill(0.0);
        }
        all
    }

    /// Parts the gradient of joined maps into that of the level's own and that of those below, from which a transposed
    /// convolution made the others.
    fn parted(&self, joined: &Map, below: &Map, backward: &mut Backward<'_>) -> (Map, Map) {
        let engine = &self.network.engine;
        let channels = joined.channels / 2;
        let (_, bias) = backward.take(channels);
        let (weights, weight_gradient) = backward.take(8 * channels * channels);
        let inputs = below.channels;
        let packed = Weights::new(engine.processor, inputs, 4 * channels, |input, output| {
            weights[transposed_place(channels, input, output)]
        });
        let mut skip = Map::new(&engine.pool, joined.height, joined.width, channels);
        each(images(&mut skip, self.batch), |image, out| {
            let from = image_of(joined, self.batch, image).chunks_exact(2 * channels);
            for (to, from) in out.chunks_exact_mut(channels).zip(from) {
                to.copy_from_slice(&from[..channels]);
            }
        });
        let mut up = Map::new(&engine.pool, below.height, below.width, inputs);
        let parts = each(images(&mut up, self.batch), |image, out| {
            let from = image_of(joined, self.batch, image);
            let pixels = out.len() / inputs;
            let mut gathered = engine.pool.take(pixels * 4 * channels);
            let gathered = &mut gathered[..pixels * 4 * channels];
            let mut bias = vec![0.0; channels];
            for (pixel, values) in gathered.chunks_exact_mut(4 * channels).enumerate() {
                for (tap, values) in values.chunks_exact_mut(channels).enumerate() {
                    let at = spread_pixel(pixel, tap, below.width) * 2 * channels + channels;
                    values.copy_from_slice(&from[at..at + channels]);
                    bias.iter_mut()
                        .zip(values)
                        .for_each(|(sum, value)| *sum += *value);
                }
            }
            let fill = rows_from(gathered, 4 * channels);
            multiply_pixels(engine, &packed, Finish::PLAIN, fill, [inputs, 0], out);
            let mut sums = vec![0.0; inputs * 4 * channels];
            let a = Pixels::of(image_of(below, self.batch, image), inputs);
            let b = Pixels::of(gathered, 4 * channels);
            self.outer_products(pixels, a, b, &mut sums);
            (bias, sums)
        });
        let (biases, sums): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        add_all(bias, &biases);
        let mut total = vec![0.0; weight_gradient.len()];
        add_all(&mut total, &sums);
        for (place, value) in total.into_iter().enumerate() {
            let (input, output) = (place / (4 * channels), place % (4 * channels));
            weight_gradient[transposed_place(channels, input, output)] = value;
        }
        (skip, up)
    }

    /// Adds to `sums` the products of the numbers of two maps, pixel by pixel.
    fn outer_products(&self, pixels: usize, a: Pixels<'_>, b: Pixels<'_>, sums: &mut [f32]) {
        let processor = self.network.engine.processor;
        for start in (0..pixels).step_by(SUMMED) {
            let count = SUMMED.min(pixels - start);
            let (a, b) = (a.skip(start), b.skip(start));
            add_outer_products(processor, count, a, b, sums, b.count);
        }
    }
}

/// The values of one image of a map.
fn image_of(map: &Map, batch: usize, image: usize) -> &[f32] {
    let length = map.values().len() / batch;
    &map.values()[image * length..][..length]
}

/// Puts a range of the numbers of some pixels of a map into rows.
fn rows_from(
    values: &[f32],
    channels: usize,
) -> impl Fn(Range<usize>, Range<usize>, &mut [Row]) + '_ {
    move |pixels, inputs, rows| {
        for (pixel, row) in pixels.zip(rows) {
            let from = &values[pixel * channels..][inputs.clone()];
            row[..from.len()].copy_from_slice(from);
        }
    }
}

/// Weights `[outputs, inputs, 3, 3]` with inputs of zeros after theirs.
fn with_inputs(weights: &[f32], inputs: usize, whole: usize) -> Vec<f32> {
    let mut all = Vec::with_capacity(weights.len() / inputs * whole);
    for kernels in weights.chunks_exact(9 * inputs) {
        all.extend_from_slice(kernels);
        all.resize(all.len() + 9 * (whole - inputs), 0.0);
    }
    all
}

/// The place in a transposed convolution's weights `[inputs, channels, 2, 2]` of what goes from an input to one of four times as
/// many outputs, of which the channels are counted first.
fn transposed_place(channels: usize, input: usize, output: usize) -> usize {
    let (tap, channel) = (output / channels, output % channels);
    (input * channels + channel) * 4 + tap
}

/// The pixel to which a transposed convolution brings a tap of a pixel of a map of this width.
fn spread_pixel(pixel: usize, tap: usize, width: usize) -> usize {
    let (y, x) = (pixel / width, pixel % width);
    (2 * y + tap / 2) * 2 * width + 2 * x + tap % 2
}

/// Makes of the gradient that a ReLU let pass that of the input of the norm before it.
#[inline(always)]
fn whole((gradient, norm, x, values): (&NormGradient, &Norm, &[f32], &mut [f32])) {
    let channels = norm.affine.scale.len();
    let scale = &norm.affine.scale[..channels];
    let slope = &gradient.slope[..channels];
    let constant = &gradient.constant[..channels];
    for (x, g) in x
        .chunks_exact(channels)
        .zip(values.chunks_exact_mut(channels))
    {
        for channel in 0..channels {
            g[channel] =
                scale[channel] * g[channel] + slope[channel] * x[channel] + constant[channel];
        }
    }
}

/// The places of the 2x2 pixels that a pooled one sees.
#[inline(always)]
fn seen(pixel: usize, width: usize) -> [usize; 4] {
    std::array::from_fn(|tap| spread_pixel(pixel, tap, width / 2))
}

#[inline(always)]
fn largest((from, [width, channels], out): (&[f32], [usize; 2], &mut [f32])) {
    for (pixel, out) in out.chunks_exact_mut(channels).enumerate() {
        let [first, others @ ..] = seen(pixel, width);
        out.copy_from_slice(&from[first * channels..][..channels]);
        for other in others {
            for (out, &x) in out.iter_mut().zip(&from[other * channels..][..channels]) {
                *out = if x > *out { x } else { *out };
            }
        }
    }
}

/// Adds the gradient of each pooled pixel to that of the first pixel that it is the largest of.
#[inline(always)]
fn to_largest((from, gradient, [width, channels], out): (&[f32], &[f32], [usize; 2], &mut [f32])) {
    for (pixel, gradient) in gradient.chunks_exact(channels).enumerate() {
        let places = seen(pixel, width);
        for channel in 0..channels {
            let mut best = places[0];
            for &place in &places[1..] {
                if from[place * channels + channel] > from[best * channels + channel] {
                    best = place;
                }
            }
            out[best * channels + channel] += gradient[channel];
        }
    }
}
