//! Pauses in long work.

use std::cell::Cell;

use crate::dom::{now_ms, pause};

/// The longest time that the page may work at a stretch, in milliseconds: well under the 50 that are felt.
const LONGEST: f64 = 10.0;

thread_local! {
    /// The end of the last pause.
    static SINCE: Cell<f64> = const { Cell::new(0.0) };
}

/// Lets the browser paint and react, if it could not for a while.
pub(crate) async fn breathe() {
    if now_ms() - SINCE.get() > LONGEST {
        pause().await;
        SINCE.set(now_ms());
    }
}
