//! Random numbers that depend on their purpose and seed alone.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// The use of a random stream, so that drawing more for one use moves no other.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// The augmentation of a sample.
    Augmentation = 1,
    /// The number of times that each sample comes in an epoch.
    Repeats = 2,
    /// The order of an epoch's samples.
    Order = 3,
    /// The features that dropout leaves out in a step.
    Step = 4,
    /// The bootstrap: samples drawn again to see how far chance moves a score.
    Resampling = 5,
    /// The label sets of simulated fields.
    Labels = 6,
    /// The fields of a set whose power spectra are measured.
    Spectra = 7,
    /// The flaws of a sample's showing.
    Flaws = 8,
    /// The views in which rare samples are painted anew.
    Repainting = 9,
    /// The centres of groups in metric learning.
    Centres = 10,
}

/// The increment of SplitMix64: 2^64 over the golden ratio.
pub const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of random numbers: xoshiro256++, seeded by SplitMix64's finaliser over a purpose and
/// its numbers, such as seed, epoch and sample.
///
/// Numbers are made from the generator's bits here, not by `rand`, whose ways may change: a run
/// repeats with any later version.
#[derive(Debug, Clone)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream for a purpose and its numbers.
    pub fn new(purpose: Purpose, numbers: &[u64]) -> Self {
        let start = scramble(GOLDEN_RATIO ^ purpose as u64);
        let state = numbers.iter().fold(start, |state, number| {
            scramble(state.wrapping_add(GOLDEN_RATIO) ^ scramble(*number))
        });
        Self::seeded(state)
    }

    /// The stream of a seed that is scrambled already.
    pub fn seeded(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// The generator's next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number drawn evenly from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        // The 53 bits that a double holds.
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number drawn evenly between two bounds.
    pub fn between(&mut self, [low, high]: [f64; 2]) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A factor between two bounds over 0, drawn evenly on a logarithmic scale: half and double are
    /// equally likely.
    pub fn factor_between(&mut self, [low, high]: [f64; 2]) -> f64 {
        low * (high / low).powf(self.unit())
    }

    /// `true` with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number drawn evenly from 0 up to, not including, `count`; 0 where that is 0.
    pub fn below(&mut self, count: usize) -> usize {
        // The high half of the product: even but for one part in 2^64 / count.
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// Shuffles items, all orders equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last + 1);
            items.swap(last, chosen);
        }
    }
}

/// The finaliser of SplitMix64: spreads every bit of a number over all others.
pub fn scramble(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs and splits of earlier versions must repeat: these numbers are part of what a seed promises.
    #[test]
    fn streams_stay_as_they_are() {
        let mut stream = Stream::new(Purpose::Order, &[1, 2]);
        assert_eq!(stream.bits(), 0xcd43_a8c5_2756_738d);
        assert_eq!(stream.bits(), 0xc00d_8a5e_503d_54f7);
        assert_eq!(stream.unit(), 0.8265615957182658);
        assert_eq!([(); 6].map(|()| stream.below(10)), [9, 4, 1, 4, 6, 6]);
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
        stream.shuffle(&mut order);
        assert_eq!(order, [6, 3, 1, 4, 5, 7, 2, 0]);
    }

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
