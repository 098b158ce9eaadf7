//! The lesson outlives a visit, in the browser's local storage. Where the browser keeps nothing, it lasts as long as the page.

use js_sys::JSON;

use super::lesson::Lesson;
use crate::dom::{remember, remembered};

const KEY: &str = "cytolens-lesson";

/// The lesson of an earlier visit.
pub(super) fn read() -> Lesson {
    let text = JSON::parse(&remembered(KEY)).ok();
    text.and_then(|text| serde_wasm_bindgen::from_value(text).ok())
        .unwrap_or_default()
}

/// Keeps a lesson in place of the one before.
pub(super) fn write(lesson: &Lesson) {
    let value = serde_wasm_bindgen::to_value(lesson).ok();
    if let Some(text) = value.and_then(|value| JSON::stringify(&value).ok()) {
        remember(KEY, &String::from(text));
    }
}
