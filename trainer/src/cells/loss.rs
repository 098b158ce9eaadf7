//! The loss of a network that finds cells, on logits.

use burn::tensor::Tensor;
use burn::tensor::activation::{sigmoid, softplus};

use super::recipe::CellsLossChoice;

/// What keeps the Dice loss of an empty map finite.
const SMOOTHING: f64 = 1.0;

impl CellsLossChoice {
    /// Computes the loss `[1]` of logits, targets from 0 to 1 and weights, all `[batch, outputs, height, width]`: the weighted mean
    /// of the pixels' binary cross-entropy, and the mean over outputs of the soft Dice loss (Milletari et al. 2016).
    pub fn forward(&self, logits: Tensor<4>, targets: Tensor<4>, weights: Tensor<4>) -> Tensor<1> {
        // The cross-entropy of x with truth t is softplus(x) - t x.
        let entropy = softplus(logits.clone(), 1.0) - targets.clone() * logits.clone();
        let entropy = (entropy * weights.clone()).sum() / (weights.clone().sum() + 1e-6);
        if self.dice == 0.0 {
            return entropy;
        }
        // What weighs nothing does not count here either.
        let known = weights.greater_elem(0.0).float();
        let probabilities = sigmoid(logits) * known.clone();
        let truths = targets * known;
        let of_outputs = |map: Tensor<4>| -> Tensor<1> {
            let outputs = map.dims()[1];
            map.sum_dim(3).sum_dim(2).sum_dim(0).reshape([outputs])
        };
        let both = of_outputs(probabilities.clone() * truths.clone());
        let sum = of_outputs(probabilities) + of_outputs(truths);
        let dice = (both * 2.0 + SMOOTHING) / (sum + SMOOTHING);
        entropy + (-dice.mean() + 1.0) * f64::from(self.dice)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn map(values: &[f32]) -> Tensor<4> {
        let shape = [1, 2, 1, values.len() / 2];
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
    }

    fn loss(choice: CellsLossChoice, maps: [&[f32]; 3]) -> f64 {
        let [logits, targets, weights] = maps.map(map);
        let loss = choice.forward(logits, targets, weights).into_data();
        f64::from(loss.try_into_vec::<f32>().expect("a number")[0])
    }

    #[test]
    fn the_loss_is_that_of_its_definition() {
        let logits = [2.0_f32, -1.0, 0.5, 3.0];
        let targets = [1.0_f32, 0.0, 1.0, 0.0];
        let weights = [1.0_f32, 4.0, 1.0, 2.0];
        let p: Vec<f64> = logits
            .iter()
            .map(|&x| 1.0 / (1.0 + (-f64::from(x)).exp()))
            .collect();
        let entropy: f64 = (0..4)
            .map(|at| {
                let right = if targets[at] > 0.5 {
                    p[at]
                } else {
                    1.0 - p[at]
                };
                -right.ln() * f64::from(weights[at])
            })
            .sum::<f64>()
            / 8.0;
        let dice = |first: usize, second: usize| {
            let [a, b] = [first, second].map(|at| (p[at], f64::from(targets[at])));
            let both = a.0 * a.1 + b.0 * b.1;
            1.0 - (2.0 * both + 1.0) / (a.0 + a.1 + b.0 + b.1 + 1.0)
        };
        let expected = entropy + 0.5 * (dice(0, 1) + dice(2, 3)) / 2.0;
        let choice = CellsLossChoice {
            border: 3.0,
            dice: 0.5,
        };
        let found = loss(choice, [&logits, &targets, &weights]);
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
        let choice = CellsLossChoice {
            dice: 0.0,
            ..choice
        };
        let found = loss(choice, [&logits, &targets, &weights]);
        assert!((found - entropy).abs() < 1e-5, "{found}, not {entropy}");
    }

    #[test]
    fn large_logits_give_a_finite_loss_and_unknown_pixels_none() {
        let choice = CellsLossChoice {
            border: 0.0,
            dice: 1.0,
        };
        let far = loss(choice, [&[1e4, -1e4], &[0.0, 1.0], &[1.0, 1.0]]);
        assert!(far.is_finite() && far > 1e3, "{far}");
        let known = loss(choice, [&[9.0, -3.0], &[0.0, 0.0], &[0.0, 1.0]]);
        let other = loss(choice, [&[-9.0, -3.0], &[1.0, 0.0], &[0.0, 1.0]]);
        assert!((known - other).abs() < 1e-6);
    }
}
