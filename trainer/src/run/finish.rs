//! The end of a run: thresholds from the validation part, scores on the test part, and the summary.

use std::fmt;

use anyhow::Result;
use cytolens::model::{InferenceNetwork, weights};
use cytolens_core::labels::{COUNT, LabelSet};
use serde::{Deserialize, Serialize};

use super::folder::Summary;
use super::predictor::Logits;
use super::samples::attribution;
use super::training::{Trained, Training};
use cytolens_core::scores::{Scores, decide, score, tune_thresholds};
use cytolens_data::dataset::Sample;

/// The result of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reached {
    /// The scores on the validation part, by which thresholds were tuned and the epoch was chosen.
    pub validation: Scores,
    /// The scores on the test part by one view of each sample, as in the browser.
    pub test: Scores,
    /// The scores on the test part by the recipe's views, at thresholds tuned for them.
    pub test_views: Scores,
    /// The number of these views.
    pub views: usize,
    /// The best epoch, whose weights were kept, from 1.
    pub epoch: usize,
    /// The number of samples shown in training.
    pub shown: usize,
    /// The duration of the training in seconds.
    pub seconds: f64,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "epoch {} is the best", self.epoch)?;
        writeln!(
            f,
            "validation (thresholds tuned there): {}",
            self.validation
        )?;
        write!(f, "test: {}", self.test)?;
        if self.views > 1 {
            write!(f, "\ntest, {} views: {}", self.views, self.test_views)?;
        }
        Ok(())
    }
}

/// Scores a trained network and ends its run.
///
/// # Errors
/// If the device fails or the folder cannot be written.
pub fn finish(training: &Training<'_>, trained: &Trained) -> Result<Reached> {
    let (recipe, samples) = (training.recipe, training.samples);
    let network = InferenceNetwork::new(trained.network.clone());
    let predictor = training.predictor(&network);
    let choice = &recipe.thresholds;
    let tuned_and_scored = |views: usize| -> Result<([f32; COUNT], Scores, Scores)> {
        let validation = predictor.predict(&samples.validation, views, |_| ())?;
        let truth = truth(&samples.validation, &validation);
        let probabilities = validation.probabilities();
        let thresholds = if choice.odds > 0.0 {
            by_odds(choice.odds, &trained.assumed)
        } else {
            tune_thresholds(
                &truth,
                &probabilities,
                choice.least_positives,
                choice.otherwise,
            )
        };
        let test = predictor.predict(&samples.test, views, |_| ())?;
        Ok((
            thresholds,
            scored(&samples.validation, &validation, &thresholds),
            scored(&samples.test, &test, &thresholds),
        ))
    };
    let (thresholds, validation, test) = tuned_and_scored(1)?;
    let views = recipe.evaluation.views;
    let test_views = if views == 1 {
        test.clone()
    } else {
        tuned_and_scored(views)?.2
    };
    let reached = Reached {
        validation,
        test,
        test_views,
        views,
        epoch: trained.best.epoch + 1,
        shown: trained.shown,
        seconds: trained.seconds,
    };
    let config = recipe.network();
    let bytes =
        weights::to_safetensors(&trained.network, config.names(), weights::Precision::Single)?;
    let summary = Summary {
        network: config,
        composition: recipe.input.composition,
        missing: recipe.input.missing,
        mean: samples.mean.clone(),
        std: samples.std.clone(),
        thresholds: thresholds.to_vec(),
        trained_on: samples.train.len(),
        held_back: samples.validation.len() + samples.test.len(),
        classes_seen: (0..COUNT)
            .filter(|&class| samples.train.iter().any(|one| one.labels.contains(class)))
            .collect(),
        images: attribution(&samples.train, &samples.credits),
        licence: samples.credits.licence.clone(),
        initial_weights: trained.initial_weights.clone(),
        recipe: serde_json::to_value(recipe)?,
        metrics: serde_json::to_value(&reached)?,
    };
    training.folder.finish(&bytes, &summary)?;
    Ok(reached)
}

/// The probabilities whose odds are so many times those of the frequencies.
fn by_odds(factor: f64, frequencies: &[f64; COUNT]) -> [f32; COUNT] {
    frequencies.map(|frequency| {
        let odds = factor * frequency / (1.0 - frequency).max(1e-9);
        (odds / (1.0 + odds)) as f32
    })
}

fn truth(samples: &[Sample], logits: &Logits) -> Vec<LabelSet> {
    let predicted = logits.samples.iter();
    predicted.map(|&sample| samples[sample].labels).collect()
}

fn scored(samples: &[Sample], logits: &Logits, thresholds: &[f32; COUNT]) -> Scores {
    let probabilities = logits.probabilities();
    let predicted: Vec<LabelSet> = probabilities
        .iter()
        .map(|row| decide(row, thresholds))
        .collect();
    score(&truth(samples, logits), &predicted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_by_odds_rise_with_the_frequency() {
        let mut frequencies = [0.5; COUNT];
        frequencies[1] = 0.1;
        frequencies[2] = 1.0;
        let thresholds = by_odds(2.0, &frequencies);
        assert!((thresholds[0] - 2.0 / 3.0).abs() < 1e-6);
        assert!((thresholds[1] - 2.0 / 11.0).abs() < 1e-6);
        assert!(thresholds[2] > 0.999 && thresholds[2] <= 1.0);
    }
}
