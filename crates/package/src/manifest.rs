//! The manifest of a model package.

use cytolens_core::package::FORMAT;
use cytolens_core::plain::{LONGEST_NAME, is_name, plain};
use cytolens_field::{Composition, Field, FieldError, MissingChannels, Planes};
use cytolens_similar::Familiar;
use serde::{Deserialize, Serialize};

use crate::golden::Golden;
use crate::network::NetworkConfig;
use crate::package::{PackageError, sha256};

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
    /// What the fields that the model learnt from look like to it, so that others can be told from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub familiar: Option<Familiar>,
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

impl WeightsEntry {
    /// The entry for a file's bytes.
    pub fn of(weights: &[u8]) -> Self {
        Self {
            sha256: sha256(weights),
            bytes: weights.len() as u64,
        }
    }

    /// Checks that these are the bytes that it describes.
    ///
    /// # Errors
    /// [`PackageError::Length`] and [`PackageError::Checksum`].
    pub fn check(&self, weights: &[u8]) -> Result<(), PackageError> {
        let Self { sha256, bytes } = Self::of(weights);
        if bytes != self.bytes {
            return Err(PackageError::Length {
                found: bytes,
                expected: self.bytes,
            });
        }
        if sha256 != self.sha256 {
            return Err(PackageError::Checksum {
                found: sha256,
                expected: self.sha256.clone(),
            });
        }
        Ok(())
    }
}

/// Checks the part of a manifest that every kind of package has in every version of the format. A classifier's has no `kind`.
///
/// # Errors
/// [`PackageError::Kind`] for another kind of package, [`PackageError::Format`] for another version of the format, and
/// [`PackageError::Manifest`] for what is no manifest.
pub fn check_head(text: &str, kind: Option<&'static str>) -> Result<(), PackageError> {
    #[derive(Deserialize)]
    struct Head {
        format: u64,
        kind: Option<String>,
    }
    const CLASSIFIER: &str = "a classifier";
    let head: Head = serde_json::from_str(text)?;
    if head.kind.as_deref() != kind {
        return Err(PackageError::Kind {
            found: head.kind.as_deref().map_or(CLASSIFIER.to_owned(), plain),
            expected: kind.unwrap_or(CLASSIFIER),
        });
    }
    if head.format != u64::from(FORMAT) {
        return Err(PackageError::Format { found: head.format });
    }
    Ok(())
}

impl Manifest {
    /// Composes the network's input planes of a field, before normalisation.
    ///
    /// # Errors
    /// [`FieldError::MissingChannels`].
    pub fn compose(&self, field: &Field) -> Result<Planes, FieldError> {
        self.composition
            .compose(field, self.missing, self.network.size as u32)
    }

    /// Whether another network sees of a field what this one sees: then planes are composed once for both.
    pub fn sees_as(&self, other: &Self) -> bool {
        let seen = |it: &Self| (it.composition, it.missing, it.network.size);
        seen(self) == seen(other)
    }

    /// Whether another package is the same network on the same input, so that its answers are the same.
    pub fn is_same_network(&self, other: &Self) -> bool {
        self.weights.sha256 == other.weights.sha256 && self.sees_as(other)
    }

    /// Reads a manifest's text and checks it.
    ///
    /// # Errors
    /// [`PackageError`] for another format, and a manifest that is malformed or contradicts itself.
    pub fn read(text: &str) -> Result<Self, PackageError> {
        check_head(text, None)?;
        let manifest: Self = serde_json::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks that the manifest does not contradict itself.
    ///
    /// # Errors
    /// [`PackageError::Contradiction`].
    pub(crate) fn check(&self) -> Result<(), PackageError> {
        let network = &self.network;
        let planes = self.composition.planes();
        let all = |values: &[f32], good: fn(f32) -> bool| {
            values.iter().all(|&value| value.is_finite() && good(value))
        };
        let lengths_agree = |values: &[f32]| values.len() == planes;
        let faults = [
            (
                network.planes != planes,
                format!(
                    "the composition {} has {planes} planes, the network {}",
                    self.composition, network.planes
                ),
            ),
            (
                !is_name(&self.name) || !self.labels.iter().all(|label| is_name(label)),
                format!(
                    "the name and every label must have at most {LONGEST_NAME} bytes, and no character that is a control or turns the direction of writing"
                ),
            ),
            (
                network.classes == 0,
                "a network needs a class at least".to_owned(),
            ),
            (
                self.labels.len() != network.classes,
                format!(
                    "{} labels for {} classes",
                    self.labels.len(),
                    network.classes
                ),
            ),
            (
                self.thresholds.len() != network.classes
                    || !all(&self.thresholds, |t| (0.0..=1.0).contains(&t)),
                format!("there must be {} thresholds from 0 to 1", network.classes),
            ),
            (
                !lengths_agree(&self.mean) || !all(&self.mean, |_| true),
                format!("mean must be {planes} numbers"),
            ),
            (
                !lengths_agree(&self.std) || !all(&self.std, |s| s > 0.0),
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
                self.goldens.is_empty()
                    || self.goldens.iter().any(|golden| {
                        golden.logits.len() != network.classes || !all(&golden.logits, |_| true)
                    }),
                format!(
                    "there must be a golden output, of {} logits",
                    network.classes
                ),
            ),
            (
                self.familiar
                    .as_ref()
                    .is_some_and(|it| it.features() != network.architecture.features()),
                format!(
                    "familiar must be of {} features",
                    network.architecture.features()
                ),
            ),
        ];
        match faults.into_iter().find(|(fault, _)| *fault) {
            Some((_, reason)) => Err(PackageError::Contradiction(reason)),
            None => Ok(()),
        }
    }
}
