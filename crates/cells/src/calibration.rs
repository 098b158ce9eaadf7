//! From the share that a cell has in a field's evidence to a probability.

/// The shares that count as 0 and as 1 are this far from them.
const MARGIN: f32 = 1e-6;

/// How probable a cell shows a label that its field shows, by its share: how surely it does beside the surest cell of the field.
///
/// The log-odds are `offset + low · ln s − high · ln (1 − s)` for a share `s` ("beta calibration": Kull, Silva Filho and Flach,
/// AISTATS 2017, <https://proceedings.mlr.press/v54/kull17a.html>). With neither weight below 0, a larger share is no less
/// probable. [`Calibration::IDENTITY`] leaves shares as they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The log-odds that no share decides.
    pub offset: f32,
    /// The weight of what parts small shares.
    pub low: f32,
    /// The weight of what parts large shares.
    pub high: f32,
}

impl Calibration {
    /// The share is the probability.
    pub const IDENTITY: Self = Self {
        offset: 0.0,
        low: 1.0,
        high: 1.0,
    };

    /// The calibration of [`Answers`](crate::Answers), as `trainer calibrate-cells` prints it for the packages that ship
    /// (docs/cells.md has the commands).
    pub const SHIPPED: Self = Self {
        offset: 2.663,
        low: 0.495,
        high: 0.003,
    };

    /// What the weights are of: `ln s` and `−ln (1 − s)`.
    pub fn features(share: f32) -> [f32; 2] {
        let share = share.clamp(MARGIN, 1.0 - MARGIN);
        [share.ln(), -(1.0 - share).ln()]
    }

    /// The probability of a label in a cell with this share, from 0 to 1, where the field shows the label.
    pub fn of(&self, share: f32) -> f32 {
        // Not to the last bit would the sums below give back the share.
        if *self == Self::IDENTITY {
            return share;
        }
        let [low, high] = Self::features(share);
        let log_odds = self.offset + self.low * low + self.high * high;
        1.0 / (1.0 + (-log_odds).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_rise_with_shares() {
        let steps = (0..=100_u8).map(|step| f32::from(step) / 100.0);
        let shares: Vec<f32> = steps.collect();
        for (offset, low, high) in [(0.0, 1.0, 1.0), (2.0, 0.3, 0.1), (-1.0, 0.0, 0.5)] {
            let calibration = Calibration { offset, low, high };
            let found: Vec<f32> = shares.iter().map(|share| calibration.of(*share)).collect();
            assert!(found.is_sorted(), "{calibration:?}: {found:?}");
            assert!(found.iter().all(|found| (0.0..=1.0).contains(found)));
        }
    }

    #[test]
    fn the_identity_is_one_of_the_family() {
        let nearly = Calibration {
            offset: 1e-6,
            ..Calibration::IDENTITY
        };
        for share in [0.0, 0.001, 0.25, 0.9, 1.0] {
            assert_eq!(Calibration::IDENTITY.of(share), share);
            assert!((nearly.of(share) - share).abs() < 1e-5, "{share}");
        }
    }

    #[test]
    fn what_is_shipped_keeps_the_order_of_cells() {
        let Calibration { offset, low, high } = Calibration::SHIPPED;
        assert!(offset.is_finite() && low >= 0.0 && high >= 0.0 && low + high > 0.0);
    }
}
