//! How far chance in the choice of samples moves a score.
//!
//! The percentile bootstrap (Efron 1979): as many samples as there are, drawn with replacement, are
//! scored again and again; an interval holds the middle share of these scores. A location with few
//! samples is missing in many draws, where its F1 counts 0, so the interval of the macro-F1 over all
//! classes leans to lower scores than the one observed: it is wide where little is known, and
//! rather too low than too high.

use cytolens::labels::{COUNT, LabelSet};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::EvaluationChoice;
use crate::data::random::{Purpose, Stream};
use crate::report::metrics::{Scores, score, score_classes};

/// A score and where it may lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// As observed.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The scores that reports compare, with intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// See [`Scores::macro_f1`].
    pub macro_f1: Estimate,
    /// See [`Scores::macro_f1_present`]; of each draw, the classes that occur in it.
    pub macro_f1_present: Estimate,
    /// See [`Scores::micro_f1`].
    pub micro_f1: Estimate,
    /// See [`Scores::exact_match`].
    pub exact_match: Estimate,
    /// See [`Scores::first_nine`].
    pub first_nine: Estimate,
}

impl Estimates {
    /// Names and values, the first one first.
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

/// What the same draws give for two ways to decide.
#[derive(Debug)]
pub struct Resampled {
    /// The scores of the first way.
    pub first: Estimates,
    /// Those of the second.
    pub second: Estimates,
    /// By how much the first is better, draw by draw: much of chance falls on both alike, so this
    /// interval is narrower than the two tell.
    pub gain: Estimates,
    /// Each class's F1 in the first way; none for one that does not occur. The interval is over the
    /// draws in which it does.
    pub classes: [Option<Estimate>; COUNT],
}

/// Scores two ways to decide about the same samples. The draws depend on the seed alone, and not on
/// the number of threads.
pub fn resample(
    truth: &[LabelSet],
    first: &[LabelSet],
    second: &[LabelSet],
    choice: EvaluationChoice,
) -> Resampled {
    let draws: Vec<Draw> = (0..choice.bootstrap)
        .into_par_iter()
        .map(|number| {
            let mut stream = Stream::new(Purpose::Resampling, &[choice.seed, number as u64]);
            let drawn: Vec<usize> = truth.iter().map(|_| stream.below(truth.len())).collect();
            let of = |sets: &[LabelSet]| drawn.iter().map(|&sample| sets[sample]).collect();
            Draw::of(&of(truth), &of(first), &of(second))
        })
        .collect();
    let observed = Draw::of(&truth.to_vec(), &first.to_vec(), &second.to_vec());
    let estimates = |of: fn(&Draw, &dyn Fn(&Scores) -> f64) -> f64| {
        let one = |score: fn(&Scores) -> f64| {
            let values = draws.iter().map(|draw| of(draw, &score)).collect();
            estimate(of(&observed, &score), values, choice.confidence)
        };
        Estimates {
            macro_f1: one(|scores| scores.macro_f1),
            macro_f1_present: one(|scores| scores.macro_f1_present),
            micro_f1: one(|scores| scores.micro_f1),
            exact_match: one(|scores| scores.exact_match),
            first_nine: one(|scores| scores.first_nine),
        }
    };
    Resampled {
        first: estimates(|draw, score| score(&draw.first)),
        second: estimates(|draw, score| score(&draw.second)),
        gain: estimates(|draw, score| score(&draw.first) - score(&draw.second)),
        classes: std::array::from_fn(|class| {
            let values = draws.iter().filter_map(|draw| draw.classes[class]);
            let value = observed.classes[class]?;
            Some(estimate(value, values.collect(), choice.confidence))
        }),
    }
}

/// The scores of one draw.
struct Draw {
    first: Scores,
    second: Scores,
    /// F1 where the class occurs.
    classes: [Option<f64>; COUNT],
}

impl Draw {
    fn of(truth: &Vec<LabelSet>, first: &Vec<LabelSet>, second: &Vec<LabelSet>) -> Self {
        Self {
            first: score(truth, first),
            second: score(truth, second),
            classes: score_classes(truth, first)
                .map(|class| (class.positives > 0).then_some(class.f1)),
        }
    }
}

/// A score between the percentiles of its draws; without draws, between itself and itself.
fn estimate(value: f64, mut draws: Vec<f64>, confidence: f64) -> Estimate {
    draws.sort_by(f64::total_cmp);
    let outside = (1.0 - confidence) / 2.0;
    Estimate {
        value,
        low: percentile(&draws, outside).unwrap_or(value),
        high: percentile(&draws, 1.0 - outside).unwrap_or(value),
    }
}

/// The value below which a share of sorted values lies, as numpy's `quantile`: linear between
/// neighbours. None for no values.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/fixtures/metrics.py` wrote what numpy counts.
    #[test]
    fn percentiles_are_numpys() {
        #[derive(serde::Deserialize)]
        struct Reference {
            decisions: Vec<f64>,
            percentiles: Vec<(f64, f64)>,
        }
        let text = include_str!("../../../tests/fixtures/metrics.json");
        let reference: Reference = serde_json::from_str(text).expect("the fixture");
        let mut sorted = reference.decisions;
        sorted.sort_by(f64::total_cmp);
        for (share, expected) in reference.percentiles {
            let found = percentile(&sorted, share).expect("values");
            assert!((found - expected).abs() < 1e-6, "{share}: {found} {expected}");
        }
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[0.25], 0.975), Some(0.25));
    }
}
