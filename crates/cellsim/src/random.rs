//! Random numbers that depend on nothing but the field's seed, its index and what they are for.

use std::f32::consts::TAU;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

/// What a stream of random numbers is for, so that drawing more of one structure moves no other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Style,
    Layout,
    Cell,
    Reference,
    Filaments,
    Location(usize),
    Background,
    Debris,
    Optics(usize),
}

impl Purpose {
    fn number(self) -> u64 {
        match self {
            Self::Style => 1,
            Self::Layout => 2,
            Self::Cell => 3,
            Self::Reference => 4,
            Self::Filaments => 5,
            Self::Background => 6,
            Self::Debris => 7,
            Self::Location(class) => 100 + class as u64,
            Self::Optics(channel) => 200 + channel as u64,
        }
    }
}

/// What the streams of one field have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldSeed {
    pub(super) seed: u64,
    pub(super) index: u64,
}

impl FieldSeed {
    /// The stream for a purpose and, where there are several of a kind, the item's number.
    pub(super) fn stream(self, purpose: Purpose, item: usize) -> Stream {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for part in [self.seed, self.index, purpose.number(), item as u64] {
            state = scramble(state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        Stream(Xoshiro256PlusPlus::seed_from_u64(state))
    }
}

/// The finaliser of SplitMix64.
fn scramble(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// Even between 0 and 1.
    pub(super) fn unit(&mut self) -> f32 {
        self.0.random()
    }

    /// Even between two bounds.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn count(&mut self, low: usize, high: usize) -> usize {
        self.0.random_range(low..=high)
    }

    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Even around the circle, in radians.
    pub(super) fn angle(&mut self) -> f32 {
        self.unit() * TAU
    }

    /// Normal, of mean 0 and deviation 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (self.unit() * TAU).cos()
    }

    /// Log-normal around a median; `spread` is the deviation of the logarithm.
    pub(super) fn around(&mut self, median: f32, spread: f32) -> f32 {
        median * (self.normal().clamp(-2.5, 2.5) * spread).exp()
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}
