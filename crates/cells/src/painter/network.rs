//! A package's painter on the CPU.

use cytolens_field::{Field, FieldError, Plane, Samples};
use cytolens_kernels::Processor;
use cytolens_package::PackageError;

use super::manifest::{PainterManifest, PainterPackage};
use crate::planes::{Planes, planes};
use crate::unet::UNetNetwork;

/// A failure to make a painter of a package.
#[derive(Debug, thiserror::Error)]
pub enum PainterError {
    /// The package cannot be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The network gives other logits than its package names.
    #[error("the painter computes wrongly: its logits at {size} px are off by {deviation}")]
    Wrong {
        /// The side of the known input.
        size: usize,
        /// The largest difference, relative to the largest logit.
        deviation: f32,
    },
}

/// A painter on the CPU.
#[derive(Debug)]
pub struct Painter {
    manifest: PainterManifest,
    network: UNetNetwork,
}

impl Painter {
    /// Makes the painter, and checks the smallest of its known outputs.
    ///
    /// # Errors
    /// [`PackageError::Weights`] for weights that do not fit the network, and [`PainterError::Wrong`].
    pub fn new(package: &PainterPackage, processor: Processor) -> Result<Self, PainterError> {
        let manifest = package.manifest().clone();
        let network = UNetNetwork::new(manifest.network, package.weights(), processor)?;
        if let Some(golden) = manifest.goldens.first()
            && let Some(deviation) = network.wrong_by(golden)
        {
            let size = golden.size;
            return Err(PainterError::Wrong { size, deviation });
        }
        Ok(Self { manifest, network })
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &PainterManifest {
        &self.manifest
    }

    /// The painted channel of a field's stretched planes, from 0 to 1 and of their size.
    pub fn levels(&self, planes: &Planes) -> Vec<f32> {
        self.manifest.channels.levels(&self.network, planes)
    }

    /// The field with the channel painted, and marked as painted; none for a field that has the channel, or lacks one that is read.
    ///
    /// # Errors
    /// None: what is painted has the field's size and depth.
    pub fn painted(&self, field: &Field) -> Result<Option<Field>, FieldError> {
        let painting = &self.manifest.channels;
        if !painting.is_wanted(field) {
            return Ok(None);
        }
        let planes = planes(field, self.manifest.network.size);
        let [black, white] = self.manifest.levels;
        let levels = self.levels(&planes).into_iter();
        let samples = levels.map(|level| {
            let share = black + level * (white - black);
            (share * f32::from(u16::MAX)).round() as u16
        });
        let samples = Samples::Sixteen(samples.collect());
        let plane = Plane::new(planes.width as u32, planes.height as u32, samples)?;
        let plane = plane.resized(field.width(), field.height(), field.bits())?;
        let painted = field.clone().with_painted(painting.paint, plane)?;
        Ok(Some(painted))
    }
}
