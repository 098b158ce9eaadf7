//! Model packages: a folder with `manifest.json` and `weights.safetensors`, all that a classifier
//! needs. The trainer and the browser read them by the same code.

#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::{Network, NetworkConfig, WeightsError, weights};
use cytolens_core::package::{FORMAT, MANIFEST, WEIGHTS};
use cytolens_field::{Composition, MissingChannels};

/// The manifest of a model package: everything about a model but its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the format: [`FORMAT`].
    pub format: u32,
    /// A short name for people.
    pub name: String,
    /// The model's limits, in a sentence or two that the page shows.
    pub limits: String,
    /// The licence of the package, for people; "not stated" where nobody stated it.
    pub licence: String,
    /// The people and projects to name when using it.
    pub attribution: Vec<String>,
    /// The network's shape.
    pub network: NetworkConfig,
    /// The class names, in the order of the logits.
    pub labels: Vec<String>,
    /// The probability, per class, from which a label counts as present.
    pub thresholds: Vec<f32>,
    /// The composition of channels into planes.
    pub composition: Composition,
    /// The treatment of channels that a field lacks.
    #[serde(default)]
    pub missing: MissingChannels,
    /// The mean of each plane, whose values go from 0 to 1; it is subtracted.
    pub mean: Vec<f32>,
    /// The standard deviation of each plane, by which the difference is divided.
    pub std: Vec<f32>,
    /// The checksum and length of the weights' file.
    pub weights: WeightsEntry,
    /// Known inputs with the network's logits, smallest first.
    pub goldens: Vec<Golden>,
    /// The model's origin: data, recipe, seed, program.
    pub provenance: serde_json::Value,
    /// The model's scores, with the samples they were measured on.
    pub metrics: serde_json::Value,
}

/// The weights' file, as the manifest describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsEntry {
    /// The SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// The length of the file.
    pub bytes: u64,
}

/// A known input and its logits on the CPU device.
///
/// The input is [`golden_planes`]; a device that misses these logits computes wrongly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The side of the input in pixels.
    pub size: usize,
    /// The logits, one a class.
    pub logits: Vec<f32>,
}

impl Golden {
    /// The largest difference of `logits` from the golden ones, relative to the largest of these (at
    /// least 1); infinite where a logit is not a number.
    pub fn deviation(&self, logits: &[f32]) -> f32 {
        let scale = self
            .logits
            .iter()
            .fold(1.0_f32, |scale, logit| scale.max(logit.abs()));
        self.logits
            .iter()
            .zip(logits)
            .fold(0.0_f32, |worst, (golden, logit)| {
                let deviation = (golden - logit).abs() / scale;
                // A NaN must not pass as small.
                if deviation.is_nan() {
                    f32::INFINITY
                } else {
                    worst.max(deviation)
                }
            })
    }

    /// The deviation up to which a device computes rightly: float32 rounding through a hundred
    /// layers stays under a hundredth of it.
    pub const TOLERANCE: f32 = 1e-3;
}

/// The golden input: `[planes, size, size]`, values from 0 to 1 before normalisation.
///
/// Smooth waves of a different period in each plane, roughened by a hash, all in integers, so that
/// they are the same on every machine.
pub fn golden_planes(planes: usize, size: usize) -> Vec<f32> {
    let triangle = |position: usize, period: usize| {
        let phase = position % period;
        (phase.min(period - phase) * 255) / (period / 2)
    };
    let mut values = Vec::with_capacity(planes * size * size);
    for plane in 0..planes {
        for y in 0..size {
            for x in 0..size {
                let wave = triangle(x + 3 * y, 22 + 10 * plane) / 2
                    + triangle(2 * x + y, 64 + 6 * plane) / 4;
                let place = ((plane * 131 + y) * 8191 + x) as u32;
                let hash = (place.wrapping_mul(2_654_435_761) >> 26) as usize;
                values.push((wave + hash) as f32 / 255.0);
            }
        }
    }
    values
}

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
        let manifest = read_manifest(manifest)?;
        let entry = &manifest.weights;
        let found = weights.len() as u64;
        if found != entry.bytes {
            return Err(PackageError::Length {
                found,
                expected: entry.bytes,
            });
        }
        let found = sha256(&weights);
        if found != entry.sha256 {
            return Err(PackageError::Checksum {
                found,
                expected: entry.sha256.clone(),
            });
        }
        Ok(Self { manifest, weights })
    }

    /// Makes a package of a manifest and a network's weights, and fills in their length and checksum.
    ///
    /// # Errors
    /// [`PackageError::Contradiction`].
    pub fn pack(mut manifest: Manifest, weights: Vec<u8>) -> Result<Self, PackageError> {
        manifest.weights = WeightsEntry {
            sha256: sha256(&weights),
            bytes: weights.len() as u64,
        };
        check(&manifest)?;
        Ok(Self { manifest, weights })
    }

    /// Reads the package in a folder.
    ///
    /// # Errors
    /// Those of [`Package::new`], and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let manifest = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&manifest).map_err(at(&manifest))?;
        // Another format is reported before the weights are read.
        read_manifest(&text)?;
        let weights = folder.join(WEIGHTS);
        Self::new(&text, std::fs::read(&weights).map_err(at(&weights))?)
    }

    /// Writes the package into a folder, and makes the folder.
    ///
    /// # Errors
    /// [`PackageError::Exists`] where the folder holds a package already, and
    /// [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn write(&self, folder: &Path) -> Result<(), PackageError> {
        let [manifest, weights] = [folder.join(MANIFEST), folder.join(WEIGHTS)];
        if let Some(taken) = [&manifest, &weights].into_iter().find(|path| path.exists()) {
            return Err(PackageError::Exists(taken.display().to_string()));
        }
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        std::fs::write(&weights, &self.weights).map_err(at(&weights))?;
        let mut text = serde_json::to_string_pretty(&self.manifest)?;
        text.push('\n');
        std::fs::write(&manifest, text).map_err(at(&manifest))
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Makes the network with the package's weights on a device.
    ///
    /// # Errors
    /// [`PackageError::Weights`] with a report on the tensors that do not fit.
    pub fn network(&self, device: &Device) -> Result<Network, PackageError> {
        let tensors = weights::read_safetensors(self.weights.clone())?;
        let mut network = self.manifest.network.init(device);
        weights::apply_exactly(&mut network, self.manifest.network.names(), &tensors)?;
        Ok(network)
    }
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

fn read_manifest(text: &str) -> Result<Manifest, PackageError> {
    /// The part of a manifest that every version of the format has.
    #[derive(Deserialize)]
    struct Head {
        format: u64,
    }
    let head: Head = serde_json::from_str(text)?;
    if head.format != u64::from(FORMAT) {
        return Err(PackageError::Format { found: head.format });
    }
    let manifest = serde_json::from_str(text)?;
    check(&manifest)?;
    Ok(manifest)
}

/// Checks that the manifest does not contradict itself.
fn check(manifest: &Manifest) -> Result<(), PackageError> {
    let network = &manifest.network;
    let planes = manifest.composition.planes();
    let all = |values: &[f32], good: fn(f32) -> bool| {
        values.iter().all(|&value| value.is_finite() && good(value))
    };
    let lengths_agree = |values: &[f32]| values.len() == planes;
    let faults = [
        (
            network.planes != planes,
            format!(
                "the composition {} has {planes} planes, the network {}",
                manifest.composition, network.planes
            ),
        ),
        (
            network.classes == 0,
            "a network needs a class at least".to_owned(),
        ),
        (
            manifest.labels.len() != network.classes,
            format!(
                "{} labels for {} classes",
                manifest.labels.len(),
                network.classes
            ),
        ),
        (
            manifest.thresholds.len() != network.classes
                || !all(&manifest.thresholds, |t| (0.0..=1.0).contains(&t)),
            format!("there must be {} thresholds from 0 to 1", network.classes),
        ),
        (
            !lengths_agree(&manifest.mean) || !all(&manifest.mean, |_| true),
            format!("mean must be {planes} numbers"),
        ),
        (
            !lengths_agree(&manifest.std) || !all(&manifest.std, |s| s > 0.0),
            format!("std must be {planes} numbers over 0"),
        ),
        (
            !(32..=4096).contains(&network.size) || !network.size.is_multiple_of(32),
            format!(
                "the size must be a multiple of 32 from 32 to 4096, not {}",
                network.size
            ),
        ),
        (
            network.batch_norm_epsilon.is_nan() || network.batch_norm_epsilon <= 0.0,
            "batch_norm_epsilon must be over 0".to_owned(),
        ),
        (
            manifest.goldens.is_empty()
                || manifest.goldens.iter().any(|golden| {
                    golden.logits.len() != network.classes || !all(&golden.logits, |_| true)
                }),
            format!(
                "there must be a golden output, of {} logits",
                network.classes
            ),
        ),
    ];
    match faults.into_iter().find(|(fault, _)| *fault) {
        Some((_, reason)) => Err(PackageError::Contradiction(reason)),
        None => Ok(()),
    }
}
