//! Makes a model package of DenseNet-121 with ImageNet weights, to hold the engine's numbers against
//! known ones in a browser and to time it against others on the same weights.
//!
//! usage: imagenet_package WEIGHTS.safetensors|.pth OUT

use std::error::Error;
use std::path::Path;

use burn::tensor::Device;
use cytolens::classifier::Classifier;
use cytolens::model::{Architecture, HeadKind, Network, NetworkConfig, weights};
use cytolens::package::{Golden, Manifest, Package, WeightsEntry, golden_planes};
use cytolens_core::package::FORMAT;
use cytolens_field::{Composition, MissingChannels};

const CLASSES: usize = 1000;
const SIZE: usize = 224;
const GOLDEN_SIZE: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, out] = arguments.as_slice() else {
        return Err("usage: imagenet_package WEIGHTS OUT".into());
    };
    let config = NetworkConfig {
        architecture: Architecture::DenseNet121,
        head: HeadKind::Pooling,
        planes: 3,
        size: SIZE,
        classes: CLASSES,
        batch_norm_epsilon: 1.001e-5,
    };
    let device = Device::flex();
    let mut network = Network::new(&config, &device);
    weights::apply_exactly(
        &mut network,
        config.names(),
        &weights::read_file(Path::new(file))?,
    )?;
    let bytes = weights::to_safetensors(&network, config.names(), weights::Precision::Single)?;
    let manifest = Manifest {
        format: FORMAT,
        name: "DenseNet-121, ImageNet".to_owned(),
        limits: "Knows everyday things, not cells: for checks of the engine only.".to_owned(),
        licence: "BSD-3-Clause".to_owned(),
        attribution: vec!["Zhuang Liu and others, DenseNet".to_owned()],
        network: config,
        labels: (0..CLASSES).map(|class| format!("class {class}")).collect(),
        thresholds: vec![0.5; CLASSES],
        composition: Composition::Rgb,
        missing: MissingChannels::Refused,
        mean: vec![0.485, 0.456, 0.406],
        std: vec![0.229, 0.224, 0.225],
        weights: WeightsEntry::default(),
        goldens: vec![Golden {
            size: GOLDEN_SIZE,
            logits: vec![0.0; CLASSES],
        }],
        familiar: None,
        provenance: serde_json::json!({ "weights": file }),
        metrics: serde_json::Value::Null,
    };
    let classifier = Classifier::new(&Package::pack(manifest.clone(), bytes.clone())?, device)?;
    let output = pollster::block_on(classifier.run(&golden_planes(3, GOLDEN_SIZE), GOLDEN_SIZE))?;
    let goldens = vec![Golden {
        size: GOLDEN_SIZE,
        logits: output.logits,
    }];
    Package::pack(
        Manifest {
            goldens,
            ..manifest
        },
        bytes,
    )?
    .write(Path::new(out))?;
    Ok(())
}
