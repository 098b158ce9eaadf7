//! A package's network on the CPU.

use cytolens_core::Channel;
use cytolens_field::Field;
use cytolens_kernels::Processor;
use cytolens_package::{Golden, PackageError};

use crate::cells::Cells;
use crate::classical::classical;
use crate::instances::{Options, instances};
use crate::manifest::{CellsManifest, CellsPackage};
use crate::maps::Maps;
use crate::planes::{Planes, planes};
use crate::unet::UNetNetwork;

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

/// What a network that finds cells says of a field's stretched planes.
pub fn maps_of(network: &UNetNetwork, planes: &Planes) -> Maps {
    let (padded, shape) = planes.padded(network.config().unit());
    let logits = network.logits(&padded, shape);
    let [_, rows, columns] = shape;
    Maps::of_logits(&logits, [rows, columns], planes.width, planes.height)
}

/// The network of a cells package, on the CPU.
#[derive(Debug)]
pub struct CellsNetwork {
    manifest: CellsManifest,
    network: UNetNetwork,
}

impl CellsNetwork {
    /// Makes the network.
    ///
    /// # Errors
    /// [`PackageError::Weights`] for weights that do not fit it.
    pub fn new(package: &CellsPackage, processor: Processor) -> Result<Self, PackageError> {
        let manifest = package.manifest().clone();
        let network = UNetNetwork::new(manifest.network, package.weights(), processor)?;
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
        match self.network.wrong_by(golden) {
            Some(deviation) => Err(CellsError::Wrong { size, deviation }),
            None => Ok(()),
        }
    }

    /// The logits at the places of [`golden_logits`](crate::golden_logits()) for the known input of a size.
    ///
    /// # Panics
    /// If the size is no multiple of [`UNetConfig::unit`](crate::UNetConfig::unit).
    pub fn golden(&self, size: usize) -> Vec<f32> {
        self.network.golden(size)
    }

    /// The maps of a field's planes.
    pub fn maps(&self, planes: &Planes) -> Maps {
        maps_of(&self.network, planes)
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
pub(crate) mod tests;
