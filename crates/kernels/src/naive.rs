//! The same operations as loops, for tests: `[channels, height, width]`, sums in 64 bits.

use crate::Tensor;

/// Numbers `[channels, height, width]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planes {
    pub(crate) shape: [usize; 3],
    pub(crate) values: Vec<f32>,
}

impl Planes {
    /// Numbers from -1 to 1 that only `seed` decides.
    pub(crate) fn random(shape: [usize; 3], seed: u64) -> Self {
        Self {
            shape,
            values: random(shape.iter().product(), seed),
        }
    }

    fn at(&self, channel: usize, y: usize, x: usize) -> Option<f32> {
        let [_, height, width] = self.shape;
        (y < height && x < width).then(|| self.values[(channel * height + y) * width + x])
    }

    pub(crate) fn map(&self, function: impl Fn(usize, f32) -> f32) -> Self {
        let pixels = self.shape[1] * self.shape[2];
        let values = self.values.iter().enumerate();
        Self {
            shape: self.shape,
            values: values
                .map(|(place, &value)| function(place / pixels, value))
                .collect(),
        }
    }

    pub(crate) fn relu(&self) -> Self {
        self.map(|_, value| value.max(0.0))
    }

    pub(crate) fn affine(&self, scale: &[f32], shift: &[f32]) -> Self {
        self.map(|channel, value| value * scale[channel] + shift[channel])
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        assert_eq!(self.shape, other.shape);
        let values = self.values.iter().zip(&other.values);
        Self {
            shape: self.shape,
            values: values.map(|(a, b)| a + b).collect(),
        }
    }

    pub(crate) fn joined(parts: &[&Self]) -> Self {
        let [_, height, width] = parts[0].shape;
        Self {
            shape: [parts.iter().map(|part| part.shape[0]).sum(), height, width],
            values: parts
                .iter()
                .flat_map(|part| part.values.iter().copied())
                .collect(),
        }
    }

    /// The numbers under the window at each place, which `reduce` makes one of; `None` is outside.
    fn windows(
        &self,
        [height, width]: [usize; 2],
        stride: usize,
        padding: [usize; 2],
        channels: usize,
        reduce: impl Fn(usize, &dyn Fn(usize, usize, usize) -> Option<f32>) -> f32,
    ) -> Self {
        let out = [
            (self.shape[1] + 2 * padding[0] - height) / stride + 1,
            (self.shape[2] + 2 * padding[1] - width) / stride + 1,
        ];
        let mut values = Vec::new();
        for channel in 0..channels {
            for y in 0..out[0] {
                for x in 0..out[1] {
                    values.push(reduce(channel, &|input, dy, dx| {
                        let y = (y * stride + dy).checked_sub(padding[0])?;
                        let x = (x * stride + dx).checked_sub(padding[1])?;
                        self.at(input, y, x)
                    }));
                }
            }
        }
        Self {
            shape: [channels, out[0], out[1]],
            values,
        }
    }

    pub(crate) fn convolved(
        &self,
        weights: &Tensor,
        bias: &[f32],
        stride: usize,
        padding: [usize; 2],
    ) -> Self {
        let [outputs, inputs, height, width] = weights.shape[..] else {
            panic!("a kernel has four sides, not {:?}", weights.shape)
        };
        assert_eq!(inputs, self.shape[0]);
        self.windows(
            [height, width],
            stride,
            padding,
            outputs,
            |output, value| {
                let mut sum = f64::from(bias[output]);
                for input in 0..inputs {
                    for y in 0..height {
                        for x in 0..width {
                            let place = ((output * inputs + input) * height + y) * width + x;
                            let value = value(input, y, x).unwrap_or(0.0);
                            sum += f64::from(weights.values[place]) * f64::from(value);
                        }
                    }
                }
                sum as f32
            },
        )
    }

    /// A transposed convolution of 2x2 pixels and stride 2.
    pub(crate) fn risen(&self, weights: &Tensor, bias: &[f32]) -> Self {
        let [inputs, outputs, 2, 2] = weights.shape[..] else {
            panic!("a kernel of 2x2, not {:?}", weights.shape)
        };
        let [_, height, width] = self.shape;
        let mut out = Self {
            shape: [outputs, 2 * height, 2 * width],
            values: Vec::new(),
        };
        for (output, &bias) in bias.iter().enumerate() {
            for y in 0..2 * height {
                for x in 0..2 * width {
                    let mut sum = f64::from(bias);
                    for input in 0..inputs {
                        let place = (input * outputs + output) * 4 + y % 2 * 2 + x % 2;
                        let value = self.values[(input * height + y / 2) * width + x / 2];
                        sum += f64::from(weights.values[place]) * f64::from(value);
                    }
                    out.values.push(sum as f32);
                }
            }
        }
        out
    }

    pub(crate) fn pooled(
        &self,
        side: usize,
        stride: usize,
        padding: usize,
        reduce: impl Fn(&[f32]) -> f32,
    ) -> Self {
        let channels = self.shape[0];
        self.windows(
            [side, side],
            stride,
            [padding; 2],
            channels,
            |channel, value| {
                let places =
                    (0..side * side).map(|place| value(channel, place / side, place % side));
                reduce(&places.flatten().collect::<Vec<_>>())
            },
        )
    }
}

pub(crate) fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

pub(crate) fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// Numbers from -1 to 1 that only `seed` decides (SplitMix64).
pub(crate) fn random(count: usize, seed: u64) -> Vec<f32> {
    let number = |place: usize| {
        let mut z = (seed ^ place as u64)
            .wrapping_add(1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(number).collect()
}

/// Asserts that numbers differ by no more than `tolerance` of the largest.
pub(crate) fn assert_close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance * scale,
            "{what}: {found} and not {expected} at {place}, where {scale} is the largest"
        );
    }
}
