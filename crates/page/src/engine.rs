//! The page's handle of the engine's worker.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Uint8Array, WebAssembly};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::dom::error_text;
use super::{text, wire};
use cytolens_protocol::{DeviceKind, Reply, Request};

/// The worker's script, relative to the page.
const SCRIPT: &str = "engine.js";

/// The name of the program for a kind of device: of its two files, and of the worker.
pub(super) fn program(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Cpu if has_relaxed_simd() => "cpu_engine_relaxed",
        DeviceKind::Cpu => "cpu_engine",
        DeviceKind::Gpu => "gpu_engine",
    }
}

/// Whether the browser has relaxed SIMD's fused multiply-add: it takes a module of one function that uses it.
fn has_relaxed_simd() -> bool {
    #[rustfmt::skip]
    const MODULE: [u8; 40] = [
        0, b'a', b's', b'm', 1, 0, 0, 0, // version 1
        1, 5, 1, 96, 0, 1, 123, // a type: no parameters, one vector
        3, 2, 1, 0, // a function of it
        10, 19, 1, 17, 0, // its code, without variables:
        65, 1, 253, 15, 65, 2, 253, 15, 65, 3, 253, 15, // three vectors (i32.const, i8x16.splat),
        253, 133, 2, 11, // f32x4.relaxed_madd, end
    ];
    WebAssembly::validate(&Uint8Array::from(MODULE.as_slice())).unwrap_or(false)
}

/// A message or a crash of the worker.
#[derive(Debug)]
pub(super) enum EngineEvent {
    /// A message.
    Reply(Reply),
    /// The worker broke; it will not answer again. Holds the browser's message.
    Crash(String),
}

/// The worker that runs now, if any, and the listeners for every worker.
pub(super) struct Engine {
    worker: Rc<RefCell<Option<Worker>>>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_error: Closure<dyn FnMut(Event)>,
}

impl Engine {
    /// An engine that does not run yet. `handle` may start and stop it.
    pub(super) fn new(handle: impl Fn(EngineEvent) + 'static) -> Self {
        let worker: Rc<RefCell<Option<Worker>>> = Rc::default();
        let handle = Rc::new(handle);
        let on_message = Closure::new({
            let (worker, handle) = (worker.clone(), handle.clone());
            move |event: MessageEvent| {
                if is_from(&event, &worker) {
                    handle(match wire::read(event.data()) {
                        Ok(reply) => EngineEvent::Reply(reply),
                        Err(error) => EngineEvent::Crash(text::unreadable_reply(&error)),
                    });
                }
            }
        });
        let on_error = Closure::new({
            let worker = worker.clone();
            move |event: Event| {
                if is_from(&event, &worker) {
                    let error = event
                        .dyn_ref::<ErrorEvent>()
                        .map(ErrorEvent::message)
                        .unwrap_or_default();
                    handle(EngineEvent::Crash(if error.is_empty() {
                        text::ENGINE_SCRIPT_FAILED.to_owned()
                    } else {
                        error
                    }));
                }
            }
        });
        Self {
            worker,
            on_message,
            on_error,
        }
    }

    /// Starts a worker in place of the one that runs, and hands it the compiled program for this kind of
    /// device. The worker replies with [`Reply::Started`].
    pub(super) fn start(
        &self,
        kind: DeviceKind,
        module: &WebAssembly::Module,
    ) -> Result<(), String> {
        self.stop();
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(program(kind));
        let started = Worker::new_with_options(SCRIPT, &options).and_then(|worker| {
            worker.set_onmessage(Some(self.on_message.as_ref().unchecked_ref()));
            worker.set_onerror(Some(self.on_error.as_ref().unchecked_ref()));
            worker.set_onmessageerror(Some(self.on_error.as_ref().unchecked_ref()));
            worker.post_message(module)?;
            Ok(worker)
        });
        *self.worker.borrow_mut() = Some(started.map_err(|error| error_text(&error))?);
        Ok(())
    }

    /// Stops the worker that runs, if any. Its unfinished work is lost.
    pub(super) fn stop(&self) {
        if let Some(worker) = self.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.set_onmessageerror(None);
            worker.terminate();
        }
    }

    /// Posts a request to the worker that runs.
    pub(super) fn send(&self, request: &Request) -> Result<(), String> {
        let message = wire::write(request)?;
        match &*self.worker.borrow() {
            Some(worker) => worker
                .post_message(&message)
                .map_err(|error| error_text(&error)),
            None => Err(text::NO_WORKER.to_owned()),
        }
    }
}

/// Whether an event comes from the worker that runs now, and not from one that was stopped meanwhile.
fn is_from(event: &Event, worker: &RefCell<Option<Worker>>) -> bool {
    let target: JsValue = event.current_target().into();
    worker
        .borrow()
        .as_ref()
        .is_some_and(|worker| *AsRef::<JsValue>::as_ref(worker) == target)
}
