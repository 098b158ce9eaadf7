//! The classifier: a package's network on a device, which predicts the locations in a field.

use burn::tensor::{Device, Tensor, TensorData};

use crate::model::activation_map::averaged_down;
use crate::model::{InferenceNetwork, Network, head};
use crate::package::{Golden, Manifest, Package, PackageError, golden_planes};
use cytolens_field::{Field, FieldError, Planes, normalise};

/// The largest side of an activation map in pixels; larger maps are averaged down.
pub const MAP_SIDE: usize = 32;

/// A network's prediction for one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The probabilities, one a class.
    pub probabilities: Vec<f32>,
    /// The classes whose probability reaches their threshold, rising.
    pub present: Vec<usize>,
}

/// The backbone's features of one field, kept on the device: [`Classifier::predict`] and
/// [`Classifier::maps`] both start from them.
#[derive(Debug, Clone)]
pub struct Features(Tensor<4>);

/// The activation maps of one field, for every class (see
/// [`activation_map`](crate::model::activation_map)).
#[derive(Debug, Clone, PartialEq)]
pub struct ActivationMaps {
    /// The side of one map in pixels, at most [`MAP_SIDE`]; the map covers the square that is the
    /// network's input.
    pub side: usize,
    /// The maps `[classes, side, side]`, in logits.
    pub values: Vec<f32>,
}

/// The raw output of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The logits, one a class.
    pub logits: Vec<f32>,
    /// The mean of each of the backbone's feature maps.
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
        "the device computes wrongly: its answer to the golden input of {size} px is off by {deviation:e}, \
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

/// A network on a device with its manifest, as packages hold both.
#[derive(Debug)]
pub struct Classifier {
    manifest: Manifest,
    network: InferenceNetwork,
    device: Device,
}

impl Classifier {
    /// Puts a package's network on a device.
    ///
    /// # Errors
    /// [`ClassifierError::Package`].
    pub fn new(package: &Package, device: Device) -> Result<Self, ClassifierError> {
        let network = package.network(&device)?;
        Ok(Self::of_network(
            package.manifest().clone(),
            network,
            device,
        ))
    }

    /// Prepares a network that is on the device already, as its manifest describes it: a run's, for
    /// example, of which there is no package.
    pub fn of_network(manifest: Manifest, network: Network, device: Device) -> Self {
        Self {
            manifest,
            network: InferenceNetwork::new(network),
            device,
        }
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
    /// [`FieldError::MissingChannel`].
    pub fn compose(&self, field: &Field) -> Result<Planes, FieldError> {
        self.manifest.composition.compose(
            field,
            self.manifest.missing,
            self.manifest.network.size as u32,
        )
    }

    /// Classifies planes from [`Classifier::compose`].
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn classify_planes(&self, planes: &Planes) -> Result<Prediction, ClassifierError> {
        self.predict(&self.features(planes)).await
    }

    /// Runs the backbone, nearly all of the work, on planes from [`Classifier::compose`].
    pub fn features(&self, planes: &Planes) -> Features {
        let input = self.input(&planes.values, 1, planes.size as usize);
        Features(self.network.backbone.forward(input))
    }

    /// Predicts from features.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn predict(&self, features: &Features) -> Result<Prediction, ClassifierError> {
        let logits = read(self.network.head.forward(features.0.clone())).await?;
        Ok(self.decide(logits.into_iter().map(probability).collect()))
    }

    /// Computes the activation maps of every class from features.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn maps(&self, features: &Features) -> Result<ActivationMaps, ClassifierError> {
        let mut maps = self.network.head.activation_maps(features.0.clone());
        let [_, mut side, _] = maps.dims();
        if side > MAP_SIDE {
            maps = averaged_down(maps, MAP_SIDE);
            side = MAP_SIDE;
        }
        Ok(ActivationMaps {
            side,
            values: read(maps).await?,
        })
    }

    /// Classifies the planes of several fields at once, as [`Classifier::classify_planes`] does one by
    /// one; GPUs need batches to be busy. Memory grows with their number.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    ///
    /// # Panics
    /// If the planes are not all of the size that [`Classifier::compose`] gives.
    pub async fn classify_batch(
        &self,
        batch: &[Planes],
    ) -> Result<Vec<Prediction>, ClassifierError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let values: Vec<f32> = batch
            .iter()
            .flat_map(|planes| planes.values.iter().copied())
            .collect();
        let input = self.input(&values, batch.len(), self.manifest.network.size);
        let logits = read(self.network.forward(input)).await?;
        Ok(logits
            .chunks_exact(self.manifest.network.classes)
            .map(|field| self.decide(field.iter().copied().map(probability).collect()))
            .collect())
    }

    /// Decides by the package's thresholds which classes are present, from their probabilities.
    ///
    /// # Panics
    /// If there are more probabilities than classes.
    pub fn decide(&self, probabilities: Vec<f32>) -> Prediction {
        let reached = |&class: &usize| probabilities[class] >= self.manifest.thresholds[class];
        let present = (0..probabilities.len()).filter(reached).collect();
        Prediction {
            probabilities,
            present,
        }
    }

    /// Runs the network on planes `[planes, size, size]` of values from 0 to 1.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    ///
    /// # Panics
    /// If the number of values is not that of the shape.
    pub async fn run(&self, planes: &[f32], size: usize) -> Result<Output, ClassifierError> {
        let features = self.network.backbone.forward(self.input(planes, 1, size));
        let pooled = read(head::pool(features.clone())).await?;
        Ok(Output {
            logits: read(self.network.head.forward(features)).await?,
            pooled,
        })
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

    /// Normalises planes and moves them to the device: `[batch, planes, size, size]`.
    fn input(&self, planes: &[f32], batch: usize, size: usize) -> Tensor<4> {
        let count = self.manifest.network.planes;
        let mut values = planes.to_vec();
        for field in values.chunks_exact_mut(count * size * size) {
            normalise(field, &self.manifest.mean, &self.manifest.std);
        }
        Tensor::from_data(
            TensorData::new(values, [batch, count, size, size]),
            &self.device,
        )
    }
}

/// The probability of a class by its logit: the logistic function.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Reads the numbers of a tensor. A failing device may leave anything behind: NaN and infinity are
/// errors, never answers.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ClassifierError> {
    let data = tensor
        .into_data_async()
        .await
        .map_err(|error| ClassifierError::Device(error.to_string()))?;
    let values: Vec<f32> = data
        .try_into_vec()
        .map_err(|error| ClassifierError::Device(format!("{error:?}")))?;
    if values.iter().all(|value| value.is_finite()) {
        Ok(values)
    } else {
        Err(ClassifierError::Device(
            "it gave something that is no number".to_owned(),
        ))
    }
}
