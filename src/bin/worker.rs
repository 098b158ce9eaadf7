//! The engine in a web worker: opens a model package on a device and classifies fields.
//!
//! It answers the messages of [`cytolens::protocol`] one after the other, and touches no network:
//! the page hands it the package and the files.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use burn::tensor::Device;
use cytolens::classifier::{Classifier, ClassifierError};
use cytolens::field::{ChannelOrder, Source, decode_field, preview};
use cytolens::package::Package;
use cytolens::protocol::{
    DeviceChoice, DeviceKind, DeviceReport, InputFile, ModelSummary, Reply, Request,
};
use js_sys::{Object, Reflect, Uint8Array, Uint8ClampedArray};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// The preview's longest side in pixels: enough for a card on a sharp screen.
const PREVIEW_SIDE: u32 = 768;
/// GPU tasks that are gathered before they are sent.
const GPU_TASKS: usize = 32;

fn main() {
    console_error_panic_hook::set_once();
    let engine = Rc::new(RefCell::new(Engine::default()));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match serde_wasm_bindgen::from_value::<Request>(event.data()) {
            Ok(request) => Engine::receive(&engine, request),
            Err(error) => post(&Reply::OpenFailed {
                reason: format!("the page sent a message the engine does not know: {error}"),
            }),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The worker lives as long as the page keeps it.
    on_message.forget();
    post(&Reply::Started);
}

/// The requests that wait, and the classifier that answers them.
#[derive(Default)]
struct Engine {
    waiting: VecDeque<Request>,
    busy: bool,
    classifier: Option<Rc<Classifier>>,
}

impl Engine {
    /// Queues a request and starts answering unless that goes on already.
    fn receive(engine: &Rc<RefCell<Self>>, request: Request) {
        let mut state = engine.borrow_mut();
        state.waiting.push_back(request);
        if state.busy {
            return;
        }
        state.busy = true;
        let engine = Rc::clone(engine);
        spawn_local(async move {
            while let Some((request, classifier)) = Self::next(&engine) {
                if let Some(opened) = answer(request, classifier).await {
                    engine.borrow_mut().classifier = Some(Rc::new(opened));
                }
            }
        });
    }

    /// The request to answer now and what to answer it with; without one the engine rests.
    fn next(engine: &RefCell<Self>) -> Option<(Request, Option<Rc<Classifier>>)> {
        let mut state = engine.borrow_mut();
        let request = state.waiting.pop_front();
        state.busy = request.is_some();
        Some((request?, state.classifier.clone()))
    }
}

/// Answers one request; gives the classifier that it opened.
async fn answer(request: Request, classifier: Option<Rc<Classifier>>) -> Option<Classifier> {
    let not_open = || "no model package is open".to_owned();
    match request {
        Request::Open {
            manifest,
            weights,
            device,
        } => {
            let package = match Package::new(&manifest, Uint8Array::new(&weights).to_vec()) {
                Ok(package) => package,
                Err(error) => {
                    post(&Reply::OpenFailed {
                        reason: error.to_string(),
                    });
                    return None;
                }
            };
            match open(&package, device).await {
                Ok((classifier, report)) => {
                    post(&Reply::Opened {
                        model: summary(&classifier),
                        device: report,
                    });
                    return Some(classifier);
                }
                Err(error) => post(&Reply::OpenFailed {
                    reason: error.to_string(),
                }),
            }
        }
        Request::Classify { field, id, files } => {
            let done = match classifier {
                Some(classifier) => classify(&classifier, field, &id, &files).await,
                None => Err(not_open()),
            };
            if let Err(reason) = done {
                post(&Reply::Refused { field, reason });
            }
        }
        Request::Probe {
            field,
            planes,
            size,
        } => {
            let Some(classifier) = classifier else {
                post(&Reply::Refused {
                    field,
                    reason: not_open(),
                });
                return None;
            };
            let planes = planes.to_vec();
            let start = now();
            match classifier.run(&planes, size as usize).await {
                Ok(output) => post(&Reply::Probed {
                    field,
                    logits: output.logits,
                    pooled: output.pooled,
                    network_ms: now() - start,
                }),
                Err(error) => post(&Reply::Refused {
                    field,
                    reason: error.to_string(),
                }),
            }
        }
    }
    None
}

/// Decodes a field, shows it, classifies it.
async fn classify(
    classifier: &Classifier,
    field: u32,
    id: &str,
    files: &[InputFile],
) -> Result<(), String> {
    let start = now();
    let mut contents = Vec::with_capacity(files.len());
    for file in files {
        let buffer = JsFuture::from(file.blob.array_buffer())
            .await
            .map_err(|_| format!("{}: the browser cannot read this file any more", file.name))?;
        contents.push(Uint8Array::new(&buffer).to_vec());
    }
    let sources: Vec<Source<'_>> = files
        .iter()
        .zip(&contents)
        .map(|(file, bytes)| Source {
            name: &file.name,
            channel: file.channel,
            bytes,
        })
        .collect();
    let decoded =
        decode_field(id, &sources, &ChannelOrder::default()).map_err(|error| error.to_string())?;
    drop(contents);
    let preview = preview(&decoded, PREVIEW_SIDE);
    post(&Reply::Preview {
        field,
        width: preview.width,
        height: preview.height,
        rgba: Uint8ClampedArray::from(preview.rgba.as_slice()).into(),
        description: decoded.describe(),
    });
    let planes = classifier
        .compose(&decoded)
        .map_err(|error| error.to_string())?;
    drop(decoded);
    let decode_ms = now() - start;
    let start = now();
    let prediction = classifier
        .classify_planes(&planes)
        .await
        .map_err(|error| error.to_string())?;
    post(&Reply::Classified {
        field,
        probabilities: prediction.probabilities,
        present: prediction.present,
        decode_ms,
        network_ms: now() - start,
    });
    Ok(())
}

/// Puts a package on the device that the visitor asks for, or on the CPU with the reason why.
async fn open(
    package: &Package,
    choice: DeviceChoice,
) -> Result<(Classifier, DeviceReport), ClassifierError> {
    let reason = match choice {
        DeviceChoice::Cpu => "chosen by you".to_owned(),
        DeviceChoice::Automatic | DeviceChoice::Gpu => match open_gpu(package, choice).await {
            Ok(opened) => return Ok(opened),
            Err(reason) => reason,
        },
    };
    step("Preparing the model on the CPU");
    let classifier = Classifier::new(package, Device::flex())?;
    // The smallest golden input costs tens of milliseconds and shows a broken build.
    if let Some(golden) = package.manifest().goldens.first() {
        classifier.check(golden).await?;
    }
    let report = DeviceReport {
        kind: DeviceKind::Cpu,
        name: "WebAssembly, one thread".to_owned(),
        reason,
    };
    Ok((classifier, report))
}

/// Puts a package on the GPU, or says why the CPU is better.
async fn open_gpu(
    package: &Package,
    choice: DeviceChoice,
) -> Result<(Classifier, DeviceReport), String> {
    let adapter = adapter().await?;
    if adapter.software && choice == DeviceChoice::Automatic {
        return Err(format!(
            "the only GPU adapter here, {}, is a software one and slower than the CPU",
            adapter.name
        ));
    }
    if !adapter.timestamps {
        return Err(format!(
            "the GPU adapter {} lacks timestamp queries, which the engine needs",
            adapter.name
        ));
    }
    step("Preparing the model on the GPU");
    let device = Device::wgpu_options()
        .tasks_max(GPU_TASKS)
        .init_async()
        .await
        .map_err(|error| format!("the GPU {} could not be started: {error}", adapter.name))?;
    let classifier = Classifier::new(package, device).map_err(|error| error.to_string())?;
    step("Checking that the GPU computes rightly");
    // A software adapter takes a minute for the full size, and one kernel's fault shows in the small.
    let goldens = &package.manifest().goldens;
    for golden in &goldens[..if adapter.software { 1 } else { goldens.len() }] {
        classifier
            .check(golden)
            .await
            .map_err(|error| format!("on the GPU {}, {error}", adapter.name))?;
    }
    let reason = match choice {
        DeviceChoice::Gpu => "chosen by you; it passed the check against known results",
        _ => "this GPU passed the check against known results",
    };
    Ok((
        classifier,
        DeviceReport {
            kind: DeviceKind::Gpu,
            name: adapter.name,
            reason: reason.to_owned(),
        },
    ))
}

/// What decides whether a GPU adapter serves.
struct Adapter {
    name: String,
    software: bool,
    timestamps: bool,
}

/// Asks the browser for its GPU. Read by property names: browsers move these between versions.
async fn adapter() -> Result<Adapter, String> {
    let get = |object: &JsValue, name: &str| {
        Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
    };
    let gpu = get(&get(&scope(), "navigator"), "gpu");
    if !gpu.is_object() {
        return Err("this browser has no WebGPU".to_owned());
    }
    let none = || "the browser offers no GPU adapter".to_owned();
    let options = Object::new();
    let request = Reflect::set(
        &options,
        &"powerPreference".into(),
        &"high-performance".into(),
    )
    .and_then(|_| Reflect::get(&gpu, &"requestAdapter".into()))
    .and_then(|function| function.dyn_into::<js_sys::Function>())
    .and_then(|function| function.call1(&gpu, &options))
    .and_then(|promise| promise.dyn_into::<js_sys::Promise>())
    .map_err(|_| none())?;
    let adapter = JsFuture::from(request).await.map_err(|_| none())?;
    if !adapter.is_object() {
        return Err(none());
    }
    let info = get(&adapter, "info");
    let text = |name| get(&info, name).as_string().filter(|text| !text.is_empty());
    let name = text("description")
        .or_else(|| {
            Some(
                [text("vendor")?, text("architecture").unwrap_or_default()]
                    .join(" ")
                    .trim()
                    .to_owned(),
            )
        })
        .unwrap_or_else(|| "unnamed GPU".to_owned());
    let features = get(&adapter, "features");
    let timestamps = get(&features, "has")
        .dyn_into::<js_sys::Function>()
        .and_then(|has| has.call1(&features, &"timestamp-query".into()))
        .is_ok_and(|has| has.is_truthy());
    Ok(Adapter {
        name,
        software: get(&info, "isFallbackAdapter").is_truthy()
            || get(&adapter, "isFallbackAdapter").is_truthy(),
        timestamps,
    })
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
    }
}

fn step(step: &str) {
    post(&Reply::Opening {
        step: step.to_owned(),
    });
}

fn post(reply: &Reply) {
    let sent = serde_wasm_bindgen::to_value(reply)
        .map_err(|error| error.to_string())
        .and_then(|message| {
            scope()
                .post_message(&message)
                .map_err(|error| format!("{error:?}"))
        });
    if let Err(error) = sent {
        panic!("a reply cannot be sent to the page: {error}");
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds from the worker's start.
fn now() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
