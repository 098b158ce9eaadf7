//! The recipe's table `[optimiser]`, and the learning rates that follow from it.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::schedule::Schedule;

/// The optimiser's settings: a recipe's table `[optimiser]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserChoice {
    /// The full learning rate of the head.
    pub learning_rate: f64,
    /// The share of it that the backbone has, from 0 to 1.
    pub backbone_share: f64,
    /// The epochs, or the fraction of one, in which the rate rises from 0.
    pub warm_up: f64,
    /// The course of the rate after that.
    pub schedule: Schedule,
    /// The share of each weight that a step at rate 1 takes off; norms and biases keep theirs. With 0
    /// this is Adam.
    pub weight_decay: f32,
    /// The decay of the gradients' running mean.
    pub beta_1: f32,
    /// The decay of the running mean of their squares.
    pub beta_2: f32,
    /// The constant that keeps the quotient of both finite.
    pub epsilon: f32,
    /// The norm of all gradients together above which they are scaled down to it; 0 is none.
    pub clip: f32,
}

/// The learning rates of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// The backbone's; 0 while it is frozen.
    pub backbone: f64,
    /// The head's.
    pub head: f64,
}

impl OptimiserChoice {
    /// Checks every number.
    ///
    /// # Errors
    /// Naming the key of the table `[optimiser]`, its range and its value.
    pub fn check(&self) -> Result<()> {
        let within = |key: &str, value: f64, low: f64, high: f64| {
            ensure!(
                (low..=high).contains(&value),
                "optimiser.{key} must be from {low} to {high}, not {value}"
            );
            Ok(())
        };
        ensure!(
            self.learning_rate > 0.0 && self.learning_rate <= 10.0,
            "optimiser.learning_rate must be over 0 and 10 at most, not {}",
            self.learning_rate
        );
        within("backbone_share", self.backbone_share, 0.0, 1.0)?;
        within("warm_up", self.warm_up, 0.0, 1000.0)?;
        within("weight_decay", self.weight_decay.into(), 0.0, 10.0)?;
        within("beta_1", self.beta_1.into(), 0.0, 0.9999)?;
        within("beta_2", self.beta_2.into(), 0.0, 0.99999)?;
        within("epsilon", self.epsilon.into(), 1e-12, 1.0)?;
        within("clip", self.clip.into(), 0.0, 1e6)
    }

    /// The rates of a step, counted from 0 over the whole run, given the steps of each epoch and the number of first epochs in
    /// which the backbone is frozen.
    pub fn rates(&self, step: usize, steps: &[usize], frozen_epochs: usize) -> Rates {
        let all: usize = steps.iter().sum();
        let warm_up = self.warm_up * all as f64 / steps.len() as f64;
        let share = self.schedule.share(step, warm_up.round() as usize, all);
        let head = self.learning_rate * share;
        let frozen: usize = steps.iter().take(frozen_epochs).sum();
        Rates {
            backbone: if step < frozen {
                0.0
            } else {
                head * self.backbone_share
            },
            head,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::choice;
    use super::*;

    #[test]
    fn the_head_warms_up_and_the_backbone_waits_until_it_is_no_longer_frozen() {
        let choice = OptimiserChoice {
            learning_rate: 0.5,
            backbone_share: 0.25,
            warm_up: 0.5,
            ..choice()
        };
        // Half an epoch is four steps.
        let steps = [8, 8];
        let rates: Vec<Rates> = (0..16).map(|step| choice.rates(step, &steps, 1)).collect();
        let head: Vec<f64> = rates.iter().map(|rates| rates.head).collect();
        assert_eq!(head[..5], [0.125, 0.25, 0.375, 0.5, 0.5]);
        assert!(rates[..8].iter().all(|rates| rates.backbone == 0.0));
        assert!(rates[8..].iter().all(|rates| rates.backbone == 0.125));
    }
}
