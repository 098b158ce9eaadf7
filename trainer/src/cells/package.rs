//! A run that trained a network to find cells, as a package.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use cellsim::{ATTRIBUTION, ID_PREFIX};
use cytolens::model::weights::Precision;
use cytolens::model::{Names, UNet, UNetConfig, weights};
use cytolens::package::{Golden, WeightsEntry};
use cytolens_cells::{CellsManifest, CellsNetwork, CellsPackage, KIND, Maps, golden_logits};
use cytolens_core::package::FORMAT;
use cytolens_data::credits::Credits;
use cytolens_data::masked::MaskedField;
use cytolens_field::Composition;
use cytolens_kernels::Processor;
use serde_json::Value;

use super::training::CellsSummary;
use crate::run::folder::RunFolder;
use crate::run::package::{NOT_STATED, PackageStatements};

/// The side in pixels of the small golden input, which every start of the page can afford.
const SMALL_GOLDEN: usize = 64;
/// The logits of a golden output.
const GOLDEN_LOGITS: usize = 48;

/// The attribution and licence of training images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// Whom to name, where it is known.
    pub images: Option<String>,
    /// The licence, where it is known.
    pub licence: Option<String>,
}

impl Stated {
    /// What is stated of a set: the simulator's own, known by the fields' ids, or what `set.toml` says.
    pub fn of(fields: &[MaskedField], credits: &Credits) -> Self {
        let simulated = |one: &MaskedField| one.field.id.starts_with(ID_PREFIX);
        let images = if !fields.is_empty() && fields.iter().all(simulated) {
            Some(ATTRIBUTION.to_owned())
        } else {
            credits.attribution.clone()
        };
        Self {
            images,
            licence: credits.licence.clone(),
        }
    }
}

/// Whether a run trained a network to find cells.
pub fn is_cells_run(run: &Path) -> bool {
    let text = std::fs::read_to_string(run.join("run.json")).unwrap_or_default();
    let summary: Value = serde_json::from_str(&text).unwrap_or_default();
    summary["kind"] == super::training::KIND
}

/// The network of these weights, of any width of numbers.
///
/// # Errors
/// If they are not the network's.
pub fn network_of(shape: &cytolens_cells::UNetConfig, weights: Vec<u8>) -> Result<CellsNetwork> {
    let manifest = CellsManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: "in training".to_owned(),
        limits: String::new(),
        licence: NOT_STATED.to_owned(),
        attribution: Vec::new(),
        network: *shape,
        composition: Composition::Rgby,
        outputs: Maps::NAMES.map(str::to_owned).to_vec(),
        weights: WeightsEntry::default(),
        goldens: vec![unknown(shape.unit())],
        provenance: Value::Null,
        metrics: Value::Null,
    };
    let package = CellsPackage::pack(manifest, weights)?;
    Ok(CellsNetwork::new(&package, Processor::best())?)
}

/// A golden input whose logits are not known yet.
fn unknown(size: usize) -> Golden {
    Golden {
        size,
        logits: vec![0.0; GOLDEN_LOGITS],
    }
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

/// Makes the package of a run.
///
/// # Errors
/// If the run has not ended, its weights cannot be read, or the package's network on burn's device answers otherwise than the one
/// that finds cells.
pub fn package_of(run: &Path, statements: &PackageStatements) -> Result<CellsPackage> {
    let (folder, summary): (_, CellsSummary) = RunFolder::open_as(run)?;
    let path = folder.network();
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let shape = summary.network;
    let network = unet_of(&shape, bytes, &Device::flex())?;
    let bytes = weights::to_safetensors(&network, Names::plain(), Precision::Half)?;
    let finder = network_of(&shape, bytes.clone())?;
    let packed = unet_of(&shape, bytes.clone(), &Device::flex())?;
    let mut goldens = Vec::new();
    // Deep networks halve a larger input; every size divides.
    let small = SMALL_GOLDEN.next_multiple_of(shape.unit()).min(shape.size);
    for size in [small, shape.size] {
        let golden = Golden {
            size,
            logits: finder.golden(size),
        };
        let deviation = golden.deviation(&on_device(&packed, &shape, size)?);
        ensure!(
            deviation <= Golden::TOLERANCE,
            "the network's answers to the input of {size} px differ by {deviation:e} between the CPU engine and burn's device"
        );
        goldens.push(golden);
    }
    goldens.dedup_by_key(|golden| golden.size);
    Ok(CellsPackage::pack(
        CellsManifest {
            goldens,
            ..manifest(&summary, statements)
        },
        bytes,
    )?)
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

/// The manifest of a run's network, without goldens and the weights' checksum.
fn manifest(summary: &CellsSummary, statements: &PackageStatements) -> CellsManifest {
    let name = || format!("Cells, U-Net, {} fields", summary.trained_on);
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
    CellsManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: statements.name.clone().unwrap_or_else(name),
        limits: statements.limits.clone().unwrap_or_else(|| limits(summary)),
        licence: licence.map_or(NOT_STATED, String::as_str).to_owned(),
        attribution,
        network: summary.network,
        composition: Composition::Rgby,
        outputs: Maps::NAMES.map(str::to_owned).to_vec(),
        weights: WeightsEntry::default(),
        goldens: Vec::new(),
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

/// The network's limits, for its users.
fn limits(summary: &CellsSummary) -> String {
    let seen = if summary.images.as_deref() == Some(ATTRIBUTION) {
        "It learned from drawn cells only. "
    } else {
        ""
    };
    format!(
        "{seen}It needs the blue channel; without red and yellow, the borders of cells are guesses. It finds cells as large as in \
         the atlas's fields, some tens a field."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Module;

    fn shape() -> cytolens_cells::UNetConfig {
        cytolens_cells::UNetConfig {
            planes: 4,
            outputs: 3,
            levels: 3,
            width: 16,
            size: 64,
            batch_norm_epsilon: 1e-5,
        }
    }

    /// The folder of a run that has ended, of a network with random weights.
    fn run(folder: &Path) -> CellsSummary {
        let shape = shape();
        let config = UNetConfig::new(4, 3, shape.levels, shape.width);
        let network = config.init(&Device::flex());
        let weights = weights::to_safetensors(&network, Names::plain(), Precision::Single);
        let summary = CellsSummary {
            kind: super::super::training::KIND.to_owned(),
            network: shape,
            trained_on: 90,
            held_back: 10,
            shown: 450,
            images: Some(ATTRIBUTION.to_owned()),
            licence: None,
            recipe: serde_json::json!({"seed": 1}),
            metrics: serde_json::json!({}),
        };
        std::fs::write(folder.join("network.safetensors"), weights.expect("bytes"))
            .expect("written");
        let json = serde_json::to_string(&summary).expect("JSON");
        std::fs::write(folder.join("run.json"), json).expect("written");
        summary
    }

    #[test]
    fn the_package_of_a_run_is_read_and_its_goldens_are_met() {
        let folder = tempfile::tempdir().expect("a folder");
        run(folder.path());
        assert!(is_cells_run(folder.path()));
        let statements = PackageStatements {
            licence: Some("MIT OR Apache-2.0".to_owned()),
            scores: vec![("simulated".to_owned(), serde_json::json!({"cells": 0.5}))],
            ..PackageStatements::default()
        };
        let package = package_of(folder.path(), &statements).expect("a package");
        let out = folder.path().join("package");
        package.write(&out).expect("written");
        let read = CellsPackage::read(&out).expect("a package");
        assert_eq!(read.manifest(), package.manifest());
        let manifest = read.manifest();
        assert_eq!(manifest.licence, "MIT OR Apache-2.0");
        assert_eq!(manifest.metrics["simulated"]["cells"], 0.5);
        assert!(manifest.limits.contains("drawn cells only"));
        assert_eq!(manifest.goldens.len(), 1);
        let network = CellsNetwork::new(&read, Processor::best()).expect("a network");
        for golden in &manifest.goldens {
            network.check(golden).expect("its own logits");
        }
        assert!(!is_cells_run(&out));
    }

    /// The trainer's network on burn's device, the one that finds cells, and what a file keeps of it are the same function.
    #[test]
    fn both_engines_give_the_same_logits() {
        let shape = shape();
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
        let finder = network_of(&shape, bytes.expect("bytes")).expect("a network");
        for size in [32, 64] {
            let golden = Golden {
                size,
                logits: on_device(&network, &shape, size).expect("logits"),
            };
            let deviation = golden.deviation(&finder.golden(size));
            assert!(deviation < 1e-5, "{size} px: off by {deviation}");
        }
    }
}
