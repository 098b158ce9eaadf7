//! Losses of multi-label training, on logits.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid, softplus};
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
    /// Cross-entropy and, beside it, the symmetric Lovász hinge (Berman et al. 2018), which stands for the Jaccard index of a
    /// sample's present labels and that of its absent ones.
    Lovasz {
        /// The weight of the hinge.
        weight: f32,
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
        let within = |key: &str, value: f32| {
            ensure!(
                (0.0..=10.0).contains(&value),
                "loss.{key} must be from 0 to 10, not {value}"
            );
            Ok(())
        };
        match *self {
            Self::CrossEntropy {} => Ok(()),
            Self::Focal { gamma } => within("gamma", gamma),
            Self::Asymmetric {
                gamma_present,
                gamma_absent,
                margin,
            } => {
                within("gamma_present", gamma_present)?;
                within("gamma_absent", gamma_absent)?;
                ensure!(
                    (0.0..=0.5).contains(&margin),
                    "loss.margin must be from 0 to 0.5, not {margin}"
                );
                Ok(())
            }
            Self::Lovasz { weight } => within("weight", weight),
        }
    }

    /// Computes the mean loss of all decisions `[1]`, and of all samples where one is made of all its decisions, from logits and
    /// targets (0 or 1) `[batch, classes]`.
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        if let Self::Lovasz { weight } = *self {
            let hinge = lovasz_hinge(logits.clone(), targets.clone());
            return Self::CrossEntropy {}.forward(logits, targets) + hinge * weight;
        }
        // -log(sigmoid(x)) = softplus(-x), which does not overflow.
        let present = softplus(-logits.clone(), 1.0);
        let absent = softplus(logits.clone(), 1.0);
        let (present, absent) = match *self {
            Self::CrossEntropy {} | Self::Lovasz { .. } => (present, absent),
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

/// The mean over samples `[1]` of the symmetric Lovász hinge over all decisions of one: half that of its present labels, and half
/// that of its absent ones, whose logits and targets are the opposite and whose errors are therefore the same.
fn lovasz_hinge(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let signs = targets.clone() * 2.0 - 1.0;
    let errors = -(logits * signs) + 1.0;
    let order = errors.clone().argsort_descending(1);
    let present = targets.gather(1, order.clone());
    // Made of the targets in this order alone: there is nothing in them to be learnt.
    let weights = jaccard_steps(present.clone()) + jaccard_steps(-present + 1.0);
    (relu(errors.gather(1, order)) * weights).sum_dim(1).mean() * 0.5
}

/// By how much each decision raises the Jaccard loss of a sample's labels, if it is wrong as all before it in its row are; of no
/// label, the first raises it to 1.
fn jaccard_steps(labels: Tensor<2>) -> Tensor<2> {
    let all = labels.clone().sum_dim(1);
    let kept = all.clone() - labels.clone().cumsum(1);
    let union = all.clone() + (-labels + 1.0).cumsum(1);
    let [batch, classes] = union.dims();
    let losses = -(kept / union) + 1.0;
    let before = Tensor::cat(vec![all.zeros_like(), losses.clone()], 1);
    losses - before.slice([0..batch, 0..classes])
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
    use burn::tensor::{Device, TensorData};
    use cytolens_data::random::Stream;

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
                (
                    LossChoice::Lovasz { weight: 0.5 },
                    -p.ln() + 0.5 * (1.0 - logit).max(0.0),
                    -(1.0 - p).ln() + 0.5 * (1.0 + logit).max(0.0),
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
            LossChoice::Lovasz { weight: 1.0 },
        ] {
            for (logit, target) in [(-80.0, 1.0), (80.0, 0.0)] {
                let wrong = loss(choice, logit, target);
                assert!(wrong.is_finite() && wrong > 10.0, "{choice:?}: {wrong}");
            }
        }
    }

    const CLASSES: usize = 7;

    /// The hinge of one sample by its definition: as more and more decisions are taken to be wrong, those with the largest errors
    /// first, the Jaccard loss of its labels rises, and each rise weighs the error that made it.
    fn naive_hinge(logits: &[f64], targets: &[f64]) -> f64 {
        let of = |label: f64| {
            let decisions = logits.iter().zip(targets).map(|(logit, target)| {
                let sign = if *target == 1.0 { 1.0 } else { -1.0 };
                (1.0 - logit * sign, *target == label)
            });
            let mut decisions: Vec<(f64, bool)> = decisions.collect();
            decisions.sort_by(|one, other| other.0.total_cmp(&one.0));
            let labels = decisions.iter().filter(|(_, labelled)| *labelled).count();
            let (mut sum, mut before, mut others) = (0.0, 0.0, 0);
            for (at, (error, labelled)) in decisions.iter().enumerate() {
                others += usize::from(!labelled);
                let loss = (at + 1) as f64 / (labels + others) as f64;
                sum += error.max(0.0) * (loss - before);
                before = loss;
            }
            sum
        };
        (of(1.0) + of(0.0)) / 2.0
    }

    fn rows(values: &[f64], device: &Device) -> Tensor<2> {
        let shape = [values.len() / CLASSES, CLASSES];
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    #[test]
    fn the_lovasz_hinge_and_its_gradient_are_the_definition() {
        const STEP: f64 = 1e-5;
        let mut stream = Stream::seeded(1);
        let mut targets = Vec::new();
        // Samples without a label and with every one, too.
        for chance in [0.0, 1.0, 0.1, 0.3, 0.5, 0.5, 0.8] {
            let labels = (0..CLASSES).map(|_| stream.chance(chance));
            targets.extend(labels.map(f64::from));
        }
        let logits: Vec<f64> = targets
            .iter()
            .map(|_| stream.between([-3.0, 3.0]))
            .collect();
        let naive = |logits: &[f64]| {
            let samples = logits.chunks(CLASSES).zip(targets.chunks(CLASSES));
            let hinges = samples.map(|(logits, targets)| naive_hinge(logits, targets));
            hinges.sum::<f64>() * CLASSES as f64 / logits.len() as f64
        };

        let device = Device::flex().autodiff();
        let learnt = rows(&logits, &device).require_grad();
        let loss = lovasz_hinge(learnt.clone(), rows(&targets, &device));
        let gradient = learnt.grad(&loss.backward()).expect("a gradient");
        let gradient = gradient.try_into_vec_as::<f32>().expect("numbers");
        let (found, expected) = (f64::from(loss.into_scalar::<f32>()), naive(&logits));
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
        assert_eq!(gradient.len(), logits.len());
        assert!(gradient.iter().any(|slope| slope.abs() > 0.01));
        for (place, found) in gradient.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut moved = logits.clone();
                moved[place] += by;
                naive(&moved)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            assert!(
                (f64::from(found) - slope).abs() < 1e-4,
                "{place}: {found}, not {slope}"
            );
        }
    }

    #[test]
    fn the_lovasz_hinge_of_huge_logits_is_finite() {
        let targets = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
        let device = Device::flex();
        for (sign, expected) in [(1.0, 0.0), (-1.0, 1e9)] {
            let logits = targets.map(|target| sign * (2.0 * target - 1.0) * 1e9);
            let found = lovasz_hinge(rows(&logits, &device), rows(&targets, &device));
            let found = f64::from(found.into_scalar::<f32>());
            assert!((found - expected).abs() < 1e4, "{found}, not {expected}");
        }
    }
}
