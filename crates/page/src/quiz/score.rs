//! How well labels were told, a person's and a model's by the same rule.
//!
//! F1 is `2 hits / (2 hits + wrong + missed)`. The definitions are those of the trainer's reports, which
//! the page cannot name: of a class that is neither there nor said it is 0, and the macro F1 is the
//! mean over the classes that occur in the truth.

use cytolens_core::labels::{COUNT, LabelSet};

/// What is there, and what somebody said.
pub(super) type Told = (LabelSet, LabelSet);

/// Decisions that were right, wrong, and left out.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hits: usize,
    wrong: usize,
    missed: usize,
}

impl Counts {
    fn f1(self) -> f64 {
        let all = 2 * self.hits + self.wrong + self.missed;
        if all == 0 {
            0.0
        } else {
            2.0 * self.hits as f64 / all as f64
        }
    }

    fn add(&mut self, (truth, said): Told, class: usize) {
        match (truth.contains(class), said.contains(class)) {
            (true, true) => self.hits += 1,
            (false, true) => self.wrong += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }
}

/// The scores of a round.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scores {
    /// The mean F1 of the classes that occur in the truth.
    pub(super) macro_f1: f64,
    /// F1 of all decisions together.
    pub(super) micro_f1: f64,
    /// How many fields were told exactly.
    pub(super) exact: usize,
    /// F1 of each class that occurs in the truth or was said, by class number, rising.
    pub(super) classes: Vec<(usize, f64)>,
}

/// F1 of one field's labels; 1 where none is there and none was said, since nothing is wrong then.
pub(super) fn field_f1(told: Told) -> f64 {
    if told == Told::default() {
        return 1.0;
    }
    count(&[told], 0..COUNT).f1()
}

/// The scores of a round; all 0 of an empty one.
pub(super) fn score(round: &[Told]) -> Scores {
    let (mut classes, mut sum, mut occurring) = (Vec::new(), 0.0, 0_usize);
    for class in 0..COUNT {
        let counts = count(round, class..class + 1);
        let positives = counts.hits + counts.missed;
        if positives + counts.wrong > 0 {
            classes.push((class, counts.f1()));
        }
        if positives > 0 {
            sum += counts.f1();
            occurring += 1;
        }
    }
    Scores {
        macro_f1: sum / occurring.max(1) as f64,
        micro_f1: count(round, 0..COUNT).f1(),
        exact: round.iter().filter(|(truth, said)| truth == said).count(),
        classes,
    }
}

/// The lowest and the highest macro F1 that leaving out any one field gives: how much it hangs on
/// single fields. None of fewer than three fields.
pub(super) fn without_one(round: &[Told]) -> Option<(f64, f64)> {
    if round.len() < 3 {
        return None;
    }
    let mut rest = round.to_vec();
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    for at in 0..round.len() {
        let left = rest.swap_remove(at);
        let score = score(&rest).macro_f1;
        lowest = lowest.min(score);
        highest = highest.max(score);
        // Back to the same place: the order does not matter to scores, but to the next one left out.
        rest.push(left);
        let last = rest.len() - 1;
        rest.swap(at, last);
    }
    Some((lowest, highest))
}

fn count(round: &[Told], classes: std::ops::Range<usize>) -> Counts {
    let mut counts = Counts::default();
    for class in classes {
        for told in round {
            counts.add(*told, class);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(truth: &str, said: &str) -> Told {
        let read = |text: &str| text.parse().expect("labels");
        (read(truth), read(said))
    }

    #[test]
    fn a_field_is_scored_by_its_labels() {
        assert_eq!(field_f1(told("2 25", "2 25")), 1.0);
        assert_eq!(field_f1(told("2 25", "2")), 2.0 / 3.0);
        assert_eq!(field_f1(told("2", "2 25 7")), 0.5);
        assert_eq!(field_f1(told("2", "7")), 0.0);
        assert_eq!(field_f1(told("2", "")), 0.0);
        assert_eq!(field_f1(told("", "7")), 0.0);
        assert_eq!(field_f1(told("", "")), 1.0);
    }

    #[test]
    fn a_round_is_scored_by_class_and_over_all() {
        // Class 0: two hits, one wrong: 0.8. Class 1: one missed: 0. Class 2: one hit: 1. Class 3 is
        // said and never there: it has no part in the macro F1.
        let round = [
            told("0", "0"),
            told("0 1", "0 3"),
            told("2", "0 2"),
            told("", ""),
        ];
        let scores = score(&round);
        assert_eq!(scores.classes, [(0, 0.8), (1, 0.0), (2, 1.0), (3, 0.0)]);
        assert!((scores.macro_f1 - 0.6).abs() < 1e-12);
        // Three hits, two wrong, one missed.
        assert!((scores.micro_f1 - 6.0 / 9.0).abs() < 1e-12);
        assert_eq!(scores.exact, 2);
    }

    #[test]
    fn an_empty_round_scores_nothing() {
        let scores = score(&[]);
        assert_eq!(
            (scores.macro_f1, scores.micro_f1, scores.exact),
            (0.0, 0.0, 0)
        );
        assert!(scores.classes.is_empty());
    }

    #[test]
    fn single_fields_move_a_small_round() {
        let round = [told("0", "0"), told("1", "1"), told("2", "")];
        // Without the miss all is right; without a hit, half is.
        assert_eq!(without_one(&round), Some((0.5, 1.0)));
        assert_eq!(without_one(&round[..2]), None);
        let even = [told("0", "0"), told("0", "0"), told("0", "0")];
        assert_eq!(without_one(&even), Some((1.0, 1.0)));
    }
}
