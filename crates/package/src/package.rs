//! Model packages: a folder with `manifest.json` and `weights.safetensors`, all that a classifier
//! needs. The trainer and the browser read them by the same code.

#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use cytolens_core::package::{FORMAT, MANIFEST, WEIGHTS};
#[cfg(not(target_family = "wasm"))]
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::manifest::{Manifest, WeightsEntry};
use crate::report::WeightsError;

/// A failure to read, check or write a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The manifest is not JSON, or not of this form.
    #[error("{MANIFEST} is not a model package's manifest: {0}")]
    Manifest(#[from] serde_json::Error),
    /// The package has another version of the format.
    #[error("the package has format {found}, and this program reads format {FORMAT}")]
    Format {
        /// The package's.
        found: u64,
    },
    /// The package is of another kind.
    #[error("this is a package of {found}, and one of {expected} is asked for")]
    Kind {
        /// The package's.
        found: String,
        /// What it should be of.
        expected: &'static str,
    },
    /// The manifest contradicts itself.
    #[error("{MANIFEST}: {0}")]
    Contradiction(String),
    /// The weights have another length than the manifest says.
    #[error("{WEIGHTS} has {found} bytes, and the manifest says {expected}")]
    Length {
        /// The file's length.
        found: u64,
        /// The manifest's.
        expected: u64,
    },
    /// The weights have another checksum than the manifest says.
    #[error("{WEIGHTS} is damaged: its SHA-256 is {found}, and the manifest says {expected}")]
    Checksum {
        /// The file's checksum.
        found: String,
        /// The manifest's.
        expected: String,
    },
    /// The weights are undamaged but do not fit the network.
    #[error("{WEIGHTS}: {0}")]
    Weights(#[from] WeightsError),
    /// A file exists already.
    #[error("{0} exists already; nothing was written")]
    Exists(String),
    /// A member of an ensemble is at fault.
    #[error("the ensemble's member {number}: {error}")]
    Member {
        /// The member's number, from 1.
        number: usize,
        /// The fault.
        error: Box<PackageError>,
    },
}

/// A manifest and the weights it describes, both checked.
#[derive(Debug, Clone)]
pub struct Package {
    manifest: Manifest,
    weights: Vec<u8>,
}

impl Package {
    /// Makes a package from the contents of its two files.
    ///
    /// # Errors
    /// [`PackageError`] for another format, a manifest that is malformed or contradicts itself, and
    /// weights other than those it describes.
    pub fn new(manifest: &str, weights: Vec<u8>) -> Result<Self, PackageError> {
        Self::of(Manifest::read(manifest)?, weights)
    }

    /// Makes a package of a checked manifest and the weights that it describes.
    pub(crate) fn of(manifest: Manifest, weights: Vec<u8>) -> Result<Self, PackageError> {
        manifest.weights.check(&weights)?;
        Ok(Self { manifest, weights })
    }

    /// Makes a package of a manifest and a network's weights, and fills in their length and checksum.
    ///
    /// # Errors
    /// [`PackageError::Contradiction`].
    pub fn pack(mut manifest: Manifest, weights: Vec<u8>) -> Result<Self, PackageError> {
        manifest.weights = WeightsEntry::of(&weights);
        manifest.check()?;
        Ok(Self { manifest, weights })
    }

    /// Reads the package in a folder.
    ///
    /// # Errors
    /// Those of [`Package::new`], and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        // Another format is reported before the weights are read.
        let text = read_manifest(folder, |text| Manifest::read(text).map(drop))?;
        Self::new(&text, read_weights(folder)?)
    }

    /// Writes the package into a folder, and makes the folder.
    ///
    /// # Errors
    /// [`PackageError::Exists`] where the folder holds a package already, and
    /// [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn write(&self, folder: &Path) -> Result<(), PackageError> {
        write_files(folder, &self.manifest, &self.weights)
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of the weights' file.
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }

    /// The manifest and the bytes of the weights' file.
    pub(crate) fn into_parts(self) -> (Manifest, Vec<u8>) {
        (self.manifest, self.weights)
    }
}

/// The text of a folder's manifest, which `check` takes.
///
/// # Errors
/// [`PackageError::File`], and those of `check`.
#[cfg(not(target_family = "wasm"))]
pub fn read_manifest(
    folder: &Path,
    check: impl FnOnce(&str) -> Result<(), PackageError>,
) -> Result<String, PackageError> {
    let manifest = folder.join(MANIFEST);
    let text = std::fs::read_to_string(&manifest).map_err(at(&manifest))?;
    check(&text)?;
    Ok(text)
}

/// The bytes of a folder's weights.
///
/// # Errors
/// [`PackageError::File`].
#[cfg(not(target_family = "wasm"))]
pub fn read_weights(folder: &Path) -> Result<Vec<u8>, PackageError> {
    let weights = folder.join(WEIGHTS);
    std::fs::read(&weights).map_err(at(&weights))
}

/// Writes the two files of a package into a folder, and makes the folder.
///
/// # Errors
/// [`PackageError::Exists`] where the folder holds a package already, and [`PackageError::File`].
#[cfg(not(target_family = "wasm"))]
pub fn write_files(
    folder: &Path,
    manifest: &impl Serialize,
    weights: &[u8],
) -> Result<(), PackageError> {
    let paths = [folder.join(MANIFEST), folder.join(WEIGHTS)];
    if let Some(taken) = paths.iter().find(|path| path.exists()) {
        return Err(PackageError::Exists(taken.display().to_string()));
    }
    let [to_manifest, to_weights] = &paths;
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    std::fs::write(to_weights, weights).map_err(at(to_weights))?;
    let mut text = serde_json::to_string_pretty(manifest)?;
    text.push('\n');
    std::fs::write(to_manifest, text).map_err(at(to_manifest))
}

#[cfg(not(target_family = "wasm"))]
fn at(path: &Path) -> impl FnOnce(std::io::Error) -> PackageError {
    let path = path.display().to_string();
    move |source| PackageError::File { path, source }
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
