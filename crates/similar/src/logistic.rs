//! Logistic regression on feature vectors: a linear head for a label that a field has or has not, whatever others it has.
//!
//! The loss has one minimum, so that nothing is drawn. The way there is L-BFGS (Nocedal and Wright, Numerical Optimization, 7.2).

use std::collections::VecDeque;
use std::ops::Range;

use crate::linear::{add_scaled, dot};

/// The steps after which a head is taken as it is; most need some fifty.
const STEPS: usize = 300;
/// The last steps that the curvature is told by.
const REMEMBERED: usize = 10;
/// The length of the gradient at which the minimum is reached.
const SETTLED: f32 = 1e-4;
/// The halvings of a step after which rounding alone keeps the loss from falling.
const HALVINGS: usize = 30;
/// The least fall of the loss by a step, as a part of what the slope promises.
const LEAST_FALL: f64 = 1e-4;
/// The deviation of a feature, beside its size, up to which it counts as the same for every field: in deviations, the rounding of
/// one device or another would be large.
const SAME: f64 = 0.01;

/// A scale for feature vectors: every feature less its mean, in deviations.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    mean: Vec<f32>,
    /// One over the deviation; 0 for a feature that is all but the same for all.
    factor: Vec<f32>,
}

impl Standard {
    /// The scale of vectors of one length.
    pub fn of(rows: &[Vec<f32>]) -> Self {
        let length = rows.first().map_or(0, Vec::len);
        let count = rows.len() as f64;
        let means = |value: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0_f64; length];
            for row in rows {
                for (at, (sum, feature)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += value(at, f64::from(*feature)) / count;
                }
            }
            sums
        };
        let mean = means(&|_, feature| feature);
        let variance = means(&|at, feature| (feature - mean[at]).powi(2));
        let factor = |(mean, variance): (&f64, &f64)| {
            let (deviation, size) = (variance.sqrt(), (variance + mean * mean).sqrt());
            if deviation > SAME * size {
                (1.0 / deviation) as f32
            } else {
                0.0
            }
        };
        Self {
            factor: mean.iter().zip(&variance).map(factor).collect(),
            mean: mean.iter().map(|mean| *mean as f32).collect(),
        }
    }

    /// A vector on the scale.
    pub fn applied(&self, features: &[f32]) -> Vec<f32> {
        let scale = self.mean.iter().zip(&self.factor);
        let features = features.iter().zip(scale);
        features
            .map(|(feature, (mean, factor))| (feature - mean) * factor)
            .collect()
    }

    /// The weights for some of the features as they are, and a constant, which together give what `weights` give for these on the
    /// scale.
    ///
    /// # Panics
    /// If there are fewer weights or features than the range needs.
    pub fn folded(&self, weights: &[f32], range: Range<usize>) -> (Vec<f32>, f32) {
        let mut constant = 0.0_f64;
        let folded = range.map(|at| {
            let weight = weights[at] * self.factor[at];
            constant -= f64::from(weight) * f64::from(self.mean[at]);
            weight
        });
        let folded = folded.collect();
        (folded, constant as f32)
    }
}

/// A linear head for one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// The weight of each feature.
    pub weights: Vec<f32>,
    /// The logit where every feature is 0.
    pub bias: f32,
}

impl Logistic {
    /// The heads of the least loss: the mean negative logarithm of the probability given to what is so, and half the squared length
    /// of the weights times L2. One for each number of `l2`, of which each begins at the one before: the largest belongs first.
    ///
    /// The bias costs nothing, so that the mean probability is the label's frequency. Where all samples have the label, or none,
    /// no feature counts, and the bias is the logit of the frequency with half a sample on the other side.
    pub fn fits(rows: &[Vec<f32>], labels: &[bool], l2: &[f32]) -> Vec<Self> {
        let length = rows.first().map_or(0, Vec::len);
        let positives = labels.iter().filter(|label| **label).count() as f32;
        let negatives = labels.len() as f32 - positives;
        let mut place = vec![0.0; length];
        place.push((positives.max(0.5) / negatives.max(0.5)).ln());
        let fit = |l2: &f32| {
            if positives > 0.0 && negatives > 0.0 {
                let l2 = *l2;
                let loss = Loss { rows, labels, l2 };
                place = loss.least(std::mem::take(&mut place));
            }
            Self {
                weights: place[..length].to_vec(),
                bias: place[length],
            }
        };
        l2.iter().map(fit).collect()
    }

    /// The logit of a vector.
    pub fn logit(&self, features: &[f32]) -> f32 {
        dot(&self.weights, features) + self.bias
    }
}

/// What is to be as small as can be, over the weights with the bias at their end.
#[derive(Debug, Clone, Copy)]
struct Loss<'a> {
    rows: &'a [Vec<f32>],
    labels: &'a [bool],
    l2: f32,
}

/// A step that was taken.
#[derive(Debug)]
struct Step {
    way: Vec<f32>,
    /// The change of the gradient.
    change: Vec<f32>,
    /// The product of both.
    product: f32,
}

impl Loss<'_> {
    /// The loss at a place, and its gradient there.
    fn at(&self, place: &[f32]) -> (f64, Vec<f32>) {
        let (weights, bias) = place.split_at(place.len() - 1);
        let share = 1.0 / self.rows.len() as f32;
        let mut gradient = vec![0.0; place.len()];
        let (of_weights, of_bias) = gradient.split_at_mut(weights.len());
        add_scaled(of_weights, self.l2, weights);
        let mut sum = 0.0;
        for (row, &label) in self.rows.iter().zip(self.labels) {
            let logit = dot(weights, row) + bias[0];
            let against = if label { -logit } else { logit };
            // The logarithm of 1 + e^x, which does not overflow.
            sum += f64::from(against.max(0.0) + (-against.abs()).exp().ln_1p());
            let error = 1.0 / (1.0 + (-logit).exp()) - f32::from(u8::from(label));
            add_scaled(of_weights, share * error, row);
            of_bias[0] += share * error;
        }
        let of_length = 0.5 * f64::from(self.l2) * f64::from(dot(weights, weights));
        (sum / self.rows.len() as f64 + of_length, gradient)
    }

    /// The place of the least loss, from another one.
    fn least(&self, mut place: Vec<f32>) -> Vec<f32> {
        let (mut loss, mut gradient) = self.at(&place);
        let mut steps = VecDeque::new();
        for _ in 0..STEPS {
            let steepness = dot(&gradient, &gradient).sqrt();
            if steepness <= SETTLED {
                break;
            }
            let way = downhill(&steps, &gradient);
            let slope = f64::from(dot(&way, &gradient));
            // Nothing is known of the curvature at first.
            let mut length = if steps.is_empty() {
                (1.0 / steepness).min(1.0)
            } else {
                1.0
            };
            let lower = (0..HALVINGS).find_map(|_| {
                let mut next = place.clone();
                add_scaled(&mut next, length, &way);
                let (its_loss, its_gradient) = self.at(&next);
                let fall = LEAST_FALL * f64::from(length) * slope;
                length /= 2.0;
                (its_loss < loss + fall).then_some((next, its_loss, its_gradient))
            });
            let Some((next, its_loss, its_gradient)) = lower else {
                break;
            };
            let (way, change) = (less(&next, &place), less(&its_gradient, &gradient));
            let product = dot(&way, &change);
            if product > 0.0 {
                steps.push_back(Step {
                    way,
                    change,
                    product,
                });
            }
            if steps.len() > REMEMBERED {
                steps.pop_front();
            }
            (place, loss, gradient) = (next, its_loss, its_gradient);
        }
        place
    }
}

/// The way down by the gradient and what the last steps tell of the curvature.
fn downhill(steps: &VecDeque<Step>, gradient: &[f32]) -> Vec<f32> {
    let mut way: Vec<f32> = gradient.iter().map(|value| -value).collect();
    let mut taken = Vec::new();
    for step in steps.iter().rev() {
        let part = dot(&step.way, &way) / step.product;
        add_scaled(&mut way, -part, &step.change);
        taken.push(part);
    }
    if let Some(last) = steps.back() {
        let length = last.product / dot(&last.change, &last.change);
        way.iter_mut().for_each(|value| *value *= length);
    }
    for (step, part) in steps.iter().zip(taken.into_iter().rev()) {
        let back = dot(&step.change, &way) / step.product;
        add_scaled(&mut way, part - back, &step.way);
    }
    way
}

/// The difference of two vectors.
fn less(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURES: usize = 11;

    /// Vectors of which the third feature tells the label of most, and the last is the same for all.
    fn samples(count: usize) -> (Vec<Vec<f32>>, Vec<bool>) {
        let value = |at: usize, feature: usize| {
            ((at * 7919 + feature * 104_729) % 1009) as f32 / 504.5 - 1.0
        };
        let labels: Vec<bool> = (0..count).map(|at| at % 3 == 0).collect();
        let rows = labels.iter().enumerate().map(|(at, label)| {
            let mut row: Vec<f32> = (0..FEATURES).map(|feature| value(at, feature)).collect();
            row[2] += if *label { 1.5 } else { 0.0 };
            row[FEATURES - 1] = 0.3;
            row
        });
        (rows.collect(), labels)
    }

    fn probability(logit: f32) -> f32 {
        1.0 / (1.0 + (-logit).exp())
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let (rows, labels) = samples(30);
        let loss = Loss {
            rows: &rows,
            labels: &labels,
            l2: 0.3,
        };
        let place: Vec<f32> = (0..=FEATURES).map(|at| at as f32 / 10.0 - 0.5).collect();
        let (_, gradient) = loss.at(&place);
        for at in 0..=FEATURES {
            let moved = |by: f32| {
                let mut place = place.clone();
                place[at] += by;
                loss.at(&place).0
            };
            let expected = (moved(0.01) - moved(-0.01)) / 0.02;
            let found = f64::from(gradient[at]);
            assert!((found - expected).abs() < 1e-3, "{at}: {found}, {expected}");
        }
    }

    #[test]
    fn a_head_is_where_the_loss_is_least_and_tells_the_label() {
        let (rows, labels) = samples(120);
        let l2 = [1.0, 0.01];
        let heads = Logistic::fits(&rows, &labels, &l2);
        for (head, l2) in heads.iter().zip(l2) {
            let loss = Loss {
                rows: &rows,
                labels: &labels,
                l2,
            };
            let mut place = head.weights.clone();
            place.push(head.bias);
            let (_, gradient) = loss.at(&place);
            assert!(dot(&gradient, &gradient).sqrt() < 1e-3, "{gradient:?}");
            // The bias costs nothing.
            let mean = rows
                .iter()
                .map(|row| probability(head.logit(row)))
                .sum::<f32>()
                / 120.0;
            assert!((mean - 1.0 / 3.0).abs() < 1e-3, "{mean}");
        }
        let length = |head: &Logistic| dot(&head.weights, &head.weights);
        assert!(length(&heads[1]) > 2.0 * length(&heads[0]));
        let right = rows.iter().zip(&labels);
        let right = right.filter(|(row, label)| (heads[1].logit(row) > 0.0) == **label);
        assert!(right.count() > 100);
        assert_eq!(
            Logistic::fits(&rows, &labels, &l2),
            heads,
            "nothing is drawn"
        );
    }

    #[test]
    fn features_that_tell_nothing_leave_the_frequency() {
        let rows = vec![vec![0.0; 3]; 10];
        let of = |positives: usize| {
            let labels: Vec<bool> = (0..10).map(|at| at < positives).collect();
            Logistic::fits(&rows, &labels, &[0.1]).remove(0)
        };
        for (positives, frequency) in [(3, 0.3), (0, 0.5 / 10.5), (10, 10.0 / 10.5)] {
            let head = of(positives);
            assert_eq!(head.weights, [0.0; 3]);
            let found = probability(head.bias);
            assert!((found - frequency).abs() < 1e-3, "{positives}: {found}");
        }
    }

    #[test]
    fn a_scale_is_folded_into_the_weights() {
        let (rows, _) = samples(40);
        let standard = Standard::of(&rows);
        let scaled: Vec<Vec<f32>> = rows.iter().map(|row| standard.applied(row)).collect();
        for at in 0..FEATURES {
            let squares = scaled.iter().map(|row| row[at] * row[at]).sum::<f32>() / 40.0;
            let expected = if at == FEATURES - 1 { 0.0 } else { 1.0 };
            assert!((squares - expected).abs() < 1e-4, "{at}: {squares}");
        }
        let weights: Vec<f32> = (0..FEATURES).map(|at| at as f32 - 4.0).collect();
        let parts =
            [0..4, 4..FEATURES].map(|range| (range.clone(), standard.folded(&weights, range)));
        for (row, scaled) in rows.iter().zip(&scaled) {
            let found = parts
                .iter()
                .map(|(range, (weights, constant))| dot(weights, &row[range.clone()]) + constant);
            let (found, expected) = (found.sum::<f32>(), dot(&weights, scaled));
            assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
        }
        assert_eq!(parts[1].1.0.last(), Some(&0.0), "what is the same for all");
    }
}
