//! The records of a training: one after some steps, and one after each epoch.

use serde::{Deserialize, Deserializer, Serialize};

/// The plan of a training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The recipe's name.
    pub recipe: String,
    /// The number of epochs.
    pub epochs: usize,
    /// The number of steps in all epochs together.
    pub steps: usize,
}

impl Plan {
    /// The mean number of steps in an epoch, at least 1.
    pub fn steps_an_epoch(&self) -> usize {
        (self.steps / self.epochs.max(1)).max(1)
    }

    /// The place of a step on an axis of epochs.
    pub fn epochs_at(&self, step: usize) -> f64 {
        step as f64 * self.epochs as f64 / self.steps.max(1) as f64
    }
}

/// The record of a training after a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The number of steps taken.
    pub step: usize,
    /// The epoch of the step, from 1.
    pub epoch: usize,
    /// The mean loss since the record before.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// The head's learning rate in this step.
    #[serde(deserialize_with = "number")]
    pub learning_rate: f64,
    /// The norm of all gradients together, where it is measured.
    pub gradient_norm: Option<f64>,
    /// The speed since the record before.
    #[serde(deserialize_with = "number")]
    pub images_per_second: f64,
}

/// The record of a training after an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch that has ended, from 1.
    pub epoch: usize,
    /// The number of steps taken.
    pub step: usize,
    /// The mean training loss of the epoch.
    #[serde(deserialize_with = "number")]
    pub training_loss: f64,
    /// The mean loss on the validation part.
    #[serde(deserialize_with = "number")]
    pub validation_loss: f64,
    /// The macro-F1 on the validation part at thresholds tuned there, 0 to 1.
    #[serde(deserialize_with = "number")]
    pub macro_f1: f64,
    /// The macro-F1 on the validation part at thresholds of 0.5.
    #[serde(deserialize_with = "number")]
    pub macro_f1_at_half: f64,
    /// The micro-F1 on the validation part at the tuned thresholds.
    #[serde(deserialize_with = "number")]
    pub micro_f1: f64,
    /// The duration of the epoch with its validation.
    #[serde(deserialize_with = "number")]
    pub seconds: f64,
}

/// Reads a number, or NaN and infinity, which JSON can only write as null.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
