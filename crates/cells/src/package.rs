//! Packages of U-Nets: a folder with `manifest.json` and `weights.safetensors`, like a classifier's package.

#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use cytolens_core::package::FORMAT;
use cytolens_core::plain::{LONGEST_NAME, is_name};
use cytolens_package::{Golden, PackageError, WeightsEntry, check_head};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::unet::UNetConfig;

/// The manifest of a U-Net's package: everything about the network but its weights.
pub trait UNetManifest: Serialize + DeserializeOwned {
    /// What the manifest says that the package is of.
    const KIND: &'static str;

    /// The statements that every kind of package makes.
    fn statements(&self) -> Statements<'_>;

    /// The checksum and length of the weights' file, to be filled in.
    fn weights_mut(&mut self) -> &mut WeightsEntry;

    /// The reason why the statements of this kind contradict each other.
    fn contradiction(&self) -> Option<String>;
}

/// The statements of a manifest of any kind.
#[derive(Debug, Clone, Copy)]
pub struct Statements<'a> {
    /// What the package is of.
    pub kind: &'a str,
    /// The version of the format.
    pub format: u32,
    /// The name for people.
    pub name: &'a str,
    /// The network's shape.
    pub network: &'a UNetConfig,
    /// The checksum and length of the weights' file.
    pub weights: &'a WeightsEntry,
    /// Known inputs with the network's logits.
    pub goldens: &'a [Golden],
}

/// Reads a manifest's text and checks it.
///
/// # Errors
/// [`PackageError`] for a package of another kind or format, and a manifest that is malformed or contradicts itself.
pub(crate) fn read_manifest<M: UNetManifest>(text: &str) -> Result<M, PackageError> {
    check_head(text, Some(M::KIND))?;
    let manifest: M = serde_json::from_str(text)?;
    check(&manifest)?;
    Ok(manifest)
}

fn check<M: UNetManifest>(manifest: &M) -> Result<(), PackageError> {
    let Statements {
        kind,
        format,
        name,
        network,
        goldens,
        ..
    } = manifest.statements();
    let reason = if kind != M::KIND || format != FORMAT {
        Some(format!(
            "the kind must be {} and the format {FORMAT}",
            M::KIND
        ))
    } else if !is_name(name) {
        Some(format!(
            "the name must have at most {LONGEST_NAME} bytes, and no character that is a control or turns the direction of writing"
        ))
    } else {
        // In this order: what a kind states bounds the numbers that the others are compared with.
        let own = manifest.contradiction();
        own.or_else(|| network.contradiction(goldens))
    };
    reason.map_or(Ok(()), |reason| Err(PackageError::Contradiction(reason)))
}

/// A manifest and the weights it describes, both checked.
#[derive(Debug, Clone)]
pub struct UNetPackage<M> {
    manifest: M,
    weights: Vec<u8>,
}

impl<M: UNetManifest> UNetPackage<M> {
    /// Makes a package from the contents of its two files.
    ///
    /// # Errors
    /// [`PackageError`] for a package of another kind or format, a manifest that is malformed or contradicts itself, and weights
    /// other than those it describes.
    pub fn new(manifest: &str, weights: Vec<u8>) -> Result<Self, PackageError> {
        let manifest: M = read_manifest(manifest)?;
        manifest.statements().weights.check(&weights)?;
        Ok(Self { manifest, weights })
    }

    /// Makes a package of a manifest and a network's weights, and fills in their length and checksum.
    ///
    /// # Errors
    /// [`PackageError::Contradiction`].
    pub fn pack(mut manifest: M, weights: Vec<u8>) -> Result<Self, PackageError> {
        *manifest.weights_mut() = WeightsEntry::of(&weights);
        check(&manifest)?;
        Ok(Self { manifest, weights })
    }

    /// Reads the package in a folder.
    ///
    /// # Errors
    /// Those of [`UNetPackage::new`], and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let check = |text: &str| read_manifest::<M>(text).map(drop);
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
    pub fn manifest(&self) -> &M {
        &self.manifest
    }

    /// The bytes of the weights' file.
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }
}
