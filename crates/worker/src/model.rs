//! A model that is open: its networks, as far as memory holds them.

use cytolens_core::Channel;
use cytolens_field::{Field, FieldError, Planes};
use cytolens_package::{
    ActivationMaps, Classifier, ClassifierError, Manifest, ModelManifest, Package, PackageError,
    Prediction, compose,
};
use js_sys::{ArrayBuffer, Uint8Array};

use super::scope::now;
use super::{Device, Engine};

/// The weights, as their files have them, up to which an ensemble's networks stay in memory from one field to the next, in bytes.
/// In memory they take up to four times as much: numbers of 32 bit in two layouts. A phone's browser gives a page some hundreds
/// of megabytes; networks beyond this are made anew for each field and given up before the next is made.
const HELD_BYTES: u64 = 96_000_000;

/// A model on the engine's device.
pub(super) struct Model<E: Engine> {
    manifest: ModelManifest,
    device: Device<E>,
    /// The first networks.
    held: Vec<Classifier<E::Network>>,
    /// The weights' file, where there are networks that are not held.
    weights: Option<ArrayBuffer>,
}

/// A model's answer for one field.
pub(super) struct Answer {
    pub(super) prediction: Prediction,
    /// The first network's pooled features.
    pub(super) pooled: Vec<f32>,
    /// A sentence where the field is unlike those that the first network learnt from.
    pub(super) unlike: Option<String>,
    pub(super) maps: ActivationMaps,
    /// The times in milliseconds: of the networks, of the maps, and of each member of an ensemble with everything.
    pub(super) network_ms: f64,
    pub(super) map_ms: f64,
    pub(super) member_ms: Vec<f64>,
}

impl<E: Engine> Model<E> {
    /// Reads a package and starts the device. No network is made yet.
    pub(super) async fn new(manifest: &str, weights: &ArrayBuffer) -> Result<Self, NotOpened> {
        let manifest = ModelManifest::read(manifest)?;
        let (found, expected) = (u64::from(weights.byte_length()), manifest.weights().bytes);
        if found != expected {
            return Err(PackageError::Length { found, expected }.into());
        }
        Ok(Self {
            manifest,
            device: E::device().await.map_err(NotOpened::Device)?,
            held: Vec::new(),
            weights: Some(weights.clone()),
        })
    }

    pub(super) fn manifest(&self) -> &ModelManifest {
        &self.manifest
    }

    /// Makes a network. The bytes of its own weights alone are copied into the engine's memory, and given up again.
    pub(super) fn load(&self, member: usize) -> Result<Classifier<E::Network>, ClassifierError> {
        let Some(weights) = &self.weights else {
            unreachable!("the weights are kept for as long as a network is made of them");
        };
        let place = self.manifest.place(member);
        // Both lie in the file, which has less than 4 GB.
        let part = Uint8Array::new_with_byte_offset_and_length(
            weights,
            place.start as u32,
            (place.end - place.start) as u32,
        );
        let package: Package = self.manifest.member(member, part.to_vec())?;
        Classifier::new(&package, self.device.clone())
    }

    /// Keeps the next network from one field to the next, if memory allows it. The first is always kept; after one that is not,
    /// none is.
    pub(super) fn hold(&mut self, network: Classifier<E::Network>) {
        let members = self.manifest.members();
        let lengths = members.iter().map(|it| it.weights.bytes);
        let with_it: u64 = lengths.take(self.held.len() + 1).sum();
        let count = members.len();
        if self.held.is_empty() || with_it <= HELD_BYTES {
            self.held.push(network);
        }
        if self.held.len() == count {
            self.weights = None;
        }
    }

    /// The first network.
    pub(super) fn first(&self) -> Option<&Classifier<E::Network>> {
        self.held.first()
    }

    /// The channel at which a network looks and that a field lacks, where it lacks that one alone.
    pub(super) fn missing(&self, field: &Field) -> Option<Channel> {
        let members = self.manifest.members();
        let is_seen = |channel: &Channel| {
            let mut members = members.iter();
            members.any(|member| member.composition.channels().contains(channel))
        };
        let lacked = |channel: &Channel| field.plane(*channel).is_none() && is_seen(channel);
        let mut missing = Channel::ALL.into_iter().filter(lacked);
        missing.next().filter(|_| missing.next().is_none())
    }

    /// Composes the input planes of a field for each network.
    pub(super) fn compose(&self, field: &Field) -> Result<Vec<Planes>, FieldError> {
        let members: Vec<&Manifest> = self.manifest.members();
        compose(&members, field)
    }

    /// Answers for one field, the networks one after the other.
    pub(super) async fn answer(&self, planes: Vec<Planes>) -> Result<Answer, ClassifierError> {
        let (mut logits, mut all_maps) = (Vec::new(), Vec::new());
        let (mut pooled, mut unlike) = (Vec::new(), None);
        let (mut network_ms, mut map_ms, mut member_ms) = (0.0, 0.0, Vec::new());
        for (member, planes) in planes.into_iter().enumerate() {
            let begun = now();
            let loaded;
            let network = match self.held.get(member) {
                Some(network) => network,
                None => {
                    loaded = self.load(member)?;
                    &loaded
                }
            };
            let features = network.features(&planes);
            drop(planes);
            logits.push(network.logits(&features).await?);
            if member == 0 {
                pooled = network.pooled(&features).await?;
                unlike = network.unlike(&pooled);
            }
            let predicted = now();
            all_maps.push(network.maps(&features).await?);
            let done = now();
            network_ms += predicted - begun;
            map_ms += done - predicted;
            member_ms.push(done - begun);
        }
        if member_ms.len() == 1 {
            member_ms.clear();
        }
        Ok(Answer {
            prediction: self.manifest.predict(&logits),
            pooled,
            unlike,
            maps: self.manifest.maps(all_maps),
            network_ms,
            map_ms,
            member_ms,
        })
    }
}

/// The reason why a model is not open.
pub(super) enum NotOpened {
    /// The device does not start. Holds its own message.
    Device(String),
    /// The package is refused, or the device computes wrongly.
    Refused(ClassifierError),
}

impl From<ClassifierError> for NotOpened {
    fn from(error: ClassifierError) -> Self {
        Self::Refused(error)
    }
}

impl From<PackageError> for NotOpened {
    fn from(error: PackageError) -> Self {
        Self::Refused(error.into())
    }
}
