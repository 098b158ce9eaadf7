//! The dialog that tells what computes and how it fares, for whoever reports a fault.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, Event, HtmlDialogElement, StorageEstimate};

use super::answer::Answer;
use super::dom::{append, by_id, document, on, window};
use super::text::diagnostics as text;
use cytolens_protocol::{DeviceReport, ModelSummary};

/// What is known of the engine and of this page.
#[derive(Default)]
pub(super) struct Facts {
    /// The device, while one is in use.
    pub(super) device: Option<DeviceReport>,
    /// The model, while one is open.
    pub(super) model: Option<Rc<ModelSummary>>,
    /// The times of the fields that this model on this device answered.
    pub(super) times: Times,
    /// The engine's memory in bytes, once it has told.
    pub(super) engine_bytes: Option<f64>,
    /// What this page keeps, and may keep at most, in bytes, where the browser tells.
    pub(super) storage: Option<(f64, f64)>,
}

/// How long fields took, in milliseconds: reading them, the network, and the maps.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Times {
    /// How many fields these times are of.
    pub(super) fields: usize,
    /// The medians.
    pub(super) medians: [f64; 3],
}

impl Times {
    /// Of these answers.
    pub(super) fn of<'a>(answers: impl Iterator<Item = &'a Answer>) -> Self {
        let mut times: [Vec<f64>; 3] = Default::default();
        for answer in answers {
            for (times, time) in
                times
                    .iter_mut()
                    .zip([answer.decode_ms, answer.network_ms, answer.map_ms])
            {
                times.push(time);
            }
        }
        Self {
            fields: times[0].len(),
            medians: times.map(median),
        }
    }
}

/// The middle one; of an even number the upper of the two; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A heading and what stands below it: a name and a value each.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: Vec<(String, String)>,
}

/// The dialog in `index.html`.
pub(super) struct Diagnostics {
    dialog: HtmlDialogElement,
    report: Element,
    said: Element,
    facts: RefCell<Facts>,
}

impl Diagnostics {
    /// The dialog, closed. `on_open` is to call [`Diagnostics::open`].
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

    /// Shows what is known; the rest is added as it becomes known.
    pub(super) fn open(self: &Rc<Self>, facts: Facts) {
        self.facts.replace(facts);
        self.said.set_text_content(None);
        self.render();
        if !self.dialog.open() && self.dialog.show_modal().is_err() {
            return;
        }
        let made = self.clone();
        spawn_local(async move {
            if let Some(storage) = storage().await {
                made.facts.borrow_mut().storage = Some(storage);
                made.render();
            }
        });
    }

    /// Adds the engine's memory.
    pub(super) fn engine_told(&self, bytes: f64) {
        self.facts.borrow_mut().engine_bytes = Some(bytes);
        self.render();
    }

    fn sections(&self) -> Vec<Section> {
        let navigator = window().navigator();
        let browser = navigator.user_agent().unwrap_or_default();
        text::sections(&self.facts.borrow(), &browser, page_bytes())
    }

    fn render(&self) {
        self.report.set_text_content(None);
        let add = |parent: &Element, name: &str, content: &str| {
            if let Ok(element) = document().create_element(name) {
                element.set_text_content(Some(content));
                append(parent, &element);
            }
        };
        for section in self.sections() {
            add(&self.report, "h3", section.title);
            let Ok(list) = document().create_element("dl") else {
                return;
            };
            for (name, value) in &section.rows {
                add(&list, "dt", name);
                add(&list, "dd", value);
            }
            append(&self.report, &list);
        }
    }

    /// Copies all as text, and says whether that worked.
    fn copy(self: Rc<Self>) {
        let content = text::as_text(&self.sections());
        spawn_local(async move {
            let clipboard = window().navigator().clipboard();
            // Pages that came over plain HTTP from another machine have none.
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

/// What the page keeps, and may keep, in bytes. Pages that came over plain HTTP are not told.
async fn storage() -> Option<(f64, f64)> {
    let storage = window().navigator().storage();
    if JsValue::from(storage.clone()).is_undefined() {
        return None;
    }
    let estimate = JsFuture::from(storage.estimate().ok()?).await.ok()?;
    let estimate: StorageEstimate = estimate.unchecked_into();
    Some((estimate.get_usage()?, estimate.get_quota()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(decode_ms: f64, network_ms: f64, map_ms: f64) -> Answer {
        Answer {
            model: Rc::new(ModelSummary {
                name: String::new(),
                limits: String::new(),
                labels: Vec::new(),
                thresholds: Vec::new(),
                size: 64,
                composition: String::new(),
                architecture: String::new(),
                licence: String::new(),
                weights_sha256: String::new(),
            }),
            device: String::new(),
            probabilities: Vec::new(),
            present: Vec::new(),
            decode_ms,
            network_ms,
            map_ms,
        }
    }

    #[test]
    fn times_are_medians() {
        let answers = [
            answer(10.0, 900.0, 3.0),
            answer(500.0, 1_000.0, 2.0),
            answer(12.0, 950.0, 40.0),
        ];
        assert_eq!(
            Times::of(answers.iter()),
            Times {
                fields: 3,
                medians: [12.0, 950.0, 3.0],
            }
        );
        assert_eq!(Times::of([].iter()), Times::default());
    }
}
