//! The learner: a network, its optimiser and its running average, moved one step at a time.

use anyhow::{Context, Result};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use cytolens::model::{InferenceBackbone, Network};

use super::average::Average;
use super::loss::LossChoice;
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

impl Learner {
    /// A learner before its first step. `decay` is the running average's; 0 for none.
    pub fn new(network: Network, optimiser: Optimiser, decay: f64) -> Self {
        Self {
            average: (decay > 0.0).then(|| Average::new(&network, decay)),
            network,
            optimiser,
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
        // A device's failure is a panic of its runtime.
        let (gradients, loss) =
            caught(|| Ok(gradients(&self.network, frozen, batches, samples, settings)))
                .context("the device failed")?;
        let network = self.network.clone();
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
    network: &Network,
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
                network,
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
            sum.accumulate(network, gradients.to_device(first, network));
            let loss = loss.to_device(&first.clone().without_autodiff());
            losses = Some(match losses {
                Some(losses) => losses + loss,
                None => loss,
            });
        }
        // Norms gather their statistics by thread; this brings those of the pass together.
        drop(network.valid());
    }
    let losses = losses.unwrap_or_else(|| Tensor::zeros([1], &first.clone().without_autodiff()));
    (sum.grads(), losses)
}

/// Computes a batch's share of the loss and of its gradients.
fn one_pass(
    network: &Network,
    frozen: Option<&InferenceBackbone>,
    batch: HostBatch,
    share: f64,
    device: &Device,
    settings: &StepSettings<'_>,
) -> (GradientsParams, Tensor<1>) {
    let there;
    let network = if *device == settings.devices[0] {
        network
    } else {
        // A copy, because forks share the statistics of their norms: these follow the first device's
        // batches alone, and do not depend on which device is quicker.
        there = network.valid().train().fork(device);
        &there
    };
    let inner = device.clone().without_autodiff();
    let batch = DeviceBatch::new(batch, &inner);
    let targets = Tensor::from_inner(batch.targets);
    let planes = normalised(batch.planes, settings.mean, settings.std);
    let features = match frozen {
        Some(backbone) => Tensor::from_inner(backbone.forward(planes)),
        None => network.backbone.forward(Tensor::from_inner(planes)),
    };
    let logits = network.head.forward(features);
    let excess = Tensor::<1>::from_floats(settings.excess, &logits.device()).unsqueeze();
    let loss = settings.loss.forward(logits + excess, targets) * share;
    let value = loss.clone().inner();
    (GradientsParams::from_grads(loss.backward(), network), value)
}
