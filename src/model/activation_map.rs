//! The heads' activation maps, in closed form: [`crate::package::ActivationMaps`] says which.

use burn::tensor::Tensor;

use super::head::{DescribedHead, Head, PoolingHead};

impl Head {
    /// Computes the maps of every class, `[classes, height, width]` in logits, from one field's features
    /// `[1, features, height, width]`.
    ///
    /// # Panics
    /// If there are the features of several fields.
    pub fn activation_maps(&self, features: Tensor<4>) -> Tensor<3> {
        let [batch, maps, height, width] = features.dims();
        assert_eq!(batch, 1, "activation maps are of one field");
        let pixels = height * width;
        let of_pixels = match self {
            Self::Pooling(head) => head.evidence(features.reshape([maps, pixels])),
            Self::Described(head) => head.evidence(features) * pixels as f32,
        };
        of_pixels.reshape([-1, height as i32, width as i32])
    }
}

impl PoolingHead {
    /// `[classes, pixels]` of features `[features, pixels]`.
    fn evidence(&self, features: Tensor<2>) -> Tensor<2> {
        self.classifier.weight.val().transpose().matmul(features)
    }
}

impl DescribedHead {
    /// The contribution of every pixel to every logit: `[classes, pixels]` of features
    /// `[1, features, height, width]`.
    fn evidence(&self, features: Tensor<4>) -> Tensor<2> {
        let reduced = self.reduce.forward(features);
        let [_, maps, height, width] = reduced.dims();
        let pixels = height * width;
        let hidden = self.hidden.forward(reduced.clone().flatten(1, 3));
        let passes = hidden.greater_elem(0.0).float();
        // `[classes, hidden]`, nothing where the ReLU stops it, and from there to the reduced maps.
        let by_hidden = self.classifier.weight.val().transpose() * passes;
        let by_reduced = by_hidden.matmul(self.hidden.weight.val().transpose());
        let [classes, _] = by_reduced.dims();
        let from_features = match &self.reduce.bias {
            Some(bias) => reduced - bias.val().reshape([1, maps, 1, 1]),
            None => reduced,
        };
        (by_reduced.reshape([classes, maps, pixels]) * from_features.reshape([1, maps, pixels]))
            .sum_dim(1)
            .squeeze_dim(1)
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::DropoutConfig;
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::package::HeadKind;

    /// The gradient of a logit by the features, times the features, is what burn's own backward pass
    /// gives.
    #[test]
    fn maps_are_the_gradient_times_the_features() {
        let device = Device::flex().autodiff();
        let (features, side, classes) = (24, 5, 4);
        for kind in [HeadKind::Pooling, HeadKind::Described] {
            let mut head = Head::new(kind, features, side, classes, &device);
            if let Head::Described(head) = &mut head {
                // A device that keeps gradients trains, and dropout would then drop.
                head.dropout = DropoutConfig::new(0.0).init();
            }
            let shape = [1, features, side, side];
            let input = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
            let found = head.activation_maps(input.clone()).inner();
            for class in 0..classes {
                let input = input.clone().require_grad();
                let logit = head.forward(input.clone()).narrow(1, class, 1).sum();
                let gradient = input.grad(&logit.backward()).expect("a gradient");
                let pixels = (side * side) as f32;
                let expected: Tensor<2> = (gradient * input.inner() * pixels)
                    .sum_dim(1)
                    .reshape([side, side]);
                let map = found.clone().narrow(0, class, 1).squeeze_dim(0);
                let largest = expected.clone().abs().max().into_scalar::<f32>();
                let difference = (map - expected).abs().max().into_scalar::<f32>();
                assert!(
                    difference <= 1e-4 * largest,
                    "{kind:?}, class {class}: off by {difference} of {largest}"
                );
            }
        }
    }
}
