//! Cells packages: a folder with `manifest.json` and `weights.safetensors`, like a classifier's package.

#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use cytolens_core::package::FORMAT;
use cytolens_core::plain::{LONGEST_NAME, is_name};
use cytolens_field::Composition;
use cytolens_package::{Golden, PackageError, WeightsEntry, check_head};
use serde::{Deserialize, Serialize};

use crate::maps::OUTPUTS;

/// What a cells package's manifest says that it is of.
pub const KIND: &str = "cells";

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
}

/// The manifest of a cells package: everything about a network but its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsManifest {
    /// What the package is of: [`KIND`].
    pub kind: String,
    /// The version of the format: [`FORMAT`].
    pub format: u32,
    /// A short name for people.
    pub name: String,
    /// The network's limits, in a sentence or two that the page shows.
    pub limits: String,
    /// The licence of the package, for people; "not stated" where nobody stated it.
    pub licence: String,
    /// The people and projects to name when using it.
    pub attribution: Vec<String>,
    /// The network's shape.
    pub network: UNetConfig,
    /// The composition of channels into planes: `rgby`, missing channels black, made by [`planes`](crate::planes()).
    pub composition: Composition,
    /// The names of the outputs: [`Maps::NAMES`](crate::Maps::NAMES).
    pub outputs: Vec<String>,
    /// The checksum and length of the weights' file.
    pub weights: WeightsEntry,
    /// Known inputs with the network's logits at the places of [`golden_logits`], smallest first.
    pub goldens: Vec<Golden>,
    /// The network's origin: data, recipe, seed, program.
    pub provenance: serde_json::Value,
    /// The network's scores, with the samples they were measured on.
    pub metrics: serde_json::Value,
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

impl CellsManifest {
    /// Reads a manifest's text and checks it.
    ///
    /// # Errors
    /// [`PackageError`] for a package of another kind or format, and a manifest that is malformed or contradicts itself.
    pub fn read(text: &str) -> Result<Self, PackageError> {
        check_head(text, Some(KIND))?;
        let manifest: Self = serde_json::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), PackageError> {
        let UNetConfig {
            planes,
            outputs,
            levels,
            width,
            size,
            batch_norm_epsilon: epsilon,
        } = self.network;
        let deep_enough = (1..=8).contains(&levels);
        let unit = if deep_enough { self.network.unit() } else { 1 };
        let faults = [
            (
                self.kind != KIND || self.format != FORMAT,
                format!("the kind must be {KIND} and the format {FORMAT}"),
            ),
            (
                !is_name(&self.name),
                format!(
                    "the name must have at most {LONGEST_NAME} bytes, and no character that is a control or turns the direction of writing"
                ),
            ),
            (
                self.composition != Composition::Rgby,
                format!("the composition must be rgby, not {}", self.composition),
            ),
            (
                planes != self.composition.planes(),
                format!(
                    "the composition {} has {} planes, the network {planes}",
                    self.composition,
                    self.composition.planes()
                ),
            ),
            (
                outputs != OUTPUTS.len() || self.outputs != OUTPUTS,
                format!("the outputs must be {}", OUTPUTS.join(", ")),
            ),
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
                self.goldens.is_empty()
                    || self.goldens.iter().any(|golden| {
                        let places = GOLDEN_SIDE * GOLDEN_SIDE * OUTPUTS.len();
                        golden.logits.len() != places
                            || !golden.logits.iter().all(|logit| logit.is_finite())
                            || !(1..=2048).contains(&golden.size)
                            || !golden.size.is_multiple_of(unit)
                    }),
                format!(
                    "there must be a golden output, of {} logits, and its side a multiple of {unit}",
                    GOLDEN_SIDE * GOLDEN_SIDE * OUTPUTS.len()
                ),
            ),
        ];
        match faults.into_iter().find(|(fault, _)| *fault) {
            Some((_, reason)) => Err(PackageError::Contradiction(reason)),
            None => Ok(()),
        }
    }
}

/// A manifest and the weights it describes, both checked.
#[derive(Debug, Clone)]
pub struct CellsPackage {
    manifest: CellsManifest,
    weights: Vec<u8>,
}

impl CellsPackage {
    /// Makes a package from the contents of its two files.
    ///
    /// # Errors
    /// [`PackageError`] for a package of another kind or format, a manifest that is malformed or contradicts itself, and weights
    /// other than those it describes.
    pub fn new(manifest: &str, weights: Vec<u8>) -> Result<Self, PackageError> {
        let manifest = CellsManifest::read(manifest)?;
        manifest.weights.check(&weights)?;
        Ok(Self { manifest, weights })
    }

    /// Makes a package of a manifest and a network's weights, and fills in their length and checksum.
    ///
    /// # Errors
    /// [`PackageError::Contradiction`].
    pub fn pack(mut manifest: CellsManifest, weights: Vec<u8>) -> Result<Self, PackageError> {
        manifest.weights = WeightsEntry::of(&weights);
        manifest.check()?;
        Ok(Self { manifest, weights })
    }

    /// Reads the package in a folder.
    ///
    /// # Errors
    /// Those of [`CellsPackage::new`], and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let check = |text: &str| CellsManifest::read(text).map(drop);
        let text = cytolens_package::read_manifest(folder, check)?;
        Self::new(&text, cytolens_package::read_weights(folder)?)
    }

    /// Writes the package into a folder, and makes the folder.
    ///
    /// # Errors
    /// [`PackageError::Exists`] where the folder holds a package already, and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn write(&self, folder: &Path) -> Result<(), PackageError> {
        cytolens_package::write_files(folder, &self.manifest, &self.weights)
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &CellsManifest {
        &self.manifest
    }

    /// The bytes of the weights' file.
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }
}
