//! A run that has ended, as a model package.

use std::path::Path;

use anyhow::Result;
use burn::tensor::Device;
use cellsim::ATTRIBUTION;
use cytolens::classifier::Classifier;
use cytolens::model::{HeadKind, weights};
use cytolens::package::{Golden, Manifest, Package, WeightsEntry, golden_planes};
use cytolens_core::labels::{COUNT, LOCATIONS};
use cytolens_core::package::FORMAT;

use super::folder::{RunFolder, Summary};

/// The side in pixels of the small golden input, which every start of the page can afford.
const SMALL_GOLDEN: usize = 64;

/// The text of a manifest where neither the set nor a person states the attribution or the licence.
pub const NOT_STATED: &str = "not stated";

/// The statements of a person about a package.
#[derive(Debug, Clone, Default)]
pub struct PackageStatements {
    /// The name; without it, it is made from the network and the number of samples.
    pub name: Option<String>,
    /// Whom to name, beside the set's own attribution.
    pub attribution: Vec<String>,
    /// The licence; without it, it is the set's.
    pub licence: Option<String>,
    /// The model's limits; without them, they are what can be told from the run.
    pub limits: Option<String>,
    /// Scores on other samples than the run's, by the samples' name.
    pub scores: Vec<(String, serde_json::Value)>,
}

/// Makes the package of a run.
///
/// # Errors
/// If the run has not ended, or the device fails.
pub fn package_of(
    run: &Path,
    statements: &PackageStatements,
    precision: weights::Precision,
) -> Result<Package> {
    let (folder, summary) = RunFolder::open(run)?;
    let network = folder.load_network(&summary.network, &Device::flex())?;
    let bytes = weights::to_safetensors(&network, summary.network.names(), precision)?;
    with_known_answers(manifest(&summary, statements), bytes)
}

/// Makes a package whose known answers are computed here.
///
/// # Errors
/// If the weights are not those of the manifest's network, or the device fails.
pub fn with_known_answers(manifest: Manifest, bytes: Vec<u8>) -> Result<Package> {
    let network = &manifest.network;
    let sizes = match network.head {
        HeadKind::Pooling => {
            let small = SMALL_GOLDEN.max(network.architecture.least_size());
            vec![small.min(network.size), network.size]
        }
        HeadKind::Described => vec![network.size],
    };
    // The golden logits are those of the package as it will be read, with numbers of 16 bit; until they are
    // known, the manifest holds zeros.
    let unknown = sizes
        .into_iter()
        .map(|size| Golden {
            size,
            logits: vec![0.0; network.classes],
        })
        .collect();
    let manifest = Manifest {
        goldens: unknown,
        ..manifest
    };
    let package = Package::pack(manifest.clone(), bytes.clone())?;
    let classifier = Classifier::new(&package, Device::flex())?;
    let goldens = manifest
        .goldens
        .iter()
        .map(|golden| {
            let planes = golden_planes(manifest.network.planes, golden.size);
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

/// The manifest of a run's network, without goldens and the weights' checksum.
pub fn manifest(summary: &Summary, statements: &PackageStatements) -> Manifest {
    let title = summary.network.architecture.title();
    let fields = summary.trained_on + summary.held_back;
    let name = || format!("{title}, {} fields", summary.trained_on);
    let licence = statements.licence.as_ref().or(summary.licence.as_ref());
    Manifest {
        format: FORMAT,
        name: statements.name.clone().unwrap_or_else(name),
        limits: statements.limits.clone().unwrap_or_else(|| limits(summary)),
        licence: licence.map_or(NOT_STATED, String::as_str).to_owned(),
        attribution: attribution(summary, statements),
        network: summary.network.clone(),
        labels: LOCATIONS.map(str::to_owned).to_vec(),
        thresholds: summary.thresholds.clone(),
        composition: summary.composition,
        missing: summary.missing,
        mean: summary.mean.clone(),
        std: summary.std.clone(),
        weights: WeightsEntry::default(),
        goldens: Vec::new(),
        familiar: None,
        provenance: serde_json::json!({
            "program": concat!("cytolens trainer ", env!("CARGO_PKG_VERSION")),
            "initial_weights": summary.initial_weights,
            "fields": fields,
            "trained_on": summary.trained_on,
            "held_back": summary.held_back,
            "recipe": summary.recipe,
        }),
        metrics: metrics(summary, statements),
    }
}

/// The run's scores, and those that a person adds.
fn metrics(summary: &Summary, statements: &PackageStatements) -> serde_json::Value {
    let mut metrics = summary.metrics.clone();
    if let Some(metrics) = metrics.as_object_mut() {
        metrics.extend(statements.scores.iter().cloned());
    }
    metrics
}

/// Whom to name: for the images, by the set or the person, and for the initial weights.
fn attribution(summary: &Summary, statements: &PackageStatements) -> Vec<String> {
    let images = match &summary.images {
        Some(images) => Some(images.as_str()),
        None if statements.attribution.is_empty() => Some(NOT_STATED),
        None => None,
    };
    let mut all: Vec<String> = images
        .map(|images| format!("Training images: {images}"))
        .into_iter()
        .collect();
    all.extend_from_slice(&statements.attribution);
    if summary.initial_weights != "random" {
        all.push(format!(
            "Initial weights: {} trained on ImageNet, {}; see its source for its licence",
            summary.network.architecture.title(),
            summary.initial_weights
        ));
    }
    all
}

/// The model's limits, for its users.
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
    let first = if summary.images.as_deref() == Some(ATTRIBUTION) {
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

#[cfg(test)]
mod tests {
    use cytolens::model::{Architecture, NetworkConfig};
    use cytolens_field::{Composition, MissingChannels};
    use serde_json::Value;

    use super::*;

    fn summary(images: Option<&str>, licence: Option<&str>) -> Summary {
        Summary {
            network: NetworkConfig {
                architecture: Architecture::AllCnn,
                head: HeadKind::Pooling,
                planes: 3,
                size: 64,
                classes: COUNT,
                batch_norm_epsilon: 1e-5,
            },
            composition: Composition::Rgb,
            missing: MissingChannels::Refused,
            mean: vec![0.5; 3],
            std: vec![0.25; 3],
            thresholds: vec![0.5; COUNT],
            trained_on: 80,
            held_back: 20,
            classes_seen: (0..COUNT).collect(),
            images: images.map(str::to_owned),
            licence: licence.map(str::to_owned),
            initial_weights: "random".to_owned(),
            recipe: Value::Null,
            metrics: Value::Null,
        }
    }

    #[test]
    fn attribution_and_licence_come_from_the_set_or_the_person_and_are_never_guessed() {
        let stated = PackageStatements {
            attribution: vec!["Fields by A. Nobody".to_owned()],
            licence: Some("CC0-1.0".to_owned()),
            ..PackageStatements::default()
        };
        let unstated = PackageStatements::default();
        for (images, licence, statements, attribution, expected) in [
            (
                None,
                None,
                &unstated,
                vec!["Training images: not stated"],
                "not stated",
            ),
            (None, None, &stated, vec!["Fields by A. Nobody"], "CC0-1.0"),
            (
                Some("B. Nobody"),
                Some("CC-BY-4.0"),
                &unstated,
                vec!["Training images: B. Nobody"],
                "CC-BY-4.0",
            ),
            (
                Some("B. Nobody"),
                Some("CC-BY-4.0"),
                &stated,
                vec!["Training images: B. Nobody", "Fields by A. Nobody"],
                "CC0-1.0",
            ),
        ] {
            let manifest = manifest(&summary(images, licence), statements);
            assert_eq!(manifest.attribution, attribution);
            assert_eq!(manifest.licence, expected);
        }
    }

    #[test]
    fn initial_weights_are_named() {
        let summary = Summary {
            initial_weights: "all-cnn.pth, SHA-256 0123".to_owned(),
            ..summary(Some(ATTRIBUTION), None)
        };
        let manifest = manifest(&summary, &PackageStatements::default());
        assert!(manifest.attribution[1].contains("all-cnn.pth, SHA-256 0123"));
        assert!(manifest.limits.contains("drawn cells only"));
    }

    #[test]
    fn limits_and_scores_are_those_of_the_person() {
        let statements = PackageStatements {
            limits: Some("Knows little.".to_owned()),
            scores: vec![(
                "real fields".to_owned(),
                serde_json::json!({"macro_f1": 0.25}),
            )],
            ..PackageStatements::default()
        };
        let run = Summary {
            metrics: serde_json::json!({"test": {"macro_f1": 0.5}}),
            ..summary(None, None)
        };
        let manifest = manifest(&run, &statements);
        assert_eq!(manifest.limits, "Knows little.");
        assert_eq!(manifest.metrics["test"]["macro_f1"], 0.5);
        assert_eq!(manifest.metrics["real fields"]["macro_f1"], 0.25);
    }

    /// Runs of the first version of the program have no licence.
    #[test]
    fn summaries_without_a_licence_are_read() {
        let mut json = serde_json::to_value(summary(Some("B. Nobody"), None)).expect("JSON");
        json.as_object_mut().expect("a summary").remove("licence");
        let read: Summary = serde_json::from_value(json).expect("a summary");
        assert_eq!(read.licence, None);
        assert_eq!(read.images.as_deref(), Some("B. Nobody"));
    }
}
