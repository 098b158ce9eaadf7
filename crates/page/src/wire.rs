//! Messages as JavaScript values.

use serde::Serialize;
use wasm_bindgen::JsValue;

use cytolens_protocol::{Reply, Request};

/// Converts a request to the value to post.
pub(super) fn write(request: &Request) -> Result<JsValue, String> {
    request
        .serialize(&serde_wasm_bindgen::Serializer::new())
        .map_err(|error| error.to_string())
}

/// Reads the reply from a posted value.
pub(super) fn read(value: JsValue) -> Result<Reply, String> {
    serde_wasm_bindgen::from_value(value).map_err(|error| error.to_string())
}
