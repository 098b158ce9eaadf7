//! Metric learning: a term of the loss by which fields of one group come to lie in one direction of the pooled features, as
//! similar fields are looked for.

mod centres;
mod choice;
mod groups;
mod losses;

use burn::tensor::Tensor;
use cytolens::model::head::pool;

pub use centres::{CentreRows, Centres};
pub use choice::MetricChoice;
pub use groups::Groups;

/// The metric term of a training.
#[derive(Debug, Clone, Copy)]
pub struct MetricTerm<'a> {
    /// The recipe's choice.
    pub choice: &'a MetricChoice,
    /// The groups of the samples.
    pub groups: &'a Groups,
}

impl MetricTerm<'_> {
    /// The weighted term of a batch `[1]`, the mean over its samples, of their features `[batch, features, height, width]`; none
    /// where the recipe has no metric. Samples without a group count as 0. Only an angular margin needs centres.
    pub fn forward(
        &self,
        features: &Tensor<4>,
        samples: &[usize],
        centres: Option<&CentreRows>,
    ) -> Option<Tensor<1>> {
        let groups = self.groups.of(samples);
        let pooled = || pool(features.clone());
        match *self.choice {
            MetricChoice::None {} => None,
            MetricChoice::ArcFace {
                weight,
                scale,
                margin,
                ..
            } => {
                let centres = centres?.rows();
                Some(losses::arcface(pooled(), centres, &groups, scale, margin) * weight)
            }
            MetricChoice::Contrastive {
                weight,
                temperature,
                ..
            } => Some(losses::contrastive(pooled(), &groups, temperature) * weight),
        }
    }
}
