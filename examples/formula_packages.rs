//! Writes a model package of every architecture with every head, with weights made by a formula, because no trained
//! weights of most of them come with the project: exports and the browser's engine are checked on them. One more,
//! `small`, opens and answers soonest: browser tests compute with it where the shipped network is not what they test.
//!
//! usage: formula_packages OUT

use std::error::Error;
use std::path::Path;

use burn::tensor::Device;
use cytolens::classifier::Classifier;
use cytolens::model::{Architecture, HeadKind, Network, NetworkConfig, weights};
use cytolens::package::{Golden, Manifest, Package, WeightsEntry, golden_planes};
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_core::package::FORMAT;
use cytolens_field::{Composition, MissingChannels};

#[path = "../tests/engine/formula_weights.rs"]
mod formula_weights;
use formula_weights::formula_weights;

type Fault = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [out] = arguments.as_slice() else {
        return Err("usage: formula_packages OUT".into());
    };
    let out = Path::new(out);
    // What takes longest, the formula, computes on one core: a thread for each head.
    std::thread::scope(|scope| {
        let described = scope.spawn(|| packages(out, HeadKind::Described, Composition::Rgby));
        packages(out, HeadKind::Pooling, Composition::Rgb)?;
        described
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let small = Architecture::AllCnn;
    let sizes = [small.least_size()];
    package(small, HeadKind::Pooling, Composition::Rgb, &sizes)?.write(&out.join("small"))?;
    Ok(())
}

/// Writes a package of every architecture with this head.
fn packages(out: &Path, head: HeadKind, composition: Composition) -> Result<(), Fault> {
    for architecture in Architecture::ALL {
        let name = format!("{} {head:?}", architecture.title()).to_lowercase();
        let folder = out.join(name.replace(' ', "-"));
        let size = architecture.least_size().max(64);
        let sizes = match head {
            HeadKind::Pooling => vec![size, size + 32],
            HeadKind::Described => vec![size],
        };
        package(architecture, head, composition, &sizes)?.write(&folder)?;
    }
    Ok(())
}

/// A package with golden outputs for these sizes, the first of which is the network's own.
fn package(
    architecture: Architecture,
    head: HeadKind,
    composition: Composition,
    sizes: &[usize],
) -> Result<Package, Fault> {
    let planes = composition.planes();
    let config = NetworkConfig {
        architecture,
        head,
        planes,
        size: sizes[0],
        classes: COUNT,
        // Far from every usual one, so that a file that forgets it answers otherwise.
        batch_norm_epsilon: 1e-2,
    };
    let device = Device::flex();
    let mut network = Network::new(&config, &device);
    let tensors = formula_weights(config.names(), &network);
    weights::apply_exactly(&mut network, config.names(), &tensors)?;
    let bytes = weights::to_safetensors(&network, config.names(), weights::Precision::Half)?;
    let golden = |&size: &usize, logits: Vec<f32>| Golden { size, logits };
    let manifest = Manifest {
        format: FORMAT,
        name: format!("{}, weights by a formula", architecture.title()),
        limits: "Knows nothing: for checks only.".to_owned(),
        licence: "CC0-1.0".to_owned(),
        attribution: vec![],
        network: config,
        labels: LOCATIONS.map(str::to_owned).to_vec(),
        thresholds: vec![0.5; COUNT],
        composition,
        missing: MissingChannels::Refused,
        mean: [0.3, 0.1, 0.2, 0.4][..planes].to_vec(),
        std: [0.25, 0.2, 0.15, 0.3][..planes].to_vec(),
        weights: WeightsEntry::default(),
        goldens: sizes
            .iter()
            .map(|size| golden(size, vec![0.0; COUNT]))
            .collect(),
        familiar: None,
        provenance: serde_json::Value::Null,
        metrics: serde_json::Value::Null,
    };
    let classifier = Classifier::new(&Package::pack(manifest.clone(), bytes.clone())?, device)?;
    let mut goldens = Vec::new();
    for size in sizes {
        let output = pollster::block_on(classifier.run(&golden_planes(planes, *size), *size))?;
        goldens.push(golden(size, output.logits));
    }
    Ok(Package::pack(
        Manifest {
            goldens,
            ..manifest
        },
        bytes,
    )?)
}
