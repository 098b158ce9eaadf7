//! Unpacking of archives' entries, just before they are needed.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader, ReadableWritablePair};

use super::field_input::Content;
use crate::dom::{error_text, property, window};
use crate::text::input as text;
use cytolens_archive::reasons;
use cytolens_core::MAX_FILE_BYTES;

impl Content {
    /// Whether the file is larger than any that is read.
    pub(crate) fn is_too_large(&self) -> bool {
        let bytes = self.inflated_bytes.unwrap_or_else(|| self.blob.size());
        bytes > MAX_FILE_BYTES as f64
    }

    /// The bytes, unpacked. `name` is for error messages.
    ///
    /// # Errors
    /// The reason, naming the file, for one larger than any that is read, and for the entry of an archive
    /// that does not unpack to the length that its archive says. Unpacking stops as soon as it exceeds that.
    pub(crate) async fn unpacked(&self, name: &str) -> Result<Blob, String> {
        let unpacked = match self.inflated_bytes {
            // Else its reader would ask for as much memory first.
            _ if self.is_too_large() => Err(text::too_large_file(MAX_FILE_BYTES as u64)),
            None => Ok(self.blob.clone()),
            Some(bytes) => inflated(&self.blob, bytes).await,
        };
        unpacked.map_err(|reason| text::of_file(&reason, name))
    }
}

async fn inflated(packed: &Blob, expected: f64) -> Result<Blob, String> {
    let failed = |error: JsValue| text::not_unpacked(&error_text(&error));
    let unpacked = packed.stream().pipe_through(&inflater().map_err(failed)?);
    let reader: ReadableStreamDefaultReader = unpacked.get_reader().unchecked_into();
    let parts = Array::new();
    let mut bytes = 0.0;
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(failed)?;
        // The end has no value.
        let Ok(part) = property(&part, "value").dyn_into::<Uint8Array>() else {
            break;
        };
        bytes += f64::from(part.length());
        if bytes > expected.min(MAX_FILE_BYTES as f64) {
            // Nobody waits for the end of it.
            drop(reader.cancel());
            return Err(reasons::UNPACKS_TO_MORE.to_owned());
        }
        parts.push(&part);
    }
    if bytes < expected {
        return Err(reasons::UNPACKS_TO_LESS.to_owned());
    }
    Blob::new_with_u8_array_sequence(&parts).map_err(failed)
}

/// A `DecompressionStream` of the form that archives have, which is a pair of streams. web-sys keeps
/// its type behind a compiler flag.
fn inflater() -> Result<ReadableWritablePair, JsValue> {
    let class: Function = property(&window(), "DecompressionStream").dyn_into()?;
    let stream = Reflect::construct(&class, &Array::of1(&"deflate-raw".into()))?;
    Ok(stream.unchecked_into())
}
