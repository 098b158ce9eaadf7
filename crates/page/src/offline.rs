//! The copy of the application that works without a network, newer versions of it, and its place
//! among the programs of the machine.
//!
//! `www/service-worker.js` keeps the copy and answers from it; here it is started, and what it tells is
//! shown. A page is of one version from its start to its end: a newer one waits until the visitor
//! takes it, or comes again.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Element, Event, MessageEvent, Response, ServiceWorker, ServiceWorkerContainer,
    ServiceWorkerRegistration, ServiceWorkerState,
};

use super::dom::{by_id, document, on, property, set_attribute, set_hidden, window};
use super::text::offline as text;

/// The service worker's script, relative to the page.
const SCRIPT: &str = "service-worker.js";

/// Where the service worker finds what the page has downloaded already.
const ARRIVED: &str = "cytolens arrived";

/// The attribute of `#offline` that tells how the copy is: `unknown`, `impossible`, `keeping`,
/// `refused` or `ready`.
const STATE: &str = "data-state";

/// The state of a copy that is whole.
const READY: &str = "ready";

/// To be called first: takes a newer version that waits since an earlier visit, and listens for the
/// browser's offer to install the page, which comes early.
pub(super) fn start() {
    offer_installation();
    spawn_local(async {
        if let Some(waiting) = registered().await.and_then(|found| found.waiting()) {
            take(&waiting);
        }
    });
}

/// Keeps a copy and looks for a newer version. To be called once the engine is there, or cannot be:
/// until then every byte is for the page. Further calls do nothing.
pub(super) fn keep() {
    let line: Element = by_id("offline");
    if line.has_attribute(STATE) {
        return;
    }
    set_attribute(&line, STATE, "unknown");
    spawn_local(async {
        if container().is_none() || follow().await.is_err() {
            show("impossible", text::IMPOSSIBLE);
            // Nobody will come for it.
            let caches = property(&window(), "caches");
            drop(promised(call(&caches, "delete", &[&ARRIVED.into()])).await);
        }
    });
}

/// Hands over what the page has downloaded before there was a service worker, which would otherwise
/// download it again.
pub(super) fn arrived(response: &Response) {
    let is_kept = container().is_none_or(|container| container.controller().is_some());
    if is_kept || version().is_empty() {
        return;
    }
    if let Ok(copy) = response.clone() {
        spawn_local(async move {
            // Where there is no room, it will be downloaded again.
            drop(hand_over(&copy).await);
        });
    }
}

async fn hand_over(response: &Response) -> Result<JsValue, JsValue> {
    let caches = property(&window(), "caches");
    let cache = promised(call(&caches, "open", &[&ARRIVED.into()])).await?;
    promised(call(&cache, "put", &[&response.url().into(), response])).await
}

fn offer_installation() {
    let button: Element = by_id("install");
    // The browser's latest offer: each holds once.
    let offer: Rc<RefCell<Option<Event>>> = Rc::default();
    on(&window(), "beforeinstallprompt", {
        let (button, offer) = (button.clone(), offer.clone());
        move |latest: Event| {
            // Else some browsers ask by themselves, over the page.
            latest.prevent_default();
            set_hidden(&button, false);
            offer.replace(Some(latest));
        }
    });
    on(&button.clone(), "click", {
        let button = button.clone();
        move |_: Event| {
            set_hidden(&button, true);
            if let Some(offer) = offer.take() {
                // What the visitor answers is the browser's business.
                drop(call(&offer, "prompt", &[]));
            }
        }
    });
    on(&window(), "appinstalled", move |_: Event| {
        set_hidden(&button, true);
    });
}

/// The version of this page, as the build wrote it; empty where the build made no list of its files.
fn version() -> String {
    let meta = document().query_selector("meta[name=version]");
    let version = meta
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"));
    version.unwrap_or_default()
}

/// None where the browser offers no service workers.
fn container() -> Option<ServiceWorkerContainer> {
    property(&window().navigator(), "serviceWorker")
        .dyn_into()
        .ok()
}

/// What an earlier visit has registered.
async fn registered() -> Option<ServiceWorkerRegistration> {
    let found = JsFuture::from(container()?.get_registration()).await.ok()?;
    found.dyn_into().ok()
}

/// Starts the service worker and follows what becomes of it and of newer ones.
async fn follow() -> Result<(), JsValue> {
    let (Some(container), known) = (container(), registered().await) else {
        return Ok(());
    };
    if known.is_none() && version().is_empty() {
        return Ok(());
    }
    on(&container, "message", |event: MessageEvent| {
        hear(&event.data())
    });
    let registration: ServiceWorkerRegistration = JsFuture::from(container.register(SCRIPT))
        .await?
        .dyn_into()?;
    on(&registration, "updatefound", {
        let registration = registration.clone();
        move |_: Event| watch(&registration)
    });
    watch(&registration);
    on(&by_id::<Element>("newer-reload"), "click", {
        let registration = registration.clone();
        move |_: Event| match registration.waiting() {
            Some(waiting) => take(&waiting),
            None => reload(),
        }
    });
    if let Some(active) = registration.active() {
        introduce(&active);
    }
    if registration.waiting().is_some() {
        offer(&registration);
    }
    if known.is_some()
        && promised(registration.update().map(Into::into))
            .await
            .is_err()
    {
        leave_if_gone(&registration).await;
    }
    Ok(())
}

/// Follows a worker that is being installed, if any.
fn watch(registration: &ServiceWorkerRegistration) {
    let Some(worker) = registration.installing() else {
        return;
    };
    let registration = registration.clone();
    on(
        &worker.clone(),
        "statechange",
        move |_: Event| match worker.state() {
            ServiceWorkerState::Installed if registration.active().is_some() => {
                offer(&registration)
            }
            ServiceWorkerState::Activated => introduce(&worker),
            _ => {}
        },
    );
}

/// Tells a worker of which version this page is; it answers how its copy is.
fn introduce(worker: &ServiceWorker) {
    post(worker, "page", &version().into());
}

/// Offers the version that waits.
fn offer(registration: &ServiceWorkerRegistration) {
    // Who serves the application to themselves has just built it, and wants to see it.
    let is_own = ["localhost", "127.0.0.1", "[::1]"]
        .contains(&&*window().location().hostname().unwrap_or_default());
    let is_unused = by_id::<Element>("fields").child_element_count() == 0;
    if let Some(waiting) = registration.waiting().filter(|_| is_own && is_unused) {
        return take(&waiting);
    }
    notify(text::NEWER);
}

/// Has a waiting worker take over, and the page start again from its copy.
fn take(waiting: &ServiceWorker) {
    let worker = waiting.clone();
    on(waiting, "statechange", move |_: Event| {
        if worker.state() == ServiceWorkerState::Activated {
            reload();
        }
    });
    post(waiting, "takeOver", &true.into());
}

/// Ends the copy of an application that its server has no longer, or another may be served in its
/// place and never be seen.
async fn leave_if_gone(registration: &ServiceWorkerRegistration) {
    let answer = JsFuture::from(window().fetch_with_str(SCRIPT)).await;
    let status = answer.map(|answer| answer.unchecked_into::<Response>().status());
    if let (Ok(404 | 410), Some(active)) = (status, registration.active()) {
        post(&active, "leave", &true.into());
    }
}

/// What the service worker tells.
fn hear(message: &JsValue) {
    let number = |name| property(message, name).as_f64().unwrap_or_default();
    let string = |name| property(message, name).as_string().unwrap_or_default();
    let line: Element = by_id("offline");
    let is_ready = line.get_attribute(STATE).as_deref() == Some(READY);
    match &*string("state") {
        // Of a newer version, while the copy of this one is whole, nobody needs to know.
        "keeping" if !is_ready => show("keeping", &text::keeping(number("kept"), number("total"))),
        "refused" if !is_ready => {
            show("refused", &text::refused(&string("file"), &string("cause")));
        }
        "refused" => show(
            READY,
            &text::newer_refused(&string("file"), &string("cause")),
        ),
        READY => show(READY, &text::ready(number("total"))),
        "crowded" => notify(text::CROWDED),
        _ => {}
    }
}

fn show(state: &str, line: &str) {
    let place: Element = by_id("offline");
    set_attribute(&place, STATE, state);
    place.set_text_content(Some(line));
    set_hidden(&place, false);
}

fn notify(line: &str) {
    by_id::<Element>("newer-text").set_text_content(Some(line));
    set_hidden(&by_id::<Element>("newer-reload"), false);
}

fn reload() {
    window().location().reload().unwrap_or_default();
}

fn post(worker: &ServiceWorker, property: &str, value: &JsValue) {
    let message = Object::new();
    let sent =
        Reflect::set(&message, &property.into(), value).and_then(|_| worker.post_message(&message));
    debug_assert!(sent.is_ok(), "a plain message can be posted");
}

/// Calls a method that web-sys has not, or not among the features in use.
fn call(value: &JsValue, method: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    let arguments: Array = arguments.iter().copied().collect();
    property(value, method)
        .dyn_into::<Function>()?
        .apply(value, &arguments)
}

async fn promised(called: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&called?)).await
}
