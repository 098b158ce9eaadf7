//! A run that trained a painter, as a package.

use std::path::Path;

use anyhow::Result;
use cytolens::package::{WeightsEntry, sha256};
use cytolens_cells::painter::{KIND, PainterManifest, PainterPackage};
use cytolens_core::package::FORMAT;

use super::training::PainterSummary;
use crate::run::folder::RunFolder;
use crate::run::package::PackageStatements;
use crate::unet::package::{Origin, Packed, is_run_of, packed};

/// The SHA-256 of a painter's manifest, in which its weights' is.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn painter_sha256(manifest: &PainterManifest) -> Result<String> {
    Ok(sha256(&serde_json::to_vec(manifest)?))
}

/// Whether a run trained a painter.
pub fn is_painter_run(run: &Path) -> bool {
    is_run_of(run, KIND)
}

/// Makes the package of a run.
///
/// # Errors
/// If the run has not ended, its weights cannot be read or are too large, or the package's network on burn's device answers
/// otherwise than the one that paints.
pub fn package_of(run: &Path, statements: &PackageStatements) -> Result<PainterPackage> {
    let (folder, summary): (_, PainterSummary) = RunFolder::open_as(run)?;
    let Packed { weights, goldens } = packed(&folder, &summary.trained.network)?;
    let manifest = PainterManifest {
        goldens,
        ..manifest(summary, statements)
    };
    Ok(PainterPackage::pack(manifest, weights)?)
}

/// The manifest of a run's network, without goldens and the weights' checksum.
fn manifest(summary: PainterSummary, statements: &PackageStatements) -> PainterManifest {
    let PainterSummary {
        trained,
        channels,
        levels,
        baselines,
    } = summary;
    let name = || format!("Painter of {channels}, {} fields", trained.trained_on);
    let limits = || {
        format!(
            "It paints {channels}. What it paints is a guess by what other fields look like, and no measurement: what nobody could \
             tell from the channels that it reads is not in it.",
        )
    };
    let Origin {
        licence,
        attribution,
        provenance,
        metrics,
    } = Origin::of(&trained, statements);
    PainterManifest {
        kind: KIND.to_owned(),
        format: FORMAT,
        name: statements.name.clone().unwrap_or_else(name),
        limits: statements.limits.clone().unwrap_or_else(limits),
        licence,
        attribution,
        network: trained.network,
        channels,
        levels,
        baselines,
        weights: WeightsEntry::default(),
        goldens: Vec::new(),
        provenance,
        metrics,
    }
}
