//! The metric terms themselves, on pooled features and groups.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

/// The least square of a length, or of a sine, which keeps the slope of its root finite.
const LEAST: f32 = 1e-6;
/// What is added to the logit of a sample that is none of the others: nothing is left of it in a softmax.
const BARRED: f32 = -1e9;

/// The mean over a batch of the supervised contrastive loss `[1]` (Khosla et al. 2020, their L_out) of pooled features
/// `[batch, features]`.
///
/// A sample is held against all others that have a group; one that is the only one of its group in the batch, or has none, counts
/// as 0.
pub fn contrastive(pooled: Tensor<2>, groups: &[Option<usize>], temperature: f32) -> Tensor<1> {
    let count = groups.len();
    let mut barrier = vec![BARRED; count * count];
    let mut weights = vec![0.0; count * count];
    for (one, own) in groups.iter().enumerate().filter(|(_, own)| own.is_some()) {
        let others = || {
            let all = groups.iter().enumerate();
            all.filter(move |&(other, _)| other != one)
        };
        let alike = others().filter(|(_, group)| *group == own).count();
        for (other, group) in others().filter(|(_, group)| group.is_some()) {
            barrier[one * count + other] = 0.0;
            if group == own {
                weights[one * count + other] = 1.0 / (alike * count) as f32;
            }
        }
    }
    let device = pooled.device();
    let directions = directions(pooled);
    let cosines = directions.clone().matmul(directions.transpose());
    let logits = cosines / temperature + matrix(barrier, [count, count], &device);
    weighted_loss(logits, matrix(weights, [count, count], &device))
}

/// The mean over a batch of the loss with an additive angular margin `[1]` (ArcFace, Deng et al. 2019) of pooled features
/// `[batch, features]` and the centres of the groups `[groups, features]`. A sample without a group counts as 0.
pub fn arcface(
    pooled: Tensor<2>,
    centres: Tensor<2>,
    groups: &[Option<usize>],
    scale: f32,
    margin: f32,
) -> Tensor<1> {
    let (batch, [count, _]) = (groups.len(), centres.dims());
    let mut own = vec![0.0; batch * count];
    for (sample, group) in groups.iter().enumerate() {
        if let Some(group) = group {
            own[sample * count + group] = 1.0;
        }
    }
    let own = matrix(own, [batch, count], &pooled.device());
    let cosines = directions(pooled).matmul(directions(centres).transpose());
    let widened = widened(cosines.clone(), margin);
    let logits = (cosines.clone() + own.clone() * (widened - cosines)) * scale;
    weighted_loss(logits, own / batch as f32)
}

/// The cosines of angles after a margin is added to these.
fn widened(cosines: Tensor<2>, margin: f32) -> Tensor<2> {
    let sines = (-cosines.clone().square() + 1.0).clamp_min(LEAST).sqrt();
    let widened = cosines.clone() * margin.cos() - sines * margin.sin();
    // Beyond half a turn the cosine rises again: there it is a straight line, as in the authors' code.
    let beyond = cosines.clone().lower_elem(-margin.cos());
    widened.mask_where(beyond, cosines - margin * margin.sin())
}

/// The direction of each row, a vector of length 1; of zeros, zeros.
fn directions(rows: Tensor<2>) -> Tensor<2> {
    let lengths = rows.clone().square().sum_dim(1).clamp_min(LEAST).sqrt();
    rows / lengths
}

/// The sum of the negative logarithms of the softmax of each row, weighted.
fn weighted_loss(logits: Tensor<2>, weights: Tensor<2>) -> Tensor<1> {
    -(log_softmax(logits, 1) * weights).sum()
}

fn matrix(values: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [Option<usize>; 6] = [Some(0), Some(1), Some(0), None, Some(2), Some(0)];
    const FEATURES: usize = 3;

    /// Numbers of no pattern from 0 to 1.
    fn numbers(count: usize, start: usize) -> Vec<f64> {
        let number = |at: usize| ((at + start) as f64 * 12.9898).sin().abs();
        (0..count).map(number).collect()
    }

    fn cosine(one: &[f64], other: &[f64]) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
    }

    /// Khosla's formula, sample by sample.
    fn naive_contrastive(pooled: &[f64], temperature: f64) -> f64 {
        let rows: Vec<&[f64]> = pooled.chunks(FEATURES).collect();
        let power = |one: usize, other: usize| (cosine(rows[one], rows[other]) / temperature).exp();
        let mut sum = 0.0;
        for (one, group) in GROUPS.iter().enumerate() {
            let others = (0..rows.len()).filter(|&it| it != one && GROUPS[it].is_some());
            let others: Vec<usize> = others.collect();
            let alike: Vec<usize> = others
                .iter()
                .copied()
                .filter(|&it| GROUPS[it] == *group)
                .collect();
            let all: f64 = others.iter().map(|&it| power(one, it)).sum();
            let losses = alike.iter().map(|&it| -(power(one, it) / all).ln());
            sum += losses.sum::<f64>() / alike.len().max(1) as f64;
        }
        sum / rows.len() as f64
    }

    /// Deng's formula, sample by sample, of features and then centres.
    fn naive_arcface(numbers: &[f64], scale: f64, margin: f64) -> f64 {
        let (pooled, centres) = numbers.split_at(GROUPS.len() * FEATURES);
        let mut sum = 0.0;
        for (row, group) in pooled.chunks(FEATURES).zip(GROUPS) {
            let Some(group) = group else { continue };
            let logits = centres.chunks(FEATURES).enumerate().map(|(at, centre)| {
                let angle = cosine(row, centre).acos();
                let angle = if at == group { angle + margin } else { angle };
                (scale * angle.cos()).exp()
            });
            let logits: Vec<f64> = logits.collect();
            sum -= (logits[group] / logits.iter().sum::<f64>()).ln();
        }
        sum / GROUPS.len() as f64
    }

    fn tensor(values: &[f64]) -> Tensor<2> {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let shape = [values.len() / FEATURES, FEATURES];
        matrix(values, shape, &Device::flex().autodiff()).require_grad()
    }

    /// The gradients of a loss by some tensors, one behind the other.
    fn gradient<const N: usize>(loss: &Tensor<1>, by: [&Tensor<2>; N]) -> Vec<f32> {
        let gradients = loss.backward();
        let numbers = by.map(|tensor| {
            let gradient = tensor.grad(&gradients).expect("a gradient");
            gradient.try_into_vec_as::<f32>().expect("numbers")
        });
        numbers.concat()
    }

    /// Checks a loss and its gradient against a formula and its differences.
    fn check(loss: &Tensor<1>, found: &[f32], at: &[f64], formula: impl Fn(&[f64]) -> f64) {
        const STEP: f64 = 1e-5;
        let value = f64::from(loss.clone().into_scalar::<f32>());
        let expected = formula(at);
        assert!((value - expected).abs() < 1e-4, "{value}, not {expected}");
        assert_eq!(found.len(), at.len());
        let largest = found.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
        assert!(largest > 0.01, "something to learn");
        for (place, found) in found.iter().enumerate() {
            let moved = |by: f64| {
                let mut moved = at.to_vec();
                moved[place] += by;
                formula(&moved)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            assert!(
                (f64::from(*found) - slope).abs() < 1e-3,
                "{place}: {found}, not {slope}"
            );
        }
    }

    #[test]
    fn the_contrastive_loss_and_its_gradient_are_the_formulas() {
        for temperature in [0.1, 1.0] {
            let numbers = numbers(GROUPS.len() * FEATURES, 1);
            let pooled = tensor(&numbers);
            let loss = contrastive(pooled.clone(), &GROUPS, temperature);
            let found = gradient(&loss, [&pooled]);
            check(&loss, &found, &numbers, |at| {
                naive_contrastive(at, f64::from(temperature))
            });
        }
    }

    #[test]
    fn the_angular_margin_and_its_gradient_are_the_formulas() {
        for (scale, margin) in [(8.0, 0.0), (8.0, 0.5), (2.0, 1.2)] {
            let pooled_numbers = numbers(GROUPS.len() * FEATURES, 1);
            let centre_numbers = numbers(3 * FEATURES, 40);
            let (pooled, centres) = (tensor(&pooled_numbers), tensor(&centre_numbers));
            let loss = arcface(pooled.clone(), centres.clone(), &GROUPS, scale, margin);
            let found = gradient(&loss, [&pooled, &centres]);
            let at = [pooled_numbers, centre_numbers].concat();
            check(&loss, &found, &at, |at| {
                naive_arcface(at, f64::from(scale), f64::from(margin))
            });
        }
    }

    /// Worked out on paper: cosines of 0.6 and 0.8; with the margin the first is 0.6 cos 0.5 - 0.8 sin 0.5 = 0.143009, and the
    /// loss at the scale 4 is ln(1 + exp(4 (0.8 - 0.143009))) = 2.697700.
    #[test]
    fn the_angular_margin_is_that_of_the_paper() {
        let device = Device::flex();
        let pooled = matrix(vec![3.0, 4.0], [1, 2], &device);
        let centres = matrix(vec![1.0, 0.0, 0.0, 2.0], [2, 2], &device);
        let loss = arcface(pooled, centres, &[Some(0)], 4.0, 0.5).into_scalar::<f32>();
        assert!((loss - 2.697_7).abs() < 1e-5, "{loss}");
        // Opposite to its centre: a straight line, -1 - 0.5 sin 0.5, and not the cosine of more than half a turn.
        let beyond = widened(matrix(vec![-1.0], [1, 1], &device), 0.5).into_scalar::<f32>();
        assert!((beyond + 1.239_713).abs() < 1e-5, "{beyond}");
    }

    /// Samples without groups or others of theirs, and dark fields, whose features are all 0.
    #[test]
    fn where_nothing_is_alike_the_terms_are_0_or_finite() {
        let pooled = || tensor(&numbers(2 * FEATURES, 1));
        let centres = || tensor(&numbers(2 * FEATURES, 9));
        for groups in [[None, None], [Some(0), None], [Some(0), Some(1)]] {
            let pooled = pooled();
            let loss = contrastive(pooled.clone(), &groups, 0.05);
            assert_eq!(loss.clone().into_scalar::<f32>(), 0.0);
            assert!(gradient(&loss, [&pooled]).iter().all(|it| *it == 0.0));
        }
        let loss = arcface(pooled(), centres(), &[None, None], 30.0, 0.5);
        assert_eq!(loss.into_scalar::<f32>(), 0.0);
        let [alike, margin] = [0, 1].map(|_| tensor(&[0.0; 2 * FEATURES]));
        for (dark, loss) in [
            (
                &alike,
                contrastive(alike.clone(), &[Some(0), Some(0)], 0.05),
            ),
            (
                &margin,
                arcface(margin.clone(), centres(), &[Some(0), Some(1)], 30.0, 0.5),
            ),
        ] {
            assert!(loss.clone().into_scalar::<f32>().is_finite());
            assert!(gradient(&loss, [dark]).iter().all(|it| it.is_finite()));
        }
    }
}
