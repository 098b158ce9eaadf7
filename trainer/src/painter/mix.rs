//! The best linear mix of channels, by least squares.

use cytolens_cells::Planes;
use cytolens_cells::painter::{Baselines, Painting};

/// A channel follows from others where less than this share of it is left without them.
const FOLLOWS: f64 = 1e-9;

/// The sums over pixels from which the best linear mix follows: products of each two of the channels that are read, 1, and the
/// painted channel, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct MixSums(Vec<Vec<f64>>);

impl MixSums {
    /// The sums over a field's stretched planes.
    pub fn of(painting: &Painting, planes: &Planes) -> Self {
        let truth = painting.truth(planes);
        let ones = vec![1.0; truth.len()];
        let read = painting.from.iter().map(|&channel| planes.channel(channel));
        let columns: Vec<&[f32]> = read.chain([&ones[..], &truth[..]]).collect();
        let product = |one: &[f32], other: &[f32]| -> f64 {
            let pairs = one.iter().zip(other);
            pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let row = |one: &&[f32]| columns.iter().map(|other| product(one, other)).collect();
        Self(columns.iter().map(row).collect())
    }

    /// The sums over the pixels of all of these; none for none.
    pub fn total(all: impl Iterator<Item = Self>) -> Option<Self> {
        all.reduce(|mut total, other| {
            let rows = total.0.iter_mut().zip(other.0);
            for (sum, value) in rows.flat_map(|(row, other)| row.iter_mut().zip(other)) {
                *sum += value;
            }
            total
        })
    }

    /// The mean of the painted channel, and the mix of the others with the least squared error. A channel that follows from those
    /// before it has no weight.
    pub fn baselines(&self) -> Baselines {
        // The last row is that of the painted channel: its products with the others are the right sides.
        let equations = &self.0[..self.0.len() - 1];
        let mut weights = solved(equations.to_vec());
        let ones = &equations[equations.len() - 1];
        let mean = ones[ones.len() - 1] / ones[ones.len() - 2];
        Baselines {
            mean,
            intercept: weights.pop().unwrap_or(mean),
            weights,
        }
    }
}

/// Solves linear equations whose matrix is symmetric and has no negative eigenvalue, by elimination; the right side is the last of
/// each row.
fn solved(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let unknowns = rows.len();
    let sizes: Vec<f64> = (0..unknowns).map(|at| rows[at][at]).collect();
    for column in 0..unknowns {
        let pivot = rows[column][column];
        if pivot <= FOLLOWS * sizes[column] {
            rows[column].fill(0.0);
            for row in &mut rows {
                row[column] = 0.0;
            }
            continue;
        }
        let own: Vec<f64> = rows[column].iter().map(|value| value / pivot).collect();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if at == column {
                row.clone_from(&own);
            } else {
                let values = row.iter_mut().zip(&own);
                values.for_each(|(value, own)| *value -= factor * own);
            }
        }
    }
    rows.iter().map(|row| row[unknowns]).collect()
}

#[cfg(test)]
mod tests {
    use cytolens_core::Channel;

    use super::*;

    fn painting() -> Painting {
        Painting {
            from: vec![Channel::Red, Channel::Blue],
            paint: Channel::Yellow,
        }
    }

    /// Planes whose yellow is a mix of red and blue.
    fn planes(seed: usize, red: impl Fn(f32) -> f32) -> Planes {
        let noise =
            |step: usize| move |at: usize| ((at + seed) * step * 2_654_435 % 1009) as f32 / 1009.0;
        let blue: Vec<f32> = (0..64).map(noise(7)).collect();
        let red: Vec<f32> = (0..64).map(noise(3)).map(red).collect();
        let mix = red.iter().zip(&blue);
        let yellow: Vec<f32> = mix.map(|(r, b)| 0.125 + 0.5 * r + 0.25 * b).collect();
        Planes {
            width: 16,
            height: 4,
            values: [red, vec![0.5; 64], blue, yellow].concat(),
        }
    }

    #[test]
    fn a_known_mix_is_found_again() {
        let fields = [planes(1, |level| level), planes(900, |level| level)];
        let sums = fields.iter().map(|planes| MixSums::of(&painting(), planes));
        let baselines = MixSums::total(sums).expect("sums").baselines();
        let expected = [0.5, 0.25];
        for (found, expected) in baselines.weights.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{baselines:?}");
        }
        assert!((baselines.intercept - 0.125).abs() < 1e-5);
        let mix = baselines.mix(&painting(), &fields[1]);
        let truth = painting().truth(&fields[1]);
        let yellow = fields.iter().flat_map(|one| painting().truth(one));
        let mean = yellow.map(f64::from).sum::<f64>() / 128.0;
        assert!((baselines.mean - mean).abs() < 1e-9);
        for (mix, truth) in mix.iter().zip(truth) {
            assert!((mix - truth).abs() < 1e-5);
        }
    }

    #[test]
    fn a_channel_that_follows_from_others_has_no_weight() {
        let black = planes(5, |_| 0.0);
        let baselines = MixSums::of(&painting(), &black).baselines();
        assert_eq!(baselines.weights[0], 0.0);
        assert!((baselines.weights[1] - 0.25).abs() < 1e-5);
        assert!((baselines.intercept - 0.125).abs() < 1e-5);
        let grey = planes(5, |_| 0.75);
        let baselines = MixSums::of(&painting(), &grey).baselines();
        let level = 0.75 * baselines.weights[0] + baselines.intercept;
        assert!((level - 0.5).abs() < 1e-5, "{baselines:?}");
        assert_eq!(MixSums::total(std::iter::empty()), None);
    }
}
