//! The classifier: a package's network, which predicts the locations in a field.

use std::borrow::Borrow;

use cytolens_field::{Field, FieldError, Planes, normalise};

use crate::activation_maps::{ActivationMaps, MAP_SIDE};
use crate::golden::{Golden, golden_planes};
use crate::manifest::Manifest;
use crate::package::{Package, PackageError};

/// A network that answers: a backbone, which gives features, and a head, which reads them.
///
/// Numbers come later where a device is asked for them. What it says where it fails is for visitors.
pub trait Inference: Sized {
    /// Where it computes. Several networks may share one.
    type Device: Clone;
    /// A backbone's features of some fields, kept where they were computed.
    type Features;

    /// Makes the network of a package.
    ///
    /// # Errors
    /// [`PackageError::Weights`] with a report on the tensors that do not fit.
    fn of_package(package: &Package, device: Self::Device) -> Result<Self, PackageError>;

    /// Runs the backbone, nearly all of the work, on normalised planes `[batch, planes, size, size]`.
    fn features(&self, planes: Vec<f32>, shape: [usize; 4]) -> Self::Features;

    /// The logits `[batch, classes]`.
    fn logits(&self, features: &Self::Features) -> impl Future<Output = Result<Vec<f32>, String>>;

    /// The mean of each of the backbone's feature maps, `[batch, features]`.
    fn pooled(&self, features: &Self::Features) -> impl Future<Output = Result<Vec<f32>, String>>;

    /// The activation maps of every class, of the features of one field.
    fn maps(
        &self,
        features: &Self::Features,
    ) -> impl Future<Output = Result<ActivationMaps, String>>;
}

/// A network's prediction for one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The probabilities, one a class.
    pub probabilities: Vec<f32>,
    /// The classes whose probability reaches their threshold, rising.
    pub present: Vec<usize>,
}

impl Prediction {
    /// The prediction of probabilities, by the thresholds of their classes.
    ///
    /// # Panics
    /// If there are more probabilities than thresholds.
    pub fn of(probabilities: Vec<f32>, thresholds: &[f32]) -> Self {
        let reached = |&class: &usize| probabilities[class] >= thresholds[class];
        let present = (0..probabilities.len()).filter(reached).collect();
        Self {
            probabilities,
            present,
        }
    }
}

/// The raw output of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The logits, one a class.
    pub logits: Vec<f32>,
    /// The mean of each of the backbone's feature maps; empty where it was not asked for.
    pub pooled: Vec<f32>,
}

/// A failure to classify a field.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// The field lacks a channel that the composition needs.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The package cannot be put on the device.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// The device computes wrongly.
    #[error(
        "the device computes wrongly: its answer to a known input of {size} px is off by {deviation:e}, \
         and {tolerance:e} is allowed",
        tolerance = Golden::TOLERANCE
    )]
    Wrong {
        /// The golden input's side in pixels.
        size: usize,
        /// The deviation, by [`Golden::deviation`].
        deviation: f32,
    },
}

/// A network with its manifest, as packages hold both.
#[derive(Debug)]
pub struct Classifier<N> {
    manifest: Manifest,
    network: N,
}

impl<N: Inference> Classifier<N> {
    /// Puts a package's network on a device.
    ///
    /// # Errors
    /// [`ClassifierError::Package`].
    pub fn new(package: &Package, device: N::Device) -> Result<Self, ClassifierError> {
        let network = N::of_package(package, device)?;
        Ok(Self::of_network(package.manifest().clone(), network))
    }

    /// Takes a network that is there already, as its manifest describes it: a run's, for example, of which there is no
    /// package.
    pub fn of_network(manifest: Manifest, network: N) -> Self {
        Self { manifest, network }
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Classifies one field.
    ///
    /// # Errors
    /// [`ClassifierError::Field`] where a channel is missing, [`ClassifierError::Device`].
    pub async fn classify(&self, field: &Field) -> Result<Prediction, ClassifierError> {
        self.classify_planes(&self.compose(field)?).await
    }

    /// Composes the network's input planes of a field, before normalisation.
    ///
    /// # Errors
    /// [`FieldError::MissingChannels`].
    pub fn compose(&self, field: &Field) -> Result<Planes, FieldError> {
        self.manifest.compose(field)
    }

    /// Classifies planes from [`Classifier::compose`].
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn classify_planes(&self, planes: &Planes) -> Result<Prediction, ClassifierError> {
        self.predict(&self.features(planes)).await
    }

    /// Runs the backbone, nearly all of the work, on planes from [`Classifier::compose`].
    pub fn features(&self, planes: &Planes) -> N::Features {
        self.run_backbone(planes.values.clone(), planes.size as usize)
    }

    /// Predicts from features.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn predict(&self, features: &N::Features) -> Result<Prediction, ClassifierError> {
        let logits = self.logits(features).await?;
        Ok(self.decide(logits.into_iter().map(probability).collect()))
    }

    /// The logits of features.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn logits(&self, features: &N::Features) -> Result<Vec<f32>, ClassifierError> {
        numbers(self.network.logits(features).await)
    }

    /// The mean of each of the backbone's feature maps: what similar fields have alike. It costs no second run.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn pooled(&self, features: &N::Features) -> Result<Vec<f32>, ClassifierError> {
        numbers(self.network.pooled(features).await)
    }

    /// A sentence where a field, by its pooled features, is unlike those that the model learnt from, and the package can tell.
    pub fn unlike(&self, pooled: &[f32]) -> Option<String> {
        let strangeness = self.manifest.familiar.as_ref()?.strangeness(pooled)?;
        (strangeness > 1.0).then(|| {
            format!(
                "the network sees in this field what it saw in none that it learnt from ({strangeness:.1} times as far from \
                 them as 19 of 20 good fields are): its answer may mean nothing"
            )
        })
    }

    /// Computes the activation maps of every class from features, at most [`MAP_SIDE`] pixels a side.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn maps(&self, features: &N::Features) -> Result<ActivationMaps, ClassifierError> {
        let maps = self.network.maps(features).await;
        let ActivationMaps { side, values } = maps.map_err(ClassifierError::Device)?;
        let values = numbers(Ok(values))?;
        Ok(ActivationMaps { side, values }.averaged_down(MAP_SIDE))
    }

    /// Runs the network on the planes of several fields at once; GPUs need batches to be busy. Memory grows with their number.
    /// Pooled features are given where they are asked for.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    ///
    /// # Panics
    /// If the planes are not all of the size that [`Classifier::compose`] gives.
    pub async fn outputs(
        &self,
        batch: &[impl Borrow<Planes>],
        with_pooled: bool,
    ) -> Result<Vec<Output>, ClassifierError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let values = batch
            .iter()
            .flat_map(|planes| planes.borrow().values.iter().copied());
        let features = self.run_backbone(values.collect(), self.manifest.network.size);
        let logits = self.logits(&features).await?;
        let pooled = if with_pooled {
            self.pooled(&features).await?
        } else {
            Vec::new()
        };
        let count = pooled.len() / batch.len();
        let fields = logits.chunks_exact(self.manifest.network.classes);
        let output = |(field, logits): (usize, &[f32])| Output {
            logits: logits.to_vec(),
            pooled: pooled[field * count..(field + 1) * count].to_vec(),
        };
        Ok(fields.enumerate().map(output).collect())
    }

    /// Decides by the package's thresholds which classes are present, from their probabilities.
    ///
    /// # Panics
    /// If there are more probabilities than classes.
    pub fn decide(&self, probabilities: Vec<f32>) -> Prediction {
        Prediction::of(probabilities, &self.manifest.thresholds)
    }

    /// Runs the network on planes `[planes, size, size]` of values from 0 to 1.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    ///
    /// # Panics
    /// If the number of values is not that of the shape.
    pub async fn run(&self, planes: &[f32], size: usize) -> Result<Output, ClassifierError> {
        let features = self.run_backbone(planes.to_vec(), size);
        let pooled = self.pooled(&features).await?;
        let logits = self.logits(&features).await?;
        Ok(Output { logits, pooled })
    }

    /// Checks that the device gives a golden output of the package.
    ///
    /// # Errors
    /// [`ClassifierError::Wrong`] where it does not, [`ClassifierError::Device`].
    pub async fn check(&self, golden: &Golden) -> Result<(), ClassifierError> {
        let planes = golden_planes(self.manifest.network.planes, golden.size);
        let deviation = golden.deviation(&self.run(&planes, golden.size).await?.logits);
        if deviation <= Golden::TOLERANCE {
            Ok(())
        } else {
            Err(ClassifierError::Wrong {
                size: golden.size,
                deviation,
            })
        }
    }

    /// Normalises the planes of some fields, `[batch, planes, size, size]`, and runs the backbone on them.
    fn run_backbone(&self, mut planes: Vec<f32>, size: usize) -> N::Features {
        let count = self.manifest.network.planes;
        let field = count * size * size;
        for planes in planes.chunks_exact_mut(field) {
            normalise(planes, &self.manifest.mean, &self.manifest.std);
        }
        let batch = planes.len() / field;
        self.network.features(planes, [batch, count, size, size])
    }
}

/// The probability of a class by its logit: the logistic function.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// The numbers that a device gave. A failing device may leave anything behind: NaN and infinity are
/// errors, never answers.
fn numbers(given: Result<Vec<f32>, String>) -> Result<Vec<f32>, ClassifierError> {
    let numbers = given.map_err(ClassifierError::Device)?;
    if numbers.iter().all(|number| number.is_finite()) {
        Ok(numbers)
    } else {
        Err(ClassifierError::Device(
            "it gave something that is no number".to_owned(),
        ))
    }
}
