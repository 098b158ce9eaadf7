//! What a painter has to beat to be of any use.

use serde::{Deserialize, Serialize};

use super::painting::Painting;
use crate::planes::Planes;

/// Two plain ways to guess a channel, fitted to the fields that a painter learnt from: the same level everywhere, and the linear mix
/// of the channels that are read with the least squared error. Levels are those of stretched [`Planes`], the guessed ones 1 at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baselines {
    /// The mean level of the painted channel.
    pub mean: f64,
    /// The weights in the mix, one a channel that is read.
    pub weights: Vec<f64>,
    /// The constant in the mix.
    pub intercept: f64,
}

impl Baselines {
    /// The linear mix of a field's planes, from 0 to 1.
    pub fn mix(&self, painting: &Painting, planes: &Planes) -> Vec<f32> {
        let mut mix = vec![self.intercept; planes.width * planes.height];
        for (&channel, weight) in painting.from.iter().zip(&self.weights) {
            for (sum, &level) in mix.iter_mut().zip(planes.channel(channel)) {
                *sum += weight * f64::from(level);
            }
        }
        let levels = mix.into_iter();
        levels.map(|level| level.clamp(0.0, 1.0) as f32).collect()
    }
}
