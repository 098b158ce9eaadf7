//! The running average of a network's weights, which predicts better than the last weights do.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use cytolens::model::Network;

/// A network whose weights, and whose norms' statistics, follow another's: each step they move a
/// share `1 - decay` of the way.
#[derive(Debug, Clone)]
pub struct Average {
    /// The averaged network, without gradients.
    pub network: Network,
    decay: f64,
}

impl Average {
    /// Starts from a network as it is.
    pub fn new(network: &Network, decay: f64) -> Self {
        Self {
            network: network.valid(),
            decay,
        }
    }

    /// Moves towards the network after `step` steps. In the first steps it follows faster, or it
    /// would long remember where training began.
    pub fn follow(&mut self, network: &Network, step: usize) {
        let decay = self.decay.min((1 + step) as f64 / (10 + step) as f64);
        let mut seen = Seen(GradientsParams::new());
        network.valid().visit(&mut seen);
        let mut blend = Blend {
            seen: seen.0,
            decay,
        };
        self.network = self.network.clone().map(&mut blend);
    }
}

/// All tensors of a module, by the id that a copy of it has too.
struct Seen(GradientsParams);

impl ModuleVisitor for Seen {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val());
    }
}

struct Blend {
    seen: GradientsParams,
    decay: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.seen.remove::<D>(param.id) {
            Some(new) => param.map(|old| old * self.decay + new * (1.0 - self.decay)),
            None => param,
        }
    }
}
