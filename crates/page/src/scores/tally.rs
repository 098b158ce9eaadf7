//! The scores of the model's answers against a table of labels.

use cytolens_core::confusion::{Confusion, Pair};
use cytolens_core::labels::LabelSet;
use cytolens_core::scores::{ClassScores, Scores, score, score_classes};

/// The least distance of a probability from 0 and 1 in the loss, since the logarithm of 0 is not finite.
const LEAST: f64 = 1e-7;

/// An answered field that the table labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    /// The page's number for it.
    pub(super) field: u32,
    /// Its id.
    pub(super) id: String,
    /// The labels of the table.
    pub(super) truth: LabelSet,
    /// The labels of the answer.
    pub(super) given: LabelSet,
    /// The probabilities, one a class.
    pub(super) probabilities: Vec<f32>,
}

/// All scores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tally {
    /// Those of all classes together.
    pub(crate) all: Scores,
    /// The classes that occur in the truth or were given.
    pub(super) classes: Vec<(usize, ClassScores)>,
    /// The labels given in place of others, the most frequent first.
    pub(super) pairs: Vec<Pair>,
    /// The places of the fields with wrong labels, the highest loss first.
    pub(super) worst: Vec<usize>,
}

impl Tally {
    /// Scores fields.
    pub(super) fn new(fields: &[Scored]) -> Self {
        let truth: Vec<LabelSet> = fields.iter().map(|it| it.truth).collect();
        let given: Vec<LabelSet> = fields.iter().map(|it| it.given).collect();
        let classes = score_classes(&truth, &given).into_iter().enumerate();
        let mut worst: Vec<(usize, f64)> = fields
            .iter()
            .enumerate()
            .filter(|(_, it)| it.truth != it.given)
            .map(|(at, it)| (at, loss(it)))
            .collect();
        worst.sort_by(|a, b| b.1.total_cmp(&a.1));
        Self {
            all: score(&truth, &given),
            classes: classes
                .filter(|(_, class)| class.positives + class.predicted > 0)
                .collect(),
            pairs: Confusion::new(&truth, &given).pairs(),
            worst: worst.into_iter().map(|(at, _)| at).collect(),
        }
    }
}

/// The mean binary cross-entropy of a field's decisions, in nats.
fn loss(field: &Scored) -> f64 {
    let of_class = |(class, &probability): (usize, &f32)| {
        let probability = f64::from(probability);
        let of_truth = if field.truth.contains(class) {
            probability
        } else {
            1.0 - probability
        };
        -of_truth.clamp(LEAST, 1.0).ln()
    };
    let sum: f64 = field.probabilities.iter().enumerate().map(of_class).sum();
    sum / field.probabilities.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(field: u32, truth: &str, given: &str, first: f32) -> Scored {
        let mut probabilities = vec![0.1; 28];
        probabilities[0] = first;
        Scored {
            field,
            id: field.to_string(),
            truth: truth.parse().expect("labels"),
            given: given.parse().expect("labels"),
            probabilities,
        }
    }

    #[test]
    fn mistakes_come_by_their_loss_and_pairs_by_their_number() {
        let fields = [
            scored(0, "0", "0", 0.9),
            scored(1, "0", "2", 0.4),
            scored(2, "0", "2", 0.01),
            scored(3, "5", "", 0.1),
        ];
        let tally = Tally::new(&fields);
        assert_eq!(tally.all.samples, 4);
        assert!((tally.all.micro_f1 - 2.0 / 7.0).abs() < 1e-12);
        assert_eq!(tally.worst, [2, 3, 1]);
        let pairs: Vec<_> = tally
            .pairs
            .iter()
            .map(|it| (it.missed, it.given, it.samples))
            .collect();
        assert_eq!(pairs, [(0, 2, 2)]);
        let classes: Vec<usize> = tally.classes.iter().map(|(class, _)| *class).collect();
        assert_eq!(classes, [0, 2, 5]);
        let first = tally.classes[0].1;
        assert_eq!((first.precision, first.positives), (1.0, 3));
        assert_eq!(Tally::new(&[]).all.samples, 0);
    }
}
