//! Confidence intervals of scores by the percentile bootstrap (Efron 1979): as many samples as there are, drawn with replacement, are
//! scored again and again; an interval holds the middle share of these scores.
//!
//! A location with few samples is missing in many draws. In the means over locations of such a draw it keeps its observed F1: as 0 it
//! would push the intervals below the score, and left out, as it is often a hard one, above.

use cytolens_core::labels::{COUNT, LabelSet};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::choice::EvaluationChoice;
use super::predicted::Predicted;
use crate::calibration::{expected_error, reliability};
use cytolens_core::scores::{FIRST, Scores, score, score_classes};
use cytolens_data::random::{Purpose, Stream};

/// A score with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The observed score.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Estimate {
    /// Whether the interval, of a difference, excludes 0.
    pub fn excludes_zero(self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The scores in reports, with intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// [`Scores::macro_f1`].
    pub macro_f1: Estimate,
    /// [`Scores::macro_f1_present`].
    pub macro_f1_present: Estimate,
    /// [`Scores::micro_f1`].
    pub micro_f1: Estimate,
    /// [`Scores::exact_match`].
    pub exact_match: Estimate,
    /// [`Scores::first_nine`].
    pub first_nine: Estimate,
}

impl Estimates {
    /// The names and values, the main score first.
    pub fn named(&self) -> [(&'static str, Estimate); 5] {
        [
            ("macro-F1, all 28 locations", self.macro_f1),
            ("macro-F1, locations present", self.macro_f1_present),
            ("macro-F1, first 9 labels", self.first_nine),
            ("micro-F1", self.micro_f1),
            ("exact match", self.exact_match),
        ]
    }
}

/// The scores of two predictions of the same samples over the same draws.
#[derive(Debug)]
pub struct Resampled {
    /// The scores of the first prediction.
    pub first: Estimates,
    /// The scores of the second prediction.
    pub second: Estimates,
    /// The difference, first less second, draw by draw: chance affects both alike, so its interval is narrower than the two
    /// suggest.
    pub gain: Estimates,
    /// The F1 of each class in the first prediction; none for a class that does not occur. The interval is over the draws in
    /// which it does.
    pub classes: [Option<Estimate>; COUNT],
}

/// Scores two predictions of the same samples with intervals. The draws depend on the seed alone, not on the number of threads.
pub fn resample(
    truth: &[LabelSet],
    first: &[LabelSet],
    second: &[LabelSet],
    choice: EvaluationChoice,
) -> Resampled {
    let scored: Vec<[Scored; 2]> = (0..choice.bootstrap)
        .into_par_iter()
        .map(|number| {
            let drawn: Vec<usize> = draw(truth.len(), number, choice).collect();
            let of = |sets: &[LabelSet]| -> Vec<LabelSet> {
                drawn.iter().map(|&sample| sets[sample]).collect()
            };
            let truth = of(truth);
            [first, second].map(|sets| Scored::new(&truth, &of(sets)))
        })
        .collect();
    let observed = [first, second].map(|sets| Scored::new(truth, sets));
    let of_way = |way: usize| {
        Estimates::of(choice.confidence, &|score| {
            let of = |scored: &[Scored; 2]| score(&scored[way], &observed[way]);
            (of(&observed), scored.iter().map(of).collect())
        })
    };
    Resampled {
        first: of_way(0),
        second: of_way(1),
        gain: Estimates::of(choice.confidence, &|score| {
            let of = |scored: &[Scored; 2]| {
                score(&scored[0], &observed[0]) - score(&scored[1], &observed[1])
            };
            (of(&observed), scored.iter().map(of).collect())
        }),
        classes: std::array::from_fn(|class| {
            let values = scored.iter().filter_map(|[first, _]| first.classes[class]);
            let value = observed[0].classes[class]?;
            Some(estimate(value, values.collect(), choice.confidence))
        }),
    }
}

/// The mean of one value a sample, with its interval over the draws of [`resample`]; 0 without samples.
pub fn resampled_mean(values: &[f64], choice: EvaluationChoice) -> Estimate {
    let samples = values.len().max(1);
    let draws = (0..choice.bootstrap).map(|number| {
        let drawn = draw(values.len(), number, choice).map(|sample| values[sample]);
        drawn.sum::<f64>() / samples as f64
    });
    let mean = values.iter().sum::<f64>() / samples as f64;
    estimate(mean, draws.collect(), choice.confidence)
}

/// The mean difference of two values a sample, first less second, sample by sample, as [`resampled_mean`] gives it.
pub fn resampled_gain(first: &[f64], second: &[f64], choice: EvaluationChoice) -> Estimate {
    let pairs = first.iter().zip(second);
    let gains: Vec<f64> = pairs.map(|(first, second)| first - second).collect();
    resampled_mean(&gains, choice)
}

/// The places of the samples of a draw: as many as there are.
fn draw(samples: usize, number: usize, choice: EvaluationChoice) -> impl Iterator<Item = usize> {
    let mut stream = Stream::new(Purpose::Resampling, &[choice.seed, number as u64]);
    (0..samples).map(move |_| stream.below(samples))
}

/// The expected calibration errors of single classes, with intervals.
#[derive(Debug)]
pub struct ClassErrors {
    /// That of each class; none for a class that does not occur.
    pub classes: [Option<Estimate>; COUNT],
    /// Their mean; none where no class occurs.
    pub mean: Option<Estimate>,
}

/// The expected calibration error of each class that occurs, over the draws of [`resample`]. A sample that is drawn twice counts
/// twice in its bin, which makes the errors of draws larger than the observed one: they are lowered until their mean is that one.
pub fn resampled_errors(test: &Predicted, choice: EvaluationChoice) -> ClassErrors {
    let columns: [_; COUNT] = std::array::from_fn(|class| test.of_class(class));
    let occurring: Vec<usize> = (0..COUNT)
        .filter(|&class| columns[class].0.contains(&true))
        .collect();
    let errors = |samples: &[usize]| -> Vec<f64> {
        let error = |&class: &usize| {
            let (truth, probabilities) = &columns[class];
            let decisions = samples.iter();
            let (truth, probabilities): (Vec<bool>, Vec<f32>) = decisions
                .map(|&sample| (truth[sample], probabilities[sample]))
                .unzip();
            expected_error(&reliability(&truth, &probabilities))
        };
        occurring.iter().map(error).collect()
    };
    let observed = errors(&(0..test.len()).collect::<Vec<_>>());
    let draws: Vec<Vec<f64>> = (0..choice.bootstrap)
        .into_par_iter()
        .map(|number| errors(&draw(test.len(), number, choice).collect::<Vec<_>>()))
        .collect();
    let estimated = |of: &dyn Fn(&[f64]) -> f64| {
        let value = of(&observed);
        let mut draws: Vec<f64> = draws.iter().map(|errors| of(errors)).collect();
        let excess = draws.iter().sum::<f64>() / draws.len().max(1) as f64 - value;
        for draw in &mut draws {
            *draw = (*draw - excess).max(0.0);
        }
        estimate(value, draws, choice.confidence)
    };
    ClassErrors {
        classes: std::array::from_fn(|class| {
            let place = occurring.iter().position(|&other| other == class)?;
            Some(estimated(&|errors| errors[place]))
        }),
        mean: (!occurring.is_empty())
            .then(|| estimated(&|errors| errors.iter().sum::<f64>() / errors.len() as f64)),
    }
}

/// A score of a draw, given the observed scores.
type Score = fn(&Scored, &Scored) -> f64;

impl Estimates {
    /// Makes the estimates from the observed value and the draws of each score.
    fn of(confidence: f64, values: &dyn Fn(Score) -> (f64, Vec<f64>)) -> Self {
        let one = |score: Score| {
            let (observed, draws) = values(score);
            estimate(observed, draws, confidence)
        };
        Self {
            macro_f1: one(|draw, observed| draw.sum_of_f1(observed, COUNT) / COUNT as f64),
            macro_f1_present: one(|draw, observed| {
                let present = observed.classes.iter().flatten().count();
                draw.sum_of_f1(observed, COUNT) / present.max(1) as f64
            }),
            micro_f1: one(|draw, _| draw.scores.micro_f1),
            exact_match: one(|draw, _| draw.scores.exact_match),
            first_nine: one(|draw, observed| draw.sum_of_f1(observed, FIRST) / FIRST as f64),
        }
    }
}

/// The scores of a draw.
struct Scored {
    scores: Scores,
    /// The F1 of each class that occurs.
    classes: [Option<f64>; COUNT],
}

impl Scored {
    fn new(truth: &[LabelSet], predicted: &[LabelSet]) -> Self {
        Self {
            scores: score(truth, predicted),
            classes: score_classes(truth, predicted)
                .map(|class| (class.positives > 0).then_some(class.f1)),
        }
    }

    /// The sum of F1 over the first `count` classes; a class missing in the draw keeps its observed F1, which is 0 where it
    /// does not occur at all.
    fn sum_of_f1(&self, observed: &Self, count: usize) -> f64 {
        let classes = self.classes.iter().zip(&observed.classes);
        classes
            .take(count)
            .map(|(drawn, observed)| drawn.or(*observed).unwrap_or_default())
            .sum()
    }
}

/// A score with the percentiles of its draws; without draws, the score itself as both ends.
fn estimate(value: f64, mut draws: Vec<f64>, confidence: f64) -> Estimate {
    draws.sort_by(f64::total_cmp);
    let outside = (1.0 - confidence) / 2.0;
    Estimate {
        value,
        low: percentile(&draws, outside).unwrap_or(value),
        high: percentile(&draws, 1.0 - outside).unwrap_or(value),
    }
}

/// A quantile of sorted values, interpolated linearly like numpy's `quantile`. None for no values.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are numpy's, by `crates/core/tests/fixtures/metrics.py`.
    #[test]
    fn percentiles_are_numpys() {
        #[derive(serde::Deserialize)]
        struct Reference {
            decisions: Vec<f64>,
            percentiles: Vec<(f64, f64)>,
        }
        let text = include_str!("../../../core/tests/fixtures/metrics.json");
        let reference: Reference = serde_json::from_str(text).expect("the fixture");
        let mut sorted = reference.decisions;
        sorted.sort_by(f64::total_cmp);
        for (share, expected) in reference.percentiles {
            let found = percentile(&sorted, share).expect("values");
            assert!(
                (found - expected).abs() < 1e-6,
                "{share}: {found} {expected}"
            );
        }
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[0.25], 0.975), Some(0.25));
    }
}
