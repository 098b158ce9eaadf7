//! The worker's own scope: its clock, and the way to the page.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use cytolens_protocol::Reply;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

/// Set once the engine is not to be believed any more: then it says nothing.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// How the panics begin that come from errors which a GPU reports of itself.
const GPU_PANIC: &str = "wgpu error";

/// Hears of every panic. WebAssembly goes on after one, and what was under way might still answer from
/// half a computation; so nothing more is posted. The page hears of the crash by itself, but not that
/// it is the device's fault and no field's.
pub(super) fn panicked(panic: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(panic);
    match panic.payload_as_str() {
        Some(message) if message.starts_with(GPU_PANIC) => lost(message),
        _ => BROKEN.store(true, Ordering::Relaxed),
    }
}

/// Tells the page that the device is lost, and then nothing more: what it still gives is not to be
/// believed.
pub(super) fn lost(reason: &str) {
    // Such errors come in many lines.
    let words: Vec<&str> = reason.split_whitespace().collect();
    post(&Reply::DeviceLost {
        reason: words.join(" "),
    });
    BROKEN.store(true, Ordering::Relaxed);
}

pub(super) fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Milliseconds from the worker's start.
pub(super) fn now() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

/// Lets the browser deliver the messages that wait.
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

/// Tells the page what goes on while a package opens.
pub(super) fn step(step: &str) {
    post(&Reply::Opening {
        step: step.to_owned(),
    });
}

pub(super) fn post(reply: &Reply) {
    if BROKEN.load(Ordering::Relaxed) {
        return;
    }
    // The pixels of a view are handed over instead of copied.
    let handed_over = Array::new();
    if let Reply::Viewed { plates, .. } = reply {
        for plate in plates {
            handed_over.push(&plate.samples.buffer());
        }
    }
    let sent = serde_wasm_bindgen::to_value(reply)
        .map_err(|error| error.to_string())
        .and_then(|message| {
            scope()
                .post_message_with_transfer(&message, &handed_over)
                .map_err(|error| format!("{error:?}"))
        });
    if let Err(error) = sent {
        panic!("a reply cannot be sent to the page: {error}");
    }
}
