//! `trainer probe`: a head over frozen features, in minutes on a CPU.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use burn::tensor::Device;
use clap::Args;
use cytolens::model::{InferenceBackbone, Network, weights};
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_field::Planes;
use rayon::prelude::*;

use crate::commands::arguments::SetArguments;
use crate::device::DeviceChoice;
use crate::run::folder::{RunFolder, Summary};
use crate::run::probe::features::Extractor;
use crate::run::probe::head::{Examples, predict, train_head};
use crate::run::probe::recipe::Recipe;
use crate::run::samples::images_of;
use crate::run::start::{find_weights, pretrained};
use cytolens_core::scores::{Scores, decide, score, tune_thresholds};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;
use cytolens_data::moments::Moments;
use cytolens_data::split::file::{Part, Row, Split, read_split};
use cytolens_data::split::stratified;
use cytolens_report::progress::progress;

/// Train only a head, over frozen ImageNet features
///
/// Minutes on a CPU; `trainer train` trains whole networks.
#[derive(Debug, Args)]
pub struct Probe {
    #[command(flatten)]
    set: SetArguments,
    /// A recipe's name (`probe`) or TOML file
    #[arg(long, default_value = "probe")]
    recipe: String,
    /// The run's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// ImageNet weights under torchvision's names (.safetensors, .pth); looked for in the data
    /// folder and in `imagenet` beside it
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Who learns from what: a table by `trainer split`, in place of the recipe's own split. Its
    /// test part, or its first fold, is held back
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// Go on with a run of the same recipe that broke off
    #[arg(long)]
    resume: bool,
    /// What computes the features
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl Probe {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = Recipe::load(&self.recipe)?;
        let set = self.set.open()?;
        let architecture = recipe.network.architecture;
        let init = find_weights(self.init.as_deref(), &self.set.data, architecture)?;
        let device = self.device.open()?;
        let planes_seen = recipe.input.composition.planes();
        let (backbone, initial_weights) = pretrained(architecture, planes_seen, &init, &device)?;
        let folder = RunFolder::start(&self.out, &recipe, self.resume)?;

        let bar = progress(set.samples.len(), "Reading");
        let (read, faults) = readable(set, &recipe, &bar);
        bar.finish();
        for fault in &faults {
            eprintln!("left out: {fault}");
        }
        if read.len() < 2 * recipe.split.folds {
            bail!(
                "{} readable samples are too few for {} folds",
                read.len(),
                recipe.split.folds
            );
        }
        let (samples, moments): (Vec<Sample>, Vec<Moments>) = read.into_iter().unzip();
        let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
        let is_held_back = self.held_back(&samples, &labels, &recipe)?;
        let (held_back, training): (Vec<usize>, Vec<usize>) =
            (0..samples.len()).partition(|&sample| is_held_back[sample]);
        ensure!(
            !held_back.is_empty() && training.len() >= recipe.split.folds,
            "{} samples to train on and {} held back are too few",
            training.len(),
            held_back.len()
        );
        let rows = samples
            .iter()
            .zip(&is_held_back)
            .map(|(sample, held_back)| Row {
                id: sample.field.id.clone(),
                part: if *held_back { Part::Test } else { Part::Train },
                group: sample.field.id.clone(),
            });
        folder.write_split(&Split {
            rows: rows.collect(),
            origin: None,
        })?;
        println!(
            "{} samples: {} to train on, {} held back",
            samples.len(),
            training.len(),
            held_back.len()
        );

        let all = training.iter().fold(
            Moments::new(recipe.input.composition.planes()),
            |all, &sample| all.with(&moments[sample]),
        );
        let (mean, std) = all.mean_and_std();
        let bar = progress(samples.len(), "Features");
        let extractor = Extractor {
            backbone: &InferenceBackbone::new(backbone.clone()),
            head: recipe.network.head,
            mean: &mean,
            std: &std,
            device: &device,
        };
        let features = extractor.all(
            &samples,
            |sample| Ok(planes(sample, &recipe)?),
            &folder.features(),
            &bar,
        )?;
        bar.finish();

        let host = Device::flex();
        let examples = Examples {
            features: &features,
            labels: &labels,
        };
        let (thresholds, cross_validated) = tune(&recipe, examples, &training, &host)?;
        let bar = progress(recipe.training.epochs, "Training");
        let head = train_head(&recipe, examples, &training, &host, &bar)?;
        bar.finish();
        let held_back_scores = evaluate(
            &predict(&head, &features, &held_back, &host)?,
            &labels,
            &held_back,
            &thresholds,
        );
        print_scores(
            "cross-validated on the training part (thresholds tuned there)",
            &cross_validated,
        );
        print_scores("held back", &held_back_scores);

        let network = recipe.network();
        let trained = Network { backbone, head };
        let summary = Summary {
            network,
            composition: recipe.input.composition,
            mean,
            std,
            thresholds: thresholds.to_vec(),
            trained_on: training.len(),
            held_back: held_back.len(),
            classes_seen: (0..COUNT)
                .filter(|&class| {
                    training
                        .iter()
                        .any(|&sample| labels[sample].contains(class))
                })
                .collect(),
            images: images_of(&samples),
            initial_weights,
            metrics: serde_json::json!({
                "held_back": held_back_scores,
                "cross_validated": cross_validated,
            }),
            recipe: serde_json::to_value(&recipe)?,
        };
        folder.finish(
            &weights::to_safetensors(
                &trained,
                summary.network.names(),
                weights::Precision::Single,
            )?,
            &summary,
        )?;
        println!(
            "the run is in {}; `trainer package --run` makes a model package of it",
            self.out.display()
        );
        Ok(ExitCode::SUCCESS)
    }

    /// Which samples the model never sees.
    fn held_back(
        &self,
        samples: &[Sample],
        labels: &[LabelSet],
        recipe: &Recipe,
    ) -> Result<Vec<bool>> {
        let Some(file) = &self.split else {
            let shares = [1.0 - recipe.split.held_back, recipe.split.held_back];
            let parts = stratified(labels, &shares, recipe.split.seed);
            return Ok(parts.into_iter().map(|part| part == 1).collect());
        };
        let ids = samples.iter().map(|sample| sample.field.id.as_str());
        let (parts, faults) = read_split(file)?.parts_of(ids)?;
        for fault in faults {
            eprintln!("left out: {fault}");
        }
        let held_back = |part| matches!(part, Part::Test | Part::Fold(0));
        Ok(parts.into_iter().map(held_back).collect())
    }
}

/// The samples that can be read and composed, with the moments of their planes; the others as
/// faults.
fn readable(
    set: Dataset,
    recipe: &Recipe,
    bar: &indicatif::ProgressBar,
) -> (Vec<(Sample, Moments)>, Vec<Fault>) {
    let mut faults = set.faults;
    let read: Vec<Result<(Sample, Moments), ReadError>> = set
        .samples
        .into_par_iter()
        .map(|sample| {
            let planes = planes(&sample, recipe);
            bar.inc(1);
            let planes = planes?;
            Ok((
                sample,
                Moments::new(planes.planes).with_image(&planes.values),
            ))
        })
        .collect();
    let mut samples = Vec::with_capacity(read.len());
    for sample in read {
        match sample {
            Ok(sample) => samples.push(sample),
            Err(error) => faults.push(error.into()),
        }
    }
    (samples, faults)
}

fn planes(sample: &Sample, recipe: &Recipe) -> Result<Planes, ReadError> {
    Ok(recipe
        .input
        .composition
        .compose(&sample.field.read()?, recipe.input.size as u32)?)
}

/// Thresholds from predictions by heads that have not seen the sample, and the scores they reach.
fn tune(
    recipe: &Recipe,
    examples: Examples<'_>,
    training: &[usize],
    host: &Device,
) -> Result<([f32; COUNT], Scores)> {
    let folds = recipe.split.folds;
    let labels: Vec<LabelSet> = training
        .iter()
        .map(|&sample| examples.labels[sample])
        .collect();
    let fold_of = stratified(&labels, &vec![1.0 / folds as f64; folds], recipe.split.seed);
    let mut probabilities = vec![[0.0; COUNT]; training.len()];
    let bar = progress(folds * recipe.training.epochs, "Tuning thresholds");
    for fold in 0..folds {
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..training.len()).partition(|&position| fold_of[position] == fold);
        let samples = |positions: &[usize]| -> Vec<usize> {
            positions
                .iter()
                .map(|&position| training[position])
                .collect()
        };
        let head = train_head(recipe, examples, &samples(&outside), host, &bar)?;
        for (position, row) in
            inside
                .iter()
                .zip(predict(&head, examples.features, &samples(&inside), host)?)
        {
            probabilities[*position] = row;
        }
    }
    bar.finish();
    let choice = &recipe.thresholds;
    let thresholds = tune_thresholds(
        &labels,
        &probabilities,
        choice.least_positives,
        choice.otherwise,
    );
    let scores = evaluate(&probabilities, examples.labels, training, &thresholds);
    Ok((thresholds, scores))
}

fn evaluate(
    probabilities: &[[f32; COUNT]],
    labels: &[LabelSet],
    chosen: &[usize],
    thresholds: &[f32; COUNT],
) -> Scores {
    let truth: Vec<LabelSet> = chosen.iter().map(|&sample| labels[sample]).collect();
    let predicted: Vec<LabelSet> = probabilities
        .iter()
        .map(|row| decide(row, thresholds))
        .collect();
    score(&truth, &predicted)
}

fn print_scores(of: &str, scores: &Scores) {
    println!(
        "{of}: macro-F1 {:.4} over 28 classes, {:.4} over the {} that occur; micro-F1 {:.4}; exact match {:.4}; {} samples",
        scores.macro_f1,
        scores.macro_f1_present,
        scores.classes_present,
        scores.micro_f1,
        scores.exact_match,
        scores.samples
    );
}
