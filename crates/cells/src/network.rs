//! A package's network on the CPU.

use cytolens_core::Channel;
use cytolens_field::Field;
use cytolens_kernels::{Engine, Processor, UNet};
use cytolens_package::{Golden, PackageError, TensorsReport, Weights, WeightsError, golden_planes};

use crate::cells::Cells;
use crate::classical::classical;
use crate::instances::{Options, instances};
use crate::manifest::{CellsManifest, CellsPackage, golden_logits};
use crate::maps::Maps;
use crate::planes::{Planes, planes};

/// A failure to find cells.
#[derive(Debug, thiserror::Error)]
pub enum CellsError {
    /// The package cannot be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The network gives other logits than its package names.
    #[error("the cells network computes wrongly: its logits at {size} px are off by {deviation}")]
    Wrong {
        /// The side of the known input.
        size: usize,
        /// The largest difference, relative to the largest logit.
        deviation: f32,
    },
    /// The field has no channel that shows nuclei.
    #[error("{id} has no blue channel, and cells are found by their nuclei")]
    NoNuclei {
        /// The field's id.
        id: String,
    },
    /// The field is a thumbnail, in which noise cannot be told from cells.
    #[error("{id} has {side} px on its longer side, and cells are found from {LEAST_SIDE} px on")]
    TooSmall {
        /// The field's id.
        id: String,
        /// Its longer side in pixels.
        side: u32,
    },
}

/// The longer side in pixels of the smallest field in which cells are looked for.
pub const LEAST_SIDE: u32 = 64;

/// Checks that a field shows nuclei, and is large enough to show them.
fn can_show_nuclei(field: &Field) -> Result<(), CellsError> {
    let id = field.id().to_owned();
    let side = field.width().max(field.height());
    if field.plane(Channel::Blue).is_none() {
        Err(CellsError::NoNuclei { id })
    } else if side < LEAST_SIDE {
        Err(CellsError::TooSmall { id, side })
    } else {
        Ok(())
    }
}

/// The cells of a field by [`classical`], whose planes have `size` px on the longer side.
///
/// # Errors
/// [`CellsError::NoNuclei`], [`CellsError::TooSmall`].
pub fn classical_cells(field: &Field, size: usize, options: &Options) -> Result<Cells, CellsError> {
    can_show_nuclei(field)?;
    Ok(instances(&classical(&planes(field, size)), options))
}

/// The network of a cells package, on the CPU.
#[derive(Debug)]
pub struct CellsNetwork {
    manifest: CellsManifest,
    network: UNet,
}

impl CellsNetwork {
    /// Makes the network.
    ///
    /// # Errors
    /// [`PackageError::Weights`] for weights that do not fit it.
    pub fn new(package: &CellsPackage, processor: Processor) -> Result<Self, PackageError> {
        let manifest = package.manifest().clone();
        let config = &manifest.network;
        let weights = Weights::read(package.weights())?;
        let engine = Engine::new(processor);
        let network = UNet::new(engine, config.batch_norm_epsilon, &weights)
            .map_err(|error| weights.unfit(error))?;
        let expected = [config.planes, config.outputs, config.levels, config.width];
        let found = [
            network.planes(),
            network.outputs(),
            network.levels(),
            network.width(),
        ];
        if found != expected {
            let reason =
                format!("planes, outputs, levels and width are {found:?}, not {expected:?}");
            return Err(PackageError::Weights(WeightsError::DoNotFit(
                TensorsReport {
                    unfit: vec![("the network".to_owned(), reason)],
                    ..TensorsReport::default()
                },
            )));
        }
        weights.all_taken()?;
        Ok(Self { manifest, network })
    }

    /// The package's manifest.
    pub fn manifest(&self) -> &CellsManifest {
        &self.manifest
    }

    /// Checks a known output.
    ///
    /// # Errors
    /// [`CellsError::Wrong`].
    pub fn check(&self, golden: &Golden) -> Result<(), CellsError> {
        let size = golden.size;
        let deviation = golden.deviation(&self.golden(size));
        if deviation > Golden::TOLERANCE {
            return Err(CellsError::Wrong { size, deviation });
        }
        Ok(())
    }

    /// The logits at the places of [`golden_logits`] for the known input of a size.
    ///
    /// # Panics
    /// If the size is no multiple of [`UNetConfig::unit`](crate::UNetConfig::unit).
    pub fn golden(&self, size: usize) -> Vec<f32> {
        let planes = golden_planes(self.manifest.network.planes, size);
        let shape = [self.manifest.network.planes, size, size];
        golden_logits(&self.network.forward(&planes, shape), size)
    }

    /// The maps of a field's planes.
    pub fn maps(&self, planes: &Planes) -> Maps {
        let (padded, shape) = planes.padded(self.manifest.network.unit());
        let logits = self.network.forward(&padded, shape);
        let [_, rows, columns] = shape;
        Maps::of_logits(&logits, [rows, columns], planes.width, planes.height)
    }

    /// The cells of a field.
    ///
    /// # Errors
    /// [`CellsError::NoNuclei`], [`CellsError::TooSmall`].
    pub fn cells(&self, field: &Field, options: &Options) -> Result<Cells, CellsError> {
        can_show_nuclei(field)?;
        let planes = planes(field, self.manifest.network.size);
        Ok(instances(&self.maps(&planes), options))
    }
}

#[cfg(test)]
mod tests;
