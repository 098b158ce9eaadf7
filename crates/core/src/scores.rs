//! F1 scores and the choice of thresholds.

use std::fmt;

use super::labels::{COUNT, LabelSet};
use serde::{Deserialize, Serialize};

/// Scores of predicted label sets against true ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The number of samples.
    pub samples: usize,
    /// The mean of the 28 F1 scores; a class without positives and predictions counts 0, as in
    /// scikit-learn.
    pub macro_f1: f64,
    /// The mean F1 over the classes that occur in the truth.
    pub macro_f1_present: f64,
    /// The number of classes that occur in the truth.
    pub classes_present: usize,
    /// F1 of all decisions together.
    pub micro_f1: f64,
    /// The share of samples whose predicted set is the true one.
    pub exact_match: f64,
    /// The mean F1 of classes 0 to 8 alone ([`FIRST`]), over all samples, including those with none of the nine.
    pub first_nine: f64,
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "macro-F1 {:.4} over 28 classes, {:.4} over the {} that occur; micro-F1 {:.4}; exact match {:.4}; {} samples",
            self.macro_f1,
            self.macro_f1_present,
            self.classes_present,
            self.micro_f1,
            self.exact_match,
            self.samples
        )
    }
}

/// The classes of the first-9-labels evaluation.
pub const FIRST: usize = 9;

/// True positives, false positives and false negatives of a class.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hits: usize,
    wrong: usize,
    missed: usize,
}

impl Counts {
    fn f1(self) -> f64 {
        let denominator = 2 * self.hits + self.wrong + self.missed;
        if denominator == 0 {
            0.0
        } else {
            2.0 * self.hits as f64 / denominator as f64
        }
    }

    fn precision(self) -> f64 {
        self.hits as f64 / (self.hits + self.wrong).max(1) as f64
    }

    fn recall(self) -> f64 {
        self.hits as f64 / (self.hits + self.missed).max(1) as f64
    }

    fn add(&mut self, truth: bool, predicted: bool) {
        match (truth, predicted) {
            (true, true) => self.hits += 1,
            (false, true) => self.wrong += 1,
            (true, false) => self.missed += 1,
            (false, false) => {}
        }
    }
}

/// Scores of one class's decisions; each 0 where it would be divided by 0, as in scikit-learn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassScores {
    /// The number of samples with the label.
    pub positives: usize,
    /// The number of samples predicted to have it.
    pub predicted: usize,
    /// The share of the samples predicted to have the label that have it.
    pub precision: f64,
    /// The share of the samples with the label that were predicted to have it.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
}

/// Scores the predicted sets class by class.
pub fn score_classes(truth: &[LabelSet], predicted: &[LabelSet]) -> [ClassScores; COUNT] {
    count(truth, predicted).map(|counts| ClassScores {
        positives: counts.hits + counts.missed,
        predicted: counts.hits + counts.wrong,
        precision: counts.precision(),
        recall: counts.recall(),
        f1: counts.f1(),
    })
}

fn count(truth: &[LabelSet], predicted: &[LabelSet]) -> [Counts; COUNT] {
    let mut classes = [Counts::default(); COUNT];
    for (truth, predicted) in truth.iter().zip(predicted) {
        for (class, counts) in classes.iter_mut().enumerate() {
            counts.add(truth.contains(class), predicted.contains(class));
        }
    }
    classes
}

/// Scores predicted sets against true ones.
pub fn score(truth: &[LabelSet], predicted: &[LabelSet]) -> Scores {
    let classes = count(truth, predicted);
    let all = classes.iter().fold(Counts::default(), |all, class| Counts {
        hits: all.hits + class.hits,
        wrong: all.wrong + class.wrong,
        missed: all.missed + class.missed,
    });
    let present: Vec<f64> = classes
        .iter()
        .filter(|counts| counts.hits + counts.missed > 0)
        .map(|counts| counts.f1())
        .collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    Scores {
        samples: truth.len(),
        macro_f1: mean(&classes.map(Counts::f1)),
        macro_f1_present: mean(&present),
        classes_present: present.len(),
        micro_f1: all.f1(),
        exact_match: truth.iter().zip(predicted).filter(|(a, b)| a == b).count() as f64
            / truth.len().max(1) as f64,
        first_nine: mean(
            &classes[..FIRST]
                .iter()
                .map(|counts| counts.f1())
                .collect::<Vec<_>>(),
        ),
    }
}

/// The set of classes whose probability reaches its threshold.
pub fn decide(probabilities: &[f32; COUNT], thresholds: &[f32; COUNT]) -> LabelSet {
    LabelSet::from_classes((0..COUNT).filter(|&class| probabilities[class] >= thresholds[class]))
        .unwrap_or_default()
}

/// The threshold of highest F1 for each class, on predictions of samples that the model was not trained on.
///
/// A threshold lies half-way between the neighbouring probabilities. A class with fewer than `least` positives keeps `otherwise`:
/// its best threshold would be chance.
pub fn tune_thresholds(
    truth: &[LabelSet],
    probabilities: &[[f32; COUNT]],
    least: usize,
    otherwise: f32,
) -> [f32; COUNT] {
    std::array::from_fn(|class| {
        let mut ranked: Vec<(f32, bool)> = truth
            .iter()
            .zip(probabilities)
            .map(|(set, p)| (p[class], set.contains(class)))
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let positives = ranked.iter().filter(|(_, positive)| *positive).count();
        if positives < least {
            return otherwise;
        }
        let mut best = (0.0, otherwise);
        let mut counts = Counts {
            missed: positives,
            ..Counts::default()
        };
        for (index, &(probability, positive)) in ranked.iter().enumerate() {
            if positive {
                counts.hits += 1;
                counts.missed -= 1;
            } else {
                counts.wrong += 1;
            }
            let below = ranked.get(index + 1).map_or(0.0, |next| next.0);
            if below < probability && counts.f1() > best.0 {
                best = (counts.f1(), (probability + below) / 2.0);
            }
        }
        best.1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranking;

    fn sets(texts: &[&str]) -> Vec<LabelSet> {
        texts
            .iter()
            .map(|text| text.parse().expect("valid labels"))
            .collect()
    }

    /// `sklearn.metrics.f1_score(truth, predicted, average="macro", zero_division=0)` over the 28
    /// columns gives 0.0595238095..., `"micro"` 0.6.
    #[test]
    fn scores_are_scikit_learns() {
        let truth = sets(&["0 1", "0", "25", "2"]);
        let predicted = sets(&["0", "0 25", "25", "3"]);
        let scores = score(&truth, &predicted);
        // Class 0: 1; class 25: 2/3; classes 1, 2, 3: 0.
        assert!((scores.macro_f1 - (1.0 + 2.0 / 3.0) / 28.0).abs() < 1e-12);
        assert!((scores.macro_f1_present - (1.0 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
        assert!((scores.micro_f1 - 6.0 / 10.0).abs() < 1e-12);
        assert_eq!(scores.exact_match, 0.25);
        assert_eq!(scores.classes_present, 4);
    }

    /// `tests/fixtures/metrics.py` wrote what scikit-learn counts.
    #[test]
    fn every_score_is_scikit_learns() {
        #[derive(serde::Deserialize)]
        struct Reference {
            truth: Vec<LabelSet>,
            probabilities: Vec<Vec<f32>>,
            threshold: f32,
            precision: Vec<f64>,
            recall: Vec<f64>,
            f1: Vec<f64>,
            macro_f1: f64,
            macro_f1_present: f64,
            micro_f1: f64,
            exact_match: f64,
            first_nine: f64,
            average_precision: Vec<Option<f64>>,
            area_under_roc: Vec<Option<f64>>,
            label_ranking_average_precision: f64,
        }
        let text = include_str!("../tests/fixtures/metrics.json");
        let reference: Reference = serde_json::from_str(text).expect("the fixture");
        let truth = reference.truth;
        let rows: Vec<[f32; COUNT]> = reference
            .probabilities
            .into_iter()
            .map(|row| row.try_into().expect("28 probabilities"))
            .collect();
        let thresholds = [reference.threshold; COUNT];
        let predicted: Vec<LabelSet> = rows.iter().map(|row| decide(row, &thresholds)).collect();

        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        let scores = score(&truth, &predicted);
        assert!(near(scores.macro_f1, reference.macro_f1));
        assert!(near(scores.macro_f1_present, reference.macro_f1_present));
        assert!(near(scores.micro_f1, reference.micro_f1));
        assert!(near(scores.exact_match, reference.exact_match));
        assert!(near(scores.first_nine, reference.first_nine));
        let ranking = ranking::label_ranking_average_precision(&truth, &rows);
        assert!(near(ranking, reference.label_ranking_average_precision));

        for (class, scores) in score_classes(&truth, &predicted).into_iter().enumerate() {
            assert!(near(scores.precision, reference.precision[class]));
            assert!(near(scores.recall, reference.recall[class]));
            assert!(near(scores.f1, reference.f1[class]));
            let labels: Vec<bool> = truth.iter().map(|set| set.contains(class)).collect();
            let column: Vec<f32> = rows.iter().map(|row| row[class]).collect();
            for (found, expected) in [
                (
                    ranking::average_precision(&labels, &column),
                    reference.average_precision[class],
                ),
                (
                    ranking::area_under_roc(&labels, &column),
                    reference.area_under_roc[class],
                ),
            ] {
                match (found, expected) {
                    (Some(found), Some(expected)) => assert!(near(found, expected), "{class}"),
                    (found, expected) => assert_eq!(found, expected, "class {class}"),
                }
            }
        }
    }

    #[test]
    fn the_threshold_separates_what_can_be_separated() {
        let truth = sets(&["0", "0", "0", "1", "1"]);
        let mut probabilities = [[0.0; COUNT]; 5];
        for (row, probability) in probabilities.iter_mut().zip([0.9, 0.4, 0.3, 0.2, 0.1]) {
            row[0] = probability;
        }
        let thresholds = tune_thresholds(&truth, &probabilities, 3, 0.5);
        assert!((thresholds[0] - 0.25).abs() < 1e-6);
        assert_eq!(thresholds[1], 0.5, "two positives are too few");
    }
}
