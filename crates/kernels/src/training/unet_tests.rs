//! U-Net in training against plain loops in 64 bits, and its gradients against the slopes of these.

use super::{UNet, UNetShape};
use crate::naive::{assert_close, random};
use crate::{Engine, Processor};

const EPSILON: f64 = 1e-3;
const SHAPE: UNetShape = UNetShape {
    planes: 3,
    outputs: 2,
    levels: 3,
    width: 16,
};
const BATCH: usize = 2;
const SIDES: [usize; 2] = [12, 20];

/// The parameters: shapes in their order.
fn shapes() -> Vec<Vec<usize>> {
    let UNetShape {
        planes,
        outputs,
        levels,
        width,
    } = SHAPE;
    let mut all = Vec::new();
    let block = |all: &mut Vec<Vec<usize>>, inputs: usize, outputs: usize| {
        for inputs in [inputs, outputs] {
            all.extend([vec![outputs, inputs, 3, 3], vec![outputs], vec![outputs]]);
        }
    };
    for level in 0..levels {
        let inputs = if level == 0 {
            planes
        } else {
            width << (level - 1)
        };
        block(&mut all, inputs, width << level);
    }
    for level in (0..levels - 1).rev() {
        let channels = width << level;
        all.extend([vec![2 * channels, channels, 2, 2], vec![channels]]);
        block(&mut all, 2 * channels, channels);
    }
    all.extend([vec![outputs, width, 1, 1], vec![outputs]]);
    all
}

fn parameters() -> Vec<Vec<f32>> {
    let of_shape = |(index, shape): (usize, &Vec<usize>)| {
        let fan: usize = shape[1..].iter().product();
        // A norm's weight is followed by its bias.
        let is_norm_weight = fan == 1 && shapes().get(index + 1) == Some(shape);
        let value = |x: f32| match (fan, is_norm_weight) {
            (1, true) => 1.0 + x / 2.0,
            // Few pixels are at a bend of a ReLU.
            (1, false) => 1.5 + x / 4.0,
            _ => x * (6.0 / fan as f32).sqrt(),
        };
        let values = random(shape.iter().product(), index as u64);
        values.into_iter().map(value).collect()
    };
    shapes().iter().enumerate().map(of_shape).collect()
}

/// Maps of a batch, `[batch, channels, height, width]`, in 64 bits.
#[derive(Clone)]
struct Maps {
    channels: usize,
    sides: [usize; 2],
    values: Vec<f64>,
}

impl Maps {
    fn at(&self, image: usize, channel: usize, y: usize, x: usize) -> f64 {
        let [height, width] = self.sides;
        if y >= height || x >= width {
            return 0.0;
        }
        self.values[((image * self.channels + channel) * height + y) * width + x]
    }

    fn made(
        channels: usize,
        sides: [usize; 2],
        value: impl Fn(usize, usize, usize, usize) -> f64,
    ) -> Self {
        let mut values = Vec::new();
        for image in 0..BATCH {
            for channel in 0..channels {
                for y in 0..sides[0] {
                    for x in 0..sides[1] {
                        values.push(value(image, channel, y, x));
                    }
                }
            }
        }
        Self {
            channels,
            sides,
            values,
        }
    }

    /// A convolution with padding, batch norm and ReLU.
    fn unit(&self, [weights, scale, shift]: [&[f32]; 3]) -> Self {
        let outputs = scale.len();
        let convolved = Self::made(outputs, self.sides, |image, output, y, x| {
            let mut sum = 0.0;
            for input in 0..self.channels {
                for tap in 0..9 {
                    // Outside, numbers wrap to places that are none.
                    let (y, x) = ((y + tap / 3).wrapping_sub(1), (x + tap % 3).wrapping_sub(1));
                    let weight = weights[(output * self.channels + input) * 9 + tap];
                    sum += f64::from(weight) * self.at(image, input, y, x);
                }
            }
            sum
        });
        let pixels = (BATCH * self.sides[0] * self.sides[1]) as f64;
        let mean = |channel: usize, power: i32, less: f64| {
            let mut sum = 0.0;
            for image in 0..BATCH {
                for y in 0..self.sides[0] {
                    for x in 0..self.sides[1] {
                        sum += (convolved.at(image, channel, y, x) - less).powi(power);
                    }
                }
            }
            sum / pixels
        };
        let moments: Vec<(f64, f64)> = (0..outputs)
            .map(|channel| {
                let first = mean(channel, 1, 0.0);
                (first, mean(channel, 2, first))
            })
            .collect();
        Self::made(outputs, self.sides, |image, channel, y, x| {
            let (mean, variance) = moments[channel];
            let normed = (convolved.at(image, channel, y, x) - mean) / (variance + EPSILON).sqrt();
            (normed * f64::from(scale[channel]) + f64::from(shift[channel])).max(0.0)
        })
    }
}

/// The logits.
fn loops(parameters: &[Vec<f32>], input: &[f32]) -> Vec<f64> {
    let mut rest = parameters.iter().map(Vec::as_slice);
    let mut take = || rest.next().expect("a parameter");
    let mut x = Maps {
        channels: SHAPE.planes,
        sides: SIDES,
        values: input.iter().copied().map(f64::from).collect(),
    };
    let mut skips = Vec::new();
    for level in 0..SHAPE.levels {
        if level > 0 {
            let above = x;
            x = Maps::made(
                above.channels,
                above.sides.map(|side| side / 2),
                |image, channel, y, x| {
                    let places = (0..4).map(|tap| (2 * y + tap / 2, 2 * x + tap % 2));
                    places
                        .map(|(y, x)| above.at(image, channel, y, x))
                        .fold(f64::NEG_INFINITY, f64::max)
                },
            );
        }
        for _ in 0..2 {
            x = x.unit([take(), take(), take()]);
        }
        skips.push(x.clone());
    }
    skips.pop();
    while let Some(skip) = skips.pop() {
        let (weights, bias) = (take(), take());
        let below = x;
        let channels = skip.channels;
        x = Maps::made(2 * channels, skip.sides, |image, channel, y, x| {
            let Some(output) = channel.checked_sub(channels) else {
                return skip.at(image, channel, y, x);
            };
            let tap = y % 2 * 2 + x % 2;
            let terms = (0..below.channels).map(|input| {
                let weight = weights[(input * channels + output) * 4 + tap];
                f64::from(weight) * below.at(image, input, y / 2, x / 2)
            });
            terms.sum::<f64>() + f64::from(bias[output])
        });
        for _ in 0..2 {
            x = x.unit([take(), take(), take()]);
        }
    }
    let (weights, bias) = (take(), take());
    let logits = Maps::made(SHAPE.outputs, SIDES, |image, output, y, column| {
        let terms = (0..x.channels).map(|input| {
            f64::from(weights[output * x.channels + input]) * x.at(image, input, y, column)
        });
        terms.sum::<f64>() + f64::from(bias[output])
    });
    logits.values
}

fn input() -> Vec<f32> {
    random(BATCH * SHAPE.planes * SIDES[0] * SIDES[1], 99)
}

fn network(processor: Processor) -> UNet {
    UNet::new(Engine::new(processor), SHAPE, EPSILON).expect("whole vectors")
}

#[test]
fn logits_are_those_of_loops() {
    let parameters = parameters();
    let flat = parameters.concat();
    let expected: Vec<f32> = loops(&parameters, &input())
        .into_iter()
        .map(|value| value as f32)
        .collect();
    for processor in Processor::all() {
        let sides = [BATCH, SIDES[0], SIDES[1]];
        let (found, pass) = network(processor).forward(&flat, &input(), sides);
        assert_eq!(found.shape, [SHAPE.outputs, SIDES[0], SIDES[1]]);
        assert_eq!(pass.moments().len(), 2 * (2 * SHAPE.levels - 1));
        assert_close(&found.values, &expected, 1e-4, &format!("{processor:?}"));
    }
}

/// The gradient's product with a direction is the slope of the sum of all logits, weighted, in that direction.
#[test]
fn gradients_are_slopes_of_loops() {
    let parameters = parameters();
    let flat = parameters.concat();
    let input = input();
    let (logits, pass) =
        network(Processor::best()).forward(&flat, &input, [BATCH, SIDES[0], SIDES[1]]);
    let weights = random(logits.values.len(), 98);
    let gradients = pass.gradients(&flat, &weights);
    let sum = |parameters: &[Vec<f32>]| -> f64 {
        let logits = loops(parameters, &input);
        let terms = logits.iter().zip(&weights);
        terms.map(|(x, weight)| x * f64::from(*weight)).sum()
    };
    let mut start = 0;
    for (index, values) in parameters.iter().enumerate() {
        let direction = &gradients[start..start + values.len()];
        start += values.len();
        let largest = |values: &[f32]| values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let scale = largest(values) / largest(direction) / 3000.0;
        let moved = |sign: f32| {
            let mut moved = parameters.clone();
            for (value, direction) in moved[index].iter_mut().zip(direction) {
                *value += sign * scale * direction;
            }
            (sum(&moved), moved[index].clone())
        };
        let ((above, high), (below, low)) = (moved(1.0), moved(-1.0));
        let expected = above - below;
        // What the rounded steps really were.
        let steps = high.iter().zip(&low).zip(direction);
        let found: f64 = steps
            .map(|((high, low), g)| f64::from(high - low) * f64::from(*g))
            .sum();
        assert!(
            (found - expected).abs() <= 0.02 * expected.abs(),
            "parameter {index}: {found} along the direction, and the slope is {expected}"
        );
    }
    assert_eq!(start, gradients.len());
}

#[test]
fn the_number_of_cores_changes_no_bit() {
    let flat = parameters().concat();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            let sides = [BATCH, SIDES[0], SIDES[1]];
            let (logits, pass) = network(Processor::best()).forward(&flat, &input(), sides);
            let gradients = pass.gradients(&flat, &logits.values);
            (logits, gradients)
        })
    };
    assert!(run(1) == run(3));
}

/// Counted by hand: with a width of 16 and three levels, of 3 planes and 2 outputs.
#[test]
fn the_parameters_are_counted() {
    let expected: usize = shapes()
        .iter()
        .map(|shape| shape.iter().product::<usize>())
        .sum();
    assert_eq!(SHAPE.parameters(), expected);
    let none = UNetShape { width: 12, ..SHAPE };
    assert!(UNet::new(Engine::new(Processor::best()), none, EPSILON).is_none());
}
