//! The training of a head over fixed features.

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::Head;
use cytolens_core::labels::{COUNT, LabelSet};
use indicatif::ProgressBar;

use super::features::Features;
use super::recipe::{ProbeRecipe, ProbeTraining};
use cytolens_data::moments::Moments;
use cytolens_data::random::{Purpose, Stream};
use cytolens_data::views::VIEWS;

/// Features and labels of the same samples.
#[derive(Debug, Clone, Copy)]
pub struct Examples<'a> {
    /// The features, one a sample.
    pub features: &'a [Features],
    /// The labels, one a sample.
    pub labels: &'a [LabelSet],
}

/// Trains a head on the samples `chosen` of `examples`.
///
/// Features are normalised to mean 0 and deviation 1 a map; the normalisation is then folded into the
/// head's first layer, so that the trained head takes the backbone's features themselves.
///
/// # Errors
/// If the loss is no longer a number.
pub fn train_head(
    recipe: &ProbeRecipe,
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
    let head = Head::new(recipe.network.head, shape[0], shape[1], COUNT, &learning);
    let mut head = head.with_prior(&prior);
    let (mean, std) = statistics(examples.features, chosen, shape[0]);
    let weights = Tensor::<1>::from_floats(positive_weights, &learning).unsqueeze::<2>();
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(choice.weight_decay)
        .init();
    let steps = choice.epochs * chosen.len().div_ceil(choice.batch);
    let mut step = 0;
    for epoch in 0..choice.epochs {
        let shown = shown(choice.seed, epoch, chosen);
        let mut total = 0.0;
        for batch in shown.chunks(choice.batch) {
            let input = standardised(examples.features, batch, shape, &mean, &std, &learning);
            let targets: Vec<f32> = batch
                .iter()
                .flat_map(|&(sample, _)| examples.labels[sample].multi_hot())
                .collect();
            let targets =
                Tensor::<2>::from_data(TensorData::new(targets, [batch.len(), COUNT]), &learning);
            let loss = weighted_cross_entropy(head.forward(input), targets, weights.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &head);
            head = optimizer.step(learning_rate(choice, step, steps), head, gradients);
            total += loss.into_scalar::<f32>() * batch.len() as f32;
            step += 1;
        }
        let loss = total / shown.len() as f32;
        ensure!(
            loss.is_finite(),
            "the loss is no longer a number: choose a smaller training.learning_rate"
        );
        progress.set_message(format!("loss {loss:.4}"));
        progress.inc(1);
    }
    Ok(head.valid().with_normalised_input(&mean, &std))
}

/// The samples of an epoch in random order, each with the random number of its view.
fn shown(seed: u64, epoch: usize, chosen: &[usize]) -> Vec<(usize, usize)> {
    let mut order = chosen.to_vec();
    Stream::new(Purpose::Order, &[seed, epoch as u64]).shuffle(&mut order);
    let with_view = |sample| {
        let numbers = [seed, epoch as u64, sample as u64];
        let view = Stream::new(Purpose::Augmentation, &numbers).below(VIEWS);
        (sample, view)
    };
    order.into_iter().map(with_view).collect()
}

/// The probabilities that a head gives for the samples' plain views.
///
/// # Errors
/// If the device fails.
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

/// The learning rate of a step: half a cosine from the recipe's to 0.
fn learning_rate(choice: &ProbeTraining, step: usize, steps: usize) -> f64 {
    choice.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos())
}

/// The mean binary cross-entropy of logits, with a label's positives weighted by `weights`.
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

/// Per class, the logit of its weighted frequency, from which training starts, so that rare labels need
/// not be unlearnt. A class without positives counts as half a one.
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

/// The mean and standard deviation of each map over the chosen samples' views.
fn statistics(features: &[Features], chosen: &[usize], maps: usize) -> (Vec<f32>, Vec<f32>) {
    let mut moments = Moments::new(maps);
    for &sample in chosen {
        for view in 0..VIEWS {
            moments = moments.with_image(features[sample].view(view));
        }
    }
    moments.mean_and_std()
}

/// The normalised features of views, each a sample and the number of its view.
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

#[cfg(test)]
mod tests {
    use cytolens::model::HeadKind;

    use super::super::recipe::ProbeRecipe;
    use super::*;
    use crate::run::recipe_file::RecipeFile;

    /// Pinned, because a recipe must give the same head with every later version.
    #[test]
    fn order_and_views_follow_from_the_seed_alone() {
        let chosen = [2, 3, 5, 7, 11, 13];
        let epochs: Vec<_> = (0..2).map(|epoch| shown(7, epoch, &chosen)).collect();
        assert_eq!(
            epochs[0],
            [(2, 4), (11, 7), (7, 1), (13, 1), (3, 1), (5, 5)]
        );
        assert_eq!(
            epochs[1],
            [(5, 5), (13, 3), (11, 3), (7, 5), (2, 6), (3, 5)]
        );
        assert_ne!(shown(8, 0, &chosen), epochs[0]);
        // A sample's view depends on no other sample.
        let few = shown(7, 0, &chosen[..3]);
        assert!(few.iter().all(|one| epochs[0].contains(one)));
    }

    #[test]
    fn every_view_is_shown() {
        let epochs = 0..200;
        let mut counts = [0; VIEWS];
        for epoch in epochs {
            counts[shown(1, epoch, &[4])[0].1] += 1;
        }
        assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
    }

    #[test]
    fn a_head_learns_to_tell_features_apart() {
        let mut recipe = ProbeRecipe::load("probe", &[]).expect("a recipe");
        recipe.network.head = HeadKind::Pooling;
        recipe.training.learning_rate = 0.05;
        // The first map is bright where the label 3 is present.
        let labels: Vec<LabelSet> = (0..16)
            .map(|sample| LabelSet::from_classes([3 * (sample % 2)]).expect("a location"))
            .collect();
        let features: Vec<Features> = (0..16)
            .map(|sample| Features {
                shape: [2, 1, 1],
                values: [(sample % 2) as f32, 0.5].repeat(VIEWS),
            })
            .collect();
        let examples = Examples {
            features: &features,
            labels: &labels,
        };
        let all: Vec<usize> = (0..16).collect();
        let device = Device::flex();
        let train = || {
            train_head(&recipe, examples, &all, &device, &ProgressBar::hidden()).expect("a head")
        };
        let found = predict(&train(), &features, &all, &device).expect("probabilities");
        for (sample, row) in found.iter().enumerate() {
            assert_eq!(row[3] > 0.5, sample % 2 == 1, "{sample}: {}", row[3]);
        }
        let again = predict(&train(), &features, &all, &device).expect("probabilities");
        assert_eq!(again, found, "the seed decides");
    }
}
