//! Saving of files by the visitor's browser.

use js_sys::Array;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use crate::dom::{create, error_text, window};

/// The time for which a saved file's address is kept, in milliseconds: browsers may begin to read it
/// only after the click.
const KEPT_MS: i32 = 5000;

/// The content type of tables.
pub(crate) const CSV: &str = "text/csv;charset=utf-8";
/// The content type of documents.
pub(crate) const JSON: &str = "application/json";

/// Saves a text under this name.
///
/// # Errors
/// The browser's reason where it refuses.
pub(crate) fn save_text(name: &str, content: &str, kind: &str) -> Result<(), String> {
    let parts = Array::of1(&JsValue::from_str(content));
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options);
    save_blob(name, &blob.map_err(|error| error_text(&error))?)
}

/// Saves a blob under this name.
///
/// # Errors
/// The browser's reason where it refuses.
pub(crate) fn save_blob(name: &str, blob: &Blob) -> Result<(), String> {
    let save = || {
        let address = Url::create_object_url_with_blob(blob)?;
        let link: HtmlAnchorElement = create("a");
        link.set_href(&address);
        link.set_download(name);
        link.click();
        let revoke = Closure::once_into_js(move || Url::revoke_object_url(&address));
        window().set_timeout_with_callback_and_timeout_and_arguments_0(
            revoke.unchecked_ref(),
            KEPT_MS,
        )?;
        Ok(())
    };
    save().map_err(|error: JsValue| error_text(&error))
}

/// A text as part of a file's name: letters and digits, all else one dash.
pub(crate) fn in_file_name(text: &str) -> String {
    let parts: Vec<&str> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_hold_nothing_that_a_folder_would_not() {
        assert_eq!(
            in_file_name("First model, 80 fields"),
            "First-model-80-fields"
        );
        assert_eq!(in_file_name("../a\\b:c"), "a-b-c");
    }
}
