//! The manifest of a cells package.

use cytolens_field::Composition;
use cytolens_package::{Golden, PackageError, WeightsEntry};
use serde::{Deserialize, Serialize};

use crate::maps::OUTPUTS;
use crate::package::{Statements, UNetManifest, UNetPackage, read_manifest};
use crate::unet::UNetConfig;

/// What a cells package's manifest says that it is of.
pub const KIND: &str = "cells";

/// A cells package: a manifest and the weights it describes, both checked.
pub type CellsPackage = UNetPackage<CellsManifest>;

/// The manifest of a cells package: everything about a network but its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellsManifest {
    /// What the package is of: [`KIND`].
    pub kind: String,
    /// The version of the format: [`FORMAT`](cytolens_core::package::FORMAT).
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
    /// Known inputs with the network's logits at the places of [`golden_logits`](crate::golden_logits()), smallest first.
    pub goldens: Vec<Golden>,
    /// The network's origin: data, recipe, seed, program.
    pub provenance: serde_json::Value,
    /// The network's scores, with the samples they were measured on.
    pub metrics: serde_json::Value,
}

impl CellsManifest {
    /// Reads a manifest's text and checks it.
    ///
    /// # Errors
    /// [`PackageError`] for a package of another kind or format, and a manifest that is malformed or contradicts itself.
    pub fn read(text: &str) -> Result<Self, PackageError> {
        read_manifest(text)
    }
}

impl UNetManifest for CellsManifest {
    const KIND: &'static str = KIND;

    fn statements(&self) -> Statements<'_> {
        Statements {
            kind: &self.kind,
            format: self.format,
            name: &self.name,
            network: &self.network,
            weights: &self.weights,
            goldens: &self.goldens,
        }
    }

    fn weights_mut(&mut self) -> &mut WeightsEntry {
        &mut self.weights
    }

    fn contradiction(&self) -> Option<String> {
        let UNetConfig {
            planes, outputs, ..
        } = self.network;
        if self.composition != Composition::Rgby {
            return Some(format!(
                "the composition must be rgby, not {}",
                self.composition
            ));
        }
        if planes != self.composition.planes() {
            return Some(format!(
                "the composition {} has {} planes, the network {planes}",
                self.composition,
                self.composition.planes()
            ));
        }
        (outputs != OUTPUTS.len() || self.outputs != OUTPUTS)
            .then(|| format!("the outputs must be {}", OUTPUTS.join(", ")))
    }
}
