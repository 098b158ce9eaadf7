//! The learner: a U-Net, its optimiser and its running average, moved one step at a time.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::{Names, UNet, weights};
use cytolens_data::examples::ExampleBatch;

use super::recipe::UNetChoices;
use crate::panics::caught;
use crate::run::average::Average;
use crate::run::checkpoint;
use crate::run::optimiser::ModuleOptimiser;
use crate::run::position::Position;

const NETWORK: &str = "network.safetensors";
const AVERAGE: &str = "average.safetensors";
const OPTIMISER: &str = "optimiser.safetensors";
const POSITION: &str = "position.toml";

/// The state of a training: everything that a step changes.
pub struct UNetLearner {
    network: UNet,
    average: Option<Average<UNet>>,
    optimiser: ModuleOptimiser,
    /// The planes of an example, the maps of its truth, and the side of both in pixels.
    shape: [usize; 3],
    /// The position in the run.
    pub position: Position,
}

impl UNetLearner {
    /// A learner before its first step, on a device with gradients.
    pub fn new(choices: &UNetChoices<'_>, device: &Device) -> Self {
        device.seed(choices.training.seed);
        let network = choices.unet().init(device);
        let decay = choices.average.decay;
        Self {
            average: (decay > 0.0).then(|| Average::new(&network, decay)),
            network,
            optimiser: ModuleOptimiser::new(choices.optimiser),
            shape: [choices.planes, choices.outputs, choices.training.part],
            position: Position::default(),
        }
    }

    /// The weights of the network that predicts, as the bytes of a safetensors file.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn predicting(&self) -> Result<Vec<u8>> {
        let network = match &self.average {
            Some(average) => average.network.clone(),
            None => self.network.valid(),
        };
        Ok(to_bytes(&network)?)
    }

    /// Takes one step of the optimiser on a batch. Returns its loss, `[1]`, which is a function of logits, truth and weights, all
    /// `[batch, outputs, height, width]`.
    ///
    /// # Errors
    /// If the device fails, as when its memory is exhausted, or the loss is no number.
    pub fn step(
        &mut self,
        batch: &ExampleBatch,
        loss: impl Fn(Tensor<4>, Tensor<4>, Tensor<4>) -> Tensor<1>,
        rate: f64,
        device: &Device,
    ) -> Result<f64> {
        let [planes, outputs, side] = self.shape;
        // A device's failure is a panic of its runtime.
        let (gradients, loss) = caught(|| {
            let inner = device.clone().without_autodiff();
            let maps = |count: usize, of: &dyn Fn(usize) -> Vec<f32>| -> Tensor<4> {
                let values: Vec<f32> = (0..batch.examples.len()).flat_map(of).collect();
                let data = TensorData::new(values, [batch.examples.len(), count, side, side]);
                Tensor::from_inner(Tensor::from_data(data, &inner))
            };
            let planes = maps(planes, &|one| batch.examples[one].planes.clone());
            let targets = maps(outputs, &|one| batch.examples[one].targets.clone());
            let weights = maps(outputs, &|one| batch.examples[one].weights.clone());
            let logits = self.network.forward(planes);
            let loss = loss(logits, targets, weights);
            let value = loss.clone().inner();
            let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
            // Norms gather their statistics by thread; this brings those of the pass together.
            drop(self.network.valid());
            Ok((gradients, value))
        })
        .context("the device failed")?;
        let network = self.network.clone();
        self.network = self.optimiser.step(network, gradients, rate);
        self.position.step += 1;
        if let Some(average) = &mut self.average {
            average.follow(&self.network, self.position.step);
        }
        let loss = loss.into_data().try_into_vec::<f32>();
        let loss = loss.map_err(|error| anyhow::anyhow!("the device failed: {error:?}"))?;
        let loss = f64::from(loss.first().copied().unwrap_or(f32::NAN));
        ensure!(
            loss.is_finite(),
            "the loss is no number at step {}; a lower optimiser.learning_rate may help",
            self.position.step
        );
        Ok(loss)
    }

    /// Writes a checkpoint into the run's folder.
    ///
    /// # Errors
    /// If it cannot be written; the one before stays.
    pub fn save(&self, run: &Path) -> Result<()> {
        let network = self.network.valid();
        let mut files = vec![(NETWORK, to_bytes(&network)?)];
        if let Some(average) = &self.average {
            files.push((AVERAGE, to_bytes(&average.network)?));
        }
        files.push((OPTIMISER, self.optimiser.to_safetensors(&network)?));
        // TOML: its numbers are read to the last bit.
        files.push((POSITION, toml::to_string(&self.position)?.into_bytes()));
        checkpoint::save_files(run, self.position.step, &files)
    }

    /// Loads the run's last checkpoint. Returns false where there is none.
    ///
    /// # Errors
    /// If it cannot be read or is another network's.
    pub fn load(&mut self, run: &Path, device: &Device) -> Result<bool> {
        let Some(folder) = checkpoint::last(run)? else {
            return Ok(false);
        };
        let mut read = || -> Result<()> {
            let tensors = weights::read_file(&folder.join(NETWORK))?;
            weights::apply_exactly(&mut self.network, Names::plain(), &tensors)?;
            if let Some(average) = &mut self.average {
                let tensors = weights::read_file(&folder.join(AVERAGE))?;
                weights::apply_exactly(&mut average.network, Names::plain(), &tensors)?;
            }
            let moments = std::fs::read(folder.join(OPTIMISER))?;
            let device = device.clone().without_autodiff();
            self.optimiser.load(&self.network, &moments, &device)?;
            self.position = toml::from_str(&std::fs::read_to_string(folder.join(POSITION))?)?;
            Ok(())
        };
        read().with_context(|| format!("cannot read the checkpoint {}", folder.display()))?;
        Ok(true)
    }
}

fn to_bytes(network: &UNet) -> Result<Vec<u8>, cytolens::model::WeightsError> {
    weights::to_safetensors(network, Names::plain(), weights::Precision::Single)
}
