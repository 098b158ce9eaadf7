//! The lesson outlives a visit, in the browser's local storage; where the browser keeps nothing, it lasts as long as the page. Heads
//! are files. The browser reads and writes the JSON of both.

use js_sys::JSON;
use serde::Serialize;
use serde_wasm_bindgen::from_value;

use super::lesson::Lesson;
use crate::dom::{error_text, remember, remembered};
use cytolens_core::plain::reason;
use cytolens_similar::{Head, HeadVersion};

const KEY: &str = "cytolens-lesson";

/// The lesson of an earlier visit.
pub(super) fn read() -> Lesson {
    let text = JSON::parse(&remembered(KEY)).ok();
    let lesson = text.and_then(|text| from_value(text).ok());
    lesson.filter(Lesson::is_sound).unwrap_or_default()
}

/// Keeps a lesson in place of the one before.
pub(super) fn write(lesson: &Lesson) {
    if let Ok(text) = text(lesson) {
        remember(KEY, &text);
    }
}

/// A value as JSON.
///
/// # Errors
/// The browser's reason.
pub(super) fn text(value: &impl Serialize) -> Result<String, String> {
    let value = serde_wasm_bindgen::to_value(value).map_err(|error| error.to_string())?;
    let text = JSON::stringify(&value).map_err(|error| error_text(&error))?;
    Ok(String::from(text))
}

/// The head in a file.
///
/// # Errors
/// The reason why it is none.
pub(super) fn head(text: &str) -> Result<Head, String> {
    let value = JSON::parse(text).map_err(|error| error_text(&error))?;
    let unlike = |error: serde_wasm_bindgen::Error| reason(&error.to_string());
    let version: HeadVersion = from_value(value.clone()).map_err(unlike)?;
    version.check().map_err(|error| error.to_string())?;
    let file = from_value(value).map_err(unlike)?;
    Head::of(file).map_err(|error| error.to_string())
}
