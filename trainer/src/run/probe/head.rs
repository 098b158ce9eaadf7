//! Training a head over features that do not change.

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::Head;
use cytolens_core::labels::{COUNT, LabelSet};
use indicatif::ProgressBar;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::features::Features;
use super::recipe::{Recipe, TrainingChoice};
use cytolens_data::moments::Moments;
use cytolens_data::views::VIEWS;

/// Features and labels of the same samples.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// One a sample.
    pub features: &'a [Features],
    /// One a sample.
    pub labels: &'a [LabelSet],
}

/// Trains a head on the given samples of `examples`.
///
/// Features are brought to mean 0 and deviation 1 a map, which is then folded into the head's first
/// layer, so the head that comes back reads the backbone's features as they are.
///
/// # Errors
/// Where the loss stops being a number.
pub fn train_head(
    recipe: &Recipe,
    examples: Examples<'_>,
    chosen: &[usize],
    device: &Device,
    progress: &ProgressBar,
) -> Result<Head> {
    let choice = &recipe.training;
    let learning = device.clone().autodiff();
    learning.seed(choice.seed);
    let shape = examples.features[chosen[0]].shape;
    let positive_weights = positive_weights(examples.labels, chosen, choice.rarity);
    let prior = prior(examples.labels, chosen, &positive_weights);
    let head = recipe
        .network
        .head
        .init(shape[0], shape[1], COUNT, &learning);
    let mut head = head.with_prior(&prior);
    let (mean, std) = statistics(examples.features, chosen, shape[0]);
    let weights = Tensor::<1>::from_floats(positive_weights, &learning).unsqueeze::<2>();
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(choice.weight_decay)
        .init();
    let mut rng = StdRng::seed_from_u64(choice.seed);
    let mut order = chosen.to_vec();
    let steps = choice.epochs * chosen.len().div_ceil(choice.batch);
    let mut step = 0;
    for _ in 0..choice.epochs {
        order.shuffle(&mut rng);
        let mut total = 0.0;
        for batch in order.chunks(choice.batch) {
            let views: Vec<(usize, usize)> = batch
                .iter()
                .map(|&sample| (sample, rng.random_range(0..VIEWS)))
                .collect();
            let input = standardised(examples.features, &views, shape, &mean, &std, &learning);
            let targets: Vec<f32> = batch
                .iter()
                .flat_map(|&sample| examples.labels[sample].multi_hot())
                .collect();
            let targets =
                Tensor::<2>::from_data(TensorData::new(targets, [batch.len(), COUNT]), &learning);
            let loss = weighted_cross_entropy(head.forward(input), targets, weights.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &head);
            head = optimizer.step(learning_rate(choice, step, steps), head, gradients);
            total += loss.into_scalar::<f32>() * batch.len() as f32;
            step += 1;
        }
        let loss = total / order.len() as f32;
        ensure!(
            loss.is_finite(),
            "the loss is no longer a number: choose a smaller training.learning_rate"
        );
        progress.set_message(format!("loss {loss:.4}"));
        progress.inc(1);
    }
    Ok(head.valid().with_normalised_input(&mean, &std))
}

/// The probabilities that a head gives to the samples' plain views.
///
/// # Errors
/// Where the device fails.
pub fn predict(
    head: &Head,
    features: &[Features],
    chosen: &[usize],
    device: &Device,
) -> Result<Vec<[f32; COUNT]>> {
    chosen
        .iter()
        .map(|&sample| {
            let [maps, height, width] = features[sample].shape;
            let data = TensorData::new(features[sample].view(0).to_vec(), [1, maps, height, width]);
            let probabilities = sigmoid(head.forward(Tensor::from_data(data, device))).into_data();
            let values = probabilities
                .try_into_vec::<f32>()
                .map_err(|error| anyhow::anyhow!("{error:?}"))?;
            values
                .try_into()
                .map_err(|values: Vec<f32>| anyhow::anyhow!("{} probabilities", values.len()))
        })
        .collect()
}

/// Half a cosine from the recipe's rate to 0.
fn learning_rate(choice: &TrainingChoice, step: usize, steps: usize) -> f64 {
    choice.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos())
}

/// Binary cross-entropy of logits, a label's positives counting `weights` times, averaged.
fn weighted_cross_entropy(logits: Tensor<2>, targets: Tensor<2>, weights: Tensor<2>) -> Tensor<1> {
    // -log(sigmoid(x)) = softplus(-x), which does not overflow.
    let positive = softplus(-logits.clone(), 1.0) * targets.clone() * weights;
    let negative = softplus(logits, 1.0) * (-targets + 1.0);
    (positive + negative).mean()
}

/// Per class, `(negatives / positives) ^ rarity`; 1 for a class without positives.
fn positive_weights(labels: &[LabelSet], chosen: &[usize], rarity: f64) -> [f32; COUNT] {
    std::array::from_fn(|class| {
        let positives = chosen
            .iter()
            .filter(|&&sample| labels[sample].contains(class))
            .count();
        if positives == 0 {
            1.0
        } else {
            ((chosen.len() - positives).max(1) as f64 / positives as f64).powf(rarity) as f32
        }
    })
}

/// Per class, the logit of its weighted frequency: where training starts, so that a rare label is
/// not first unlearnt. Half a positive stands in where there is none.
fn prior(labels: &[LabelSet], chosen: &[usize], weights: &[f32; COUNT]) -> [f32; COUNT] {
    std::array::from_fn(|class| {
        let positives = chosen
            .iter()
            .filter(|&&sample| labels[sample].contains(class))
            .count();
        let positives = (positives as f32).max(0.5);
        (weights[class] * positives / (chosen.len() as f32 - positives).max(0.5)).ln()
    })
}

/// Mean and standard deviation of each map over the chosen samples' views.
fn statistics(features: &[Features], chosen: &[usize], maps: usize) -> (Vec<f32>, Vec<f32>) {
    let mut moments = Moments::new(maps);
    for &sample in chosen {
        for view in 0..VIEWS {
            moments = moments.with_image(features[sample].view(view));
        }
    }
    moments.mean_and_std()
}

fn standardised(
    features: &[Features],
    views: &[(usize, usize)],
    [maps, height, width]: [usize; 3],
    mean: &[f32],
    std: &[f32],
    device: &Device,
) -> Tensor<4> {
    let area = height * width;
    let values: Vec<f32> = views
        .iter()
        .flat_map(|&(sample, view)| {
            let view = features[sample].view(view).chunks_exact(area);
            view.zip(mean.iter().zip(std))
                .flat_map(|(map, (mean, std))| map.iter().map(move |value| (value - mean) / std))
        })
        .collect();
    Tensor::from_data(
        TensorData::new(values, [views.len(), maps, height, width]),
        device,
    )
}
