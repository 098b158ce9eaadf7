//! Model packages, and the classifier that they make, for any network that answers. No burn in it, so that the browser's
//! CPU engine is small.
//!
//! From low to high: [`Architecture`] and [`NetworkConfig`], [`Names`], [`Weights`], [`Manifest`] and [`Package`],
//! [`Inference`] and [`Classifier`], [`Combination`], [`ModelManifest`] and [`ModelPackage`], [`Model`], [`CpuNetwork`].

mod activation_maps;
mod architecture;
mod classifier;
mod combination;
mod cpu;
mod ensemble;
mod golden;
mod manifest;
mod mean;
mod model;
mod names;
mod network;
mod package;
mod report;
mod weights;

pub use activation_maps::{ActivationMaps, MAP_SIDE};
pub use architecture::Architecture;
pub use classifier::{Classifier, ClassifierError, Inference, Output, Prediction, probability};
pub use combination::Combination;
pub use cpu::CpuNetwork;
pub use ensemble::{ENSEMBLE, EnsembleManifest, MOST_MEMBERS, Member, ModelManifest, ModelPackage};
pub use golden::{Golden, golden_planes};
pub use manifest::{Manifest, WeightsEntry, check_head};
pub use mean::mean_of_members;
pub use model::{Answers, Model, compose};
pub use names::{Names, current_name};
pub use network::{HeadKind, NetworkConfig};
pub use package::{Package, PackageError, sha256};
#[cfg(not(target_family = "wasm"))]
pub use package::{read_manifest, read_weights, write_files};
pub use report::{TensorsReport, WeightsError};
pub use weights::{Weights, with_pooling_head};
