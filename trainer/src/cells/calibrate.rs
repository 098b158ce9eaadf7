//! The calibration of answers for single cells, fitted to fields whose cells' labels are known.
//!
//! What is fitted is how probable a cell shows a label that its field shows. How probable the field shows it is the classifier's own
//! business, whose probabilities are for other frequencies of labels than those of most drawn sets.

use std::array;
use std::fmt::Write;

use cytolens_cells::Calibration;
use cytolens_report::calibration::{expected_error, reliability};

use super::labelled::{AnsweredField, Decision, LabelScores, shown};

/// The strength of the pull towards the identity, which decides only where decisions are few.
const PULL: f64 = 1.0;

/// The most steps of Newton's method, which needs some ten.
const MOST_STEPS: usize = 100;

/// A probability is no nearer to 0 or to 1 where the loss is told, so that it stays finite.
const LEAST_PROBABILITY: f64 = 1e-7;

/// Offset, weight of small shares and weight of large ones.
type Weights = [f64; 3];

/// The weights of [`Calibration::IDENTITY`].
const IDENTITY: Weights = [0.0, 1.0, 1.0];

/// What the weights are of, and what is true.
struct Example {
    features: [f64; 3],
    is_true: bool,
}

impl Example {
    fn log_odds(&self, weights: &Weights) -> f64 {
        let both = self.features.iter().zip(weights);
        both.map(|(feature, weight)| feature * weight).sum()
    }
}

/// Fits a calibration to the decisions about labels that their fields show: the one of the least log loss whose weights are not
/// below 0, to three decimals.
pub fn fit(decisions: &[Decision]) -> Calibration {
    let examples: Vec<Example> = decisions
        .iter()
        .filter(|decision| decision.in_field)
        .map(|decision| {
            let [low, high] = Calibration::features(decision.share).map(f64::from);
            Example {
                features: [1.0, low, high],
                is_true: decision.is_true,
            }
        })
        .collect();
    let mut free = [true; 3];
    loop {
        let weights = minimum(&examples, free);
        // A weight below 0 would turn the order of cells round.
        match (1..3_usize).find(|place| weights[*place] < 0.0) {
            Some(place) => free[place] = false,
            None => {
                let [offset, low, high] =
                    weights.map(|weight| ((weight * 1e3).round() / 1e3) as f32);
                return Calibration { offset, low, high };
            }
        }
    }
}

/// The weights of the least cost by Newton's method; those that are not free are 0.
fn minimum(examples: &[Example], free: [bool; 3]) -> Weights {
    let mut weights: Weights =
        array::from_fn(|place| if free[place] { IDENTITY[place] } else { 0.0 });
    let mut least = cost(examples, &weights);
    for _ in 0..MOST_STEPS {
        let step = step(examples, &weights, free);
        // Far from the minimum a whole step may lead beyond it.
        let lengths = (0..40).map(|halved| 0.5_f64.powi(halved));
        let mut tries = lengths.map(|length| {
            let moved: Weights = array::from_fn(|place| weights[place] - length * step[place]);
            (cost(examples, &moved), moved)
        });
        let Some((cost, moved)) = tries.find(|(cost, _)| *cost < least) else {
            break;
        };
        let gain = least - cost;
        (weights, least) = (moved, cost);
        if gain < 1e-10 * least {
            break;
        }
    }
    weights
}

/// The sum of the log losses, and the pull.
fn cost(examples: &[Example], weights: &Weights) -> f64 {
    let losses = examples.iter().map(|example| {
        let log_odds = example.log_odds(weights);
        let against = if example.is_true { -log_odds } else { log_odds };
        against.max(0.0) + (-against.abs()).exp().ln_1p()
    });
    let pulls = weights.iter().zip(IDENTITY);
    let pulls = pulls.map(|(weight, identity)| 0.5 * PULL * (weight - identity).powi(2));
    losses.sum::<f64>() + pulls.sum::<f64>()
}

/// Newton's step: the gradient of the cost, divided by its second derivatives.
fn step(examples: &[Example], weights: &Weights, free: [bool; 3]) -> Weights {
    let mut gradient: Weights = array::from_fn(|place| PULL * (weights[place] - IDENTITY[place]));
    let mut curvature: [Weights; 3] =
        array::from_fn(|row| array::from_fn(|column| if row == column { PULL } else { 0.0 }));
    for example in examples {
        let probability = 1.0 / (1.0 + (-example.log_odds(weights)).exp());
        let error = probability - f64::from(u8::from(example.is_true));
        let weight = probability * (1.0 - probability);
        let rows = gradient.iter_mut().zip(&mut curvature);
        for ((gradient, row), feature) in rows.zip(example.features) {
            *gradient += error * feature;
            for (value, other) in row.iter_mut().zip(example.features) {
                *value += weight * feature * other;
            }
        }
    }
    for place in (0..3_usize).filter(|place| !free[*place]) {
        gradient[place] = 0.0;
        curvature[place] = array::from_fn(|column| f64::from(u8::from(column == place)));
    }
    solved(&curvature, gradient)
}

/// The solution of three equations by Cramer's rule.
fn solved(matrix: &[Weights; 3], right: Weights) -> Weights {
    let whole = determinant(matrix);
    array::from_fn(|column| {
        let mut replaced = *matrix;
        for (row, value) in replaced.iter_mut().zip(right) {
            row[column] = value;
        }
        determinant(&replaced) / whole
    })
}

fn determinant([a, b, c]: &[Weights; 3]) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

/// How well probabilities fit what is true.
#[derive(Debug)]
struct Quality {
    /// The mean of the log losses.
    log_loss: f64,
    /// The expected calibration error.
    expected_error: f64,
}

impl Quality {
    /// Of probabilities, and whether each is of something true.
    fn of(decisions: impl Iterator<Item = (f32, bool)>) -> Self {
        let (probabilities, truth): (Vec<f32>, Vec<bool>) = decisions.unzip();
        let losses = probabilities.iter().zip(&truth).map(|(given, is_true)| {
            let given = f64::from(*given).clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
            let of_truth = if *is_true { given } else { 1.0 - given };
            -of_truth.ln()
        });
        let count = truth.len();
        Self {
            log_loss: losses.sum::<f64>() / count.max(1) as f64,
            expected_error: expected_error(&reliability(&truth, &probabilities)),
        }
    }
}

/// Compares answers by their plain shares with those by a calibration, as Markdown.
pub fn comparison(fields: &[AnsweredField], calibration: &Calibration) -> String {
    let decisions: Vec<Decision> = fields.iter().flat_map(AnsweredField::decisions).collect();
    let mut text = String::from(
        "| answers | log loss, labels of the field | calibration error | log loss, all labels | calibration error | mAP | mAP, \
         classes of the challenge |\n|---|---|---|---|---|---|---|\n",
    );
    for (name, calibration) in [
        ("plain", &Calibration::IDENTITY),
        ("calibrated", calibration),
    ] {
        let in_field = decisions.iter().filter(|decision| decision.in_field);
        let in_field = in_field.map(|decision| (calibration.of(decision.share), decision.is_true));
        let all = decisions.iter().map(|decision| {
            let probability = decision.field * calibration.of(decision.share);
            (probability, decision.is_true)
        });
        let [in_field, all] = [Quality::of(in_field), Quality::of(all)];
        let scores = LabelScores::of(fields, calibration);
        _ = writeln!(
            text,
            "| {name} | {:.4} | {:.4} | {:.4} | {:.4} | {} | {} |",
            in_field.log_loss,
            in_field.expected_error,
            all.log_loss,
            all.expected_error,
            shown(scores.mean_average_precision),
            shown(scores.challenge_mean_average_precision),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::labelled::tests::field;
    use super::*;

    /// Decisions whose truth is as frequent as a calibration says, at many shares.
    fn decisions(calibration: &Calibration) -> Vec<Decision> {
        let shares = (1..40_u8).map(|step| f32::from(step) / 40.0);
        let decisions = shares.flat_map(|share| {
            let positive = (400.0 * calibration.of(share)).round() as usize;
            (0..400).map(move |number| Decision {
                field: 1.0,
                share,
                is_true: number < positive,
                in_field: true,
            })
        });
        decisions.collect()
    }

    #[test]
    fn a_calibration_is_found_again() {
        for (offset, low, high) in [(0.0, 1.0, 1.0), (1.5, 0.4, 0.2), (-2.0, 0.3, 1.6)] {
            let expected = Calibration { offset, low, high };
            let found = fit(&decisions(&expected));
            let pairs = [(found.offset, offset), (found.low, low), (found.high, high)];
            for (found, expected) in pairs {
                assert!((found - expected).abs() < 0.1, "{found} {expected}");
            }
        }
    }

    #[test]
    fn order_is_never_turned_round() {
        // The larger the share, the rarer the label.
        let mut turned = decisions(&Calibration::IDENTITY);
        turned
            .iter_mut()
            .for_each(|decision| decision.is_true ^= true);
        let found = fit(&turned);
        assert!(found.low >= 0.0 && found.high >= 0.0, "{found:?}");
    }

    #[test]
    fn nothing_known_changes_nothing() {
        assert_eq!(fit(&[]), Calibration::IDENTITY);
        // Nor does what is known of labels that the field does not show.
        let mut decisions = decisions(&Calibration::IDENTITY);
        for decision in &mut decisions {
            (decision.in_field, decision.is_true) = (false, false);
        }
        assert_eq!(fit(&decisions), Calibration::IDENTITY);
        // One that is always true is no reason to be infinitely sure.
        let one = Decision {
            field: 1.0,
            share: 0.5,
            is_true: true,
            in_field: true,
        };
        assert!(fit(&[one]).of(0.5) < 0.95);
    }

    #[test]
    fn equations_are_solved() {
        let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]];
        let found = solved(&matrix, [7.5, 4.0, 4.5]);
        for (found, expected) in found.into_iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn quality_is_that_of_its_definitions() {
        let found = Quality::of([(0.8, true), (0.8, false)].into_iter());
        let expected = -(0.8_f64.ln() + 0.2_f64.ln()) / 2.0;
        assert!((found.log_loss - expected).abs() < 1e-6, "{found:?}");
        assert!((found.expected_error - 0.3).abs() < 1e-6, "{found:?}");
        let sure = Quality::of([(1.0, false)].into_iter());
        assert!(sure.log_loss.is_finite());
    }

    #[test]
    fn both_answers_stand_in_one_table() {
        let fields = [field(["0", "0", "17", ""], [[1.0, 0.1]; 4])];
        let table = comparison(&fields, &Calibration::SHIPPED);
        let columns: Vec<usize> = table
            .lines()
            .map(|line| line.matches('|').count())
            .collect();
        assert_eq!(columns, [8, 8, 8, 8]);
    }
}
