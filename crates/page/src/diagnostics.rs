//! The diagnostics dialog: device, model, times and memory, for reports of faults.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, Event, HtmlDialogElement, StorageEstimate};

use super::dom::{append, by_id, create, on, open_dialog, window};
use super::facts::EngineFacts;
use super::text::diagnostics::{self as text, ReportSection};

/// The dialog `#diagnostics`.
pub(super) struct Diagnostics {
    dialog: HtmlDialogElement,
    report: Element,
    said: Element,
    facts: RefCell<EngineFacts>,
}

impl Diagnostics {
    /// The dialog, closed. `on_open` is called where the visitor opens it, and is to call
    /// [`Diagnostics::open`].
    pub(super) fn new(on_open: impl Fn() + 'static) -> Rc<Self> {
        let made = Rc::new(Self {
            dialog: by_id("diagnostics"),
            report: by_id("diagnostics-report"),
            said: by_id("diagnostics-said"),
            facts: RefCell::default(),
        });
        on(
            &by_id::<Element>("open-diagnostics"),
            "click",
            move |_: Event| on_open(),
        );
        on(&by_id::<Element>("copy-diagnostics"), "click", {
            let made = made.clone();
            move |_: Event| made.clone().copy()
        });
        on(&by_id::<Element>("close-diagnostics"), "click", {
            let dialog = made.dialog.clone();
            move |_: Event| dialog.close()
        });
        made
    }

    /// Shows the known facts; further facts are added as they become known.
    pub(super) fn open(self: &Rc<Self>, facts: EngineFacts) {
        self.facts.replace(facts);
        self.said.set_text_content(None);
        self.render();
        open_dialog(&self.dialog);
        let made = self.clone();
        spawn_local(async move {
            if let Some(storage) = storage().await {
                made.facts.borrow_mut().storage = Some(storage);
                made.render();
            }
        });
    }

    /// Adds the engine's memory in bytes.
    pub(super) fn show_memory(&self, bytes: f64) {
        self.facts.borrow_mut().engine_bytes = Some(bytes);
        self.render();
    }

    fn sections(&self) -> Vec<ReportSection> {
        let navigator = window().navigator();
        let browser = navigator.user_agent().unwrap_or_default();
        text::sections(&self.facts.borrow(), &browser, page_bytes())
    }

    fn render(&self) {
        self.report.set_text_content(None);
        let add = |parent: &Element, tag: &str, content: &str| {
            let element: Element = create(tag);
            element.set_text_content(Some(content));
            append(parent, &element);
        };
        for section in self.sections() {
            add(&self.report, "h3", section.title);
            let list: Element = create("dl");
            for (name, value) in &section.rows {
                add(&list, "dt", name);
                add(&list, "dd", value);
            }
            append(&self.report, &list);
        }
    }

    /// Copies the report as text, and shows whether that worked.
    fn copy(self: Rc<Self>) {
        let content = text::as_text(&self.sections());
        spawn_local(async move {
            let clipboard = window().navigator().clipboard();
            // Pages that came over plain HTTP from another machine have no clipboard.
            let is_there = !JsValue::from(clipboard.clone()).is_undefined();
            let copied = is_there && JsFuture::from(clipboard.write_text(&content)).await.is_ok();
            let said = if copied {
                text::COPIED
            } else {
                text::NOT_COPIED
            };
            self.said.set_text_content(Some(said));
        });
    }
}

/// The memory of the page's own program in bytes.
fn page_bytes() -> f64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    f64::from(buffer.byte_length())
}

/// The bytes that the page stores, and that it may store at most. Browsers do not report them to pages
/// that came over plain HTTP.
async fn storage() -> Option<(f64, f64)> {
    let storage = window().navigator().storage();
    if JsValue::from(storage.clone()).is_undefined() {
        return None;
    }
    let estimate = JsFuture::from(storage.estimate().ok()?).await.ok()?;
    let estimate: StorageEstimate = estimate.unchecked_into();
    Some((estimate.get_usage()?, estimate.get_quota()?))
}
