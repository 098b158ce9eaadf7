//! `trainer train`: a labelled set and a recipe become a run's folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use clap::Args;
use cytolens::field::Planes;
use cytolens::labels::{COUNT, LabelSet};
use cytolens::model::{Architecture, Backbone, InferenceBackbone, Names, Network, weights};
use cytolens::package::sha256;
use rayon::prelude::*;

use crate::data::arguments::SetArguments;
use crate::data::dataset::{Dataset, Sample};
use crate::data::fault::Fault;
use crate::data::files::ReadError;
use crate::data::moments::Moments;
use crate::data::split::file::{Part, read_split};
use crate::data::split::stratified;
use crate::device::DeviceChoice;
use crate::progress::progress;
use crate::report::metrics::{Scores, decide, score, tune_thresholds};
use crate::run::features::Extractor;
use crate::run::folder::{RunFolder, Summary};
use crate::run::recipe::Recipe;
use crate::run::train::{Examples, predict, train_head};

/// Red, green and blue.
const PHOTOGRAPH_PLANES: usize = 3;
/// Where initial weights are looked for beside a data set.
const WEIGHTS_NEAR_DATA: [&str; 2] = ["", "../imagenet"];

/// Train a model on a labelled set
///
/// Trains the recipe's head over the frozen features of ImageNet weights.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    set: SetArguments,
    /// A recipe's name (`first`) or TOML file
    #[arg(long, default_value = "first")]
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

impl Train {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = Recipe::load(&self.recipe)?;
        let set = self.set.open()?;
        let init = self.initial_weights(&recipe)?;
        let device = self.device.open()?;
        let (backbone, initial_weights) = pretrained(&recipe, &init, &device)?;
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
        folder.write_split(
            samples
                .iter()
                .zip(&is_held_back)
                .map(|(sample, held_back)| {
                    let part = if *held_back { "held back" } else { "train" };
                    (sample.field.id.as_str(), part)
                }),
        )?;
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

        let network = recipe.network(imagenet_epsilon(recipe.network.architecture));
        let trained = Network { backbone, head };
        let summary = Summary {
            network,
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
            initial_weights,
            metrics: serde_json::json!({
                "held_back": held_back_scores,
                "cross_validated": cross_validated,
            }),
            recipe,
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

    fn initial_weights(&self, recipe: &Recipe) -> Result<PathBuf> {
        if let Some(file) = &self.init {
            return Ok(file.clone());
        }
        let name = format!(
            "{}.safetensors",
            recipe
                .network
                .architecture
                .title()
                .replace('-', "")
                .to_lowercase()
        );
        let places: Vec<PathBuf> = WEIGHTS_NEAR_DATA
            .iter()
            .map(|place| self.set.data.join(place).join(&name))
            .collect();
        places
            .iter()
            .find(|path| path.is_file())
            .cloned()
            .with_context(|| {
                let looked: Vec<String> = places
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                format!(
                    "no ImageNet weights: name them with --init FILE; looked for {}",
                    looked.join(" and ")
                )
            })
    }
}

/// The batch-norm epsilon with which ImageNet weights were trained: DenseNet's are Keras'.
fn imagenet_epsilon(architecture: Architecture) -> f64 {
    match architecture {
        Architecture::DenseNet121 | Architecture::DenseNet201 => 1.001e-5,
        other => other.usual_epsilon(),
    }
}

/// The backbone with ImageNet weights, its stem fitted to the recipe's planes, and what names them.
fn pretrained(recipe: &Recipe, file: &Path, device: &Device) -> Result<(Backbone, String)> {
    let architecture = recipe.network.architecture;
    let names = Names::backbone(architecture);
    let mut tensors = weights::read_file(file)?;
    // ImageNet's thousand classes are not ours.
    let classifier = format!("{}.", names.classifier());
    tensors.retain(|name, _| !name.starts_with(&classifier));
    let mut backbone = architecture.init(PHOTOGRAPH_PLANES, imagenet_epsilon(architecture), device);
    weights::apply_exactly(&mut backbone, names, &tensors)
        .with_context(|| format!("in {}", file.display()))?;
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let digest = sha256(&bytes);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok((
        backbone.with_stem_for(recipe.input.composition.planes()),
        format!("{name}, SHA-256 {digest}"),
    ))
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
