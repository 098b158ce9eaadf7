//! The U-Net of a package: its shape, its known results, and the network on the CPU.

use cytolens_kernels::{Engine, Processor, UNet};
use cytolens_package::{Golden, PackageError, TensorsReport, Weights, WeightsError, golden_planes};
use serde::{Deserialize, Serialize};

/// The places a side at which a golden output is taken.
const GOLDEN_SIDE: usize = 4;

/// The shape of a U-Net.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UNetConfig {
    /// The number of input planes.
    pub planes: usize,
    /// The number of logits a pixel.
    pub outputs: usize,
    /// The number of levels; each has half the side of the one above.
    pub levels: usize,
    /// The channels of the level with the image's size; each deeper one has twice as many.
    pub width: usize,
    /// The longer side of the input in pixels.
    pub size: usize,
    /// The constant added to the variance in batch normalisation.
    pub batch_norm_epsilon: f64,
}

impl UNetConfig {
    /// The sides of an input must be multiples of this.
    pub fn unit(&self) -> usize {
        1 << (self.levels - 1)
    }

    /// The number of logits of a golden output.
    pub fn golden_logits(&self) -> usize {
        GOLDEN_SIDE * GOLDEN_SIDE * self.outputs
    }

    /// The reason why there is no network of this shape, or why these cannot be its golden outputs.
    pub(crate) fn contradiction(&self, goldens: &[Golden]) -> Option<String> {
        let Self {
            levels,
            width,
            size,
            batch_norm_epsilon: epsilon,
            ..
        } = *self;
        let deep_enough = (1..=8).contains(&levels);
        let unit = if deep_enough { self.unit() } else { 1 };
        let is_golden = |golden: &Golden| {
            golden.logits.len() == self.golden_logits()
                && golden.logits.iter().all(|logit| logit.is_finite())
                && (1..=2048).contains(&golden.size)
                && golden.size.is_multiple_of(unit)
        };
        let faults = [
            (
                !deep_enough || !(1..=256).contains(&width),
                "a network has from 1 to 8 levels and from 1 to 256 channels".to_owned(),
            ),
            (
                !(32..=2048).contains(&size) || !size.is_multiple_of(unit),
                format!("the size must be a multiple of {unit} from 32 to 2048, not {size}"),
            ),
            (
                epsilon.is_nan() || epsilon <= 0.0,
                "batch_norm_epsilon must be over 0".to_owned(),
            ),
            (
                goldens.is_empty() || !goldens.iter().all(is_golden),
                format!(
                    "there must be a golden output, of {} logits, and its side a multiple of {unit}",
                    self.golden_logits()
                ),
            ),
        ];
        let fault = faults.into_iter().find(|(fault, _)| *fault);
        fault.map(|(_, reason)| reason)
    }
}

/// The logits that a golden output names: of each output those at the centres of sixteen squares, row by row. The input is
/// [`golden_planes`](cytolens_package::golden_planes), as it is; `logits` are `[outputs, size, size]`.
pub fn golden_logits(logits: &[f32], size: usize) -> Vec<f32> {
    let centre = |place: usize| (2 * place + 1) * size / (2 * GOLDEN_SIDE);
    let maps = logits.chunks_exact(size * size);
    maps.flat_map(|map| {
        (0..GOLDEN_SIDE * GOLDEN_SIDE)
            .map(move |place| map[centre(place / GOLDEN_SIDE) * size + centre(place % GOLDEN_SIDE)])
    })
    .collect()
}

/// The U-Net of a package on the CPU, whatever its logits mean.
#[derive(Debug)]
pub struct UNetNetwork {
    config: UNetConfig,
    network: UNet,
}

impl UNetNetwork {
    /// Makes the network of this shape from the bytes of a safetensors file.
    ///
    /// # Errors
    /// [`PackageError::Weights`] for weights that do not fit it.
    pub fn new(
        config: UNetConfig,
        weights: &[u8],
        processor: Processor,
    ) -> Result<Self, PackageError> {
        let weights = Weights::read(weights)?;
        let engine = Engine::new(processor);
        let network = UNet::new(engine, config.batch_norm_epsilon, &weights)
            .map_err(|error| weights.unfit(error))?;
        let expected = [config.planes, config.outputs, config.levels, config.width];
        let found = [
            network.planes(),
            network.outputs(),
            network.levels(),
            network.width(),
        ];
        if found != expected {
            let reason =
                format!("planes, outputs, levels and width are {found:?}, not {expected:?}");
            return Err(PackageError::Weights(WeightsError::DoNotFit(
                TensorsReport {
                    unfit: vec![("the network".to_owned(), reason)],
                    ..TensorsReport::default()
                },
            )));
        }
        weights.all_taken()?;
        Ok(Self { config, network })
    }

    /// The network's shape.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    /// The logits at the places of [`golden_logits`] for the known input of a size.
    ///
    /// # Panics
    /// If the size is no multiple of [`UNetConfig::unit`].
    pub fn golden(&self, size: usize) -> Vec<f32> {
        let planes = golden_planes(self.config.planes, size);
        let logits = self.logits(&planes, [self.config.planes, size, size]);
        golden_logits(&logits, size)
    }

    /// The deviation from a golden output, where it is more than rounding.
    pub fn wrong_by(&self, golden: &Golden) -> Option<f32> {
        let deviation = golden.deviation(&self.golden(golden.size));
        (deviation > Golden::TOLERANCE).then_some(deviation)
    }

    /// The logits `[outputs, height, width]` of planes `[planes, height, width]`, whose sides are multiples of
    /// [`UNetConfig::unit`].
    ///
    /// # Panics
    /// If the planes are of another shape.
    pub fn logits(&self, planes: &[f32], shape: [usize; 3]) -> Vec<f32> {
        self.network.forward(planes, shape)
    }
}
