//! Random numbers of a field: they depend on its seed, its index and their purpose alone.

use std::f32::consts::TAU;

use cytolens_data::random::{GOLDEN_RATIO, Stream, scramble};

/// The use of a stream, so that drawing more for one structure moves no other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FieldPurpose {
    /// The staining and focus that the cells of a field share.
    Style,
    /// The places of the cells.
    Layout,
    /// The shape of one cell.
    Cell,
    /// A reference channel, by its number.
    Reference,
    /// The microtubules of one cell.
    Filaments,
    /// The protein at a location, by its class.
    Location(usize),
    /// The protein's unspecific staining.
    Background,
    /// Debris between the cells.
    Debris,
    /// The choice of a reference and what is invented on it.
    Painting,
    /// The exposure of a channel; 4 is the microscope that all channels share.
    Optics(usize),
}

impl FieldPurpose {
    fn number(self) -> u64 {
        match self {
            Self::Style => 1,
            Self::Layout => 2,
            Self::Cell => 3,
            Self::Reference => 4,
            Self::Filaments => 5,
            Self::Background => 6,
            Self::Debris => 7,
            Self::Painting => 8,
            Self::Location(class) => 100 + class as u64,
            Self::Optics(channel) => 200 + channel as u64,
        }
    }
}

/// The seed that all streams of one field share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldSeed {
    /// The seed of the set.
    pub(crate) seed: u64,
    /// The number of the field in the set.
    pub(crate) index: u64,
}

impl FieldSeed {
    /// The stream for a purpose and, where there are several of a kind, the item's number.
    pub(crate) fn stream(self, purpose: FieldPurpose, item: usize) -> FieldStream {
        let parts = [self.seed, self.index, purpose.number(), item as u64];
        let state = parts.into_iter().fold(GOLDEN_RATIO, |state, part| {
            scramble(state ^ part).wrapping_add(GOLDEN_RATIO)
        });
        FieldStream(Stream::seeded(state))
    }
}

/// A random stream in the single precision that fields are computed in.
#[derive(Debug, Clone)]
pub(crate) struct FieldStream(Stream);

impl FieldStream {
    /// The next 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.bits()
    }

    /// A number drawn evenly from 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f32 {
        // The 24 bits that a float holds.
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// A number drawn evenly between two bounds.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A whole number drawn evenly from `low` to `high`, both included: one of at most 2^32.
    pub(crate) fn count(&mut self, low: usize, high: usize) -> usize {
        let numbers = (high - low + 1) as u64;
        // A fraction of 32 bits, multiplied; the upper half of the product is the number drawn.
        let mut product = numbers * (self.bits() >> 32);
        // Where more bits of the fraction could still carry into that half, they are drawn too (Canon's method).
        if u64::from(product as u32) + numbers > 1 << 32 {
            product += (numbers * (self.bits() >> 32)) >> 32;
        }
        low + (product >> 32) as usize
    }

    /// `true` with this probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// An angle drawn evenly from the whole circle, in radians.
    pub(crate) fn angle(&mut self) -> f32 {
        self.unit() * TAU
    }

    /// A normal number of mean 0 and deviation 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (self.unit() * TAU).cos()
    }

    /// A log-normal number of a given median; `spread` is the deviation of its logarithm.
    pub(crate) fn around(&mut self, median: f32, spread: f32) -> f32 {
        median * (self.normal().clamp(-2.5, 2.5) * spread).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simulated sets must not change under their version: these numbers are part of what it promises.
    #[test]
    fn streams_stay_as_they_are() {
        let mut stream = FieldSeed { seed: 5, index: 9 }.stream(FieldPurpose::Location(3), 4);
        let bits = [(); 2].map(|()| stream.bits());
        assert_eq!(bits, [0xa7fd_597f_0323_6eaa, 0x0c6a_791c_13ac_4031]);
        let units = [(); 4].map(|()| stream.unit());
        assert_eq!(units, [0.5023344, 0.34053814, 0.38576162, 0.5220364]);
        let between = [(); 2].map(|()| stream.between(-2.0, 3.0));
        assert_eq!(between, [-1.7837617, -0.040576577]);
        let small = [(); 12].map(|()| stream.count(2, 6));
        assert_eq!(small, [3, 5, 4, 3, 4, 4, 2, 6, 3, 6, 4, 2]);
        // Of so many numbers, seven draws in ten take further bits.
        let wide = [(); 12].map(|()| stream.count(0, 3_000_000_000));
        let expected = [
            2_546_814_880,
            1_980_599_107,
            1_131_154_637,
            1_816_705_123,
            2_175_550_260,
            901_574_233,
            2_243_517_435,
            394_885_428,
            681_537_234,
            1_550_539_549,
            673_008_293,
            2_942_623_285,
        ];
        assert_eq!(wide, expected);
        assert_eq!(stream.count(3, 3), 3);
        assert_eq!(stream.bits(), 16_999_964_892_878_024_159);
    }

    #[test]
    fn counts_are_even_and_reach_both_bounds() {
        let mut stream = FieldSeed { seed: 1, index: 1 }.stream(FieldPurpose::Style, 0);
        let mut counts = [0_usize; 5];
        for _ in 0..10_000 {
            counts[stream.count(3, 7) - 3] += 1;
        }
        // Five deviations of 40.
        let is_even = |count: &usize| count.abs_diff(2_000) < 200;
        assert!(counts.iter().all(is_even), "{counts:?}");
    }
}
