//! The worker's global scope: its clock and its messages to the page.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use cytolens_protocol::Reply;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

/// Whether the engine is broken: its results are wrong then, and nothing more is posted.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// The beginning of panic messages that come from a GPU's own error reports.
const GPU_PANIC: &str = "wgpu error";

/// Handles every panic. WebAssembly goes on after a panic, and tasks under way might still answer from
/// half a computation; so nothing more is posted. The page notices the crash by itself, but must be
/// sent a message where the device is at fault and not a field.
pub(super) fn panicked(panic: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(panic);
    match panic.payload_as_str() {
        Some(message) if message.starts_with(GPU_PANIC) => lost(message),
        _ => BROKEN.store(true, Ordering::Relaxed),
    }
}

/// Posts that the device is lost, and nothing after that: further results are not reliable.
pub(super) fn lost(reason: &str) {
    // These messages span many lines.
    let words: Vec<&str> = reason.split_whitespace().collect();
    post(&Reply::DeviceLost {
        reason: words.join(" "),
    });
    BROKEN.store(true, Ordering::Relaxed);
}

/// The worker's global scope.
pub(super) fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// The time since the worker's start, in milliseconds.
pub(super) fn now() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Waits until the browser has delivered the messages that have arrived.
pub(super) async fn turn() {
    let turned = Promise::new(&mut |resolve, _| {
        // Where no timer can be set the promise would wait forever.
        if scope().set_timeout_with_callback(&resolve).is_err() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    // It is never rejected.
    let _ = JsFuture::from(turned).await;
}

/// Posts a step of opening a package.
pub(super) fn step(step: &str) {
    post(&Reply::Opening {
        step: step.to_owned(),
    });
}

/// Posts a reply, unless the engine is broken.
pub(super) fn post(reply: &Reply) {
    if BROKEN.load(Ordering::Relaxed) {
        return;
    }
    // The pixels of a picture and of masks are transferred instead of copied.
    let transferred = Array::new();
    match reply {
        Reply::Viewed { picture, .. } => {
            for plate in &picture.plates {
                transferred.push(&plate.samples.buffer());
            }
        }
        Reply::CellsFound { masks, .. } => {
            transferred.push(&masks.cells.buffer());
            transferred.push(&masks.nuclei.buffer());
        }
        _ => {}
    }
    let sent = serde_wasm_bindgen::to_value(reply)
        .map_err(|error| error.to_string())
        .and_then(|message| {
            scope()
                .post_message_with_transfer(&message, &transferred)
                .map_err(|error| format!("{error:?}"))
        });
    if let Err(error) = sent {
        panic!("a reply cannot be sent to the page: {error}");
    }
}
