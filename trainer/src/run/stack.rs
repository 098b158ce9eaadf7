//! A head over the features of several networks: how it is trained, and its parts, one a network.

use anyhow::{Context, Result};
use cytolens::classifier::probability;
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_core::mixture::log_loss;
use cytolens_similar::{Logistic, Standard};
use indicatif::ProgressBar;
use rayon::prelude::*;

/// The strengths by which weights are held small that are tried, the strongest first.
pub const L2: [f64; 7] = [10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01];

/// Samples, by the features of all networks, one network after the other.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// The features, one vector a sample.
    pub features: Vec<Vec<f32>>,
    /// The labels, one set a sample.
    pub labels: Vec<LabelSet>,
}

/// A linear head over the features of several networks.
#[derive(Debug, Clone, PartialEq)]
pub struct StackedHead {
    standard: Standard,
    /// The head of each class, for features on the scale.
    classes: Vec<Logistic>,
}

/// The part of a head that reads the features of one network, as a head of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadPart {
    /// The weights `[classes, features]`.
    pub weight: Vec<f32>,
    /// The biases `[classes]`.
    pub bias: Vec<f32>,
}

/// A head that was trained, and the strength by which its weights were held small.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The head.
    pub head: StackedHead,
    /// One of [`L2`].
    pub l2: f64,
}

/// Trains a head: for every class the logistic regression on standardised features, whose strength, one of [`L2`] for all classes,
/// is that of the least log loss on the validation samples. Nothing is drawn.
///
/// # Errors
/// If there is no validation sample.
pub fn train(training: &Examples, validation: &Examples, bar: &ProgressBar) -> Result<Trained> {
    let standard = Standard::of(&training.features);
    let rows = training.features.iter();
    let rows: Vec<Vec<f32>> = rows.map(|features| standard.applied(features)).collect();
    let strengths = L2.map(|l2| l2 as f32);
    let heads: Vec<Vec<Logistic>> = (0..COUNT)
        .into_par_iter()
        .map(|class| {
            let labels = training.labels.iter().map(|set| set.contains(class));
            let heads = Logistic::fits(&rows, &labels.collect::<Vec<bool>>(), &strengths);
            bar.inc(1);
            heads
        })
        .collect();
    let mut best: Option<(f64, Trained)> = None;
    for (at, l2) in L2.into_iter().enumerate() {
        let head = StackedHead {
            standard: standard.clone(),
            classes: heads.iter().map(|of_class| of_class[at].clone()).collect(),
        };
        let rows = validation.features.iter();
        let rows: Vec<[f32; COUNT]> = rows.map(|features| head.probabilities(features)).collect();
        let loss = log_loss(&validation.labels, &rows).context("no sample to choose by")?;
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, Trained { head, l2 }));
        }
    }
    let (_, trained) = best.context("no head was trained")?;
    Ok(trained)
}

impl StackedHead {
    /// The probability of each class.
    pub fn probabilities(&self, features: &[f32]) -> [f32; COUNT] {
        let features = self.standard.applied(features);
        std::array::from_fn(|class| probability(self.classes[class].logit(&features)))
    }

    /// The parts of the head for networks with so many features each, whose logits add up to the head's. Each has an equal part of
    /// the bias, for features as they are in the mean.
    ///
    /// # Panics
    /// If the networks have more features than the head reads.
    pub fn parts(&self, lengths: &[usize]) -> Vec<HeadPart> {
        let mut start = 0;
        let part = |&length: &usize| {
            let range = start..start + length;
            start += length;
            let mut part = HeadPart {
                weight: Vec::with_capacity(COUNT * length),
                bias: Vec::with_capacity(COUNT),
            };
            for class in &self.classes {
                let (weight, constant) = self.standard.folded(&class.weights, range.clone());
                part.weight.extend(weight);
                part.bias.push(constant + class.bias / lengths.len() as f32);
            }
            part
        };
        lengths.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of classes 3 and 5, alone or together: the first network sees the one, the second the other.
    fn examples(count: usize, seed: usize) -> Examples {
        let noise = |at: usize, feature: usize| {
            ((at * 7919 + feature * 104_729 + seed * 31) % 1009) as f32 / 2018.0
        };
        let labels = (0..count).map(|at| {
            let classes = [3, 5].into_iter().enumerate();
            let present = classes.filter(|(bit, _)| ((at + seed) >> bit) & 1 == 1);
            LabelSet::from_classes(present.map(|(_, class)| class)).expect("classes")
        });
        let labels: Vec<LabelSet> = labels.collect();
        let features = labels.iter().enumerate().map(|(at, set)| {
            let mut features: Vec<f32> = (0..5).map(|feature| noise(at, feature)).collect();
            features[1] += f32::from(u8::from(set.contains(3)));
            features[4] += f32::from(u8::from(set.contains(5)));
            features
        });
        Examples {
            features: features.collect(),
            labels,
        }
    }

    #[test]
    fn a_head_reads_what_each_network_sees_and_its_parts_add_up_to_it() {
        let (training, validation) = (examples(80, 1), examples(40, 2));
        let train = || train(&training, &validation, &ProgressBar::hidden()).expect("a head");
        let Trained { head, l2 } = train();
        assert!(l2 < 1.0, "what tells everything is to count: {l2}");
        let parts = head.parts(&[3, 2]);
        for (features, labels) in validation.features.iter().zip(&validation.labels) {
            let found = head.probabilities(features);
            for (class, found) in found.iter().enumerate() {
                let logit: f32 = [&features[..3], &features[3..]]
                    .iter()
                    .zip(&parts)
                    .map(|(features, part)| {
                        let row = part.weight.chunks_exact(features.len()).nth(class);
                        let products = row.expect("a row").iter().zip(*features);
                        products.map(|(a, b)| a * b).sum::<f32>() + part.bias[class]
                    })
                    .sum();
                assert!((probability(logit) - found).abs() < 1e-5);
            }
            assert_eq!(found[3] > 0.5, labels.contains(3), "{}", found[3]);
            assert_eq!(found[5] > 0.5, labels.contains(5), "{}", found[5]);
            assert!(found[0] < 0.02, "no sample has it");
        }
        assert_eq!(train().head, head, "nothing is drawn");
    }

    #[test]
    fn what_does_not_hold_for_other_samples_is_held_small() {
        let mut training = examples(40, 1);
        // Each has the labels of the one before, so that features tell the contrary of class 3.
        training.labels.rotate_right(1);
        let validation = examples(40, 1);
        let trained = train(&training, &validation, &ProgressBar::hidden()).expect("a head");
        assert_eq!(trained.l2, L2[0], "the strongest");
        let nobody = Examples::default();
        assert!(train(&training, &nobody, &ProgressBar::hidden()).is_err());
    }
}
