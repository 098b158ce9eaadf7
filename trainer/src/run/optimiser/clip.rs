//! Clipping of gradients by their common norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Scales all gradients of a module down so that their common norm is at most `most`, and gives the norm before. With 0, nothing
/// is clipped, and there is no norm.
pub fn clipped<M: Module>(
    module: &M,
    gradients: GradientsParams,
    most: f32,
) -> (GradientsParams, Option<Tensor<1>>) {
    if most == 0.0 {
        return (gradients, None);
    }
    let mut squares = SquareSum {
        gradients: &gradients,
        sum: None,
    };
    module.visit(&mut squares);
    let Some(sum) = squares.sum else {
        return (gradients, None);
    };
    // The norm stays on the device, so that a step waits for nothing. A norm of 0 divides to infinity, and 1 is less.
    let norm = sum.sqrt();
    let factor = (norm.clone().recip() * most).clamp_max(1.0);
    let mut scaling = Scaling {
        gradients,
        factor,
        scaled: GradientsParams::new(),
    };
    module.visit(&mut scaling);
    (scaling.scaled, Some(norm))
}

/// Sums the squares of all gradients.
struct SquareSum<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SquareSum<'_> {
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

/// Multiplies all gradients by a factor.
struct Scaling {
    gradients: GradientsParams,
    factor: Tensor<1>,
    scaled: GradientsParams,
}

impl ModuleVisitor for Scaling {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let gradient = gradient * self.factor.clone().unsqueeze();
            self.scaled.register(param.id, gradient);
        }
    }
}
