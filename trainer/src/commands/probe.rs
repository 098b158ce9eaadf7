//! `trainer probe`: trains a head over frozen features, in minutes on a CPU.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::Args;
use cytolens::model::{InferenceBackbone, Network, weights};
use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_field::{MissingChannels, Planes};

use crate::commands::arguments::{InitArguments, RunArguments, SetArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note_left_out, say};
use crate::run::folder::{RunFolder, Summary};
use crate::run::measured_set::MeasuredSet;
use crate::run::probe::features::Extractor;
use crate::run::probe::head::{Examples, predict, train_head};
use crate::run::probe::recipe::ProbeRecipe;
use crate::run::recipe_file::RecipeFile;
use crate::run::samples::{attribution, split_of};
use crate::run::start::pretrained;
use cytolens_core::scores::{Scores, decide, score, tune_thresholds};
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::files::ReadError;
use cytolens_data::moments::Moments;
use cytolens_data::split::file::Part;
use cytolens_data::split::stratified;
use cytolens_report::progress::progress;

/// Train only a head, over frozen ImageNet features
///
/// Minutes on a CPU; `trainer train` trains whole networks. With --split, the table's test part, or its
/// first fold, is held back.
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
    #[command(flatten)]
    init: InitArguments,
    #[command(flatten)]
    run: RunArguments,
    /// The device to compute features on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl Probe {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = ProbeRecipe::load(&self.recipe, &[])?;
        let set = self.set.open()?;
        let architecture = recipe.network.architecture;
        let init = self.init.find(&self.set.data, architecture)?;
        let device = self.device.open()?;
        let input_planes = recipe.input.composition.planes();
        let (backbone, initial_weights) = pretrained(architecture, input_planes, &init, &device)?;
        let folder = RunFolder::start(&self.out, &recipe, self.run.resume)?;

        let bar = progress(set.samples.len(), "Reading");
        let Dataset {
            samples,
            credits,
            faults,
        } = set;
        let measure = |sample: &Sample| -> Result<Moments, ReadError> {
            let planes = planes(sample, &recipe)?;
            Ok(Moments::new(planes.planes).with_image(&planes.values))
        };
        let kept = folder.statistics()?;
        let set = MeasuredSet::new(samples, kept, workers(None), measure, &bar);
        bar.finish();
        let samples = &set.samples;
        note_left_out(faults.iter().chain(set.left_out.values()));
        ensure!(
            samples.len() >= 2 * recipe.split.folds,
            "{} readable samples are too few for {} folds",
            samples.len(),
            recipe.split.folds
        );
        let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
        let is_held_back = self.held_back(samples, &labels, &recipe)?;
        let (held_back, training): (Vec<usize>, Vec<usize>) =
            (0..samples.len()).partition(|&sample| is_held_back[sample]);
        ensure!(
            !held_back.is_empty() && training.len() >= recipe.split.folds,
            "{} samples to train on and {} held back are too few",
            training.len(),
            held_back.len()
        );
        let parts: Vec<Part> = is_held_back
            .iter()
            .map(|held_back| if *held_back { Part::Test } else { Part::Train })
            .collect();
        let statistics = set.statistics(input_planes, training.iter().copied());
        folder.write_set(&split_of(samples, &parts), &statistics)?;
        say!(
            "{} samples: {} to train on, {} held back",
            samples.len(),
            training.len(),
            held_back.len()
        )?;

        let bar = progress(samples.len(), "Features");
        let extractor = Extractor {
            backbone: &InferenceBackbone::new(backbone.clone()),
            head: recipe.network.head,
            mean: &statistics.mean,
            std: &statistics.std,
            device: &device,
        };
        let features = extractor.all(
            samples,
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

        let network = recipe.network();
        let trained = Network { backbone, head };
        let summary = Summary {
            network,
            composition: recipe.input.composition,
            missing: MissingChannels::Refused,
            mean: statistics.mean,
            std: statistics.std,
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
            images: attribution(samples, &credits),
            licence: credits.licence,
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
        say!("cross-validated on the training part (thresholds tuned there): {cross_validated}")?;
        say!("held back: {held_back_scores}")?;
        say!(
            "the run is in {}; `trainer package --run` makes a model package of it",
            self.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// Chooses the samples that the head is not trained on.
    fn held_back(
        &self,
        samples: &[Sample],
        labels: &[LabelSet],
        recipe: &ProbeRecipe,
    ) -> Result<Vec<bool>> {
        let Some(split) = self.run.table()? else {
            let shares = [1.0 - recipe.split.held_back, recipe.split.held_back];
            let parts = stratified(labels, &shares, recipe.split.seed);
            return Ok(parts.into_iter().map(|part| part == 1).collect());
        };
        let ids = samples.iter().map(|sample| sample.field.id.as_str());
        let (parts, faults) = split.parts_of(ids)?;
        note_left_out(&faults);
        let held_back = |part| matches!(part, Part::Test | Part::Fold(0));
        Ok(parts.into_iter().map(held_back).collect())
    }
}

fn planes(sample: &Sample, recipe: &ProbeRecipe) -> Result<Planes, ReadError> {
    Ok(recipe.input.composition.compose(
        &sample.field.read()?,
        MissingChannels::Refused,
        recipe.input.size as u32,
    )?)
}

/// Tunes thresholds on predictions by heads that were not trained on the sample, and scores them.
fn tune(
    recipe: &ProbeRecipe,
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
