//! The strip of sample fields that come with the page.

use std::rc::Rc;

use js_sys::JSON;
use serde::Deserialize;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlButtonElement, HtmlImageElement};

use super::dom::{
    append, by_id, find, from_template, on, remove_attribute, set_attribute, set_hidden, write,
};
use super::download::{self, DownloadError};
use super::input::{self, Lot, NamedFile};
use super::text;

/// The folder of the samples, relative to the page.
const FOLDER: &str = "samples";

/// The attribute of a button whose files are on their way.
const BUSY: &str = "aria-busy";

/// The list of samples, `samples.json`.
#[derive(Deserialize)]
struct SampleList {
    samples: Vec<Sample>,
}

/// One sample: its files form one field.
#[derive(Deserialize)]
pub(super) struct Sample {
    pub(super) id: String,
    title: String,
    pub(super) labels: Vec<String>,
    files: Vec<String>,
    thumbnail: String,
}

impl Sample {
    /// Downloads its files.
    pub(super) async fn fetch(&self) -> Result<Vec<NamedFile>, DownloadError> {
        let mut fetched = Vec::new();
        for file in &self.files {
            fetched.push((
                file.clone(),
                download::blob(&format!("{FOLDER}/{file}")).await?,
            ));
        }
        Ok(fetched)
    }
}

/// Downloads the list of samples; empty where the site's host has left them out.
pub(super) async fn list() -> Vec<Sample> {
    let Ok(list) = download::text(&format!("{FOLDER}/samples.json")).await else {
        return Vec::new();
    };
    let list = JSON::parse(&list)
        .ok()
        .and_then(|list| serde_wasm_bindgen::from_value::<SampleList>(list).ok());
    list.map_or_else(Vec::new, |list| list.samples)
}

/// Fills the strip, or leaves it hidden where there are no samples. A click downloads a sample's
/// files and hands them to `accept`, or the sample's id and the fault to `refuse`.
pub(super) async fn show(accept: impl Fn(Lot) + 'static, refuse: impl Fn(&str, &str) + 'static) {
    let samples = list().await;
    if samples.is_empty() {
        return;
    }
    let (accept, refuse) = (Rc::new(accept), Rc::new(refuse));
    let strip: Element = by_id("sample-list");
    for sample in samples {
        let item = from_template("sample-template");
        let button: HtmlButtonElement = find(&item, "button");
        set_attribute(&button, "data-sample", &sample.id);
        set_attribute(
            &button,
            "aria-label",
            &text::sample_label(&sample.title, &sample.labels),
        );
        find::<HtmlImageElement>(&item, "img").set_src(&format!("{FOLDER}/{}", sample.thumbnail));
        write(&item, ".title", &sample.title);
        let labels = sample.labels.join(", ");
        if labels != sample.title {
            write(&item, ".labels", &labels);
        }
        append(&strip, &item);
        let (accept, refuse, sample) = (accept.clone(), refuse.clone(), Rc::new(sample));
        on(&button.clone(), "click", move |_: Event| {
            // Not disabled: a disabled button would lose the keyboard's focus.
            if button.has_attribute(BUSY) {
                return;
            }
            let (accept, refuse, sample, button) = (
                accept.clone(),
                refuse.clone(),
                sample.clone(),
                button.clone(),
            );
            set_attribute(&button, BUSY, "true");
            spawn_local(async move {
                match sample.fetch().await {
                    Ok(files) => accept(input::lot(files).await),
                    Err(error) => refuse(&sample.id, &error.to_string()),
                }
                remove_attribute(&button, BUSY);
            });
        });
    }
    set_hidden(&by_id::<Element>("samples"), false);
}
