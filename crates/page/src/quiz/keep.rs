//! Rounds that outlive a visit: one of each kind, in the browser's local storage.
//!
//! Where the browser keeps nothing, a round lasts as long as the page.

use js_sys::JSON;

use super::round::{Round, RoundKind};
use crate::dom::{remember, remembered};

/// The name under which rounds of a kind are kept.
fn key(kind: RoundKind) -> &'static str {
    match kind {
        RoundKind::Samples => "cytolens-quiz-samples",
        RoundKind::Desk => "cytolens-quiz-desk",
    }
}

/// The kept round of this kind.
pub(super) fn read(kind: RoundKind) -> Option<Round> {
    let text = JSON::parse(&remembered(key(kind))).ok()?;
    let round: Round = serde_wasm_bindgen::from_value(text).ok()?;
    (round.kind == kind).then_some(round)
}

/// Keeps a round in place of the one before of its kind.
pub(super) fn write(round: &Round) {
    let value = serde_wasm_bindgen::to_value(round).ok();
    let text = value.and_then(|value| JSON::stringify(&value).ok());
    if let Some(text) = text {
        remember(key(round.kind), &String::from(text));
    }
}
