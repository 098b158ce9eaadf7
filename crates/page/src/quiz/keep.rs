//! Rounds that outlive a visit: one of each kind, in the browser's own storage.
//!
//! A browser that keeps nothing is no fault: a round then lasts as long as the page.

use js_sys::JSON;

use super::round::{Kind, Round};
use crate::dom::storage;

fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::Samples => "cytolens-quiz-samples",
        Kind::Desk => "cytolens-quiz-desk",
    }
}

/// The kept round of this kind.
pub(super) fn read(kind: Kind) -> Option<Round> {
    let text = storage()?.get_item(key(kind)).ok()??;
    let round: Round = serde_wasm_bindgen::from_value(JSON::parse(&text).ok()?).ok()?;
    (round.kind == kind).then_some(round)
}

/// Keeps a round in place of the last one of its kind.
pub(super) fn write(round: &Round) {
    let value = serde_wasm_bindgen::to_value(round).ok();
    let text = value.and_then(|value| JSON::stringify(&value).ok());
    if let Some((storage, text)) = storage().zip(text) {
        let text = String::from(text);
        storage.set_item(key(round.kind), &text).unwrap_or_default();
    }
}
