//! The learner: a network, its optimiser and its running average, moved one step at a time.

use anyhow::{Context, Result};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use cytolens::model::{InferenceBackbone, Network};

use super::average::Average;
use super::loss::LossChoice;
use super::metric::{CentreRows, Centres, MetricTerm};
use super::optimiser::{Optimiser, Rates};
use super::position::Position;
use crate::device::batch::{DeviceBatch, normalised};
use crate::panics::caught;
use cytolens_data::batches::HostBatch;

/// The state of a training: everything that a step changes.
pub struct Learner {
    /// The network in training, on the first device.
    pub network: Network,
    /// The averaged network, which predicts, where the recipe averages weights.
    pub average: Option<Average<Network>>,
    /// The optimiser with its moments.
    pub optimiser: Optimiser,
    /// The centres of an angular margin, where the recipe has one.
    pub centres: Option<Centres>,
    /// The position in the run.
    pub position: Position,
    /// While the backbone is frozen: the same for inference, one for each device.
    frozen: Option<Vec<InferenceBackbone>>,
}

/// The settings of a step.
#[derive(Debug)]
pub struct StepSettings<'a> {
    /// The loss to minimise.
    pub loss: LossChoice,
    /// The metric term beside it.
    pub metric: MetricTerm<'a>,
    /// What is added to each class's logit before it is compared with the truth: the log-odds of its frequency among the
    /// samples shown, over those that answers assume.
    pub excess: &'a [f32],
    /// The mean of each plane, which is subtracted.
    pub mean: &'a [f32],
    /// The standard deviation of each plane, by which it is divided.
    pub std: &'a [f32],
    /// The devices, with gradients, that share a step's batches. The network is on the first.
    pub devices: &'a [Device],
    /// The random seed of the step, for dropout.
    pub seed: u64,
}

/// What a pass has gradients of.
type Learnt = (Network, Option<CentreRows>);

impl Learner {
    /// A learner before its first step. `decay` is the running average's; 0 for none.
    pub fn new(
        network: Network,
        optimiser: Optimiser,
        decay: f64,
        centres: Option<Centres>,
    ) -> Self {
        Self {
            average: (decay > 0.0).then(|| Average::new(&network, decay)),
            network,
            optimiser,
            centres,
            position: Position::default(),
            frozen: None,
        }
    }

    /// The network that predicts, without gradients.
    pub fn predicting(&self) -> Network {
        match &self.average {
            Some(average) => average.network.clone(),
            None => self.network.valid(),
        }
    }

    /// Takes one step of the optimiser on these batches, all samples weighted alike. Returns the sum of
    /// the samples' losses, still on the device.
    ///
    /// # Errors
    /// If a device fails, as when its memory is exhausted.
    pub fn step(
        &mut self,
        batches: Vec<HostBatch>,
        rates: Rates,
        settings: &StepSettings<'_>,
    ) -> Result<Tensor<1>> {
        if rates.backbone > 0.0 {
            self.frozen = None;
        } else if self.frozen.is_none() {
            let backbone = self.network.backbone.valid();
            let inner = settings
                .devices
                .iter()
                .map(|device| device.clone().without_autodiff());
            self.frozen = Some(
                inner
                    .map(|device| InferenceBackbone::new(backbone.clone().fork(&device)))
                    .collect(),
            );
        }
        let frozen = self.frozen.as_deref();
        let samples: usize = batches.iter().map(|batch| batch.samples.len()).sum();
        for device in settings.devices {
            device.seed(settings.seed);
        }
        let centres = self.centres.as_ref().map(|centres| centres.rows().clone());
        let learnt = (self.network.clone(), centres);
        // A device's failure is a panic of its runtime.
        let (mut gradients, loss) =
            caught(|| Ok(gradients(&learnt, frozen, batches, samples, settings)))
                .context("the device failed")?;
        if let Some(centres) = &mut self.centres {
            centres.step(&mut gradients, rates.head);
        }
        let (network, _) = learnt;
        self.network = self.optimiser.step(network, gradients, rates);
        self.position.step += 1;
        if let Some(average) = &mut self.average {
            average.follow(&self.network, self.position.step);
        }
        Ok(loss * samples as f64)
    }
}

/// Computes the gradients of the mean loss of all samples, and that loss.
fn gradients(
    learnt: &Learnt,
    frozen: Option<&[InferenceBackbone]>,
    batches: Vec<HostBatch>,
    samples: usize,
    settings: &StepSettings<'_>,
) -> (GradientsParams, Tensor<1>) {
    let first = &settings.devices[0];
    let mut sum = GradientsAccumulator::new();
    let mut losses: Option<Tensor<1>> = None;
    let mut batches = batches.into_iter();
    loop {
        let round: Vec<(usize, HostBatch)> =
            (0..settings.devices.len()).zip(batches.by_ref()).collect();
        if round.is_empty() {
            break;
        }
        let pass = |(device, batch): (usize, HostBatch)| {
            let share = batch.samples.len() as f64 / samples as f64;
            let frozen = frozen.map(|backbones| &backbones[device]);
            one_pass(
                learnt,
                frozen,
                batch,
                share,
                &settings.devices[device],
                settings,
            )
        };
        let passes: Vec<(GradientsParams, Tensor<1>)> = if round.len() == 1 {
            round.into_iter().map(pass).collect()
        } else {
            std::thread::scope(|scope| {
                let threads: Vec<_> = round
                    .into_iter()
                    .map(|work| scope.spawn(|| pass(work)))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| {
                        thread
                            .join()
                            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    })
                    .collect()
            })
        };
        for (gradients, loss) in passes {
            sum.accumulate(learnt, gradients.to_device(first, learnt));
            let loss = loss.to_device(&first.clone().without_autodiff());
            losses = Some(match losses {
                Some(losses) => losses + loss,
                None => loss,
            });
        }
        // Norms gather their statistics by thread; this brings those of the pass together.
        drop(learnt.0.valid());
    }
    let losses = losses.unwrap_or_else(|| Tensor::zeros([1], &first.clone().without_autodiff()));
    (sum.grads(), losses)
}

/// Computes a batch's share of the loss and of its gradients.
fn one_pass(
    learnt: &Learnt,
    frozen: Option<&InferenceBackbone>,
    batch: HostBatch,
    share: f64,
    device: &Device,
    settings: &StepSettings<'_>,
) -> (GradientsParams, Tensor<1>) {
    let there;
    let learnt = if *device == settings.devices[0] {
        learnt
    } else {
        // A copy, because forks share the statistics of their norms: these follow the first device's
        // batches alone, and do not depend on which device is quicker.
        there = learnt.valid().train().fork(device);
        &there
    };
    let (network, centres) = learnt;
    let inner = device.clone().without_autodiff();
    let samples = batch.samples.clone();
    let batch = DeviceBatch::new(batch, &inner);
    let targets = Tensor::from_inner(batch.targets);
    let planes = normalised(batch.planes, settings.mean, settings.std);
    let features = match frozen {
        Some(backbone) => Tensor::from_inner(backbone.forward(planes)),
        None => network.backbone.forward(Tensor::from_inner(planes)),
    };
    let metric = settings.metric;
    let term = metric.forward(&features, &samples, centres.as_ref());
    let seen = if metric.choice.is_alone() {
        features.detach()
    } else {
        features
    };
    let logits = network.head.forward(seen);
    let excess = Tensor::<1>::from_floats(settings.excess, &logits.device()).unsqueeze();
    let loss = settings.loss.forward(logits + excess, targets);
    let loss = match term {
        Some(term) => loss + term,
        None => loss,
    };
    let loss = loss * share;
    let value = loss.clone().inner();
    (GradientsParams::from_grads(loss.backward(), learnt), value)
}

#[cfg(test)]
mod tests {
    use cytolens::model::{Architecture, HeadKind, Names, NetworkConfig, weights};
    use cytolens_core::labels::COUNT;

    use super::*;
    use crate::run::metric::{Groups, MetricChoice};
    use crate::run::optimiser::OptimiserChoice;
    use crate::run::recipe::Recipe;
    use crate::run::recipe_file::RecipeFile;

    /// Four samples that differ.
    fn batch() -> HostBatch {
        HostBatch {
            index: 0,
            planes: (0..4 * 32 * 32).map(|at| (at * at / 7) as u8).collect(),
            shape: [4, 1, 32, 32],
            targets: (0..4 * COUNT).map(|at| (at % 3 / 2) as f32).collect(),
            samples: vec![0, 1, 2, 3],
        }
    }

    fn bytes<M: Module>(module: &M) -> Vec<u8> {
        weights::to_safetensors(&module.valid(), Names::plain(), weights::Precision::Single)
            .expect("weights")
    }

    /// Whether backbone, head and centres move in a step.
    fn moved(choice: &MetricChoice, groups: &[Option<&str>; 4]) -> (bool, bool, bool) {
        let device = Device::flex().autodiff();
        let config = NetworkConfig {
            architecture: Architecture::AllCnn,
            head: HeadKind::Pooling,
            planes: 1,
            size: 32,
            classes: COUNT,
            batch_norm_epsilon: 1e-5,
        };
        let optimiser = OptimiserChoice {
            weight_decay: 0.0,
            ..Recipe::load("default", &[]).expect("a recipe").optimiser
        };
        let groups = Groups::of_texts(&groups.map(|text| text.map(str::to_owned)));
        let centres = choice.has_centres().then(|| {
            let shape = [groups.count(), Architecture::AllCnn.features()];
            Centres::new(shape, 1, &optimiser, &device)
        });
        let network = Network::new(&config, &Device::flex()).train();
        let network = network.set_require_grad(true);
        let mut learner = Learner::new(network, Optimiser::new(&optimiser), 0.0, centres);
        let state = |learner: &Learner| {
            let centres = learner.centres.as_ref();
            (
                bytes(&learner.network.backbone),
                bytes(&learner.network.head),
                centres.map(|centres| bytes(centres.rows())),
            )
        };
        let before = state(&learner);
        let settings = StepSettings {
            loss: LossChoice::CrossEntropy {},
            metric: MetricTerm {
                choice,
                groups: &groups,
            },
            excess: &[0.0; COUNT],
            mean: &[0.5],
            std: &[0.25],
            devices: &[device],
            seed: 1,
        };
        let rates = Rates {
            backbone: 0.01,
            head: 0.01,
        };
        let loss = learner
            .step(vec![batch()], rates, &settings)
            .expect("a step");
        assert!(loss.into_scalar::<f32>() > 0.0);
        let after = state(&learner);
        (
            before.0 != after.0,
            before.1 != after.1,
            before.2 != after.2,
        )
    }

    #[test]
    fn a_metric_alone_is_all_that_the_backbone_learns_from() {
        let contrastive = |alone: bool| MetricChoice::Contrastive {
            by: "label set".to_owned(),
            weight: 1.0,
            alone,
            temperature: 0.1,
        };
        let margin = |alone: bool| MetricChoice::ArcFace {
            by: "label set".to_owned(),
            weight: 1.0,
            alone,
            scale: 8.0,
            margin: 0.5,
        };
        let (none, pairs) = ([None; 4], [Some("a"), Some("b"), Some("a"), Some("b")]);
        for (choice, groups, expected) in [
            (MetricChoice::None {}, none, (true, true, false)),
            (contrastive(false), none, (true, true, false)),
            (contrastive(true), none, (false, true, false)),
            (contrastive(true), pairs, (true, true, false)),
            (margin(false), pairs, (true, true, true)),
            (margin(true), pairs, (true, true, true)),
        ] {
            assert_eq!(moved(&choice, &groups), expected, "{choice:?}, {groups:?}");
        }
    }
}
