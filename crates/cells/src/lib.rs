//! The cells of a field.
//!
//! From low to high: [`Maps`], what a network says of every pixel, and [`Cells`], the masks made of it by [`instances`]; answers
//! for single cells ([`Calibration`], [`Answers`]), [`scores`] and [`export`]. With the feature `network`, what finds cells in a field:
//! `planes`, the network's input, `UNetNetwork` and `UNetPackage`, which every kind of U-Net shares, `CellsManifest` and
//! `CellsNetwork`, and `classical`, a method without any network; and `painter`, a U-Net that paints a channel from others.

mod answers;
mod calibration;
mod cells;
#[cfg(feature = "network")]
mod classical;
mod distance;
pub mod export;
mod grow;
mod instances;
#[cfg(feature = "network")]
mod manifest;
mod maps;
#[cfg(feature = "network")]
mod network;
mod nuclei;
mod outline;
#[cfg(feature = "network")]
mod package;
mod packed;
#[cfg(feature = "network")]
pub mod painter;
#[cfg(feature = "network")]
mod planes;
mod region;
pub mod scores;
#[cfg(feature = "network")]
mod unet;

pub use answers::{Answers, Evidence};
pub use calibration::Calibration;
pub use cells::{Bounds, Cell, Cells, MaskError};
#[cfg(feature = "network")]
pub use classical::classical;
pub use instances::{Options, instances};
#[cfg(feature = "network")]
pub use manifest::{CellsManifest, CellsPackage, KIND};
pub use maps::Maps;
#[cfg(feature = "network")]
pub use network::{CellsError, CellsNetwork, LEAST_SIDE, classical_cells, maps_of};
pub use outline::{Point, Ring, simplified};
#[cfg(feature = "network")]
pub use package::{Statements, UNetManifest, UNetPackage};
pub use packed::Packed;
#[cfg(feature = "network")]
pub use planes::{Planes, planes};
#[cfg(feature = "network")]
pub use unet::{UNetConfig, UNetNetwork, golden_logits};
