//! `trainer train --folds`: a run for each fold of a set, and the scores of all samples, each by the network that has not seen it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use cytolens::package::MOST_MEMBERS;
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_core::ranking::label_ranking_average_precision;
use cytolens_core::scores::{Scores, score};
use serde::Serialize;

use super::job::Job;
use super::split::folds_of;
use super::tested_run::TestedRun;
use crate::output::say;
use crate::run::folder::RunFolder;
use cytolens_data::dataset::Dataset;
use cytolens_data::split::file::{Part, Split, read_split};
use cytolens_data::whole_file::write_whole;
use cytolens_report::evaluation::Predicted;

/// The fewest folds: one to test with, one to choose by, one to train on.
const FEWEST: usize = 3;
/// The file of the scores, which says that every fold's run has ended.
const SCORES: &str = "folds.json";

/// A run for each fold of a set.
#[derive(Debug)]
pub struct Folds<'a> {
    /// What all runs have in common, with the folder that holds theirs.
    pub job: Job<'a>,
    /// The number of folds.
    pub count: usize,
}

impl Folds<'_> {
    /// Trains the folds that are left, and scores all. It fails if the user stops a run.
    ///
    /// # Errors
    /// If the set cannot be divided so, the folder holds anything else, and those of [`Job::run`].
    pub fn run(&self) -> Result<ExitCode> {
        let Self { job, count } = *self;
        let place = job.out.display();
        ensure!(
            count >= FEWEST,
            "--folds must be at least {FEWEST}, not {count}: one to test with, one to choose the epoch and the thresholds by, the \
             others to train on"
        );
        let Dataset { samples, .. } = job.set.open_with(job.recipe.metric.column())?;
        ensure!(
            count <= samples.len(),
            "{} samples cannot make {count} folds",
            samples.len()
        );
        let split = self.split()?;

        let mut all = Answers::default();
        let mut folds = Vec::with_capacity(count);
        for fold in 0..count {
            let name = Part::Fold(fold).to_string();
            let out = job.out.join(&name);
            say!("run {} of {count}: {}", fold + 1, out.display())?;
            let parts = split.testing(fold);
            let run = Job {
                out: &out,
                split: Some(&parts),
                resume: out.exists(),
                ..job
            };
            if !run.complete()? {
                say!("ended before its end; --resume goes on with the folds in {place}")?;
                return Ok(ExitCode::FAILURE);
            }
            let tested = TestedRun::of(&run, &samples)?;
            let mut answers = Answers::default();
            answers.add(&tested.answers.predicted, &tested.answers.thresholds);
            all.add(&tested.answers.predicted, &tested.answers.thresholds);
            let scores = answers.scores();
            say!("{name}: {scores}")?;
            folds.push(FoldScores { run: name, scores });
        }

        let scores = AllScores::of(folds, all.scores());
        let file = job.out.join(SCORES);
        write_whole(&file, serde_json::to_string_pretty(&scores)? + "\n")?;
        say!("\n{scores}\n\nthese scores are in {}", file.display())?;
        if count <= MOST_MEMBERS {
            say!(
                "one package of all the networks:\n{}",
                commands(job.out, count)
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Makes the folder and the split, or opens those of the same command that broke off.
    fn split(&self) -> Result<Split> {
        let Self { job, count } = *self;
        let place = job.out.display();
        if job.out.join(SCORES).exists() {
            bail!("the folds in {place} have ended; choose another --out");
        }
        // A wrong file is refused before anything is written.
        job.initial_weights()?;
        let folder = RunFolder::start(job.out, job.recipe, job.resume)?;
        let file = folder.split();
        if !file.exists() {
            folds_of(job.set, count, job.recipe.split.seed)?.write(&file)?;
        }
        let split = read_split(&file)?;
        ensure!(
            split.folds() == count,
            "the run in {place} has {} folds, not {count}; choose another --out",
            split.folds()
        );
        Ok(split)
    }
}

/// The commands that make one package of the networks of so many folds.
fn commands(out: &Path, count: usize) -> String {
    let out = out.display();
    let mut lines = String::new();
    let mut members = String::new();
    for fold in (0..count).map(Part::Fold) {
        lines += &format!("  trainer package --run {out}/{fold} --out {out}/{fold}/model\n");
        members += &format!(" --member {out}/{fold}/model");
    }
    format!("{lines}  trainer ensemble{members} --out {out}/model")
}

/// Answers for samples by networks that have not seen them, and what each network's thresholds made of its own.
#[derive(Debug, Default)]
struct Answers {
    truth: Vec<LabelSet>,
    probabilities: Vec<[f32; COUNT]>,
    decided: Vec<LabelSet>,
}

impl Answers {
    /// Adds the answers of one network.
    fn add(&mut self, predicted: &Predicted, thresholds: &[f32; COUNT]) {
        self.truth.extend_from_slice(&predicted.truth);
        self.probabilities
            .extend_from_slice(&predicted.probabilities);
        self.decided.extend(predicted.decided(thresholds));
    }

    fn scores(&self) -> UnseenScores {
        UnseenScores {
            scores: score(&self.truth, &self.decided),
            label_ranking_average_precision: label_ranking_average_precision(
                &self.truth,
                &self.probabilities,
            ),
        }
    }
}

/// The scores of answers for samples that were not seen in training.
#[derive(Debug, Serialize)]
struct UnseenScores {
    #[serde(flatten)]
    scores: Scores,
    label_ranking_average_precision: f64,
}

impl fmt::Display for UnseenScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; label ranking average precision {:.4}",
            self.scores, self.label_ranking_average_precision
        )
    }
}

/// The scores of a fold.
#[derive(Debug, Serialize)]
struct FoldScores {
    /// The name of its run's folder.
    run: String,
    #[serde(flatten)]
    scores: UnseenScores,
}

/// A score of which there is a mean over the folds: its key in the file, its name and its place in the scores.
type Measure = (&'static str, &'static str, fn(&UnseenScores) -> f64);

/// The scores of which there are means over the folds.
const MEASURES: [Measure; 5] = [
    ("macro_f1", "macro-F1, all 28 locations", |it| {
        it.scores.macro_f1
    }),
    ("macro_f1_present", "macro-F1, locations present", |it| {
        it.scores.macro_f1_present
    }),
    ("micro_f1", "micro-F1", |it| it.scores.micro_f1),
    ("exact_match", "exact match", |it| it.scores.exact_match),
    (
        "label_ranking_average_precision",
        "label ranking average precision",
        |it| it.label_ranking_average_precision,
    ),
];

/// The mean and the standard deviation of a score over the folds.
#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    mean: f64,
    deviation: f64,
}

impl Spread {
    /// The spread of two values or more.
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (squares / (count - 1.0)).sqrt(),
        }
    }
}

/// The scores of all folds: the content of `folds.json`.
#[derive(Debug, Serialize)]
struct AllScores {
    folds: Vec<FoldScores>,
    /// The means and deviations over the folds, by the scores' keys.
    spread: BTreeMap<&'static str, Spread>,
    /// The scores of all samples together, each answered by the network that has not seen it.
    together: UnseenScores,
}

impl AllScores {
    fn of(folds: Vec<FoldScores>, together: UnseenScores) -> Self {
        let of_folds = |(key, _, value): Measure| {
            let values: Vec<f64> = folds.iter().map(|fold| value(&fold.scores)).collect();
            (key, Spread::of(&values))
        };
        Self {
            spread: MEASURES.into_iter().map(of_folds).collect(),
            folds,
            together,
        }
    }
}

impl fmt::Display for AllScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} samples, each by the network that has not seen it; mean and standard deviation of the {} folds\n\n\
             {:<34}{:>12}{:>10}{:>11}",
            self.together.scores.samples,
            self.folds.len(),
            "score",
            "all samples",
            "mean",
            "deviation"
        )?;
        for (key, name, value) in MEASURES {
            let Spread { mean, deviation } = self.spread[key];
            let together = value(&self.together);
            write!(
                f,
                "\n{name:<34}{together:>12.4}{mean:>10.4}{deviation:>11.4}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers for samples of the first location, or of none.
    fn predicted(samples: &[(bool, f32)]) -> Predicted {
        let mut predicted = Predicted::default();
        for (has, probability) in samples {
            let labels = LabelSet::from_classes(has.then_some(0)).expect("a valid class");
            let mut row = [0.0; COUNT];
            row[0] = *probability;
            predicted.push("a", labels, row).expect("a probability");
        }
        predicted
    }

    #[test]
    fn every_sample_is_decided_by_its_own_networks_thresholds() {
        let mut answers = Answers::default();
        answers.add(&predicted(&[(true, 0.4), (false, 0.2)]), &[0.3; COUNT]);
        answers.add(&predicted(&[(true, 0.9), (false, 0.6)]), &[0.7; COUNT]);
        let together = answers.scores();
        assert_eq!(together.scores.samples, 4);
        assert_eq!(together.scores.exact_match, 1.0);
        assert_eq!(together.scores.macro_f1_present, 1.0);
    }

    #[test]
    fn scores_have_means_and_deviations_and_one_value_of_all_samples() {
        let spread = Spread::of(&[0.2, 0.4, 0.6]);
        assert!((spread.mean - 0.4).abs() < 1e-12, "{spread:?}");
        assert!((spread.deviation - 0.2).abs() < 1e-12, "{spread:?}");

        let mut all = Answers::default();
        let mut folds = Vec::new();
        // One fold is right, one is half right, and one has no positive, which it knows.
        for samples in [
            [(true, 0.9), (false, 0.1)],
            [(true, 0.9), (false, 0.9)],
            [(false, 0.1), (false, 0.1)],
        ] {
            let mut answers = Answers::default();
            answers.add(&predicted(&samples), &[0.5; COUNT]);
            all.add(&predicted(&samples), &[0.5; COUNT]);
            folds.push(FoldScores {
                run: "fold".to_owned(),
                scores: answers.scores(),
            });
        }
        let scores = AllScores::of(folds, all.scores());
        let json = serde_json::to_value(&scores).expect("JSON");
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        let near = |found: f64, expected: f64| (found - expected).abs() < 1e-12;
        let spread = &json["spread"]["exact_match"];
        assert!(near(number(&spread["mean"]), 2.5 / 3.0), "{json}");
        assert!(near(number(&json["together"]["exact_match"]), 5.0 / 6.0));
        // The F1 of all samples is no mean: two of three found are right, and none is missed.
        assert!(near(number(&json["together"]["micro_f1"]), 0.8), "{json}");
        assert_eq!(json["folds"][1]["samples"], 2);
        assert_eq!(json["folds"][2]["classes_present"], 0);
        let printed = scores.to_string();
        assert!(printed.starts_with("6 samples"), "{printed}");
        assert!(printed.contains("micro-F1"), "{printed}");
    }
}
