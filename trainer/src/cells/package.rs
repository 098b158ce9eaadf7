//! A run that trained a network to find cells, as a package.

use std::path::Path;

use anyhow::Result;
use cellsim::ATTRIBUTION;
use cytolens::package::WeightsEntry;
use cytolens_cells::{CellsManifest, CellsPackage, KIND, Maps};
use cytolens_core::package::FORMAT;
use cytolens_field::Composition;

use crate::run::folder::RunFolder;
use crate::run::package::PackageStatements;
use crate::unet::package::{Origin, Packed, UNetSummary, is_run_of, packed};

/// Whether a run trained a network to find cells.
pub fn is_cells_run(run: &Path) -> bool {
    is_run_of(run, KIND)
}

/// Makes the package of a run.
///
/// # Errors
/// If the run has not ended, its weights cannot be read, or the package's network on burn's device answers otherwise than the one
/// that finds cells.
pub fn package_of(run: &Path, statements: &PackageStatements) -> Result<CellsPackage> {
    let (folder, summary): (_, UNetSummary) = RunFolder::open_as(run)?;
    let Packed { weights, goldens } = packed(&folder, &summary.network)?;
    let manifest = CellsManifest {
        goldens,
        ..manifest(&summary, statements)
    };
    Ok(CellsPackage::pack(manifest, weights)?)
}

/// The manifest of a run's network, without goldens and the weights' checksum.
fn manifest(summary: &UNetSummary, statements: &PackageStatements) -> CellsManifest {
    let name = || format!("Cells, U-Net, {} fields", summary.trained_on);
    let Origin {
        licence,
        attribution,
        provenance,
        metrics,
    } = Origin::of(summary, statements);
    CellsManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: statements.name.clone().unwrap_or_else(name),
        limits: statements.limits.clone().unwrap_or_else(|| limits(summary)),
        licence,
        attribution,
        network: summary.network,
        composition: Composition::Rgby,
        outputs: Maps::NAMES.map(str::to_owned).to_vec(),
        weights: WeightsEntry::default(),
        goldens: Vec::new(),
        provenance,
        metrics,
    }
}

/// The network's limits, for its users.
fn limits(summary: &UNetSummary) -> String {
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
    use burn::tensor::Device;
    use cytolens::model::weights::Precision;
    use cytolens::model::{Names, UNetConfig, weights};
    use cytolens_cells::CellsNetwork;
    use cytolens_kernels::Processor;

    use super::*;

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
    fn run(folder: &Path) -> UNetSummary {
        let shape = shape();
        let config = UNetConfig::new(4, 3, shape.levels, shape.width);
        let network = config.init(&Device::flex());
        let weights = weights::to_safetensors(&network, Names::plain(), Precision::Single);
        let summary = UNetSummary {
            kind: KIND.to_owned(),
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
}
