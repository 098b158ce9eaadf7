//! The worker's own scope: its clock, and the way to the page.

use cytolens::protocol::Reply;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

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
