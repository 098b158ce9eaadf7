//! The heads on the CPU, with their activation maps in closed form (see [`crate::activation_maps`]).

use cytolens_kernels::Features;

use crate::network::{HeadKind, NetworkConfig};
use crate::report::WeightsError;
use crate::weights::Weights;

/// A head: a backbone's features to one logit a class.
#[derive(Debug)]
pub(super) enum Head {
    Pooling(Linear),
    Described(Described),
}

impl Head {
    pub(super) fn new(config: &NetworkConfig, weights: &Weights<'_>) -> Result<Self, WeightsError> {
        let features = config.architecture.features();
        let classifier = config.names().classifier();
        let last = |inputs| Linear::new(weights, classifier, [config.classes, inputs]);
        Ok(match config.head {
            HeadKind::Pooling => Self::Pooling(last(features)?),
            HeadKind::Described => {
                let side = config.architecture.side(config.size);
                let reduce = [HeadKind::DESCRIBED_MAPS, features];
                let hidden = [
                    HeadKind::DESCRIBED_HIDDEN,
                    HeadKind::DESCRIBED_MAPS * side * side,
                ];
                Self::Described(Described {
                    reduce: Linear {
                        inputs: features,
                        weight: weights.take("head.reduce.weight", &[reduce[0], features, 1, 1])?,
                        bias: weights.take("head.reduce.bias", &[reduce[0]])?,
                    },
                    hidden: Linear::new(weights, "head.hidden", hidden)?,
                    classifier: last(HeadKind::DESCRIBED_HIDDEN)?,
                })
            }
        })
    }

    /// The logit of each class.
    pub(super) fn logits(&self, features: &Features) -> Vec<f32> {
        match self {
            Self::Pooling(classifier) => classifier.applied(&pool(features)),
            Self::Described(head) => {
                let hidden = head.hidden(&head.shares(features));
                let passed: Vec<f32> = hidden.into_iter().map(|x| x.max(0.0)).collect();
                head.classifier.applied(&passed)
            }
        }
    }

    /// The activation map of each class.
    pub(super) fn maps(&self, features: &Features) -> Vec<f32> {
        match self {
            Self::Pooling(classifier) => classifier.weighted(&features.values, pixels(features)),
            Self::Described(head) => head.maps(features),
        }
    }
}

/// The mean of each feature map.
pub(super) fn pool(features: &Features) -> Vec<f32> {
    let pixels = pixels(features);
    let maps = features.values.chunks_exact(pixels);
    maps.map(|map| map.iter().sum::<f32>() / pixels as f32)
        .collect()
}

fn pixels(features: &Features) -> usize {
    let [_, height, width] = features.shape;
    height * width
}

/// A linear layer, or a 1x1 convolution.
#[derive(Debug)]
pub(super) struct Linear {
    inputs: usize,
    /// `[outputs, inputs]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    fn new(
        weights: &Weights<'_>,
        layer: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            inputs,
            weight: weights.take(&format!("{layer}.weight"), &[outputs, inputs])?,
            bias: weights.take(&format!("{layer}.bias"), &[outputs])?,
        })
    }

    /// The outputs for these inputs.
    fn applied(&self, inputs: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(self.inputs);
        rows.zip(&self.bias)
            .map(|(row, bias)| bias + row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>())
            .collect()
    }

    /// The outputs without the bias, pixel by pixel, of maps `[inputs, pixels]`.
    fn weighted(&self, maps: &[f32], pixels: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.bias.len() * pixels];
        let rows = self.weight.chunks_exact(self.inputs);
        for (row, out) in rows.zip(out.chunks_exact_mut(pixels)) {
            for (&weight, map) in row.iter().zip(maps.chunks_exact(pixels)) {
                add_weighted(out, weight, map);
            }
        }
        out
    }
}

/// The layers of [`HeadKind::Described`].
#[derive(Debug)]
pub(super) struct Described {
    reduce: Linear,
    hidden: Linear,
    classifier: Linear,
}

impl Described {
    /// The share of each pixel in each hidden unit, `[hidden, pixels]`, but for what the reduction's bias adds to every pixel.
    ///
    /// Logits and maps are made of them: the products with the many weights of the hidden layer are done once.
    fn shares(&self, features: &Features) -> Vec<f32> {
        let pixels = pixels(features);
        let reduced = self.reduce.weighted(&features.values, pixels);
        let mut shares = vec![0.0; self.hidden.bias.len() * pixels];
        let rows = self.hidden.weight.chunks_exact(self.hidden.inputs);
        for (row, shares) in rows.zip(shares.chunks_exact_mut(pixels)) {
            let maps = row.chunks_exact(pixels).zip(reduced.chunks_exact(pixels));
            for (weights, map) in maps {
                for ((share, weight), value) in shares.iter_mut().zip(weights).zip(map) {
                    *share += weight * value;
                }
            }
        }
        shares
    }

    /// The hidden units before the ReLU.
    fn hidden(&self, shares: &[f32]) -> Vec<f32> {
        let maps = self.reduce.bias.len();
        let pixels = self.hidden.inputs / maps;
        let rows = self.hidden.weight.chunks_exact(self.hidden.inputs);
        rows.zip(shares.chunks_exact(pixels))
            .zip(&self.hidden.bias)
            .map(|((row, shares), bias)| {
                let everywhere = row.chunks_exact(pixels).zip(&self.reduce.bias);
                let everywhere =
                    everywhere.map(|(weights, bias)| bias * weights.iter().sum::<f32>());
                bias + shares.iter().sum::<f32>() + everywhere.sum::<f32>()
            })
            .collect()
    }

    fn maps(&self, features: &Features) -> Vec<f32> {
        let pixels = pixels(features);
        let mut shares = self.shares(features);
        let hidden = self.hidden(&shares);
        for (shares, unit) in shares.chunks_exact_mut(pixels).zip(hidden) {
            // Nothing where the ReLU stops it, and else in logits: the mean of a map, not its sum, is the logit.
            let factor = if unit > 0.0 { pixels as f32 } else { 0.0 };
            shares.iter_mut().for_each(|share| *share *= factor);
        }
        self.classifier.weighted(&shares, pixels)
    }
}

/// Adds `values * weight` to `sums`.
fn add_weighted(sums: &mut [f32], weight: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|place| ((place * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0)
            .collect()
    }

    fn linear(outputs: usize, inputs: usize, seed: usize) -> Linear {
        Linear {
            inputs,
            weight: numbers(outputs * inputs, seed),
            bias: numbers(outputs, seed + 1),
        }
    }

    const MAPS: usize = 6;
    const SIDE: usize = 3;
    const PIXELS: usize = SIDE * SIDE;
    const CLASSES: usize = 4;

    fn features(seed: usize) -> Features {
        Features {
            shape: [MAPS, SIDE, SIDE],
            values: numbers(MAPS * PIXELS, seed),
        }
    }

    fn described() -> Described {
        Described {
            reduce: linear(5, MAPS, 1),
            hidden: linear(7, 5 * PIXELS, 3),
            classifier: linear(CLASSES, 7, 5),
        }
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-4,
                "{found} and not {expected}"
            );
        }
    }

    #[test]
    fn the_described_head_is_its_layers_one_after_the_other() {
        let (head, features) = (described(), features(9));
        let mut reduced = head.reduce.weighted(&features.values, PIXELS);
        for (map, bias) in reduced.chunks_exact_mut(PIXELS).zip(&head.reduce.bias) {
            map.iter_mut().for_each(|value| *value += bias);
        }
        let hidden: Vec<f32> = head
            .hidden
            .applied(&reduced)
            .iter()
            .map(|x| x.max(0.0))
            .collect();
        assert!(hidden.contains(&0.0), "the ReLU stops something");
        let expected = head.classifier.applied(&hidden);
        assert_close(&Head::Described(head).logits(&features), &expected);
    }

    /// The change of a logit by a pixel's features alone, times these, is what the pixel of its map says.
    #[test]
    fn maps_are_the_gradient_times_the_features() {
        for head in [
            Head::Pooling(linear(CLASSES, MAPS, 1)),
            Head::Described(described()),
        ] {
            let features = features(11);
            let maps = head.maps(&features);
            let before = head.logits(&features);
            let step = 1e-3;
            for pixel in 0..PIXELS {
                let mut nudged = features.clone();
                for map in nudged.values.chunks_exact_mut(PIXELS) {
                    map[pixel] *= 1.0 + step;
                }
                for (class, after) in head.logits(&nudged).into_iter().enumerate() {
                    let expected = (after - before[class]) / step * PIXELS as f32;
                    let found = maps[class * PIXELS + pixel];
                    assert!(
                        (found - expected).abs() < 0.05,
                        "{found} and not {expected} at {pixel}, class {class}"
                    );
                }
            }
        }
    }
}
