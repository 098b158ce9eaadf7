//! How weights follow gradients: AdamW, the backbone slower than the head.
//!
//! The rule is burn's. Its moments are kept here, and not in burn's optimiser of whole modules: that
//! one reads a record back onto the default device, which is a GPU that a machine may not have, and
//! clips each tensor's gradient on its own.

use anyhow::{Context, Result, ensure};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{
    AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, GradientsParams, Optimizer,
};
use burn::tensor::{Device, Tensor, TensorData};
use cytolens::model::Network;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::schedule::Schedule;

/// How weights are moved: a recipe's table `[optimiser]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserChoice {
    /// The head's full rate.
    pub learning_rate: f64,
    /// The share of it that the backbone has, from 0 to 1.
    pub backbone_share: f64,
    /// The epochs, or the part of one, in which the rate rises from 0.
    pub warm_up: f64,
    /// How it goes on.
    pub schedule: Schedule,
    /// The share of each weight that a step at rate 1 takes off; norms and biases keep theirs. With 0
    /// this is Adam.
    pub weight_decay: f32,
    /// How much of the gradients' mean each step keeps.
    pub beta_1: f32,
    /// How much of their squares' mean each step keeps.
    pub beta_2: f32,
    /// What keeps the quotient of both finite.
    pub epsilon: f32,
    /// The norm of all gradients together above which they are scaled down to it; 0 is none.
    pub clip: f32,
}

impl OptimiserChoice {
    /// Checks every number.
    ///
    /// # Errors
    /// Naming the key of the table `[optimiser]`, what it may be and what it is.
    pub fn check(&self) -> Result<()> {
        let within = |key: &str, value: f64, low: f64, high: f64| {
            ensure!(
                (low..=high).contains(&value),
                "optimiser.{key} must be from {low} to {high}, not {value}"
            );
            Ok(())
        };
        ensure!(
            self.learning_rate > 0.0 && self.learning_rate <= 10.0,
            "optimiser.learning_rate must be over 0 and 10 at most, not {}",
            self.learning_rate
        );
        within("backbone_share", self.backbone_share, 0.0, 1.0)?;
        within("warm_up", self.warm_up, 0.0, 1000.0)?;
        within("weight_decay", self.weight_decay.into(), 0.0, 10.0)?;
        within("beta_1", self.beta_1.into(), 0.0, 0.9999)?;
        within("beta_2", self.beta_2.into(), 0.0, 0.99999)?;
        within("epsilon", self.epsilon.into(), 1e-12, 1.0)?;
        within("clip", self.clip.into(), 0.0, 1e6)
    }
}

/// The learning rates of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// The backbone's.
    pub backbone: f64,
    /// The head's.
    pub head: f64,
}

/// AdamW with its moments.
pub struct Optimiser {
    decaying: AdamW,
    plain: AdamW,
    clip: f32,
    backbone: Moments,
    head: Moments,
    norm: Option<Tensor<1>>,
}

/// The running means of a part's gradients and of their squares.
#[derive(Debug, Default)]
struct Moments {
    /// The steps they have seen: more for a head whose backbone was frozen at first.
    steps: usize,
    first: GradientsParams,
    second: GradientsParams,
}

impl Optimiser {
    /// Before any step.
    pub fn new(choice: &OptimiserChoice) -> Self {
        let plain = AdamWConfig::new()
            .with_beta_1(choice.beta_1)
            .with_beta_2(choice.beta_2)
            .with_epsilon(choice.epsilon)
            .with_weight_decay(0.0);
        let decaying = plain.clone().with_weight_decay(choice.weight_decay);
        Self {
            decaying: decaying.build(),
            plain: plain.build(),
            clip: choice.clip,
            backbone: Moments::default(),
            head: Moments::default(),
            norm: None,
        }
    }

    /// The norm of all gradients of the last step before it was clipped, still on the device; none
    /// where nothing is clipped.
    pub fn gradient_norm(&self) -> Option<Tensor<1>> {
        self.norm.clone()
    }

    /// The network after a step. What has no gradient, as all of a frozen backbone, stays.
    pub fn step(&mut self, network: Network, gradients: GradientsParams, rates: Rates) -> Network {
        let (mut gradients, norm) = clipped(&network, gradients, self.clip);
        self.norm = norm;
        let Network { backbone, head } = network;
        let rules = [&self.decaying, &self.plain];
        Network {
            backbone: self
                .backbone
                .step(backbone, &mut gradients, rates.backbone, rules),
            head: self.head.step(head, &mut gradients, rates.head, rules),
        }
    }

    /// The moments as a safetensors file. Tensors are numbered as the network visits them.
    ///
    /// # Errors
    /// Where the device cannot give a tensor.
    pub fn to_safetensors(&self, network: &Network) -> Result<Vec<u8>> {
        let mut tensors = Vec::new();
        let parts = [("backbone", &self.backbone), ("head", &self.head)];
        for (part, moments) in parts {
            let mut writing = Writing {
                moments,
                part,
                number: 0,
                tensors: Ok(Vec::new()),
            };
            match part {
                "backbone" => network.backbone.visit(&mut writing),
                _ => network.head.visit(&mut writing),
            }
            tensors.extend(writing.tensors?);
        }
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.as_str(), view))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let steps = parts.map(|(part, moments)| (part.to_owned(), moments.steps.to_string()));
        Ok(safetensors::serialize(views, Some(steps.into()))?)
    }

    /// Takes up the moments that [`Optimiser::to_safetensors`] wrote of the same network.
    ///
    /// # Errors
    /// Where the file is not such a one.
    pub fn load(&mut self, network: &Network, bytes: &[u8], device: &Device) -> Result<()> {
        let tensors = SafeTensors::deserialize(bytes)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let steps = |part: &str| -> Result<usize> {
            let steps = metadata.metadata().as_ref().and_then(|all| all.get(part));
            steps
                .and_then(|steps| steps.parse().ok())
                .with_context(|| format!("the steps of the {part} are missing"))
        };
        for part in ["backbone", "head"] {
            let mut reading = Reading {
                tensors: &tensors,
                device,
                part,
                number: 0,
                moments: Moments {
                    steps: steps(part)?,
                    ..Moments::default()
                },
                fault: None,
            };
            let moments = match part {
                "backbone" => {
                    network.backbone.visit(&mut reading);
                    &mut self.backbone
                }
                _ => {
                    network.head.visit(&mut reading);
                    &mut self.head
                }
            };
            if let Some(fault) = reading.fault {
                return Err(fault);
            }
            *moments = reading.moments;
        }
        let read = 2 * (self.backbone.first.len() + self.head.first.len());
        ensure!(
            read == tensors.len(),
            "{} moments are of no tensor of the network",
            tensors.len() - read
        );
        Ok(())
    }
}

impl Moments {
    fn step<M: Module>(
        &mut self,
        module: M,
        gradients: &mut GradientsParams,
        rate: f64,
        [decaying, plain]: [&AdamW; 2],
    ) -> M {
        let before = gradients.len();
        let moved = module.map(&mut Step {
            moments: self,
            gradients,
            rate,
            decaying,
            plain,
        });
        self.steps += usize::from(gradients.len() < before);
        moved
    }
}

/// Moves each parameter that has a gradient.
struct Step<'a> {
    moments: &'a mut Moments,
    gradients: &'a mut GradientsParams,
    rate: f64,
    decaying: &'a AdamW,
    plain: &'a AdamW,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let (id, value, mapper) = param.consume();
        // Vectors are norms' and biases'.
        let rule = if D == 1 { self.plain } else { self.decaying };
        let Moments {
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

/// All gradients scaled so that their common norm is `most` at most, and what it was.
fn clipped(
    network: &Network,
    gradients: GradientsParams,
    most: f32,
) -> (GradientsParams, Option<Tensor<1>>) {
    if most == 0.0 {
        return (gradients, None);
    }
    let mut squares = Squares {
        gradients: &gradients,
        sum: None,
    };
    network.visit(&mut squares);
    let Some(sum) = squares.sum else {
        return (gradients, None);
    };
    // Stays on the device: a step waits for nothing. A norm of 0 divides to infinity, and 1 is less.
    let norm = sum.sqrt();
    let factor = (norm.clone().recip() * most).clamp_max(1.0);
    let mut scaled = Scaled {
        gradients,
        factor,
        scaled: GradientsParams::new(),
    };
    network.visit(&mut scaled);
    (scaled.scaled, Some(norm))
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = gradient.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Scaled {
    gradients: GradientsParams,
    factor: Tensor<1>,
    scaled: GradientsParams,
}

impl ModuleVisitor for Scaled {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let gradient = gradient * self.factor.clone().unsqueeze();
            self.scaled.register(param.id, gradient);
        }
    }
}

/// A tensor's name, shape and little-endian bytes.
type Written = (String, Vec<usize>, Vec<u8>);

struct Writing<'a> {
    moments: &'a Moments,
    part: &'static str,
    number: usize,
    tensors: Result<Vec<Written>>,
}

impl ModuleVisitor for Writing<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let moments = [
            ("first", &self.moments.first),
            ("second", &self.moments.second),
        ];
        for (which, moments) in moments {
            let (Some(moment), Ok(tensors)) = (moments.get::<D>(param.id), &mut self.tensors)
            else {
                continue;
            };
            let shape = moment.dims().to_vec();
            match moment.try_into_vec_as::<f32>() {
                Ok(values) => {
                    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
                    let name = format!("{}.{}.{which}", self.part, self.number);
                    tensors.push((name, shape, bytes.collect()));
                }
                Err(error) => self.tensors = Err(anyhow::anyhow!("{error:?}")),
            }
        }
        self.number += 1;
    }
}

struct Reading<'a> {
    tensors: &'a SafeTensors<'a>,
    device: &'a Device,
    part: &'static str,
    number: usize,
    moments: Moments,
    fault: Option<anyhow::Error>,
}

impl ModuleVisitor for Reading<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let moments = [
            ("first", &mut self.moments.first),
            ("second", &mut self.moments.second),
        ];
        for (which, moments) in moments {
            let name = format!("{}.{}.{which}", self.part, self.number);
            // A parameter that has never had a gradient has no moments.
            let Ok(view) = self.tensors.tensor(&name) else {
                continue;
            };
            if view.shape() != param.val().dims() {
                let shapes = format!("{:?}, not {:?}", view.shape(), param.val().dims());
                self.fault = Some(anyhow::anyhow!("{name} has the shape {shapes}"));
                continue;
            }
            let values: Vec<f32> = view
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect();
            let data = TensorData::new(values, view.shape().to_vec());
            moments.register(param.id, Tensor::<D>::from_data(data, self.device));
        }
        self.number += 1;
    }
}
