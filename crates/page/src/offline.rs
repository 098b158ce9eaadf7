//! The copy of the application for use without a network, newer versions of it, and its installation.
//!
//! `www/service-worker.js` keeps the copy and answers from it; this module starts it and shows its
//! messages. A page is of one version from its start to its end: a newer version waits until the visitor
//! takes it, or comes again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Element, Event, MessageEvent, Response, ServiceWorker, ServiceWorkerContainer,
    ServiceWorkerRegistration, ServiceWorkerState,
};

use super::dom::{
    attribute, by_id, document, on, property, report, set_attribute, set_hidden, window,
};
use super::text::offline as text;

/// The service worker's script, relative to the page.
const SCRIPT: &str = "service-worker.js";

/// The name of the cache in which the service worker finds the page's own downloads.
const ARRIVED: &str = "cytolens arrived";

/// The state of the copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum CopyState {
    /// No copy is asked for yet.
    #[default]
    Unasked,
    /// The service worker has not answered yet.
    Unknown,
    /// The browser offers no copies.
    Impossible,
    /// The copy is on its way.
    Keeping,
    /// A file did not come as it was built.
    Refused,
    /// The copy is complete.
    Ready,
}

impl CopyState {
    /// The state's name in the attribute `data-state` of `#offline`; none before there is a state.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Unasked => None,
            Self::Unknown => Some("unknown"),
            Self::Impossible => Some("impossible"),
            Self::Keeping => Some("keeping"),
            Self::Refused => Some("refused"),
            Self::Ready => Some("ready"),
        }
    }
}

/// The copy of the application for use without a network.
pub(super) struct OfflineCopy {
    line: Element,
    state: Cell<CopyState>,
    /// Whether the visitor has brought nothing yet.
    is_unused: Box<dyn Fn() -> bool>,
}

impl OfflineCopy {
    /// The copy. Takes a newer version that waits since an earlier visit, and listens for the browser's
    /// offer to install the page, which comes early: so this is to be called at the start.
    pub(super) fn new(is_unused: impl Fn() -> bool + 'static) -> Rc<Self> {
        offer_installation();
        spawn_local(async {
            if let Some(waiting) = registered().await.and_then(|found| found.waiting()) {
                take(&waiting);
            }
        });
        Rc::new(Self {
            line: by_id("offline"),
            state: Cell::default(),
            is_unused: Box::new(is_unused),
        })
    }

    /// Keeps a copy and looks for a newer version. To be called once the engine is there, or cannot be:
    /// until then every byte is for the page. Further calls do nothing.
    pub(super) fn keep(self: &Rc<Self>) {
        if self.state.get() != CopyState::Unasked {
            return;
        }
        self.enter(CopyState::Unknown);
        let copy = self.clone();
        spawn_local(async move {
            if container().is_none() || copy.follow().await.is_err() {
                copy.show(CopyState::Impossible, text::IMPOSSIBLE);
                // No service worker will fetch the page's downloads.
                let caches = property(&window(), "caches");
                drop(promised(call(&caches, "delete", &[&ARRIVED.into()])).await);
            }
        });
    }

    /// Starts the service worker and follows it and newer ones.
    async fn follow(self: &Rc<Self>) -> Result<(), JsValue> {
        let (Some(container), known) = (container(), registered().await) else {
            return Ok(());
        };
        if known.is_none() && version().is_empty() {
            return Ok(());
        }
        on(&container, "message", {
            let copy = self.clone();
            move |event: MessageEvent| copy.hear(&event.data())
        });
        let registration: ServiceWorkerRegistration = JsFuture::from(container.register(SCRIPT))
            .await?
            .dyn_into()?;
        on(&registration, "updatefound", {
            let (copy, registration) = (self.clone(), registration.clone());
            move |_: Event| copy.watch(&registration)
        });
        self.watch(&registration);
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
            self.offer(&registration);
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
    fn watch(self: &Rc<Self>, registration: &ServiceWorkerRegistration) {
        let Some(worker) = registration.installing() else {
            return;
        };
        let (copy, registration) = (self.clone(), registration.clone());
        on(
            &worker.clone(),
            "statechange",
            move |_: Event| match worker.state() {
                ServiceWorkerState::Installed if registration.active().is_some() => {
                    copy.offer(&registration);
                }
                ServiceWorkerState::Activated => introduce(&worker),
                _ => {}
            },
        );
    }

    /// Offers the version that waits.
    fn offer(&self, registration: &ServiceWorkerRegistration) {
        // Whoever serves the application on their own machine has just built it, and wants to see it.
        let is_own = ["localhost", "127.0.0.1", "[::1]"]
            .contains(&&*window().location().hostname().unwrap_or_default());
        let waiting = registration.waiting();
        match waiting.filter(|_| is_own && (self.is_unused)()) {
            Some(waiting) => take(&waiting),
            None => notify(text::NEWER),
        }
    }

    /// Handles a message of the service worker.
    fn hear(&self, message: &JsValue) {
        let number = |name| property(message, name).as_f64().unwrap_or_default();
        let string = |name| property(message, name).as_string().unwrap_or_default();
        let is_ready = self.state.get() == CopyState::Ready;
        match &*string("state") {
            // While the copy of this version is complete, nobody needs to know of a newer one's progress.
            "keeping" if !is_ready => self.show(
                CopyState::Keeping,
                &text::keeping(number("kept"), number("total")),
            ),
            "refused" if !is_ready => self.show(
                CopyState::Refused,
                &text::refused(&string("file"), &string("cause")),
            ),
            "refused" => self.show(
                CopyState::Ready,
                &text::newer_refused(&string("file"), &string("cause")),
            ),
            "ready" => self.show(CopyState::Ready, &text::ready(number("total"))),
            "crowded" => notify(text::CROWDED),
            _ => {}
        }
    }

    fn show(&self, state: CopyState, line: &str) {
        self.enter(state);
        self.line.set_text_content(Some(line));
        set_hidden(&self.line, false);
    }

    fn enter(&self, state: CopyState) {
        self.state.set(state);
        if let Some(name) = state.name() {
            set_attribute(&self.line, "data-state", name);
        }
    }
}

/// Hands a download of the page to the service worker to come, which would otherwise download it again.
pub(super) fn arrived(response: &Response) {
    let is_kept = container().is_none_or(|container| container.controller().is_some());
    if is_kept || version().is_empty() {
        return;
    }
    if let Ok(copy) = response.clone() {
        spawn_local(async move {
            // Without room for it, the service worker downloads it again.
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
                // The browser acts on the visitor's answer itself.
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
    let meta = meta.ok().flatten();
    meta.map(|meta| attribute(&meta, "content"))
        .unwrap_or_default()
}

/// None where the browser offers no service workers.
fn container() -> Option<ServiceWorkerContainer> {
    property(&window().navigator(), "serviceWorker")
        .dyn_into()
        .ok()
}

/// The registration of an earlier visit.
async fn registered() -> Option<ServiceWorkerRegistration> {
    let found = JsFuture::from(container()?.get_registration()).await.ok()?;
    found.dyn_into().ok()
}

/// Sends a worker this page's version. It replies with the state of its copy.
fn introduce(worker: &ServiceWorker) {
    post(worker, "page", &version().into());
}

/// Makes a waiting worker take over, and the page start again from its copy.
fn take(waiting: &ServiceWorker) {
    let worker = waiting.clone();
    on(waiting, "statechange", move |_: Event| {
        if worker.state() == ServiceWorkerState::Activated {
            reload();
        }
    });
    post(waiting, "takeOver", &true.into());
}

/// Ends the copy of an application that its server has no longer: else whatever is served in its place
/// would never be seen.
async fn leave_if_gone(registration: &ServiceWorkerRegistration) {
    let answer = JsFuture::from(window().fetch_with_str(SCRIPT)).await;
    let status = answer.map(|answer| answer.unchecked_into::<Response>().status());
    if let (Ok(404 | 410), Some(active)) = (status, registration.active()) {
        post(&active, "leave", &true.into());
    }
}

fn notify(line: &str) {
    by_id::<Element>("newer-text").set_text_content(Some(line));
    set_hidden(&by_id::<Element>("newer-reload"), false);
}

fn reload() {
    report(window().location().reload());
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
