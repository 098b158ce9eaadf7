//! The settings of an evaluation.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// The settings of an evaluation: the table `evaluation` of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationChoice {
    /// The number of bootstrap draws for intervals; 0 makes none.
    pub bootstrap: usize,
    /// The random seed of the draws.
    pub seed: u64,
    /// The share of draws that an interval holds, between 0 and 1.
    pub confidence: f64,
}

impl Default for EvaluationChoice {
    fn default() -> Self {
        Self {
            bootstrap: 1000,
            seed: 1,
            confidence: 0.95,
        }
    }
}

impl EvaluationChoice {
    /// # Errors
    /// If a value is out of range; the error names its key.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.bootstrap == 0 || (100..=100_000).contains(&self.bootstrap),
            "evaluation.bootstrap must be 0 for no intervals, or from 100 to 100000, not {}",
            self.bootstrap
        );
        ensure!(
            self.confidence > 0.0 && self.confidence < 1.0,
            "evaluation.confidence must be between 0 and 1, not {}",
            self.confidence
        );
        Ok(())
    }
}
