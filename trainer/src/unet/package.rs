//! A run that trained a U-Net, and what packages of it state and hold, of whatever kind they are.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use cytolens::model::weights::Precision;
use cytolens::model::{Names, UNet, UNetConfig, weights};
use cytolens::package::Golden;
use cytolens_cells::{UNetNetwork, golden_logits};
use cytolens_data::credits::Credits;
use cytolens_kernels::Processor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::run::folder::RunFolder;
use crate::run::package::{NOT_STATED, PackageStatements};
use crate::run::samples::attribution_of;

/// The side in pixels of the small golden input, which every start of the page can afford.
const SMALL_GOLDEN: usize = 64;

/// The summary of a run that has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UNetSummary {
    /// What it trained, as packages say it.
    pub kind: String,
    /// The network's shape.
    pub network: cytolens_cells::UNetConfig,
    /// The number of fields trained on.
    pub trained_on: usize,
    /// The number of fields by which the best epoch was chosen.
    pub held_back: usize,
    /// The number of examples shown.
    pub shown: usize,
    /// The attribution of the training images, where it is known.
    pub images: Option<String>,
    /// The licence of the training images, where it is known.
    pub licence: Option<String>,
    /// The recipe.
    pub recipe: Value,
    /// The scores.
    pub metrics: Value,
}

/// The attribution and licence of training images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// Whom to name, where it is known.
    pub images: Option<String>,
    /// The licence, where it is known.
    pub licence: Option<String>,
}

impl Stated {
    /// What is stated of fields: the simulator's own, known by their ids, and what `set.toml` says of the others.
    pub fn of<'a>(ids: impl ExactSizeIterator<Item = &'a str>, credits: &Credits) -> Self {
        Self {
            images: attribution_of(ids, credits),
            licence: credits.licence.clone(),
        }
    }
}

/// Whether a run trained a network of this kind.
pub fn is_run_of(run: &Path, kind: &str) -> bool {
    let text = std::fs::read_to_string(run.join("run.json")).unwrap_or_default();
    let summary: Value = serde_json::from_str(&text).unwrap_or_default();
    summary["kind"] == kind
}

/// The statements about its origin that a package of any kind makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The licence of the package.
    pub licence: String,
    /// The people and projects to name.
    pub attribution: Vec<String>,
    /// The data, the recipe and the program.
    pub provenance: Value,
    /// The scores.
    pub metrics: Value,
}

impl Origin {
    /// The origin of a run's network.
    pub fn of(summary: &UNetSummary, statements: &PackageStatements) -> Self {
        let licence = statements.licence.as_ref().or(summary.licence.as_ref());
        let mut attribution: Vec<String> = summary
            .images
            .iter()
            .map(|images| format!("Training images: {images}"))
            .collect();
        if attribution.is_empty() && statements.attribution.is_empty() {
            attribution.push(format!("Training images: {NOT_STATED}"));
        }
        attribution.extend_from_slice(&statements.attribution);
        let mut metrics = summary.metrics.clone();
        if let Some(metrics) = metrics.as_object_mut() {
            metrics.extend(statements.scores.iter().cloned());
        }
        Self {
            licence: licence.map_or(NOT_STATED, String::as_str).to_owned(),
            attribution,
            provenance: serde_json::json!({
                "program": concat!("cytolens trainer ", env!("CARGO_PKG_VERSION")),
                "initial_weights": "random",
                "trained_on": summary.trained_on,
                "held_back": summary.held_back,
                "shown": summary.shown,
                "recipe": summary.recipe,
            }),
            metrics,
        }
    }
}

/// The weights of a package, and its known outputs.
#[derive(Debug)]
pub struct Packed {
    /// The bytes of the weights' file, numbers of 16 bit.
    pub weights: Vec<u8>,
    /// Known inputs with the network's logits, smallest first.
    pub goldens: Vec<Golden>,
}

/// Packs the network of a run.
///
/// # Errors
/// If its weights cannot be read, or the network on burn's device answers otherwise than the one on the CPU engine.
pub fn packed(folder: &RunFolder, shape: &cytolens_cells::UNetConfig) -> Result<Packed> {
    let path = folder.network();
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let network = unet_of(shape, bytes, &Device::flex())?;
    let weights = weights::to_safetensors(&network, Names::plain(), Precision::Half)?;
    let engine = UNetNetwork::new(*shape, &weights, Processor::best())?;
    let network = unet_of(shape, weights.clone(), &Device::flex())?;
    let mut goldens = Vec::new();
    // Deep networks halve a larger input; every size divides.
    let small = SMALL_GOLDEN.next_multiple_of(shape.unit()).min(shape.size);
    for size in [small, shape.size] {
        let golden = Golden {
            size,
            logits: engine.golden(size),
        };
        let deviation = golden.deviation(&on_device(&network, shape, size)?);
        ensure!(
            deviation <= Golden::TOLERANCE,
            "the network's answers to the input of {size} px differ by {deviation:e} between the CPU engine and burn's device"
        );
        goldens.push(golden);
    }
    goldens.dedup_by_key(|golden| golden.size);
    Ok(Packed { weights, goldens })
}

/// A package's network on one of burn's devices.
///
/// # Errors
/// If its weights are not the network's.
pub fn unet_of(
    shape: &cytolens_cells::UNetConfig,
    bytes: Vec<u8>,
    device: &Device,
) -> Result<UNet> {
    let config = UNetConfig::new(shape.planes, shape.outputs, shape.levels, shape.width)
        .with_epsilon(shape.batch_norm_epsilon);
    let mut network = config.init(device);
    let tensors = weights::read_safetensors(bytes)?;
    weights::apply_exactly(&mut network, Names::plain(), &tensors)?;
    Ok(network)
}

/// The golden logits of a network on burn's device.
fn on_device(network: &UNet, shape: &cytolens_cells::UNetConfig, size: usize) -> Result<Vec<f32>> {
    use burn::tensor::{Tensor, TensorData};
    let planes = cytolens::package::golden_planes(shape.planes, size);
    let planes = TensorData::new(planes, [1, shape.planes, size, size]);
    let planes = Tensor::from_data(planes, &network_device(network));
    let logits = network.forward(planes).into_data().try_into_vec::<f32>();
    let logits = logits.map_err(|error| anyhow::anyhow!("the device failed: {error:?}"))?;
    Ok(golden_logits(&logits, size))
}

fn network_device(network: &UNet) -> Device {
    use burn::module::Module;
    network
        .devices()
        .into_iter()
        .next()
        .unwrap_or(Device::flex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Module;

    /// The trainer's network on burn's device, the CPU engine's, and what a file keeps of it are the same function.
    #[test]
    fn both_engines_give_the_same_logits() {
        let shape = cytolens_cells::UNetConfig {
            planes: 4,
            outputs: 3,
            levels: 3,
            width: 16,
            size: 64,
            batch_norm_epsilon: 1e-5,
        };
        let network =
            UNetConfig::new(4, 3, shape.levels, shape.width).init(&Device::flex().autodiff());
        // Statistics of its norms other than their first ones.
        for _ in 0..3 {
            let planes = burn::tensor::Tensor::<4>::random(
                [2, 4, 32, 32],
                burn::tensor::Distribution::Normal(0.3, 0.5),
                &Device::flex().autodiff(),
            );
            drop(network.forward(planes));
        }
        let network = network.valid();
        let bytes = weights::to_safetensors(&network, Names::plain(), Precision::Single);
        let engine = UNetNetwork::new(shape, &bytes.expect("bytes"), Processor::best());
        let engine = engine.expect("a network");
        for size in [32, 64] {
            let golden = Golden {
                size,
                logits: on_device(&network, &shape, size).expect("logits"),
            };
            let deviation = golden.deviation(&engine.golden(size));
            assert!(deviation < 1e-5, "{size} px: off by {deviation}");
        }
    }
}
