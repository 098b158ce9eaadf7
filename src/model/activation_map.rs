//! Class activation maps: the evidence for each class by its place in the field.
//!
//! Both heads have one in closed form, so that nothing is approximated and no gradient is computed by
//! a backward pass. A map is scaled so that its mean and a number that does not come from any one
//! place make the class's logit.
//!
//! The pooling head (Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR
//! 2016, <https://arxiv.org/abs/1512.04150>) weighs the mean of each feature map; the same weights on
//! the features themselves are the class's map.
//!
//! The described head is linear but for one ReLU. Where that lies as it does for this field, a logit
//! is a weighted sum over the pixels of the 128 reduced maps, and the weights are two matrix products
//! with the ReLU's mask between them. A pixel's share of that sum, less what the reduction's bias adds
//! to every pixel alike, is the map; it equals the gradient of the logit by the features, times the
//! features.

use burn::tensor::{Device, Tensor};

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

/// Reduces maps `[classes, side, side]` to `to` pixels a side by averaging: each new pixel is the mean
/// of the area under it, border pixels by their share, so that a map's mean stays.
pub fn averaged_down(maps: Tensor<3>, to: usize) -> Tensor<3> {
    let [_, side, _] = maps.dims();
    let rows = averaging(side, to, &maps.device());
    let columns = rows.clone().transpose();
    rows.unsqueeze::<3>()
        .matmul(maps)
        .matmul(columns.unsqueeze())
}

/// `[to, side]`: the share of each of `side` pixels in each of `to` larger ones.
fn averaging(side: usize, to: usize, device: &Device) -> Tensor<2> {
    // In units of which a pixel has `to` and a larger one `side`, so that all borders are whole.
    let share = |large: usize, small: usize| {
        let end = ((large + 1) * side).min((small + 1) * to);
        let shared = end.saturating_sub((large * side).max(small * to));
        shared as f32 / side as f32
    };
    let shares: Vec<f32> = (0..to)
        .flat_map(|large| (0..side).map(move |small| share(large, small)))
        .collect();
    Tensor::<1>::from_floats(shares.as_slice(), device).reshape([to, side])
}

#[cfg(test)]
mod tests {
    use burn::nn::DropoutConfig;
    use burn::tensor::Distribution;

    use super::*;
    use crate::model::HeadKind;

    /// The gradient of a logit by the features, times the features, is what burn's own backward pass
    /// gives.
    #[test]
    fn maps_are_the_gradient_times_the_features() {
        let device = Device::flex().autodiff();
        let (features, side, classes) = (24, 5, 4);
        for kind in [HeadKind::Pooling, HeadKind::Described] {
            let mut head = kind.init(features, side, classes, &device);
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

    #[test]
    fn averaging_keeps_the_mean_and_the_place() {
        let device = Device::flex();
        for (side, to) in [(4, 2), (126, 32), (7, 5), (3, 3)] {
            let maps = Tensor::<3>::random([2, side, side], Distribution::Default, &device);
            let small = averaged_down(maps.clone(), to);
            assert_eq!(small.dims(), [2, to, to]);
            let means = |maps: Tensor<3>| maps.flatten::<2>(1, 2).mean_dim(1);
            let difference = (means(maps) - means(small))
                .abs()
                .max()
                .into_scalar::<f32>();
            assert!(difference < 1e-5, "{side} to {to}: off by {difference}");
        }
        let map = Tensor::<1>::from_floats([1.0, 2.0, 4.0, 1.0, 6.0, 7.0, 3.0, 8.0, 0.0], &device);
        // A pixel of the smaller map covers one whole, two halves and a quarter of another.
        let small: Vec<f32> = averaged_down(map.reshape([1, 3, 3]), 2)
            .into_data()
            .try_into_vec()
            .expect("f32 numbers");
        let expected = [
            (1.0 + 1.0 + 0.5 + 1.5) / 2.25,
            (4.0 + 1.0 + 3.5 + 1.5) / 2.25,
            (3.0 + 4.0 + 0.5 + 1.5) / 2.25,
            (0.0 + 4.0 + 3.5 + 1.5) / 2.25,
        ];
        for (found, expected) in small.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{small:?}");
        }
    }
}
