//! Losses of multi-label training, on logits.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, softplus};
use serde::{Deserialize, Serialize};

/// The loss: a recipe's table `[loss]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossChoice {
    /// Binary cross-entropy of each decision.
    // With braces, for serde refuses unknown keys only so.
    CrossEntropy {},
    /// Focal loss (Lin et al. 2017): decisions that are right already weigh less.
    Focal {
        /// The power of one minus the probability that weighs them. 0 is cross-entropy.
        gamma: f32,
    },
    /// Asymmetric loss (Ridnik et al. 2021): absent labels, of which there are many, weigh less than
    /// present ones, and nothing where their probability is below a margin.
    Asymmetric {
        /// The focal power of present labels.
        gamma_present: f32,
        /// The focal power of absent labels.
        gamma_absent: f32,
        /// The margin, which is subtracted from an absent label's probability.
        margin: f32,
    },
}

/// The least argument of a logarithm, which keeps it finite.
const LEAST: f32 = 1e-8;

impl LossChoice {
    /// Checks every number.
    ///
    /// # Errors
    /// Naming the key of the table `[loss]`, its range and its value.
    pub fn check(&self) -> Result<()> {
        let power = |key: &str, value: f32| {
            ensure!(
                (0.0..=10.0).contains(&value),
                "loss.{key} must be from 0 to 10, not {value}"
            );
            Ok(())
        };
        match *self {
            Self::CrossEntropy {} => Ok(()),
            Self::Focal { gamma } => power("gamma", gamma),
            Self::Asymmetric {
                gamma_present,
                gamma_absent,
                margin,
            } => {
                power("gamma_present", gamma_present)?;
                power("gamma_absent", gamma_absent)?;
                ensure!(
                    (0.0..=0.5).contains(&margin),
                    "loss.margin must be from 0 to 0.5, not {margin}"
                );
                Ok(())
            }
        }
    }

    /// Computes the mean loss of all decisions `[1]` from logits and targets (0 or 1)
    /// `[batch, classes]`.
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        // -log(sigmoid(x)) = softplus(-x), which does not overflow.
        let present = softplus(-logits.clone(), 1.0);
        let absent = softplus(logits.clone(), 1.0);
        let (present, absent) = match *self {
            Self::CrossEntropy {} => (present, absent),
            Self::Focal { gamma } => {
                let probability = sigmoid(logits);
                let doubt = -probability.clone() + 1.0;
                (
                    power(doubt, gamma) * present,
                    power(probability, gamma) * absent,
                )
            }
            Self::Asymmetric {
                gamma_present,
                gamma_absent,
                margin,
            } => {
                let probability = sigmoid(logits);
                let doubt = -probability.clone() + 1.0;
                let shifted = (probability - margin).clamp_min(0.0);
                let absent = -(-shifted.clone() + 1.0).clamp_min(LEAST).log();
                (
                    power(doubt, gamma_present) * present,
                    power(shifted, gamma_absent) * absent,
                )
            }
        };
        (present * targets.clone() + absent * (-targets + 1.0)).mean()
    }
}

/// `base ^ exponent`, whose slope at 0 stays finite.
fn power(base: Tensor<2>, exponent: f32) -> Tensor<2> {
    if exponent == 0.0 {
        base.ones_like()
    } else if exponent == 1.0 {
        base
    } else {
        base.clamp_min(LEAST).powf_scalar(exponent)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn loss(choice: LossChoice, logit: f32, target: f32) -> f64 {
        let device = Device::flex();
        let tensor = |value| Tensor::<2>::from_floats([[value]], &device);
        f64::from(
            choice
                .forward(tensor(logit), tensor(target))
                .into_scalar::<f32>(),
        )
    }

    /// Each loss against its paper's formula in f64.
    #[test]
    fn losses_are_their_formulas() {
        let asymmetric = LossChoice::Asymmetric {
            gamma_present: 1.0,
            gamma_absent: 4.0,
            margin: 0.05,
        };
        for logit in [-3.0_f64, -0.5, 0.0, 2.0] {
            let p = 1.0 / (1.0 + (-logit).exp());
            let shifted = (p - 0.05).max(0.0);
            for (choice, present, absent) in [
                (LossChoice::CrossEntropy {}, -p.ln(), -(1.0 - p).ln()),
                (
                    LossChoice::Focal { gamma: 2.0 },
                    -(1.0 - p).powi(2) * p.ln(),
                    -p.powi(2) * (1.0 - p).ln(),
                ),
                (
                    asymmetric,
                    -(1.0 - p) * p.ln(),
                    -shifted.powi(4) * (1.0 - shifted).ln(),
                ),
            ] {
                for (target, expected) in [(1.0, present), (0.0, absent)] {
                    let found = loss(choice, logit as f32, target);
                    assert!(
                        (found - expected).abs() < 1e-5,
                        "{choice:?} at {logit}: {found} for {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn sure_mistakes_cost_much_and_stay_finite() {
        for choice in [
            LossChoice::CrossEntropy {},
            LossChoice::Focal { gamma: 2.0 },
            LossChoice::Asymmetric {
                gamma_present: 0.0,
                gamma_absent: 4.0,
                margin: 0.0,
            },
        ] {
            for (logit, target) in [(-80.0, 1.0), (80.0, 0.0)] {
                let wrong = loss(choice, logit, target);
                assert!(wrong.is_finite() && wrong > 10.0, "{choice:?}: {wrong}");
            }
        }
    }
}
