//! Shapes and manifests that several tests build on.

use cytolens::model::{Architecture, HeadKind, NetworkConfig};
use cytolens::package::{Golden, Manifest, WeightsEntry};
use cytolens_core::package::FORMAT;
use cytolens_field::{Composition, MissingChannels};

/// DenseNet-121 as ImageNet's weights were trained, for inputs of `size` pixels a side.
pub fn imagenet(size: usize) -> NetworkConfig {
    NetworkConfig {
        architecture: Architecture::DenseNet121,
        head: HeadKind::Pooling,
        planes: 3,
        size,
        classes: 1000,
        batch_norm_epsilon: 1.001e-5,
    }
}

/// A manifest for a network, whose classes are numbered.
pub fn manifest(network: NetworkConfig, composition: Composition) -> Manifest {
    let (planes, classes) = (network.planes, network.classes);
    Manifest {
        format: FORMAT,
        name: "test".to_owned(),
        limits: "none".to_owned(),
        licence: "none".to_owned(),
        attribution: Vec::new(),
        network,
        labels: (0..classes).map(|class| class.to_string()).collect(),
        thresholds: vec![0.5; classes],
        composition,
        missing: MissingChannels::Refused,
        mean: vec![0.1; planes],
        std: vec![0.2; planes],
        weights: WeightsEntry::default(),
        goldens: vec![Golden {
            size: 32,
            logits: vec![0.0; classes],
        }],
        familiar: None,
        provenance: serde_json::Value::Null,
        metrics: serde_json::Value::Null,
    }
}
