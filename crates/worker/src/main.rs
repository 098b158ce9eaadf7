//! The engine in a web worker: opens a model package on a device and classifies fields.
//!
//! It answers the messages of [`cytolens_protocol`] one at a time and downloads nothing: the page hands
//! it the package and the files.

mod adapter;
mod fields;
mod opening;
mod scope;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use cytolens::classifier::ClassifierError;
use cytolens_protocol::{DeviceKind, Reply, Request};
use js_sys::WebAssembly;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use self::opening::Opened;
use self::scope::{now, post, scope, turn};

fn main() {
    std::panic::set_hook(Box::new(scope::panicked));
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

/// The waiting requests and the opened package.
#[derive(Default)]
struct Engine {
    waiting: VecDeque<Request>,
    busy: bool,
    opened: Option<Rc<Opened>>,
}

impl Engine {
    /// Queues a request and starts the loop of answers unless it runs already.
    fn receive(engine: &Rc<RefCell<Self>>, request: Request) {
        let mut state = engine.borrow_mut();
        state.waiting.push_back(request);
        if state.busy {
            return;
        }
        state.busy = true;
        let engine = Rc::clone(engine);
        spawn_local(async move {
            while let Some((request, opened)) = Self::next(&engine) {
                match answer(request, opened).await {
                    Ok(None) => {}
                    Ok(opened) => engine.borrow_mut().opened = opened.map(Rc::new),
                    Err(DeviceLost(reason)) => return scope::lost(&reason),
                }
                // Messages that came meanwhile are received, so that a view overtakes the other requests.
                turn().await;
            }
        });
    }

    /// The next request and the opened package; none where no request waits.
    fn next(engine: &RefCell<Self>) -> Option<(Request, Option<Rc<Opened>>)> {
        let mut state = engine.borrow_mut();
        let urgent = |request: &Request| matches!(request, Request::View { .. });
        let place = state.waiting.iter().position(urgent).unwrap_or(0);
        let request = state.waiting.remove(place);
        state.busy = request.is_some();
        Some((request?, state.opened.clone()))
    }
}

/// The loss of the device, with the reason.
struct DeviceLost(String);

/// The reason why a request failed.
enum Failure {
    /// The request is at fault. Holds the reason, for visitors.
    Refused(String),
    /// The device failed. Holds the device's own message.
    Device(String),
}

impl From<ClassifierError> for Failure {
    fn from(error: ClassifierError) -> Self {
        match error {
            ClassifierError::Device(reason) => Self::Device(reason),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl Failure {
    /// The reason to refuse the request.
    ///
    /// # Errors
    /// [`DeviceLost`] where a GPU failed, which may be lost: the field is not to blame. On the CPU the
    /// network or the field is at fault.
    fn reason(self, opened: &Opened) -> Result<String, DeviceLost> {
        match self {
            Self::Device(reason) if opened.kind == DeviceKind::Gpu => Err(DeviceLost(reason)),
            Self::Device(reason) => Ok(ClassifierError::Device(reason).to_string()),
            Self::Refused(reason) => Ok(reason),
        }
    }
}

/// Answers one request; returns the package that it opened, if any.
async fn answer(
    request: Request,
    opened: Option<Rc<Opened>>,
) -> Result<Option<Opened>, DeviceLost> {
    match request {
        Request::Open {
            manifest,
            weights,
            device,
        } => match opening::open(&manifest, &weights, device).await {
            Ok(opened) => return Ok(Some(opened)),
            Err(reason) => post(&Reply::OpenFailed { reason }),
        },
        Request::View { field, input, side } => post(&match fields::view(&input, side).await {
            Ok(picture) => Reply::Viewed { field, picture },
            Err(reason) => Reply::NotViewed { field, reason },
        }),
        Request::Diagnose => post(&Reply::Diagnosed {
            memory_bytes: memory_bytes(),
        }),
        Request::Classify { field, .. } | Request::Probe { field, .. } => {
            let Some(opened) = opened else {
                post(&Reply::Refused {
                    field,
                    reason: "no model package is open".to_owned(),
                });
                return Ok(None);
            };
            let done = match request {
                Request::Classify { input, .. } => {
                    fields::classify(&opened.classifier, field, &input).await
                }
                Request::Probe { planes, size, .. } => {
                    probe(&opened, field, &planes.to_vec(), size).await
                }
                _ => unreachable!("the arm is for these two"),
            };
            let reply = match done {
                Ok(reply) => reply,
                Err(failure) => Reply::Refused {
                    field,
                    reason: failure.reason(&opened)?,
                },
            };
            post(&reply);
        }
    }
    Ok(None)
}

/// Runs the network on given planes.
async fn probe(opened: &Opened, field: u32, planes: &[f32], size: u32) -> Result<Reply, Failure> {
    let start = now();
    let output = opened.classifier.run(planes, size as usize).await?;
    Ok(Reply::Probed {
        field,
        logits: output.logits,
        pooled: output.pooled,
        network_ms: now() - start,
    })
}

/// The size of the engine's own memory in bytes.
fn memory_bytes() -> f64 {
    let memory: WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    f64::from(buffer.byte_length())
}
