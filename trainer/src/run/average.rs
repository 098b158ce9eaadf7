//! The running average of a network's weights, which predicts better than the last weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// A network whose weights and norm statistics follow another's: each step moves them a share
/// `1 - decay` of the way.
#[derive(Debug, Clone)]
pub struct Average<M> {
    /// The averaged network, without gradients.
    pub network: M,
    decay: f64,
}

impl<M: Module> Average<M> {
    /// Starts from a network.
    pub fn new(network: &M, decay: f64) -> Self {
        Self {
            network: network.valid(),
            decay,
        }
    }

    /// Moves towards the network after `step` steps: faster in the first steps, so that the initial
    /// weights are soon forgotten.
    pub fn follow(&mut self, network: &M, step: usize) {
        let decay = self.decay.min((1 + step) as f64 / (10 + step) as f64);
        let mut collected = Collected(GradientsParams::new());
        network.valid().visit(&mut collected);
        let mut blend = Blend {
            collected: collected.0,
            decay,
        };
        self.network = self.network.clone().map(&mut blend);
    }
}

/// The tensors of a module by the id that its copies share.
struct Collected(GradientsParams);

impl ModuleVisitor for Collected {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val());
    }
}

/// Moves each tensor towards the one collected under its id.
struct Blend {
    collected: GradientsParams,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.collected.remove::<D>(param.id) {
            Some(new) => param.map(|old| old * self.decay + new * (1.0 - self.decay)),
            None => param,
        }
    }
}
