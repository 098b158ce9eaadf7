//! Opening a package on the device that serves best.

use burn::tensor::Device;
use cytolens::classifier::{Classifier, ClassifierError};
use cytolens::package::{Golden, Package};
use cytolens_protocol::{DeviceChoice, DeviceKind, DeviceReport, ModelSummary, Reply};
use js_sys::{ArrayBuffer, Uint8Array};

use super::adapter::{Adapter, logical_cores};
use super::scope::{now, post, step};

/// GPU tasks that are gathered before they are sent.
const GPU_TASKS: usize = 32;

/// A package on a device.
pub(super) struct Opened {
    pub(super) classifier: Classifier,
    pub(super) kind: DeviceKind,
}

/// How long it took to make a classifier ready, in milliseconds.
struct Times {
    prepare: f64,
    check: f64,
}

/// Puts a package on the device that the visitor asks for, or on the CPU with the reason why, and
/// tells the page.
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
        model: summary(&classifier),
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

async fn on_cpu(package: &Package) -> Result<(Classifier, Times), ClassifierError> {
    step("Preparing the model on the CPU");
    let start = now();
    let classifier = Classifier::new(package, Device::flex())?;
    let prepared = now();
    // The smallest golden input costs tens of milliseconds and shows a broken build.
    let goldens = &package.manifest().goldens;
    check(&classifier, &goldens[..goldens.len().min(1)]).await?;
    let times = Times {
        prepare: prepared - start,
        check: now() - prepared,
    };
    Ok((classifier, times))
}

/// Puts a package on the GPU, or says why the CPU is better.
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
    // A software adapter takes a minute for the full size, and one kernel's fault shows in the small.
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

async fn check(classifier: &Classifier, goldens: &[Golden]) -> Result<(), ClassifierError> {
    for golden in goldens {
        classifier.check(golden).await?;
    }
    Ok(())
}

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
