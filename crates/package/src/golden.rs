//! Known inputs with the answers that every device must give.

use serde::{Deserialize, Serialize};

/// A known input and its logits on the CPU device.
///
/// The input is [`golden_planes`]; a device that misses these logits computes wrongly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The side of the input in pixels.
    pub size: usize,
    /// The logits, one a class.
    pub logits: Vec<f32>,
}

impl Golden {
    /// The largest difference of `logits` from the golden ones, relative to the largest of these (at
    /// least 1); infinite where a logit is not a number.
    pub fn deviation(&self, logits: &[f32]) -> f32 {
        let scale = self
            .logits
            .iter()
            .fold(1.0_f32, |scale, logit| scale.max(logit.abs()));
        self.logits
            .iter()
            .zip(logits)
            .fold(0.0_f32, |worst, (golden, logit)| {
                let deviation = (golden - logit).abs() / scale;
                // A NaN must not pass as small.
                if deviation.is_nan() {
                    f32::INFINITY
                } else {
                    worst.max(deviation)
                }
            })
    }

    /// The deviation up to which a device computes rightly: float32 rounding through a hundred
    /// layers stays under a hundredth of it.
    pub const TOLERANCE: f32 = 1e-3;
}

/// The golden input: `[planes, size, size]`, values from 0 to 1 before normalisation.
///
/// Smooth waves of a different period in each plane, roughened by a hash, all in integers, so that
/// they are the same on every machine.
pub fn golden_planes(planes: usize, size: usize) -> Vec<f32> {
    let triangle = |position: usize, period: usize| {
        let phase = position % period;
        (phase.min(period - phase) * 255) / (period / 2)
    };
    let mut values = Vec::with_capacity(planes * size * size);
    for plane in 0..planes {
        for y in 0..size {
            for x in 0..size {
                let wave = triangle(x + 3 * y, 22 + 10 * plane) / 2
                    + triangle(2 * x + y, 64 + 6 * plane) / 4;
                let place = ((plane * 131 + y) * 8191 + x) as u32;
                let hash = (place.wrapping_mul(2_654_435_761) >> 26) as usize;
                values.push((wave + hash) as f32 / 255.0);
            }
        }
    }
    values
}
