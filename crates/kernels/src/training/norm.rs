//! Batch normalisation by the statistics of the batch, and its gradient.

use crate::map::Affine;
use crate::processor::function;

function!(Sum = Sums::of: (&'a [f32], usize) => Sums);

/// A norm's statistics of a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moment {
    /// The means of its channels.
    pub mean: Vec<f32>,
    /// Their variances, of all pixels.
    pub variance: Vec<f32>,
}

/// Sums over some pixels, from which [`Moment`] are made. Numbers are taken less those of the first pixel, so that the
/// squares of a large mean do not swallow a small variance.
#[derive(Debug)]
pub(super) struct Sums {
    first: Vec<f32>,
    sum: Vec<f32>,
    squares: Vec<f32>,
    count: usize,
}

impl Sums {
    /// Sums pixels `[count, channels]`, of which there is one at least.
    #[inline(always)]
    pub(super) fn of((pixels, channels): (&[f32], usize)) -> Self {
        let first = pixels[..channels].to_vec();
        let mut sum = vec![0.0; channels];
        let mut squares = vec![0.0; channels];
        for pixel in pixels.chunks_exact(channels) {
            let sums = sum.iter_mut().zip(&mut squares);
            for ((&x, &first), (sum, squares)) in pixel.iter().zip(&first).zip(sums) {
                let x = x - first;
                *sum += x;
                *squares += x * x;
            }
        }
        Self {
            first,
            sum,
            squares,
            count: pixels.len() / channels,
        }
    }
}

impl Moment {
    /// Joins the sums of all parts.
    pub(super) fn of(parts: &[Sums]) -> Self {
        let channels = parts[0].first.len();
        let total: f64 = parts.iter().map(|part| part.count as f64).sum();
        let mut moments = Self::default();
        for channel in 0..channels {
            let of_part = |part: &Sums| {
                let count = part.count as f64;
                let shift = f64::from(part.sum[channel]) / count;
                let spread = f64::from(part.squares[channel]) - count * shift * shift;
                (count, f64::from(part.first[channel]) + shift, spread)
            };
            let mean = parts
                .iter()
                .map(of_part)
                .map(|(count, mean, _)| count * mean)
                .sum::<f64>()
                / total;
            let spread: f64 = parts
                .iter()
                .map(of_part)
                .map(|(count, own, spread)| spread + count * (own - mean) * (own - mean))
                .sum();
            moments.mean.push(mean as f32);
            moments.variance.push((spread / total).max(0.0) as f32);
        }
        moments
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.mean.extend(other.mean);
        self.variance.extend(other.variance);
    }
}

/// A batch norm of one forward pass.
#[derive(Debug)]
pub(super) struct Norm {
    /// What it does to a pixel.
    pub(super) affine: Affine,
    pub(super) mean: Vec<f32>,
    /// One by the standard deviation.
    inverse: Vec<f32>,
}

impl Norm {
    pub(super) fn new(moments: &Moment, weight: &[f32], bias: &[f32], epsilon: f32) -> Self {
        let channels = weight.len();
        let mean = moments.mean[..channels].to_vec();
        let inverse: Vec<f32> = moments.variance[..channels]
            .iter()
            .map(|variance| 1.0 / (variance + epsilon).sqrt())
            .collect();
        let scale: Vec<f32> = weight.iter().zip(&inverse).map(|(a, b)| a * b).collect();
        let shift = (0..channels).map(|channel| bias[channel] - mean[channel] * scale[channel]);
        Self {
            affine: Affine {
                shift: shift.collect(),
                scale,
            },
            mean,
            inverse,
        }
    }

    /// The gradients of weight and bias, and the part of the input's gradient that comes from the statistics.
    pub(super) fn backward(&self, parts: &[NormSums], pixels: usize) -> NormGradient {
        let channels = self.mean.len();
        let total = |of: fn(&NormSums) -> &Vec<f32>, channel: usize| {
            parts
                .iter()
                .map(|part| f64::from(of(part)[channel]))
                .sum::<f64>()
        };
        let mut gradient = NormGradient::default();
        for channel in 0..channels {
            let bias = total(|part| &part.gradient, channel);
            let inverse = f64::from(self.inverse[channel]);
            let mean = f64::from(self.mean[channel]);
            let weight = total(|part| &part.product, channel) * inverse;
            let scale = f64::from(self.affine.scale[channel]) / pixels as f64;
            let slope = -scale * inverse * weight;
            gradient.weight.push(weight as f32);
            gradient.bias.push(bias as f32);
            gradient.slope.push(slope as f32);
            gradient
                .constant
                .push((-scale * bias - slope * mean) as f32);
        }
        gradient
    }
}

/// Sums over some pixels of the gradient `g` of a norm's output, channel by channel.
#[derive(Debug, Clone)]
pub(super) struct NormSums {
    /// Of `g`.
    pub(super) gradient: Vec<f32>,
    /// Of `g` times the norm's input less its mean.
    pub(super) product: Vec<f32>,
}

impl NormSums {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            gradient: vec![0.0; channels],
            product: vec![0.0; channels],
        }
    }
}

/// The gradient of a norm. That of its input `x` is `scale * g + slope * x + constant`, channel by channel.
#[derive(Debug, Default)]
pub(super) struct NormGradient {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) slope: Vec<f32>,
    pub(super) constant: Vec<f32>,
}
