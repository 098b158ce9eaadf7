//! The strip of sample fields that come with the page.

use std::rc::Rc;

use js_sys::JSON;
use serde::Deserialize;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlButtonElement, HtmlImageElement};

use super::dom::{append, by_id, find, from_template, on, set_attribute, set_hidden};
use super::download::{self, DownloadError};
use super::input::NamedFile;
use super::text;

/// The folder of the samples, relative to the page.
const FOLDER: &str = "samples";

/// The mark of a button whose files are on their way.
const BUSY: &str = "aria-busy";

/// The list of samples, `samples.json`.
#[derive(Deserialize)]
struct List {
    samples: Vec<Sample>,
}

/// One sample: its files form one field.
#[derive(Deserialize)]
struct Sample {
    id: String,
    title: String,
    labels: Vec<String>,
    files: Vec<String>,
    thumbnail: String,
}

/// Fills the strip, or leaves it hidden where there are no samples. A click fetches a sample's
/// files and hands them to `accept`, or the sample's id and the fault to `refuse`.
pub(super) async fn show(
    accept: impl Fn(Vec<NamedFile>) + 'static,
    refuse: impl Fn(&str, &str) + 'static,
) {
    // No samples is no fault: a host may leave the folder out.
    let Ok(list) = download::text(&format!("{FOLDER}/samples.json")).await else {
        return;
    };
    let list = JSON::parse(&list)
        .ok()
        .and_then(|list| serde_wasm_bindgen::from_value::<List>(list).ok());
    let Some(List { samples }) = list.filter(|list| !list.samples.is_empty()) else {
        return;
    };
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
        find::<Element>(&item, ".title").set_text_content(Some(&sample.title));
        let labels = sample.labels.join(", ");
        if labels != sample.title {
            find::<Element>(&item, ".labels").set_text_content(Some(&labels));
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
                match fetch(&sample.files).await {
                    Ok(files) => accept(files),
                    Err(error) => refuse(&sample.id, &error.to_string()),
                }
                button.remove_attribute(BUSY).unwrap_or_default();
            });
        });
    }
    set_hidden(&by_id::<Element>("samples"), false);
}

async fn fetch(files: &[String]) -> Result<Vec<NamedFile>, DownloadError> {
    let mut fetched = Vec::new();
    for file in files {
        fetched.push((
            file.clone(),
            download::blob(&format!("{FOLDER}/{file}")).await?,
        ));
    }
    Ok(fetched)
}
