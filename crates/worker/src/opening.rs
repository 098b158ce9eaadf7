//! Opening of a package on the best device.

use burn::tensor::Device;
use cytolens::classifier::{Classifier, ClassifierError};
use cytolens::package::{Golden, Package};
use cytolens_protocol::{DeviceChoice, DeviceKind, DeviceReport, ModelSummary, Reply};
use js_sys::{ArrayBuffer, Uint8Array};

use super::adapter::{Adapter, logical_cores};
use super::scope::{now, post, step};

/// The number of GPU tasks that are collected before they are submitted.
const GPU_TASKS: usize = 32;

/// A package on a device, ready to classify.
pub(super) struct Opened {
    pub(super) classifier: Classifier,
    pub(super) kind: DeviceKind,
}

/// The times to make a classifier ready, in milliseconds.
struct Times {
    prepare: f64,
    check: f64,
}

/// Opens a package on the device that the visitor asks for, else on the CPU with the reason, and posts
/// the report to the page.
pub(super) async fn open(
    manifest: &str,
    weights: &ArrayBuffer,
    choice: DeviceChoice,
) -> Result<Opened, String> {
    let start = now();
    let package = Package::new(manifest, Uint8Array::new(weights).to_vec())
        .map_err(|error| error.to_string())?;
    let load_ms = now() - start;
    let mut details = logical_cores();
    let on_gpu = match choice {
        DeviceChoice::Cpu => Err("chosen by you".to_owned()),
        DeviceChoice::Automatic | DeviceChoice::Gpu => match Adapter::ask().await {
            Ok(adapter) => {
                details.extend(adapter.details.iter().cloned());
                let made = on_gpu(&package, &adapter, choice).await;
                made.map(|(classifier, times)| (classifier, times, adapter.name))
            }
            Err(reason) => Err(reason),
        },
    };
    let (kind, reason, (classifier, times, name)) = match on_gpu {
        Ok(made) => {
            let reason = match choice {
                DeviceChoice::Gpu => "chosen by you; it passed the check against known results",
                _ => "this GPU passed the check against known results",
            };
            (DeviceKind::Gpu, reason.to_owned(), made)
        }
        Err(reason) => {
            let (classifier, times) = on_cpu(&package).await.map_err(|error| error.to_string())?;
            let name = "WebAssembly, one thread".to_owned();
            (DeviceKind::Cpu, reason, (classifier, times, name))
        }
    };
    post(&Reply::Opened {
        model: Box::new(summary(&classifier)),
        device: DeviceReport {
            kind,
            name,
            reason,
            details,
            open_ms: load_ms + times.prepare,
            check_ms: times.check,
        },
    });
    Ok(Opened { classifier, kind })
}

/// Opens a package on the CPU.
async fn on_cpu(package: &Package) -> Result<(Classifier, Times), ClassifierError> {
    step("Preparing the model on the CPU");
    let start = now();
    let classifier = Classifier::new(package, Device::flex())?;
    let prepared = now();
    // The smallest golden input takes tens of milliseconds and reveals a broken build.
    let goldens = &package.manifest().goldens;
    check(&classifier, &goldens[..goldens.len().min(1)]).await?;
    let times = Times {
        prepare: prepared - start,
        check: now() - prepared,
    };
    Ok((classifier, times))
}

/// Opens a package on the GPU.
///
/// # Errors
/// The reason why the CPU is used instead.
async fn on_gpu(
    package: &Package,
    adapter: &Adapter,
    choice: DeviceChoice,
) -> Result<(Classifier, Times), String> {
    let name = &adapter.name;
    if adapter.software && choice == DeviceChoice::Automatic {
        return Err(format!(
            "the only GPU adapter here, {name}, is a software one and slower than the CPU"
        ));
    }
    if !adapter.timestamps {
        return Err(format!(
            "the GPU adapter {name} lacks timestamp queries, which the engine needs"
        ));
    }
    step("Preparing the model on the GPU");
    let start = now();
    let device = Device::wgpu_options()
        .tasks_max(GPU_TASKS)
        .init_async()
        .await
        .map_err(|error| format!("the GPU {name} could not be started: {error}"))?;
    let classifier = Classifier::new(package, device).map_err(|error| error.to_string())?;
    let prepared = now();
    step("Checking that the GPU computes rightly");
    // A software adapter takes a minute for the full size, and a faulty kernel shows at the small size.
    let goldens = &package.manifest().goldens;
    let checked = if adapter.software {
        goldens.len().min(1)
    } else {
        goldens.len()
    };
    check(&classifier, &goldens[..checked])
        .await
        .map_err(|error| format!("on the GPU {name}, {error}"))?;
    let times = Times {
        prepare: prepared - start,
        check: now() - prepared,
    };
    Ok((classifier, times))
}

/// Checks the classifier against golden inputs.
async fn check(classifier: &Classifier, goldens: &[Golden]) -> Result<(), ClassifierError> {
    for golden in goldens {
        classifier.check(golden).await?;
    }
    Ok(())
}

/// The model as the page describes it.
fn summary(classifier: &Classifier) -> ModelSummary {
    let manifest = classifier.manifest();
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
