//! `trainer package`: a run becomes a model package.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use cytolens::classifier::Classifier;
use cytolens::model::{Architecture, HeadKind, weights};
use cytolens::package::{Golden, Manifest, Package, WeightsEntry, golden_planes};
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_core::package::FORMAT;

use crate::run::folder::{RunFolder, Summary};
use crate::run::samples::SIMULATED;

/// The side of the golden input that every start of the page can afford, in pixels.
const SMALL_GOLDEN: usize = 64;

/// Make a model package of a run
///
/// Writes manifest.json and weights.safetensors (f16), and checks that the package answers as the
/// run's network does.
#[derive(Debug, Args)]
pub struct MakePackage {
    /// The run's folder
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// The package's folder; must not hold a package
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The package's name; by default from the network and the run's folder
    #[arg(long)]
    name: Option<String>,
}

impl MakePackage {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let package = package_of(&self.run, self.name.as_deref(), weights::Precision::Half)?;
        package.write(&self.out)?;
        // What was written is what is read.
        Package::read(&self.out)?;
        println!(
            "the package is in {}: {} bytes of weights",
            self.out.display(),
            package.manifest().weights.bytes
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// The package of a run that has ended, under a name or, without one, named after its network.
pub fn package_of(
    run: &Path,
    name: Option<&str>,
    precision: weights::Precision,
) -> Result<Package> {
    let (folder, summary) = RunFolder::open(run)?;
    let device = Device::flex();
    let mut network = summary.network.init(&device);
    let tensors = weights::read_file(&folder.network())?;
    weights::apply_exactly(&mut network, summary.network.names(), &tensors)
        .with_context(|| format!("in {}", folder.network().display()))?;
    let bytes = weights::to_safetensors(&network, summary.network.names(), precision)?;

    let sizes = match summary.network.head {
        HeadKind::Pooling => {
            let small = SMALL_GOLDEN.max(summary.network.architecture.least_size());
            vec![small.min(summary.network.size), summary.network.size]
        }
        HeadKind::Described => vec![summary.network.size],
    };
    // The golden logits are those of the package as it will be read, f16 weights and all; until
    // they are known the manifest holds zeros.
    let unknown = sizes
        .into_iter()
        .map(|size| Golden {
            size,
            logits: vec![0.0; COUNT],
        })
        .collect();
    let manifest = manifest(&summary, name, unknown);
    let classifier = Classifier::new(&Package::pack(manifest.clone(), bytes.clone())?, device)?;
    let goldens = manifest
        .goldens
        .iter()
        .map(|golden| {
            let planes = golden_planes(summary.network.planes, golden.size);
            let logits = pollster::block_on(classifier.run(&planes, golden.size))?.logits;
            Ok(Golden {
                size: golden.size,
                logits,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Package::pack(
        Manifest {
            goldens,
            ..manifest
        },
        bytes,
    )?)
}

fn manifest(summary: &Summary, name: Option<&str>, goldens: Vec<Golden>) -> Manifest {
    let title = summary.network.architecture.title();
    let fields = summary.trained_on + summary.held_back;
    Manifest {
        format: FORMAT,
        name: name.map_or_else(
            || format!("{title}, {} fields", summary.trained_on),
            str::to_owned,
        ),
        limits: limits(summary),
        licence: "MIT OR Apache-2.0".to_owned(),
        attribution: attribution(summary),
        network: summary.network.clone(),
        labels: LOCATIONS.map(str::to_owned).to_vec(),
        thresholds: summary.thresholds.clone(),
        composition: summary.composition,
        mean: summary.mean.clone(),
        std: summary.std.clone(),
        weights: WeightsEntry::default(),
        goldens,
        provenance: serde_json::json!({
            "program": concat!("cytolens trainer ", env!("CARGO_PKG_VERSION")),
            "initial_weights": summary.initial_weights,
            "fields": fields,
            "trained_on": summary.trained_on,
            "held_back": summary.held_back,
            "recipe": summary.recipe,
        }),
        metrics: summary.metrics.clone(),
    }
}
/// Who must be named. Initial weights come with the licence of whoever trained them: those that the
/// documentation names for DenseNet are Keras'.
fn attribution(summary: &Summary) -> Vec<String> {
    let images = format!("Training images: {}", summary.images);
    let architecture = summary.network.architecture;
    let weights = match (summary.initial_weights.as_str(), architecture) {
        ("random", _) => None,
        (_, Architecture::DenseNet121) => Some(
            "Initial weights: DenseNet trained on ImageNet, Zhuang Liu and others, BSD-3-Clause, \
             by way of Keras applications"
                .to_owned(),
        ),
        (file, _) => Some(format!(
            "Initial weights: {} trained on ImageNet, {file}; see its source for its licence",
            architecture.title()
        )),
    };
    std::iter::once(images).chain(weights).collect()
}

/// What users must know before they believe the model.
fn limits(summary: &Summary) -> String {
    let fields = summary.trained_on + summary.held_back;
    let never: Vec<&str> = (0..COUNT)
        .filter(|class| !summary.classes_seen.contains(class))
        .map(|class| LOCATIONS[class])
        .collect();
    let first = if fields < 1000 {
        format!(
            "A first model, trained on {} of only {fields} fields: it shows that the path works, and its answers are often wrong.",
            summary.trained_on
        )
    } else {
        format!("Trained on {} of {fields} fields.", summary.trained_on)
    };
    let first = if summary.images == SIMULATED {
        format!("{first} It has seen drawn cells only, and says nothing of real ones.")
    } else {
        first
    };
    if never.is_empty() {
        first
    } else {
        format!(
            "{first} It has never seen, and cannot find: {}.",
            never.join(", ")
        )
    }
}
