//! Opening of a package on the engine's device.

use cytolens_package::{Classifier, ClassifierError, Manifest, Package};
use cytolens_protocol::{ChosenDevice, DeviceKind, DeviceReport, ModelSummary, Reply};
use js_sys::{ArrayBuffer, Uint8Array};

use super::Engine;
use super::scope::{now, post, step};

/// Opens a package and posts the report to the page.
///
/// # Errors
/// The reply that refuses the package or the device.
pub(super) async fn open<E: Engine>(
    manifest: &str,
    weights: &ArrayBuffer,
    chosen: ChosenDevice,
) -> Result<Classifier<E::Network>, Reply> {
    let kind = match E::KIND {
        DeviceKind::Gpu => "GPU",
        DeviceKind::Cpu => "CPU",
    };
    step(&format!("Preparing the model on the {kind}"));
    let start = now();
    let package = Package::new(manifest, Uint8Array::new(weights).to_vec());
    let package = package.map_err(|error| refusal(error.into()))?;
    let device = E::device().await.map_err(|error| Reply::DeviceUnfit {
        reason: format!("the device could not be started: {error}"),
    })?;
    let classifier = Classifier::new(&package, device).map_err(refusal)?;
    let prepared = now();

    step(&format!("Checking that the {kind} computes rightly"));
    let goldens = &package.manifest().goldens;
    let checked = if chosen.is_fast {
        goldens.len()
    } else {
        // The smallest takes tens of milliseconds, and reveals a broken build and faulty kernels.
        goldens.len().min(1)
    };
    for golden in &goldens[..checked] {
        classifier.check(golden).await.map_err(refusal)?;
    }
    post(&Reply::Opened {
        model: Box::new(summary(classifier.manifest())),
        device: DeviceReport {
            kind: E::KIND,
            name: chosen.name,
            reason: chosen.reason,
            details: chosen.details,
            open_ms: prepared - start,
            check_ms: now() - prepared,
        },
    });
    Ok(classifier)
}

fn refusal(error: ClassifierError) -> Reply {
    let reason = error.to_string();
    match error {
        ClassifierError::Device(_) | ClassifierError::Wrong { .. } => Reply::DeviceUnfit { reason },
        ClassifierError::Field(_) | ClassifierError::Package(_) => Reply::OpenFailed { reason },
    }
}

/// The model as the page describes it.
fn summary(manifest: &Manifest) -> ModelSummary {
    ModelSummary {
        name: manifest.name.clone(),
        limits: manifest.limits.clone(),
        labels: manifest.labels.clone(),
        thresholds: manifest.thresholds.clone(),
        size: manifest.network.size as u32,
        composition: manifest.composition.to_string(),
        architecture: manifest.network.architecture.title().to_owned(),
        licence: manifest.licence.clone(),
        weights_sha256: manifest.weights.sha256.clone(),
    }
}
