//! Inception-ResNet-v2: parallel convolutions of different reach, whose sum is added to their input.

use crate::convolution::Convolution;
use crate::engine::Engine;
use crate::map::{Map, Pooling, Window, pool_into, pooled};
use crate::weights::{Maker, Steps, WeightsError};

/// An Inception-ResNet-v2's backbone.
#[derive(Debug)]
pub(crate) struct InceptionResNet {
    /// Before each of the two poolings of the stem.
    stem: [Vec<Convolution>; 2],
    mixed: Branches,
    /// The convolution after the smoothing of the first branches' input.
    smoothed: Convolution,
    stages: [Vec<Residual>; 3],
    reductions: [Branches; 2],
    last: Convolution,
}

/// Chains of convolutions with the same input, whose outputs stand side by side.
#[derive(Debug)]
struct Branches {
    chains: Vec<Vec<Convolution>>,
}

#[derive(Debug)]
struct Residual {
    branches: Branches,
    /// 1x1, whose outputs are added to the input.
    joined: Convolution,
}

/// The convolutions of a chain keep the map's size, but for the last, which may halve it without a border.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Keeps,
    Halves,
}

const SHRINKING: Window = Window::HALVING.without_border();
const SMOOTHING: Window = Window {
    stride: 1,
    ..Window::HALVING
};

impl InceptionResNet {
    pub(crate) fn new(maker: &Maker<'_>) -> Result<Self, WeightsError> {
        let planes = maker.inputs("conv2d_1a.conv")?;
        let mut channels = planes;
        let mut layer = |name: &str, stride, border| {
            let layer = normed(maker, name, channels, stride, border)?;
            channels = layer.outputs();
            Ok::<_, WeightsError>(layer)
        };
        let stem = [
            vec![
                layer("conv2d_1a", 2, false)?,
                layer("conv2d_2a", 1, false)?,
                layer("conv2d_2b", 1, true)?,
            ],
            vec![layer("conv2d_3b", 1, true)?, layer("conv2d_4a", 1, false)?],
        ];
        let mixed = Branches::new(maker, "mixed_5b", channels, Last::Keeps)?;
        let smoothed = normed(maker, "mixed_5b.branch3.1", channels, 1, true)?;
        channels = mixed.outputs() + smoothed.outputs();
        let first = residuals(maker, "repeat", channels, 0.17)?;
        let halved = Branches::new(maker, "mixed_6a", channels, Last::Halves)?;
        channels += halved.outputs();
        let second = residuals(maker, "repeat_1", channels, 0.10)?;
        let quartered = Branches::new(maker, "mixed_7a", channels, Last::Halves)?;
        channels += quartered.outputs();
        let mut third = residuals(maker, "repeat_2", channels, 0.20)?;
        third.push(Residual::new(maker, "block8", channels, 1.0, false)?);
        Ok(Self {
            stem,
            mixed,
            smoothed,
            stages: [first, second, third],
            reductions: [halved, quartered],
            last: normed(maker, "conv2d_7b", channels, 1, true)?,
        })
    }

    pub(crate) fn planes(&self) -> usize {
        self.stem[0][0].inputs()
    }

    pub(crate) fn features(&self) -> usize {
        self.last.outputs()
    }

    pub(crate) fn forward(&self, engine: &Engine, planes: &Map) -> Map {
        let halved = |x: Map| pooled(engine, Pooling::Max, SHRINKING, &x);
        let [before, after] = &self.stem;
        let x = halved(chain(engine, before, planes));
        let x = halved(chain(engine, after, &x));

        let inner = self.mixed.outputs();
        let outputs = inner + self.smoothed.outputs();
        let mut out = Map::new(&engine.pool, x.height, x.width, outputs);
        self.mixed.forward_into(engine, &x, &mut out);
        let x = pooled(engine, Pooling::Mean, SMOOTHING, &x);
        self.smoothed
            .forward_into(engine, &x, &mut out, inner, false);

        let mut x = out;
        for (stage, residuals) in self.stages.iter().enumerate() {
            for residual in residuals {
                residual.forward(engine, &mut x);
            }
            if let Some(reduction) = self.reductions.get(stage) {
                let [height, width] = SHRINKING.output(&x);
                let inner = reduction.outputs();
                let mut out = Map::new(&engine.pool, height, width, inner + x.channels);
                reduction.forward_into(engine, &x, &mut out);
                pool_into(
                    engine.processor,
                    Pooling::Max,
                    SHRINKING,
                    &x,
                    &mut out,
                    inner,
                );
                x = out;
            }
        }
        self.last.forward(engine, &x)
    }
}

impl Branches {
    fn new(
        maker: &Maker<'_>,
        block: &str,
        inputs: usize,
        last: Last,
    ) -> Result<Self, WeightsError> {
        let mut chains = Vec::new();
        for branch in 0.. {
            let branch = format!("{block}.branch{branch}");
            // A branch of one convolution has no number in it.
            let steps: Vec<String> = if maker.has(&format!("{branch}.conv")) {
                vec![branch]
            } else {
                (0..)
                    .map(|step| format!("{branch}.{step}"))
                    .take_while(|step| maker.has(&format!("{step}.conv")))
                    .collect()
            };
            let Some(end) = steps.len().checked_sub(1) else {
                break;
            };
            let mut channels = inputs;
            let mut chain = Vec::new();
            for (step, layer) in steps.iter().enumerate() {
                let halves = step == end && last == Last::Halves;
                let stride = if halves { 2 } else { 1 };
                let layer = normed(maker, layer, channels, stride, !halves)?;
                channels = layer.outputs();
                chain.push(layer);
            }
            chains.push(chain);
        }
        Ok(Self { chains })
    }

    fn outputs(&self) -> usize {
        let lasts = self.chains.iter().filter_map(|chain| chain.last());
        lasts.map(Convolution::outputs).sum()
    }

    fn forward_into(&self, engine: &Engine, x: &Map, out: &mut Map) {
        let mut first = 0;
        for layers in &self.chains {
            let [inner @ .., last] = &layers[..] else {
                unreachable!("a chain has a layer at least");
            };
            match inner {
                [] => last.forward_into(engine, x, out, first, false),
                inner => {
                    let y = chain(engine, inner, x);
                    last.forward_into(engine, &y, out, first, false);
                }
            }
            first += last.outputs();
        }
    }
}

impl Residual {
    fn new(
        maker: &Maker<'_>,
        block: &str,
        inputs: usize,
        factor: f32,
        relu: bool,
    ) -> Result<Self, WeightsError> {
        let branches = Branches::new(maker, block, inputs, Last::Keeps)?;
        let steps = Steps {
            factor,
            relu,
            ..Steps::RELU
        };
        let joined = maker.convolution(&format!("{block}.conv2d"), branches.outputs(), steps)?;
        Ok(Self { branches, joined })
    }

    fn forward(&self, engine: &Engine, x: &mut Map) {
        let mut y = Map::new(&engine.pool, x.height, x.width, self.branches.outputs());
        self.branches.forward_into(engine, x, &mut y);
        self.joined.forward_into(engine, &y, x, 0, true);
    }
}

fn residuals(
    maker: &Maker<'_>,
    stage: &str,
    channels: usize,
    factor: f32,
) -> Result<Vec<Residual>, WeightsError> {
    (0..)
        .map(|block| format!("{stage}.{block}"))
        .take_while(|block| maker.has(&format!("{block}.conv2d")))
        .map(|block| Residual::new(maker, &block, channels, factor, true))
        .collect()
}

fn normed(
    maker: &Maker<'_>,
    layer: &str,
    inputs: usize,
    stride: usize,
    border: bool,
) -> Result<Convolution, WeightsError> {
    let steps = Steps {
        stride,
        border,
        norm: Some(&format!("{layer}.bn")),
        ..Steps::RELU
    };
    maker.convolution(&format!("{layer}.conv"), inputs, steps)
}

/// Convolves by one layer after the other, of which there is one at least.
fn chain(engine: &Engine, layers: &[Convolution], x: &Map) -> Map {
    let [first, rest @ ..] = layers else {
        unreachable!("a chain has a layer at least");
    };
    let y = first.forward(engine, x);
    rest.iter().fold(y, |y, layer| layer.forward(engine, &y))
}
