//! ResNet: every block adds to its input, in place.

use crate::convolution::Convolution;
use crate::engine::Engine;
use crate::map::{Map, Pooling, Window, pooled};
use crate::weights::{Maker, Steps, WeightsError};

/// A ResNet's backbone.
#[derive(Debug)]
pub(crate) struct ResNet {
    stem: Convolution,
    blocks: Vec<Bottleneck>,
}

#[derive(Debug)]
struct Bottleneck {
    /// 1x1 and 3x3.
    inner: [Convolution; 2],
    /// 1x1, whose outputs are added to the input.
    last: Convolution,
    /// What brings the input to the output's shape.
    shortcut: Option<Convolution>,
}

impl ResNet {
    pub(crate) fn new(maker: &Maker<'_>) -> Result<Self, WeightsError> {
        let planes = maker.inputs("conv1")?;
        let steps = Steps {
            stride: 2,
            norm: Some("bn1"),
            ..Steps::RELU
        };
        let stem = maker.convolution("conv1", planes, steps)?;
        let mut channels = stem.outputs();
        let mut blocks = Vec::new();
        for stage in 1..=4 {
            for block in 0.. {
                let name = format!("layer{stage}.{block}");
                if !maker.has(&format!("{name}.conv1")) {
                    break;
                }
                let stride = if stage > 1 && block == 0 { 2 } else { 1 };
                let block = Bottleneck::new(maker, &name, channels, stride)?;
                channels = block.last.outputs();
                blocks.push(block);
            }
        }
        Ok(Self { stem, blocks })
    }

    pub(crate) fn planes(&self) -> usize {
        self.stem.inputs()
    }

    pub(crate) fn features(&self) -> usize {
        self.blocks
            .last()
            .map_or(self.stem.outputs(), |block| block.last.outputs())
    }

    pub(crate) fn forward(&self, engine: &Engine, planes: &Map) -> Map {
        let x = self.stem.forward(engine, planes);
        let mut x = pooled(engine, Pooling::Max, Window::HALVING, &x);
        for block in &self.blocks {
            let y = block.inner[0].forward(engine, &x);
            let y = block.inner[1].forward(engine, &y);
            if let Some(shortcut) = &block.shortcut {
                x = shortcut.forward(engine, &x);
            }
            block.last.forward_into(engine, &y, &mut x, 0, true);
        }
        x
    }
}

impl Bottleneck {
    fn new(
        maker: &Maker<'_>,
        block: &str,
        inputs: usize,
        stride: usize,
    ) -> Result<Self, WeightsError> {
        let convolution = |number: usize, inputs, stride| {
            let steps = Steps {
                stride,
                norm: Some(&format!("{block}.bn{number}")),
                ..Steps::RELU
            };
            maker.convolution(&format!("{block}.conv{number}"), inputs, steps)
        };
        let first = convolution(1, inputs, 1)?;
        let second = convolution(2, first.outputs(), stride)?;
        let last = convolution(3, second.outputs(), 1)?;
        let shortcut = format!("{block}.downsample.0");
        let shortcut = if maker.has(&shortcut) {
            let steps = Steps {
                stride,
                norm: Some(&format!("{block}.downsample.1")),
                relu: false,
                ..Steps::RELU
            };
            Some(maker.convolution(&shortcut, inputs, steps)?)
        } else {
            None
        };
        Ok(Self {
            inner: [first, second],
            last,
            shortcut,
        })
    }
}
