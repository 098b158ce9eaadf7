//! Ensembles: several networks that answer together, as one package.
//!
//! The package has the same two files as any other, so whatever finds, keeps, packs and sends packages takes it. The manifest holds
//! the members' own manifests; the weights' file holds the members' files whole, each as a tensor of bytes, in the members' order,
//! so that they are its last bytes and a member is cut out of it without the rest.
//!
//! A [`Combination`] says how the members' answers become one. The features are the first member's: what was learnt from its
//! features, as an index of similar fields, goes on.

use std::ops::Range;

use cytolens_core::package::{FORMAT, WEIGHTS};
use cytolens_core::plain::{LONGEST_NAME, is_name};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use crate::activation_maps::ActivationMaps;
use crate::classifier::Prediction;
use crate::combination::Combination;
use crate::manifest::{Manifest, WeightsEntry, check_head};
use crate::package::{Package, PackageError};
use crate::report::WeightsError;

/// What an ensemble's manifest says that it is of.
pub const ENSEMBLE: &str = "ensemble";

/// The most members of an ensemble: more would be a slip.
pub const MOST_MEMBERS: usize = 32;

/// The difference from 1 that the members' shares may add up to, by rounding.
const SHARES_OFF: f32 = 1e-4;

/// The manifest of an ensemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleManifest {
    /// What the package is of: [`ENSEMBLE`].
    pub kind: String,
    /// The version of the format: [`FORMAT`].
    pub format: u32,
    /// A short name for people.
    pub name: String,
    /// The limits of the whole, in a sentence or two that the page shows.
    pub limits: String,
    /// The licence of the package, for people; "not stated" where nobody stated it.
    pub licence: String,
    /// The people and projects to name when using it.
    pub attribution: Vec<String>,
    /// The class names, those of every member.
    pub labels: Vec<String>,
    /// The probability, per class, from which a label counts as present.
    pub thresholds: Vec<f32>,
    /// The way in which the members' answers become one.
    #[serde(default, skip_serializing_if = "Combination::is_mean")]
    pub combination: Combination,
    /// The members, the one whose features are the whole's first.
    pub members: Vec<Member>,
    /// The checksum and length of the weights' file.
    pub weights: WeightsEntry,
    /// The origin: of the members' shares, of the thresholds, the program.
    pub provenance: serde_json::Value,
    /// The scores of the whole, with the samples they were measured on.
    pub metrics: serde_json::Value,
}

/// A member of an ensemble.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// How much its answer counts; the shares of all members add up to 1. Those of a stack are equal and say nothing.
    pub share: f32,
    /// The manifest of the package that it was.
    pub manifest: Manifest,
}

impl EnsembleManifest {
    /// Reads a manifest's text and checks it.
    ///
    /// # Errors
    /// [`PackageError`] for a package of another kind or format, and a manifest that is malformed or contradicts itself.
    pub fn read(text: &str) -> Result<Self, PackageError> {
        check_head(text, Some(ENSEMBLE))?;
        let manifest: Self = serde_json::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), PackageError> {
        let refuse = |reason: String| Err(PackageError::Contradiction(reason));
        if self.kind != ENSEMBLE || self.format != FORMAT {
            return refuse(format!(
                "the kind must be {ENSEMBLE} and the format {FORMAT}"
            ));
        }
        if !is_name(&self.name) {
            return refuse(format!(
                "the name must have at most {LONGEST_NAME} bytes, and no character that is a control or turns the direction of writing"
            ));
        }
        let count = self.members.len();
        if !(2..=MOST_MEMBERS).contains(&count) {
            return refuse(format!(
                "an ensemble has 2 to {MOST_MEMBERS} members, and this one has {count}"
            ));
        }
        for (at, Member { share, manifest }) in self.members.iter().enumerate() {
            manifest.check().map_err(|error| in_member(at, error))?;
            let reason = if manifest.labels != self.labels {
                "it is for other labels than the ensemble"
            } else if !share.is_finite() || *share <= 0.0 {
                "its share must be over 0"
            } else if self.members[..at]
                .iter()
                .any(|other| other.manifest.is_same_network(manifest))
            {
                "it is there twice"
            } else {
                continue;
            };
            return Err(in_member(
                at,
                PackageError::Contradiction(reason.to_owned()),
            ));
        }
        let sum: f32 = self.members.iter().map(|member| member.share).sum();
        if (sum - 1.0).abs() > SHARES_OFF {
            return refuse(format!("the members' shares add up to {sum} and not to 1"));
        }
        let equal = 1.0 / count as f32;
        let is_other = |member: &Member| (member.share - equal).abs() > SHARES_OFF;
        if self.combination == Combination::SumOfLogits && self.members.iter().any(is_other) {
            return refuse(format!(
                "where logits are added, every share is {equal}, and another is given"
            ));
        }
        let is_good = |t: &f32| (0.0..=1.0).contains(t);
        if self.thresholds.len() != self.labels.len() || !self.thresholds.iter().all(is_good) {
            return refuse(format!(
                "there must be {} thresholds from 0 to 1",
                self.labels.len()
            ));
        }
        let length = self.members.iter().try_fold(0_u64, |sum, member| {
            sum.checked_add(member.manifest.weights.bytes)
        });
        if length.is_none_or(|length| length > self.weights.bytes) {
            return refuse(format!("the members' weights are more than {WEIGHTS} has"));
        }
        Ok(())
    }
}

/// An error with the number of the member that it is about, from 1.
fn in_member(at: usize, error: PackageError) -> PackageError {
    PackageError::Member {
        number: at + 1,
        error: Box::new(error),
    }
}

/// The manifest of a model, whether it is one network or several.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ModelManifest {
    /// One network.
    Network(Box<Manifest>),
    /// Several.
    Ensemble(Box<EnsembleManifest>),
}

impl From<Manifest> for ModelManifest {
    fn from(manifest: Manifest) -> Self {
        Self::Network(Box::new(manifest))
    }
}

impl ModelManifest {
    /// Reads a manifest's text and checks it.
    ///
    /// # Errors
    /// Those of [`Manifest::read`] and [`EnsembleManifest::read`].
    pub fn read(text: &str) -> Result<Self, PackageError> {
        match check_head(text, Some(ENSEMBLE)) {
            Ok(()) => EnsembleManifest::read(text).map(|it| Self::Ensemble(Box::new(it))),
            Err(PackageError::Kind { .. }) => Manifest::read(text).map(Self::from),
            Err(error) => Err(error),
        }
    }

    /// A short name for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Network(it) => &it.name,
            Self::Ensemble(it) => &it.name,
        }
    }

    /// The model's limits.
    pub fn limits(&self) -> &str {
        match self {
            Self::Network(it) => &it.limits,
            Self::Ensemble(it) => &it.limits,
        }
    }

    /// The licence of the package.
    pub fn licence(&self) -> &str {
        match self {
            Self::Network(it) => &it.licence,
            Self::Ensemble(it) => &it.licence,
        }
    }

    /// The class names.
    pub fn labels(&self) -> &[String] {
        match self {
            Self::Network(it) => &it.labels,
            Self::Ensemble(it) => &it.labels,
        }
    }

    /// The probability, per class, from which a label counts as present.
    pub fn thresholds(&self) -> &[f32] {
        match self {
            Self::Network(it) => &it.thresholds,
            Self::Ensemble(it) => &it.thresholds,
        }
    }

    /// The checksum and length of the weights' file.
    pub fn weights(&self) -> &WeightsEntry {
        match self {
            Self::Network(it) => &it.weights,
            Self::Ensemble(it) => &it.weights,
        }
    }

    /// The members' manifests; one network's own.
    pub fn members(&self) -> Vec<&Manifest> {
        match self {
            Self::Network(it) => vec![&**it],
            Self::Ensemble(it) => it.members.iter().map(|member| &member.manifest).collect(),
        }
    }

    /// The way in which the members' answers become one; either leaves one network's answer as it is.
    pub fn combination(&self) -> Combination {
        match self {
            Self::Network(_) => Combination::default(),
            Self::Ensemble(it) => it.combination,
        }
    }

    /// How much the answer of each member counts; 1 for one network.
    pub fn shares(&self) -> Vec<f32> {
        match self {
            Self::Network(_) => vec![1.0],
            Self::Ensemble(it) => it.members.iter().map(|member| member.share).collect(),
        }
    }

    /// The place of a member's own weights in the weights' file, in bytes: the members' are its last, in their order.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn place(&self, member: usize) -> Range<u64> {
        let lengths: Vec<u64> = self.members().iter().map(|it| it.weights.bytes).collect();
        let after: u64 = lengths[member + 1..].iter().sum();
        let end = self.weights().bytes - after;
        end - lengths[member]..end
    }

    /// A member's package, of its own weights.
    ///
    /// # Errors
    /// [`PackageError::Length`] and [`PackageError::Checksum`] where they are not the member's.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, member: usize, weights: Vec<u8>) -> Result<Package, PackageError> {
        let package = Package::of(self.members()[member].clone(), weights);
        match self {
            Self::Network(_) => package,
            Self::Ensemble(_) => package.map_err(|error| in_member(member, error)),
        }
    }

    /// The prediction of the whole, by the members' logits `[members][classes]`.
    ///
    /// # Panics
    /// If the members have logits of different numbers.
    pub fn predict(&self, logits: &[Vec<f32>]) -> Prediction {
        self.decide(self.combination().probabilities(&self.shares(), logits))
    }

    /// The activation maps of the whole, by the members', with the pixels of the finest.
    ///
    /// # Panics
    /// If the maps are not of the same classes.
    pub fn maps(&self, maps: Vec<ActivationMaps>) -> ActivationMaps {
        self.combination().maps(&self.shares(), maps)
    }

    /// Decides by the thresholds which classes are present, from their probabilities.
    ///
    /// # Panics
    /// If there are more probabilities than classes.
    pub fn decide(&self, probabilities: Vec<f32>) -> Prediction {
        Prediction::of(probabilities, self.thresholds())
    }
}

/// The weights' file of several packages.
fn joined(packages: &[Package]) -> Result<Vec<u8>, PackageError> {
    let unwritable = |error: safetensors::SafeTensorError| {
        PackageError::Weights(WeightsError::Unwritable(error.to_string()))
    };
    let tensors = packages.iter().enumerate().map(|(at, package)| {
        let bytes = package.weights();
        // The file's order is that of the names.
        let name = format!("member.{:02}", at + 1);
        TensorView::new(Dtype::U8, vec![bytes.len()], bytes).map(|tensor| (name, tensor))
    });
    let tensors: Vec<_> = tensors.collect::<Result<_, _>>().map_err(unwritable)?;
    safetensors::serialize(tensors, None).map_err(unwritable)
}

/// A model's manifest and weights, both checked: a [`Package`] or an ensemble.
#[derive(Debug, Clone)]
pub struct ModelPackage {
    manifest: ModelManifest,
    weights: Vec<u8>,
}

impl From<Package> for ModelPackage {
    fn from(package: Package) -> Self {
        let (manifest, weights) = package.into_parts();
        Self {
            manifest: manifest.into(),
            weights,
        }
    }
}

impl ModelPackage {
    /// Makes a package from the contents of its two files.
    ///
    /// # Errors
    /// [`PackageError`] for another format, a manifest that is malformed or contradicts itself, and weights other than those it
    /// describes.
    pub fn new(manifest: &str, weights: Vec<u8>) -> Result<Self, PackageError> {
        let manifest = ModelManifest::read(manifest)?;
        manifest.weights().check(&weights)?;
        Ok(Self { manifest, weights })
    }

    /// Makes an ensemble of packages, each with its share. The manifest's members and the entry on its weights are filled in.
    ///
    /// # Errors
    /// [`PackageError`] where the members cannot be one ensemble.
    pub fn ensemble(
        mut manifest: EnsembleManifest,
        packages: &[Package],
        shares: &[f32],
    ) -> Result<Self, PackageError> {
        let members = packages.iter().zip(shares);
        let members = members.map(|(package, share)| Member {
            share: *share,
            manifest: package.manifest().clone(),
        });
        manifest.members = members.collect();
        let weights = joined(packages)?;
        manifest.weights = WeightsEntry::of(&weights);
        manifest.check()?;
        Ok(Self {
            manifest: ModelManifest::Ensemble(Box::new(manifest)),
            weights,
        })
    }

    /// Reads the package in a folder.
    ///
    /// # Errors
    /// Those of [`ModelPackage::new`], and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn read(folder: &std::path::Path) -> Result<Self, PackageError> {
        let text =
            crate::package::read_manifest(folder, |text| ModelManifest::read(text).map(drop))?;
        Self::new(&text, crate::package::read_weights(folder)?)
    }

    /// Writes the package into a folder, and makes the folder.
    ///
    /// # Errors
    /// [`PackageError::Exists`] where the folder holds a package already, and [`PackageError::File`].
    #[cfg(not(target_family = "wasm"))]
    pub fn write(&self, folder: &std::path::Path) -> Result<(), PackageError> {
        crate::package::write_files(folder, &self.manifest, &self.weights)
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &ModelManifest {
        &self.manifest
    }

    /// A member's package; one network's own.
    ///
    /// # Errors
    /// [`PackageError::Member`] where the weights are not those of the member's manifest.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, member: usize) -> Result<Package, PackageError> {
        let Range { start, end } = self.manifest.place(member);
        // Both lie in the file, whose length was compared with the manifest's.
        let weights = self.weights[start as usize..end as usize].to_vec();
        self.manifest.member(member, weights)
    }
}
