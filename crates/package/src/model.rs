//! A model of one network or several, all of them on one device.

use cytolens_field::{Field, FieldError, Planes};

use crate::classifier::{Classifier, ClassifierError, Inference, Prediction};
use crate::ensemble::{ModelManifest, ModelPackage};
use crate::manifest::Manifest;

/// A package's networks on a device.
#[derive(Debug)]
pub struct Model<N> {
    manifest: ModelManifest,
    members: Vec<Classifier<N>>,
}

/// The answers of a model for some fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// For each field its prediction, and the first member's pooled features where they were asked for.
    pub fields: Vec<(Prediction, Vec<f32>)>,
    /// The time that each member took, in milliseconds of the clock.
    pub member_ms: Vec<f64>,
}

impl<N: Inference> Model<N> {
    /// Puts the networks of a package on a device, one after the other.
    ///
    /// # Errors
    /// [`ClassifierError::Package`].
    pub fn new(package: &ModelPackage, device: N::Device) -> Result<Self, ClassifierError> {
        let manifest = package.manifest().clone();
        let members = (0..manifest.members().len())
            .map(|member| Classifier::new(&package.member(member)?, device.clone()))
            .collect::<Result<_, _>>()?;
        Ok(Self { manifest, members })
    }

    /// A model of one network that is there already.
    pub fn of_classifier(classifier: Classifier<N>) -> Self {
        Self {
            manifest: classifier.manifest().clone().into(),
            members: vec![classifier],
        }
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &ModelManifest {
        &self.manifest
    }

    /// Composes the input planes of a field, before normalisation, for each network.
    ///
    /// # Errors
    /// [`FieldError::MissingChannels`].
    pub fn compose(&self, field: &Field) -> Result<Vec<Planes>, FieldError> {
        compose(&self.manifest.members(), field)
    }

    /// Classifies planes from [`Model::compose`].
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    pub async fn classify_planes(&self, planes: &[Planes]) -> Result<Prediction, ClassifierError> {
        let mut logits = Vec::new();
        for (member, planes) in self.members.iter().zip(planes) {
            logits.push(member.logits(&member.features(planes)).await?);
        }
        Ok(self.manifest.predict(&logits))
    }

    /// Classifies several fields at once, each by its planes from [`Model::compose`], the networks one after the other. `clock`
    /// gives milliseconds.
    ///
    /// # Errors
    /// [`ClassifierError::Device`].
    ///
    /// # Panics
    /// If the planes are not those that [`Model::compose`] gives.
    pub async fn answer_batch(
        &self,
        batch: &[Vec<Planes>],
        with_features: bool,
        clock: impl Fn() -> f64,
    ) -> Result<Answers, ClassifierError> {
        let mut logits = vec![Vec::new(); batch.len()];
        let mut features = vec![Vec::new(); batch.len()];
        let mut member_ms = Vec::new();
        for (at, member) in self.members.iter().enumerate() {
            let start = clock();
            let planes: Vec<&Planes> = batch.iter().map(|field| &field[at]).collect();
            let outputs = member.outputs(&planes, at == 0 && with_features).await?;
            for (field, output) in outputs.into_iter().enumerate() {
                logits[field].push(output.logits);
                if at == 0 {
                    features[field] = output.pooled;
                }
            }
            member_ms.push(clock() - start);
        }
        let predictions = logits.iter().map(|field| self.manifest.predict(field));
        Ok(Answers {
            fields: predictions.zip(features).collect(),
            member_ms,
        })
    }
}

/// Composes the input planes of a field for each of several networks; once for those that see the same.
///
/// # Errors
/// [`FieldError::MissingChannels`].
pub fn compose(members: &[&Manifest], field: &Field) -> Result<Vec<Planes>, FieldError> {
    let mut all: Vec<Planes> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let same = members[..at].iter().position(|it| it.sees_as(member));
        let planes = match same {
            Some(same) => all[same].clone(),
            None => member.compose(field)?,
        };
        all.push(planes);
    }
    Ok(all)
}
