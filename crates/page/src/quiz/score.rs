//! The scores of a round, a person's and a model's by the same rules: those of [`cytolens_core::scores`].

use cytolens_core::labels::LabelSet;
use cytolens_core::scores;

/// One field's true labels and the labels that somebody gave it.
pub(super) type ScoredField = (LabelSet, LabelSet);

/// The scores of a round.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RoundScores {
    /// The mean F1 of the classes that occur in the truth.
    pub(super) macro_f1: f64,
    /// F1 of all decisions together.
    pub(super) micro_f1: f64,
    /// The number of fields whose labels are exactly the true ones.
    pub(super) exact: usize,
    /// F1 of each class that occurs in the truth or was given, by class number, ascending.
    pub(super) classes: Vec<(usize, f64)>,
}

/// F1 of one field's labels; 1 where there is none and none was given, since nothing is wrong then.
pub(super) fn field_f1((truth, given): ScoredField) -> f64 {
    if truth.is_empty() && given.is_empty() {
        return 1.0;
    }
    scores::score(&[truth], &[given]).micro_f1
}

/// The scores of a round; all 0 of an empty one.
pub(super) fn score(round: &[ScoredField]) -> RoundScores {
    let (truth, given): (Vec<LabelSet>, Vec<LabelSet>) = round.iter().copied().unzip();
    let all = scores::score(&truth, &given);
    let classes = scores::score_classes(&truth, &given);
    let classes = classes.iter().enumerate();
    RoundScores {
        macro_f1: all.macro_f1_present,
        micro_f1: all.micro_f1,
        exact: round.iter().filter(|(truth, given)| truth == given).count(),
        classes: classes
            .filter(|(_, class)| class.positives + class.predicted > 0)
            .map(|(number, class)| (number, class.f1))
            .collect(),
    }
}

/// The lowest and the highest macro F1 that leaving out any one field gives, which shows how much it
/// depends on single fields. None of fewer than three fields.
pub(super) fn without_one(round: &[ScoredField]) -> Option<(f64, f64)> {
    if round.len() < 3 {
        return None;
    }
    let without = |at: usize| {
        let mut rest = round.to_vec();
        rest.remove(at);
        score(&rest).macro_f1
    };
    let scores = (0..round.len()).map(without);
    Some(
        scores.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), score| {
            (low.min(score), high.max(score))
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(truth: &str, given: &str) -> ScoredField {
        let read = |text: &str| text.parse().expect("labels");
        (read(truth), read(given))
    }

    #[test]
    fn a_field_is_scored_by_its_labels() {
        assert_eq!(field_f1(scored("2 25", "2 25")), 1.0);
        assert_eq!(field_f1(scored("2 25", "2")), 2.0 / 3.0);
        assert_eq!(field_f1(scored("2", "2 25 7")), 0.5);
        assert_eq!(field_f1(scored("2", "7")), 0.0);
        assert_eq!(field_f1(scored("2", "")), 0.0);
        assert_eq!(field_f1(scored("", "7")), 0.0);
        assert_eq!(field_f1(scored("", "")), 1.0);
    }

    #[test]
    fn a_round_is_scored_by_class_and_over_all() {
        // Class 0: two hits, one wrong: 0.8. Class 1: one missed: 0. Class 2: one hit: 1. Class 3 is
        // given and never there: it has no part in the macro F1.
        let round = [
            scored("0", "0"),
            scored("0 1", "0 3"),
            scored("2", "0 2"),
            scored("", ""),
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
        let round = [scored("0", "0"), scored("1", "1"), scored("2", "")];
        // Without the miss all is right; without a hit, half is.
        assert_eq!(without_one(&round), Some((0.5, 1.0)));
        assert_eq!(without_one(&round[..2]), None);
        let even = [scored("0", "0"), scored("0", "0"), scored("0", "0")];
        assert_eq!(without_one(&even), Some((1.0, 1.0)));
    }
}
