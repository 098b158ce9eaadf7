//! U-Net (Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015,
//! <https://arxiv.org/abs/1505.04597>) with borders of zeros, so that maps keep their size, and with batch norms.
//!
//! Level 0 has the size of the image; each deeper one has half the side and twice the channels.

use crate::convolution::Convolution;
use crate::engine::Engine;
use crate::map::{Map, Pooling, Window, pooled};
use crate::pool::each_part;
use crate::weights::{Maker, Steps, Tensors, WeightsError};

/// 2x2 pixels that halve the map.
const PAIRS: Window = Window {
    kernel: [2, 2],
    stride: 2,
    padding: [0, 0],
};

/// A U-Net for inference on the CPU.
#[derive(Debug)]
pub struct UNet {
    engine: Engine,
    /// Two convolutions a level, level 0 first.
    down: Vec<Block>,
    /// From the level above the deepest one up to level 0.
    up: Vec<Step>,
    /// 1x1, to the logits.
    out: Convolution,
}

/// Two convolutions of 3x3 pixels, each with its norm and a ReLU.
#[derive(Debug)]
struct Block([Convolution; 2]);

/// The way from one level to the one above it.
#[derive(Debug)]
struct Step {
    /// The transposed convolution as a product: the channels of a pixel's four places, one place after the other.
    upsample: Convolution,
    block: Block,
}

impl UNet {
    /// Makes a network of tensors, as many levels as there are. `epsilon` is added to the variance in batch normalisation.
    ///
    /// # Errors
    /// [`WeightsError`].
    pub fn new(engine: Engine, epsilon: f64, tensors: &dyn Tensors) -> Result<Self, WeightsError> {
        let maker = Maker {
            engine: &engine,
            tensors,
            epsilon: epsilon as f32,
        };
        let mut channels = maker.inputs("down.0.conv1")?;
        let mut down = Vec::new();
        while down.is_empty() || maker.has(&format!("down.{}.conv1", down.len())) {
            let block = Block::new(&maker, &format!("down.{}", down.len()), channels)?;
            channels = block.outputs();
            down.push(block);
        }
        let mut up = Vec::new();
        for level in (0..down.len() - 1).rev() {
            let name = format!("up.{level}");
            let skipped = down[level].outputs();
            let upsample = maker.upsampling(&format!("{name}.upsample"), [channels, skipped])?;
            let block = Block::new(&maker, &name, 2 * skipped)?;
            channels = block.outputs();
            up.push(Step { upsample, block });
        }
        // Other networks' convolutions may have no bias.
        if !tensors.has("out.bias") {
            return Err(WeightsError::Missing("out.bias".to_owned()));
        }
        let plain = Steps {
            relu: false,
            ..Steps::RELU
        };
        let out = maker.convolution("out", channels, plain)?;
        Ok(Self {
            engine,
            down,
            up,
            out,
        })
    }

    /// The number of planes that it takes.
    pub fn planes(&self) -> usize {
        self.down[0].0[0].inputs()
    }

    /// The number of levels; the sides of an image must be multiples of 2 to the power of one less.
    pub fn levels(&self) -> usize {
        self.down.len()
    }

    /// The channels of level 0.
    pub fn width(&self) -> usize {
        self.down[0].outputs()
    }

    /// The number of logits a pixel.
    pub fn outputs(&self) -> usize {
        self.out.outputs()
    }

    /// The logits `[outputs, height, width]` of an image's planes, which have the shape `[planes, height, width]`.
    ///
    /// # Panics
    /// If the network has another number of planes, `planes` is not of this shape, or the sides do not divide.
    pub fn forward(&self, planes: &[f32], shape: [usize; 3]) -> Vec<f32> {
        let [_, height, width] = shape;
        let unit = 1 << (self.levels() - 1);
        assert_eq!(planes.len(), shape.iter().product(), "planes {shape:?}");
        assert!(
            height.is_multiple_of(unit) && width.is_multiple_of(unit),
            "{shape:?} do not divide by {unit}"
        );
        let mut x = Map::of_planes(&self.engine.pool, planes, shape);
        let mut skipped = Vec::new();
        for (level, block) in self.down.iter().enumerate() {
            if level > 0 {
                let smaller = pooled(&self.engine, Pooling::Max, PAIRS, &x);
                skipped.push(std::mem::replace(&mut x, smaller));
            }
            x = block.forward(&self.engine, &x);
        }
        for step in &self.up {
            let Some(skip) = skipped.pop() else {
                unreachable!("a level up for each level down");
            };
            let places = step.upsample.forward(&self.engine, &x);
            let joined = joined(&self.engine, &skip, &places);
            x = step.block.forward(&self.engine, &joined);
        }
        let logits = self.out.forward(&self.engine, &x);
        let (outputs, pixels) = (logits.channels, height * width);
        let mut values = vec![0.0; outputs * pixels];
        for (pixel, from) in logits.values().chunks_exact(outputs).enumerate() {
            for (to, value) in values[pixel..].iter_mut().step_by(pixels).zip(from) {
                *to = *value;
            }
        }
        values
    }
}

impl Block {
    fn new(maker: &Maker<'_>, name: &str, inputs: usize) -> Result<Self, WeightsError> {
        let convolution = |number: usize, inputs| {
            let steps = Steps {
                norm: Some(&format!("{name}.norm{number}")),
                ..Steps::RELU
            };
            maker.convolution(&format!("{name}.conv{number}"), inputs, steps)
        };
        let first = convolution(1, inputs)?;
        let second = convolution(2, first.outputs())?;
        Ok(Self([first, second]))
    }

    fn outputs(&self) -> usize {
        self.0[1].outputs()
    }

    fn forward(&self, engine: &Engine, x: &Map) -> Map {
        let [first, second] = &self.0;
        second.forward(engine, &first.forward(engine, x))
    }
}

/// The skipped map's channels, and after them those of a map of half its sides, which holds the channels of each pixel's four
/// places.
fn joined(engine: &Engine, skip: &Map, places: &Map) -> Map {
    let (height, width) = (skip.height, skip.width);
    let risen = places.channels / 4;
    let channels = skip.channels + risen;
    let mut out = Map::new(&engine.pool, height, width, channels);
    let rows = out.rows_a_part(1);
    let line = width * channels;
    each_part(out.values_mut(), rows * line, |part, out| {
        for (row, out) in out.chunks_exact_mut(line).enumerate() {
            let y = part * rows + row;
            let skipped = skip.values()[y * width * skip.channels..].chunks_exact(skip.channels);
            let below = &places.values()[y / 2 * places.width * places.channels..];
            for ((x, to), from) in out.chunks_exact_mut(channels).enumerate().zip(skipped) {
                let (first, second) = to.split_at_mut(skip.channels);
                first.copy_from_slice(from);
                let place = x / 2 * 4 + y % 2 * 2 + x % 2;
                second.copy_from_slice(&below[place * risen..][..risen]);
            }
        }
    });
    out
}
