//! The scores of runs on a set of samples, and their differences.

use serde::{Deserialize, Serialize};

use crate::evaluation::{Answers, Estimate, Estimates, Evaluation, EvaluationChoice, Gains};

/// The scores of a run on a set of samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestScores {
    /// The number of samples scored.
    pub samples: usize,
    /// The scores on them, with intervals.
    #[serde(flatten)]
    pub scores: Estimates,
    /// The mean average precision over the locations present; none where none is.
    pub mean_average_precision: Option<f64>,
    /// The label ranking average precision.
    pub label_ranking_average_precision: Estimate,
}

impl TestScores {
    /// Scores the answers of a run.
    pub fn of(answers: &Answers, choice: EvaluationChoice) -> Self {
        let test = &answers.predicted;
        let evaluation = Evaluation::new(test, &answers.thresholds, choice);
        Self {
            samples: test.len(),
            scores: evaluation.estimates,
            mean_average_precision: evaluation.mean_average_precision,
            label_ranking_average_precision: evaluation.label_ranking_average_precision,
        }
    }
}

/// What a run is better by than the first of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The run's name.
    pub run: String,
    /// The differences of the scores; none where the two were not scored on the same samples.
    pub gains: Option<Gains>,
}

impl Difference {
    /// The differences of all other runs from the first, by the names of the runs and their answers.
    pub fn from_first(names: &[&str], answers: &[Answers], choice: EvaluationChoice) -> Vec<Self> {
        let mut runs = names.iter().zip(answers);
        let Some((_, first)) = runs.next() else {
            return Vec::new();
        };
        let others = runs.map(|(name, answers)| Self {
            run: (*name).to_owned(),
            gains: Gains::of(answers, first, choice),
        });
        others.collect()
    }
}

/// The scores of all runs on a further set, on no sample of which they were trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FurtherTest {
    /// The name of the set.
    pub data: String,
    /// The scores of each run, in the order of the runs.
    pub scores: Vec<TestScores>,
    /// The differences of the other runs from the first.
    pub differences: Vec<Difference>,
}

impl FurtherTest {
    /// Scores the answers of runs, by their names, for the samples of a set.
    pub fn of(data: &str, names: &[&str], answers: &[Answers], choice: EvaluationChoice) -> Self {
        let scores = answers.iter().map(|one| TestScores::of(one, choice));
        Self {
            data: data.to_owned(),
            scores: scores.collect(),
            differences: Difference::from_first(names, answers, choice),
        }
    }
}
