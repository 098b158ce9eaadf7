//! What learns: a network, its optimiser and its running average, one step at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Result, anyhow};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use cytolens::model::Network;

use super::average::Average;
use super::checkpoint::Position;
use super::loss::LossChoice;
use super::optimiser::{Optimiser, Rates};
use crate::device::batch::DeviceBatch;
use cytolens_data::batches::HostBatch;

/// Everything that training changes.
pub struct Learner {
    /// What is trained, on the first device.
    pub network: Network,
    /// What predicts, where the recipe averages weights.
    pub average: Option<Average>,
    /// With its moments.
    pub optimiser: Optimiser,
    /// Where it stands.
    pub position: Position,
}

/// What a step needs beside the samples.
#[derive(Debug)]
pub struct Lesson<'a> {
    /// What is made small.
    pub loss: LossChoice,
    /// Subtracted from each plane.
    pub mean: &'a [f32],
    /// Each plane is divided by this.
    pub std: &'a [f32],
    /// The devices, with gradients, that share a step's batches. The network is on the first.
    pub devices: &'a [Device],
    /// Decides what is drawn, such as the units that dropout leaves out.
    pub seed: u64,
}

impl Learner {
    /// The network that predicts.
    pub fn answering(&self) -> Network {
        match &self.average {
            Some(average) => average.network.clone(),
            None => self.network.valid(),
        }
    }

    /// One step of the optimiser by all of these batches, each sample counting alike. Gives the
    /// sum of the samples' losses, still on the device.
    ///
    /// # Errors
    /// Where a device fails, as when its memory is exhausted.
    pub fn step(
        &mut self,
        batches: Vec<HostBatch>,
        rates: Rates,
        lesson: &Lesson<'_>,
    ) -> Result<Tensor<1>> {
        let frozen = rates.backbone == 0.0;
        let samples: usize = batches.iter().map(|batch| batch.samples.len()).sum();
        for device in lesson.devices {
            device.seed(lesson.seed);
        }
        // A device's failure is a panic of its runtime.
        let (gradients, loss) = catch_unwind(AssertUnwindSafe(|| {
            gradients(&self.network, frozen, batches, samples, lesson)
        }))
        .map_err(|panic| anyhow!("the device failed: {}", message(panic.as_ref())))?;
        let network = self.network.clone();
        self.network = self.optimiser.step(network, gradients, rates);
        self.position.step += 1;
        if let Some(average) = &mut self.average {
            average.follow(&self.network, self.position.step);
        }
        Ok(loss * samples as f64)
    }
}

/// What a panic says.
pub fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned())
}

/// The gradients of the mean loss of all samples, and that loss.
fn gradients(
    network: &Network,
    frozen: bool,
    batches: Vec<HostBatch>,
    samples: usize,
    lesson: &Lesson<'_>,
) -> (GradientsParams, Tensor<1>) {
    let first = &lesson.devices[0];
    let mut sum = GradientsAccumulator::new();
    let mut losses: Option<Tensor<1>> = None;
    let mut batches = batches.into_iter();
    loop {
        let round: Vec<(&Device, HostBatch)> =
            lesson.devices.iter().zip(batches.by_ref()).collect();
        if round.is_empty() {
            break;
        }
        let pass = |(device, batch): (&Device, HostBatch)| {
            let share = batch.samples.len() as f64 / samples as f64;
            one_pass(network, frozen, batch, share, device, lesson)
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
        // Norms gather their statistics by thread; here they take in what the pass found.
        drop(network.valid());
    }
    let losses = losses.unwrap_or_else(|| Tensor::zeros([1], &first.clone().without_autodiff()));
    (sum.grads(), losses)
}

/// A batch's share of the loss and of its gradients.
fn one_pass(
    network: &Network,
    frozen: bool,
    batch: HostBatch,
    share: f64,
    device: &Device,
    lesson: &Lesson<'_>,
) -> (GradientsParams, Tensor<1>) {
    let there;
    let network = if *device == lesson.devices[0] {
        network
    } else {
        // A copy: forks share the statistics of their norms. So those follow the first device's
        // batches alone, and do not hang on which device is quicker.
        there = network.valid().train().fork(device);
        &there
    };
    let inner = device.clone().without_autodiff();
    let batch = DeviceBatch::new(batch, &inner);
    let targets = Tensor::from_inner(batch.targets);
    let planes = normalised(batch.planes, lesson.mean, lesson.std);
    let features = if frozen {
        Tensor::from_inner(network.backbone.valid().forward(planes))
    } else {
        network.backbone.forward(Tensor::from_inner(planes))
    };
    let loss = lesson.loss.forward(network.head.forward(features), targets) * share;
    let value = loss.clone().inner();
    (GradientsParams::from_grads(loss.backward(), network), value)
}

/// Planes `[batch, planes, height, width]` from 0 to 1, brought to mean 0 and deviation 1.
pub fn normalised(planes: Tensor<4>, mean: &[f32], std: &[f32]) -> Tensor<4> {
    let device = planes.device();
    let row =
        |values: &[f32]| Tensor::<1>::from_floats(values, &device).reshape([1, values.len(), 1, 1]);
    (planes - row(mean)) / row(std)
}
