//! All-CNN: nothing but convolutions.

use crate::convolution::Convolution;
use crate::engine::Engine;
use crate::map::Map;
use crate::weights::{Maker, Steps, WeightsError};

/// An All-CNN's backbone.
#[derive(Debug)]
pub(crate) struct AllCnn {
    layers: Vec<Convolution>,
}

impl AllCnn {
    pub(crate) fn new(maker: &Maker<'_>) -> Result<Self, WeightsError> {
        let planes = maker.inputs("features.first.0")?;
        let mut channels = planes;
        let mut layers = Vec::new();
        for (layer, stride, border) in [
            ("first.0", 1, true),
            ("first.1", 1, true),
            ("first.2", 2, true),
            ("second.0", 1, true),
            ("second.1", 1, true),
            ("second.2", 2, true),
            ("last.0", 1, false),
            ("last.1", 1, true),
        ] {
            let steps = Steps {
                stride,
                border,
                ..Steps::RELU
            };
            let layer = maker.convolution(&format!("features.{layer}"), channels, steps)?;
            channels = layer.outputs();
            layers.push(layer);
        }
        Ok(Self { layers })
    }

    pub(crate) fn planes(&self) -> usize {
        self.layers[0].inputs()
    }

    pub(crate) fn features(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs()
    }

    pub(crate) fn forward(&self, engine: &Engine, planes: &Map) -> Map {
        let [first, rest @ ..] = &self.layers[..] else {
            unreachable!("the network has eight layers");
        };
        let x = first.forward(engine, planes);
        rest.iter().fold(x, |x, layer| layer.forward(engine, &x))
    }
}
