//! The loss of a painter, on logits.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::recipe::PainterLossChoice;

/// What keeps the correlation of examples without contrast finite, and of small weight: a variance of levels from 0 to 1.
const LEAST_VARIANCE: f64 = 1e-4;
/// What keeps the mean over no pixels finite.
const LEAST_WEIGHT: f64 = 1e-6;

impl PainterLossChoice {
    /// Computes the loss `[1]` of logits, true levels from 0 to 1 and weights, all `[batch, outputs, height, width]`: the weighted
    /// mean of the absolute differences, and the mean over examples of one less Pearson's correlation of their pixels.
    pub fn forward(&self, logits: Tensor<4>, targets: Tensor<4>, weights: Tensor<4>) -> Tensor<1> {
        let painted = sigmoid(logits);
        let differences = (painted.clone() - targets.clone()).abs() * weights.clone();
        let difference = differences.sum() / (weights.clone().sum() + LEAST_WEIGHT);
        let difference = difference * f64::from(self.absolute);
        if self.correlation == 0.0 {
            return difference;
        }
        let sum = |map: Tensor<4>| map.sum_dim(3).sum_dim(2).sum_dim(1);
        let whole = sum(weights.clone()) + LEAST_WEIGHT;
        // The mean of each example, [batch, 1, 1, 1].
        let mean = |map: Tensor<4>| sum(map * weights.clone()) / whole.clone();
        let centred = |map: Tensor<4>| map.clone() - mean(map);
        let (painted, targets) = (centred(painted), centred(targets));
        let deviation = |map: Tensor<4>| (mean(map.clone() * map) + LEAST_VARIANCE).sqrt();
        let covariance = mean(painted.clone() * targets.clone());
        let correlation = covariance / (deviation(painted) * deviation(targets));
        difference + (-correlation.mean() + 1.0) * f64::from(self.correlation)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::painter::likeness::pearson;

    fn map(examples: usize, values: &[f32]) -> Tensor<4> {
        let shape = [examples, 1, 1, values.len() / examples];
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
    }

    fn loss(choice: PainterLossChoice, examples: usize, maps: [&[f32]; 3]) -> f64 {
        let [logits, targets, weights] = maps.map(|values| map(examples, values));
        let loss = choice.forward(logits, targets, weights).into_data();
        f64::from(loss.try_into_vec::<f32>().expect("a number")[0])
    }

    const BOTH: PainterLossChoice = PainterLossChoice {
        absolute: 2.0,
        correlation: 0.5,
    };

    #[test]
    fn the_loss_is_that_of_its_definition() {
        let logits = [2.0_f32, -1.0, 0.5, 3.0, -2.0, 0.0, 1.0, 9.0];
        let targets = [1.0_f32, 0.0, 0.75, 0.5, 0.0, 0.5, 0.25, 0.0];
        let weights = [1.0_f32, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0];
        let painted = logits.map(|x| 1.0 / (1.0 + (-x).exp()));
        let pixels = || painted.iter().zip(&targets).take(7);
        let difference = pixels().map(|(a, b)| f64::from((a - b).abs()));
        let difference = difference.sum::<f64>() / 7.0;
        let choice = PainterLossChoice {
            correlation: 0.0,
            ..BOTH
        };
        let found = loss(choice, 2, [&logits, &targets, &weights]);
        assert!((found - 2.0 * difference).abs() < 1e-5, "{found}");
        // The last pixel of the second example weighs nothing.
        let correlations = [
            pearson(&painted[..4], &targets[..4]),
            pearson(&painted[4..7], &targets[4..7]),
        ];
        let correlation = correlations.map(|it| it.expect("contrast"));
        let correlation = correlation.iter().sum::<f64>() / 2.0;
        let expected = 2.0 * difference + 0.5 * (1.0 - correlation);
        let found = loss(BOTH, 2, [&logits, &targets, &weights]);
        // The least variance is a thousandth of these.
        assert!((found - expected).abs() < 2e-3, "{found}, not {expected}");
    }

    #[test]
    fn what_has_no_contrast_gives_a_finite_loss() {
        for (logits, targets, weights) in [
            ([1e4_f32, -1e4], [0.0_f32, 1.0], [1.0_f32, 1.0]),
            ([0.5, 0.5], [0.25, 0.25], [1.0, 1.0]),
            ([0.5, -0.5], [0.0, 0.0], [0.0, 0.0]),
        ] {
            let found = loss(BOTH, 1, [&logits, &targets, &weights]);
            assert!(found.is_finite(), "{found}");
        }
    }
}
