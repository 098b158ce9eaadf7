//! The optimiser: AdamW, with a lower rate for the backbone than for the head.
//!
//! The rule is burn's. Its moments are kept here and not in burn's optimiser of whole modules, which loads a record onto the
//! default device, a GPU that a machine may lack, and clips each tensor's gradient on its own.

mod choice;
mod clip;
mod moments;
mod schedule;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, ensure};
use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{
    AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, GradientsParams, Optimizer,
};
use burn::tensor::{Device, Tensor};
use cytolens::model::Network;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use clip::clipped;
use moments::{AdamMoments, FileTensor};

pub use choice::{OptimiserChoice, Rates};

/// The names of the network's parts in a file of moments.
const BACKBONE: &str = "backbone";
const HEAD: &str = "head";
/// The name in a file of moments of a network that is no backbone and head.
const WHOLE: &str = "network";

/// AdamW with its moments.
pub struct Optimiser {
    rules: Rules,
    clip: f32,
    backbone: AdamMoments,
    head: AdamMoments,
    norm: Option<Tensor<1>>,
}

/// AdamW's rule for each kind of parameter.
struct Rules {
    /// The rule for matrices and kernels.
    decaying: AdamW,
    /// The rule for vectors: norms and biases, whose weights do not decay.
    plain: AdamW,
}

impl Optimiser {
    /// An optimiser before its first step.
    pub fn new(choice: &OptimiserChoice) -> Self {
        Self {
            rules: Rules::new(choice),
            clip: choice.clip,
            backbone: AdamMoments::default(),
            head: AdamMoments::default(),
            norm: None,
        }
    }

    /// The norm of all gradients of the last step before clipping, still on the device; none where nothing is clipped.
    pub fn gradient_norm(&self) -> Option<Tensor<1>> {
        self.norm.clone()
    }

    /// Moves the network by one step. Parameters without a gradient, such as all of a frozen backbone, stay.
    pub fn step(&mut self, network: Network, gradients: GradientsParams, rates: Rates) -> Network {
        let (mut gradients, norm) = clipped(&network, gradients, self.clip);
        self.norm = norm;
        let Network { backbone, head } = network;
        Network {
            backbone: self
                .rules
                .step(&mut self.backbone, backbone, &mut gradients, rates.backbone),
            head: self
                .rules
                .step(&mut self.head, head, &mut gradients, rates.head),
        }
    }

    /// The moments as a safetensors file.
    ///
    /// # Errors
    /// If the device fails.
    pub fn to_safetensors(&self, network: &Network) -> Result<Vec<u8>> {
        let mut tensors = self.backbone.to_tensors(BACKBONE, &network.backbone)?;
        tensors.extend(self.head.to_tensors(HEAD, &network.head)?);
        file_of(
            &tensors,
            &[(BACKBONE, self.backbone.steps), (HEAD, self.head.steps)],
        )
    }

    /// Loads the moments that [`Optimiser::to_safetensors`] wrote for the same network.
    ///
    /// # Errors
    /// If the file is not such a one.
    pub fn load(&mut self, network: &Network, bytes: &[u8], device: &Device) -> Result<()> {
        let tensors = SafeTensors::deserialize(bytes)?;
        self.backbone = AdamMoments::of_tensors(
            BACKBONE,
            &network.backbone,
            steps(bytes, BACKBONE)?,
            &tensors,
            device,
        )?;
        let head = steps(bytes, HEAD)?;
        self.head = AdamMoments::of_tensors(HEAD, &network.head, head, &tensors, device)?;
        all_read(&tensors, &[&self.backbone, &self.head])
    }
}

/// AdamW with its moments for a network that is no backbone and head, of one rate.
pub struct ModuleOptimiser {
    rules: Rules,
    clip: f32,
    moments: AdamMoments,
}

impl ModuleOptimiser {
    /// An optimiser before its first step.
    pub fn new(choice: &OptimiserChoice) -> Self {
        Self {
            rules: Rules::new(choice),
            clip: choice.clip,
            moments: AdamMoments::default(),
        }
    }

    /// Moves a network by one step.
    pub fn step<M: Module>(&mut self, network: M, gradients: GradientsParams, rate: f64) -> M {
        let (mut gradients, _) = clipped(&network, gradients, self.clip);
        self.rules
            .step(&mut self.moments, network, &mut gradients, rate)
    }

    /// The moments as a safetensors file.
    ///
    /// # Errors
    /// If the device fails.
    pub fn to_safetensors<M: Module>(&self, network: &M) -> Result<Vec<u8>> {
        let tensors = self.moments.to_tensors(WHOLE, network)?;
        file_of(&tensors, &[(WHOLE, self.moments.steps)])
    }

    /// Loads the moments that [`ModuleOptimiser::to_safetensors`] wrote for the same network.
    ///
    /// # Errors
    /// If the file is not such a one.
    pub fn load<M: Module>(&mut self, network: &M, bytes: &[u8], device: &Device) -> Result<()> {
        let tensors = SafeTensors::deserialize(bytes)?;
        let steps = steps(bytes, WHOLE)?;
        self.moments = AdamMoments::of_tensors(WHOLE, network, steps, &tensors, device)?;
        all_read(&tensors, &[&self.moments])
    }
}

/// A file of moments, with the steps that each part has taken.
fn file_of(tensors: &[FileTensor], parts: &[(&str, usize)]) -> Result<Vec<u8>> {
    let views = tensors
        .iter()
        .map(|tensor| {
            TensorView::new(Dtype::F32, tensor.shape.clone(), &tensor.bytes)
                .map(|view| (tensor.name.as_str(), view))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let steps = parts
        .iter()
        .map(|(part, steps)| ((*part).to_owned(), steps.to_string()));
    Ok(safetensors::serialize(views, Some(steps.collect()))?)
}

/// The steps that a part has taken, as a file of moments states them.
fn steps(bytes: &[u8], part: &str) -> Result<usize> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let steps = metadata.metadata().as_ref().and_then(|all| all.get(part));
    steps
        .and_then(|steps| steps.parse().ok())
        .with_context(|| format!("the steps of the {part} are missing"))
}

/// Checks that every tensor of a file is one of these moments.
fn all_read(tensors: &SafeTensors<'_>, moments: &[&AdamMoments]) -> Result<()> {
    let read: usize = moments.iter().map(|moments| 2 * moments.first.len()).sum();
    ensure!(
        read == tensors.len(),
        "{} moments are of no tensor of the network",
        tensors.len() - read
    );
    Ok(())
}

impl Rules {
    fn new(choice: &OptimiserChoice) -> Self {
        let plain = AdamWConfig::new()
            .with_beta_1(choice.beta_1)
            .with_beta_2(choice.beta_2)
            .with_epsilon(choice.epsilon)
            .with_weight_decay(0.0);
        let decaying = plain.clone().with_weight_decay(choice.weight_decay);
        Self {
            decaying: decaying.build(),
            plain: plain.build(),
        }
    }

    /// Moves the parameters of a part that have gradients, and takes these.
    fn step<M: Module>(
        &self,
        moments: &mut AdamMoments,
        module: M,
        gradients: &mut GradientsParams,
        rate: f64,
    ) -> M {
        let before = gradients.len();
        let moved = module.map(&mut Step {
            rules: self,
            moments,
            gradients,
            rate,
        });
        moments.steps += usize::from(gradients.len() < before);
        moved
    }
}

/// Moves each parameter that has a gradient.
struct Step<'a> {
    rules: &'a Rules,
    moments: &'a mut AdamMoments,
    gradients: &'a mut GradientsParams,
    rate: f64,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let (id, value, mapper) = param.consume();
        let rule = if D == 1 {
            &self.rules.plain
        } else {
            &self.rules.decaying
        };
        let AdamMoments {
            steps,
            first,
            second,
        } = &mut *self.moments;
        let state = first
            .remove(id)
            .zip(second.remove(id))
            .map(|(first, second)| {
                AdamWState::new(AdaptiveMomentumState::new(*steps, first, second))
            });
        let (value, state) = rule.step(self.rate, value.inner(), gradient, state);
        if let Some(AdamWState { momentum }) = state {
            first.register(id, momentum.moment_1);
            second.register(id, momentum.moment_2);
        }
        Param::from_mapped_value(id, Tensor::from_inner(value).require_grad(), mapper)
    }
}
