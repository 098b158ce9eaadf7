//! The ways in which several networks answer together.

use serde::{Deserialize, Serialize};

use crate::activation_maps::ActivationMaps;
use crate::classifier::probability;
use crate::mean::{mean_of_members, sum_of_members};

/// The way in which the answers of an ensemble's members become one, by the name that it has in packages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combination {
    /// A class's probability is the mean of the members' probabilities by their shares, and its activation map that of their maps.
    #[default]
    MeanOfProbabilities,
    /// A class's logit is the sum of the members' logits, and its activation map that of their maps: a stack. A linear head over
    /// the features of all members is such a sum, of which each member has its own features' part for a head.
    SumOfLogits,
}

impl Combination {
    /// Whether it is the mean of probabilities, which packages do not name.
    pub(crate) fn is_mean(&self) -> bool {
        *self == Self::MeanOfProbabilities
    }

    /// The probability of each class, by the members' logits `[members][classes]`.
    pub fn probabilities(self, shares: &[f32], logits: &[Vec<f32>]) -> Vec<f32> {
        let of = |logits: &[f32]| -> Vec<f32> { logits.iter().copied().map(probability).collect() };
        match self {
            Self::MeanOfProbabilities => {
                let each: Vec<Vec<f32>> = logits.iter().map(|member| of(member)).collect();
                mean_of_members(shares, &each)
            }
            // Of probabilities near 0 and 1, nothing of the logits would be left to add.
            Self::SumOfLogits => of(&sum_of_members(logits)),
        }
    }

    /// The activation maps of the whole, by the members', with the pixels of the finest.
    ///
    /// The mean of a sum of maps is the sum of their means: with the sum of the members' constants it makes the sum of their logits.
    pub fn maps(self, shares: &[f32], maps: Vec<ActivationMaps>) -> ActivationMaps {
        ActivationMaps::combined(maps, |values| match self {
            Self::MeanOfProbabilities => mean_of_members(shares, values),
            Self::SumOfLogits => sum_of_members(values),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_are_added_where_probabilities_say_nothing_any_more() {
        let logits = [vec![30.0, -2.0], vec![-28.0, 2.5]];
        let shares = [0.5, 0.5];
        let sum = Combination::SumOfLogits.probabilities(&shares, &logits);
        assert_eq!(sum, [probability(2.0), probability(0.5)]);
        let mean = Combination::MeanOfProbabilities.probabilities(&shares, &logits);
        assert!((mean[0] - 0.5).abs() < 1e-6, "{mean:?}");
    }

    #[test]
    fn maps_are_added_with_the_finest_pixels() {
        let maps = vec![
            ActivationMaps {
                side: 1,
                values: vec![-2.0],
            },
            ActivationMaps {
                side: 2,
                values: vec![1.0, 2.0, 3.0, 6.0],
            },
        ];
        let sum = Combination::SumOfLogits.maps(&[0.5, 0.5], maps.clone());
        assert_eq!(sum.values, [-1.0, 0.0, 1.0, 4.0]);
        let mean = Combination::MeanOfProbabilities.maps(&[0.5, 0.5], maps);
        assert_eq!(mean.values, [-0.5, 0.0, 0.5, 2.0]);
    }
}
