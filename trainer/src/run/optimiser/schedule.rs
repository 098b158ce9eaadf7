//! Schedules of the learning rate.

use serde::{Deserialize, Serialize};

/// The course of the learning rate after its warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Constant.
    Constant,
    /// Falling to 0 by half a cosine.
    Cosine,
}

impl Schedule {
    /// The share of the full rate at a step: it rises evenly over `warm_up` steps, then follows the
    /// schedule to `steps`.
    pub fn share(self, step: usize, warm_up: usize, steps: usize) -> f64 {
        if step < warm_up {
            return (step + 1) as f64 / warm_up as f64;
        }
        match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let done = (step - warm_up) as f64 / (steps - warm_up).max(1) as f64;
                0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        let shares: Vec<f64> = (0..=20)
            .map(|step| Schedule::Cosine.share(step, 4, 20))
            .collect();
        assert_eq!(shares[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert!(shares[4..].windows(2).all(|pair| pair[1] < pair[0]));
        assert!((shares[12] - 0.5).abs() < 1e-12 && shares[20].abs() < 1e-12);
        assert_eq!(Schedule::Constant.share(19, 4, 20), 1.0);
        assert_eq!(Schedule::Cosine.share(0, 0, 1), 1.0);
    }
}
