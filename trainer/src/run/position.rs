//! The position of a training, from which it can be resumed.

use serde::{Deserialize, Serialize};

/// The position of a training. Everything random is drawn anew from seed, epoch, sample and step, so that these numbers are the
/// whole of its random state, and of its schedule's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The current epoch, from 0.
    pub epoch: usize,
    /// The next batch in it, from 0.
    pub batch: usize,
    /// The optimiser's steps so far.
    pub step: usize,
    /// The sum of this epoch's losses, one a sample.
    pub loss_sum: f64,
    /// The samples shown in this epoch.
    pub shown: usize,
    /// The samples shown in the whole run.
    pub shown_in_all: usize,
    /// The run's duration in seconds, without any that a break lost.
    pub seconds: f64,
    /// The duration of the run before this epoch.
    #[serde(default)]
    pub seconds_before: f64,
    /// The best epoch so far.
    pub best: Option<BestEpoch>,
}

/// The epoch whose weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestEpoch {
    /// Its number, from 0.
    pub epoch: usize,
    /// The score that the recipe chooses by; larger is better.
    pub score: f64,
}
