//! An engine in a web worker: opens a model package on its device and classifies fields.
//!
//! It answers the messages of [`cytolens_protocol`] one at a time and downloads nothing: the page hands
//! it the package and the files. Each [`Engine`] is a program of its own.

mod cells;
mod fields;
mod model;
mod opening;
mod painting;
mod scope;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use cytolens_cells::CellsNetwork;
use cytolens_package::{ClassifierError, Inference};
use cytolens_protocol::{DeviceKind, Reply, Request};
use js_sys::WebAssembly;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use self::model::Model;
use self::scope::{now, post, scope, turn};

/// What computes.
pub trait Engine: 'static {
    /// The kind of its device.
    const KIND: DeviceKind;
    /// Its network.
    type Network: Inference;

    /// Starts the device.
    ///
    /// # Errors
    /// The device's own message.
    fn device() -> impl Future<Output = Result<<Self::Network as Inference>::Device, String>>;
}

/// The device of an engine.
type Device<E> = <<E as Engine>::Network as Inference>::Device;

/// Runs the worker for as long as the page keeps it.
pub fn run<E: Engine>() {
    std::panic::set_hook(Box::new(scope::panicked));
    let worker = Rc::new(RefCell::new(Worker::<E>::default()));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match serde_wasm_bindgen::from_value::<Request>(event.data()) {
            Ok(request) => Worker::receive(&worker, request),
            Err(error) => post(&Reply::OpenFailed {
                reason: format!("the page sent a message the engine does not know: {error}"),
            }),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    post(&Reply::Started);
}

/// The opened package, for as long as a request needs it.
type Opened<E> = Rc<Model<E>>;

/// The waiting requests and the opened packages.
struct Worker<E: Engine> {
    waiting: VecDeque<Request>,
    busy: bool,
    opened: Option<Opened<E>>,
    cells: Option<Rc<CellsNetwork>>,
    painter: Rc<painting::Handed>,
}

impl<E: Engine> Default for Worker<E> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            busy: false,
            opened: None,
            cells: None,
            painter: Rc::new(painting::nothing_handed()),
        }
    }
}

impl<E: Engine> Worker<E> {
    /// Queues a request and starts the loop of answers unless it runs already.
    fn receive(worker: &Rc<RefCell<Self>>, request: Request) {
        let mut state = worker.borrow_mut();
        state.waiting.push_back(request);
        if state.busy {
            return;
        }
        state.busy = true;
        let worker = Rc::clone(worker);
        spawn_local(async move {
            while let Some((request, opened)) = Self::next(&worker) {
                let Some(request) = Self::answer_of_unets(&worker, request).await else {
                    turn().await;
                    continue;
                };
                let painter = worker.borrow().painter.clone();
                match answer::<E>(request, opened, &painter).await {
                    Ok(None) => {}
                    Ok(opened) => worker.borrow_mut().opened = opened.map(Rc::new),
                    Err(DeviceLost(reason)) => return scope::lost(&reason),
                }
                // Messages that came meanwhile are received, so that a view overtakes the other requests.
                turn().await;
            }
        });
    }

    /// Answers a request that is about cells or to open a painter, and gives any other back.
    async fn answer_of_unets(worker: &RefCell<Self>, request: Request) -> Option<Request> {
        match request {
            Request::OpenCells { manifest, weights } => {
                let opened = cells::open(&manifest, &weights).map(Rc::new);
                post(&match &opened {
                    Ok(network) => Reply::CellsOpened {
                        limits: network.manifest().limits.clone(),
                    },
                    Err(reason) => Reply::CellsUnfit {
                        reason: reason.clone(),
                    },
                });
                worker.borrow_mut().cells = opened.ok();
            }
            Request::FindCells { field, input } => {
                let network = worker.borrow().cells.clone();
                post(&cells::find(network.as_deref(), field, &input).await);
            }
            Request::OpenPainter { manifest, weights } => {
                let painter = painting::open(&manifest, &weights);
                worker.borrow_mut().painter = Rc::new(painter);
            }
            other => return Some(other),
        }
        None
    }

    /// The next request and the opened package; none where no request waits.
    fn next(worker: &RefCell<Self>) -> Option<(Request, Option<Opened<E>>)> {
        let mut state = worker.borrow_mut();
        let urgent = |request: &Request| {
            matches!(request, Request::View { .. } | Request::OpenPainter { .. })
        };
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
    fn reason<E: Engine>(self) -> Result<String, DeviceLost> {
        match self {
            Self::Device(reason) if E::KIND == DeviceKind::Gpu => Err(DeviceLost(reason)),
            Self::Device(reason) => Ok(ClassifierError::Device(reason).to_string()),
            Self::Refused(reason) => Ok(reason),
        }
    }
}

/// Answers one request; returns the package that it opened, if any.
async fn answer<E: Engine>(
    request: Request,
    opened: Option<Opened<E>>,
    painter: &painting::Handed,
) -> Result<Option<Model<E>>, DeviceLost> {
    match request {
        Request::Open {
            manifest,
            weights,
            device,
        } => match opening::open::<E>(&manifest, &weights, device).await {
            Ok(opened) => return Ok(Some(opened)),
            Err(refusal) => post(&refusal),
        },
        Request::View { field, input, side } => {
            post(&match fields::view(painter, &input, side).await {
                Ok(picture) => Reply::Viewed { field, picture },
                Err(reason) => Reply::NotViewed { field, reason },
            });
        }
        Request::OpenCells { .. } | Request::FindCells { .. } | Request::OpenPainter { .. } => {
            unreachable!("those of cells and painters are answered before")
        }
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
                    fields::classify(&opened, painter, field, &input).await
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
                    reason: failure.reason::<E>()?,
                },
            };
            post(&reply);
        }
    }
    Ok(None)
}

/// Runs the network on given planes.
async fn probe<E: Engine>(
    model: &Model<E>,
    field: u32,
    planes: &[f32],
    size: u32,
) -> Result<Reply, Failure> {
    let Some(network) = model.first() else {
        unreachable!("an open model has a network");
    };
    let start = now();
    let output = network.run(planes, size as usize).await?;
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
