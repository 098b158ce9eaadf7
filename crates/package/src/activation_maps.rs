//! Class activation maps: the evidence for each class by its place in the field.
//!
//! Both heads have one in closed form, so that nothing is approximated and no gradient is computed by a backward pass. A map
//! is scaled so that its mean and a number that does not come from any one place make the class's logit.
//!
//! The pooling head (Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016,
//! <https://arxiv.org/abs/1512.04150>) weighs the mean of each feature map; the same weights on the features themselves are
//! the class's map.
//!
//! The described head is linear but for one ReLU. Where that lies as it does for this field, a logit is a weighted sum over
//! the pixels of the 128 reduced maps. A pixel's share of that sum, less what the reduction's bias adds to every pixel alike,
//! is the map; it equals the gradient of the logit by the features, times the features.

/// The largest side of an activation map in pixels; larger maps are averaged down.
pub const MAP_SIDE: usize = 32;

/// The activation maps of one field, for every class.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivationMaps {
    /// The side of one map in pixels; the map covers the square that is the network's input.
    pub side: usize,
    /// The maps `[classes, side, side]`, in logits.
    pub values: Vec<f32>,
}

impl ActivationMaps {
    /// The maps with at most `side` pixels a side. Each new pixel is the mean of the area under it, border pixels by their
    /// share, so that a map's mean stays.
    #[must_use]
    pub fn averaged_down(self, side: usize) -> Self {
        if self.side <= side {
            return self;
        }
        self.resampled(side)
    }

    /// The maps that `combine` makes of several networks' values, which it is given with the pixels of the finest.
    #[must_use]
    pub(crate) fn combined(maps: Vec<Self>, combine: impl FnOnce(&[Vec<f32>]) -> Vec<f32>) -> Self {
        let side = maps.iter().map(|it| it.side).max().unwrap_or_default();
        let values: Vec<Vec<f32>> = maps
            .into_iter()
            .map(|it| it.resampled(side).values)
            .collect();
        let values = combine(&values);
        Self { side, values }
    }

    /// The maps with this many pixels a side, smaller or larger.
    fn resampled(self, side: usize) -> Self {
        if self.side == side {
            return self;
        }
        let shares: Vec<Vec<(usize, f32)>> = (0..side)
            .map(|large| shares(self.side, side, large))
            .collect();
        let mut values = Vec::new();
        for map in self.values.chunks_exact(self.side * self.side) {
            for rows in &shares {
                for columns in &shares {
                    values.push(
                        rows.iter()
                            .map(|&(y, height)| {
                                let row = columns
                                    .iter()
                                    .map(|&(x, width)| map[y * self.side + x] * width);
                                height * row.sum::<f32>()
                            })
                            .sum(),
                    );
                }
            }
        }
        Self { side, values }
    }
}

/// The pixels of `from` under one of `to` others, with their shares in it.
fn shares(from: usize, to: usize, large: usize) -> Vec<(usize, f32)> {
    // In units of which a pixel has `to` and a larger one `from`, so that all borders are whole.
    let (start, end) = (large * from, (large + 1) * from);
    (start / to..end.div_ceil(to))
        .map(|small| {
            let shared = end.min((small + 1) * to) - start.max(small * to);
            (small, shared as f32 / from as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mean::mean_of_members;

    #[test]
    fn maps_of_several_networks_are_one_map_with_the_finest_pixels() {
        let coarse = ActivationMaps {
            side: 2,
            values: vec![1.0, 2.0, 3.0, 4.0],
        };
        let fine = ActivationMaps {
            side: 3,
            values: vec![0.0; 9],
        };
        let mean = ActivationMaps::combined(vec![coarse.clone(), fine], |values| {
            mean_of_members(&[0.5, 0.5], values)
        });
        // A pixel of three lies in one of two, or half in each.
        let expected = [0.5, 0.75, 1.0, 1.0, 1.25, 1.5, 1.5, 1.75, 2.0];
        assert_eq!((mean.side, mean.values.as_slice()), (3, &expected[..]));
        let alone = ActivationMaps::combined(vec![coarse.clone()], |values| values[0].clone());
        assert_eq!(alone, coarse);
    }

    #[test]
    fn averaging_keeps_the_mean_and_the_place() {
        for (side, to) in [(4, 2), (126, 32), (7, 5), (3, 3)] {
            let values: Vec<f32> = (0..2 * side * side)
                .map(|place| ((place * 7919) % 101) as f32 / 101.0)
                .collect();
            let maps = ActivationMaps { side, values };
            let small = maps.clone().averaged_down(to);
            assert_eq!((small.side, small.values.len()), (to, 2 * to * to));
            for map in 0..2 {
                let mean = |maps: &ActivationMaps| {
                    let pixels = maps.side * maps.side;
                    maps.values[map * pixels..][..pixels].iter().sum::<f32>() / pixels as f32
                };
                let difference = (mean(&maps) - mean(&small)).abs();
                assert!(difference < 1e-5, "{side} to {to}: off by {difference}");
            }
        }
        let maps = ActivationMaps {
            side: 3,
            values: vec![1.0, 2.0, 4.0, 1.0, 6.0, 7.0, 3.0, 8.0, 0.0],
        };
        // A pixel of the smaller map covers one whole, two halves and a quarter of another.
        let expected = [
            (1.0 + 1.0 + 0.5 + 1.5) / 2.25,
            (4.0 + 1.0 + 3.5 + 1.5) / 2.25,
            (3.0 + 4.0 + 0.5 + 1.5) / 2.25,
            (0.0 + 4.0 + 3.5 + 1.5) / 2.25,
        ];
        let small = maps.averaged_down(2).values;
        for (found, expected) in small.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{small:?}");
        }
    }
}
