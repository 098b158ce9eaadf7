//! Correlation of two channels of a field.

use std::fmt;

use cytolens_field::{Plane, Samples};
use serde::Serialize;

use crate::plots::hundredths;

/// Pearson's correlation of two planes of one field over all pixels, background included, from -1 to
/// 1; none where one of them is constant.
///
/// # Panics
/// If the planes differ in size or depth, which a field's do not.
pub fn correlation(a: &Plane, b: &Plane) -> Option<f64> {
    let sums = match (a.samples(), b.samples()) {
        (Samples::Eight(a), Samples::Eight(b)) => Sums::of_bytes(a, b),
        (Samples::Sixteen(a), Samples::Sixteen(b)) => Sums::of_words(a, b),
        _ => panic!("the planes of a field have one depth"),
    };
    sums.correlation()
}

/// The sums over pairs of samples, in whole numbers and so exact, from which the correlation follows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    pixels: u64,
    a: u64,
    b: u64,
    aa: u64,
    bb: u64,
    ab: u64,
}

impl Sums {
    fn of_bytes(a: &[u8], b: &[u8]) -> Self {
        /// A number of products of bytes whose sum fits into 32 bits, which the processor adds several at a time.
        const CHUNK: usize = 1 << 14;
        let mut sums = Self::start(a.len(), b.len());
        for (a, b) in a.chunks(CHUNK).zip(b.chunks(CHUNK)) {
            let mut part = [0_u32; 5];
            for (a, b) in a.iter().zip(b) {
                let (a, b) = (u32::from(*a), u32::from(*b));
                for (sum, value) in part.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                    *sum += value;
                }
            }
            sums.add(part.map(u64::from));
        }
        sums
    }

    fn of_words(a: &[u16], b: &[u16]) -> Self {
        let mut sums = Self::start(a.len(), b.len());
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (u64::from(*a), u64::from(*b));
            sums.add([a, b, a * a, b * b, a * b]);
        }
        sums
    }

    fn start(a: usize, b: usize) -> Self {
        assert_eq!(a, b, "the planes of a field have one size");
        Self {
            pixels: a as u64,
            ..Self::default()
        }
    }

    fn add(&mut self, [a, b, aa, bb, ab]: [u64; 5]) {
        self.a += a;
        self.b += b;
        self.aa += aa;
        self.bb += bb;
        self.ab += ab;
    }

    fn correlation(self) -> Option<f64> {
        let wide = |value: u64| i128::from(value);
        let centred = |product: u64, one: u64, other: u64| {
            wide(product) * wide(self.pixels) - wide(one) * wide(other)
        };
        let (aa, bb) = (
            centred(self.aa, self.a, self.a),
            centred(self.bb, self.b, self.b),
        );
        if aa == 0 || bb == 0 {
            return None;
        }
        let ab = centred(self.ab, self.a, self.b) as f64;
        Some((ab / (aa as f64 * bb as f64).sqrt()).clamp(-1.0, 1.0))
    }
}

/// A running mean and standard deviation, by Welford's method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spread {
    count: usize,
    mean: f64,
    squares: f64,
}

/// A mean and a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanAndStd {
    /// The number of values.
    pub count: usize,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the values themselves, not the estimate for a population.
    pub std: f64,
}

impl fmt::Display for MeanAndStd {
    /// Writes mean and standard deviation, `0.48 ± 0.18`, or a single value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hundredths(self.mean))?;
        if self.count > 1 {
            write!(f, " ± {}", hundredths(self.std))?;
        }
        Ok(())
    }
}

impl Spread {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let from_old = value - self.mean;
        self.mean += from_old / self.count as f64;
        self.squares += from_old * (value - self.mean);
    }

    /// The mean and the standard deviation; none without a value.
    pub fn mean_and_std(&self) -> Option<MeanAndStd> {
        (self.count > 0).then(|| MeanAndStd {
            count: self.count,
            mean: self.mean,
            std: (self.squares / self.count as f64).sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eight(values: &[u8]) -> Plane {
        Plane::new(values.len() as u32, 1, Samples::Eight(values.to_vec())).expect("a row")
    }

    fn sixteen(values: &[u16]) -> Plane {
        Plane::new(values.len() as u32, 1, Samples::Sixteen(values.to_vec())).expect("a row")
    }

    #[test]
    fn equal_planes_go_together_and_opposite_ones_against_each_other() {
        let values = [3, 200, 0, 91, 255];
        let opposite = values.map(|value| 255 - value);
        assert_eq!(correlation(&eight(&values), &eight(&values)), Some(1.0));
        assert_eq!(correlation(&eight(&values), &eight(&opposite)), Some(-1.0));
    }

    #[test]
    fn the_brightest_large_planes_do_not_overflow() {
        let values: Vec<u16> = (0..1 << 20)
            .map(|at| if at % 2 == 0 { u16::MAX } else { 0 })
            .collect();
        let plane = sixteen(&values);
        assert_eq!(correlation(&plane, &plane), Some(1.0));
        let bytes: Vec<u8> = (0..1 << 18)
            .map(|at| if at == 0 { 254 } else { 255 })
            .collect();
        assert_eq!(correlation(&eight(&bytes), &eight(&bytes)), Some(1.0));
    }

    #[test]
    fn unrelated_planes_have_none_and_constant_ones_no_correlation() {
        let (a, b) = (eight(&[0, 0, 9, 9]), eight(&[0, 9, 0, 9]));
        assert_eq!(correlation(&a, &b), Some(0.0));
        assert_eq!(correlation(&a, &eight(&[5; 4])), None);
    }

    #[test]
    fn the_spread_is_that_of_the_values() {
        let mut spread = Spread::default();
        assert_eq!(spread.mean_and_std(), None);
        for value in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            spread.add(value);
        }
        assert_eq!(
            spread.mean_and_std().map(|one| one.to_string()).as_deref(),
            Some("5.00 ± 2.00")
        );
        let found = spread.mean_and_std().expect("eight values");
        assert_eq!((found.count, found.mean), (8, 5.0));
        assert!((found.std - 2.0).abs() < 1e-12);
    }
}
