//! Random numbers that depend on nothing but what they are for.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// What a stream of random numbers is for, so that drawing more for one purpose moves no other.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// How a picture is changed.
    Augmentation = 1,
    /// How often a sample comes in an epoch.
    Repeats = 2,
    /// In which order.
    Order = 3,
    /// What dropout leaves out in a step.
    Step = 4,
    /// Which samples are drawn again to see how far chance moves a score.
    Resampling = 5,
}

/// A stream of random numbers: xoshiro256++, seeded by SplitMix64's finaliser over the purpose and
/// its numbers, such as seed, epoch and sample.
///
/// Numbers are made from the generator's bits here, not by `rand`, whose ways may change: a run
/// repeats with any later version.
#[derive(Debug, Clone)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream for a purpose and its numbers.
    pub fn new(purpose: Purpose, numbers: &[u64]) -> Self {
        const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
        let start = scramble(GOLDEN_RATIO ^ purpose as u64);
        let state = numbers.iter().fold(start, |state, number| {
            scramble(state.wrapping_add(GOLDEN_RATIO) ^ scramble(*number))
        });
        Self(Xoshiro256PlusPlus::seed_from_u64(state))
    }

    /// Even from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        // The 53 bits that a double holds.
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Even between two bounds.
    pub fn between(&mut self, [low, high]: [f64; 2]) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Even on the scale of ratios between two bounds over 0: half and double are equally likely.
    pub fn factor_between(&mut self, [low, high]: [f64; 2]) -> f64 {
        low * (high / low).powf(self.unit())
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number from 0 up to, not including, `count`; 0 where that is 0.
    pub fn below(&mut self, count: usize) -> usize {
        // The high half of the product: even but for one part in 2^64 / count.
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }

    /// Brings items into an order, all orders equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last + 1);
            items.swap(last, chosen);
        }
    }
}

/// The finaliser of SplitMix64.
fn scramble(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_the_purpose_decide() {
        let first = |purpose, numbers: &[u64]| Stream::new(purpose, numbers).unit();
        let mut seen = vec![
            first(Purpose::Order, &[1, 2]),
            first(Purpose::Repeats, &[1, 2]),
            first(Purpose::Order, &[2, 1]),
            first(Purpose::Order, &[1, 3]),
            first(Purpose::Order, &[0, 2]),
            first(Purpose::Order, &[1, 2, 0]),
        ];
        assert_eq!(seen[0], first(Purpose::Order, &[1, 2]));
        seen.sort_by(f64::total_cmp);
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn numbers_are_even_in_their_bounds() {
        let mut stream = Stream::new(Purpose::Augmentation, &[7]);
        let values: Vec<f64> = (0..20_000).map(|_| stream.between([-2.0, 4.0])).collect();
        assert!(values.iter().all(|value| (-2.0..4.0).contains(value)));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        // The mean's deviation is 6 / sqrt(12 * 20000) = 0.012.
        assert!((mean - 1.0).abs() < 0.06, "{mean}");
        let larger = (0..20_000)
            .filter(|_| stream.factor_between([0.5, 2.0]) > 1.0)
            .count();
        assert!(larger.abs_diff(10_000) < 350, "{larger}");
    }

    #[test]
    fn all_orders_are_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        let mut stream = Stream::new(Purpose::Order, &[1]);
        for _ in 0..6_000 {
            let mut items = [0, 1, 2];
            stream.shuffle(&mut items);
            *counts.entry(items).or_insert(0_usize) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|count| count.abs_diff(1_000) < 150),
            "{counts:?}"
        );
    }
}
