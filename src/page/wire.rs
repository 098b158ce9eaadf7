//! Messages as JavaScript values.

use js_sys::Reflect;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::protocol::{Reply, Request};

/// A preview without its pixels.
#[derive(Deserialize)]
struct PreviewHead {
    field: u32,
    width: u32,
    height: u32,
    description: String,
}

/// The value to post for a request.
pub(super) fn write(request: &Request) -> Result<JsValue, String> {
    request
        .serialize(&serde_wasm_bindgen::Serializer::new())
        .map_err(|error| error.to_string())
}

/// The reply that a posted value is.
///
/// serde reads an internally tagged enum through a buffer that cannot hold a JavaScript value, so
/// the one reply that carries such a value is read by hand.
pub(super) fn read(value: JsValue) -> Result<Reply, String> {
    let property = |name: &str| Reflect::get(&value, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if property("type").as_string().as_deref() != Some("preview") {
        return serde_wasm_bindgen::from_value(value).map_err(|error| error.to_string());
    }
    let rgba = property("rgba");
    let head: PreviewHead =
        serde_wasm_bindgen::from_value(value).map_err(|error| error.to_string())?;
    let PreviewHead {
        field,
        width,
        height,
        description,
    } = head;
    Ok(Reply::Preview {
        field,
        width,
        height,
        rgba,
        description,
    })
}
