//! Long work in short pieces.

use std::cell::Cell;

use crate::dom::{pause, window};

/// How long the page may work at a stretch, in milliseconds: well under the 50 that are felt.
const LONGEST: f64 = 10.0;

thread_local! {
    /// When the last pause ended.
    static SINCE: Cell<f64> = const { Cell::new(0.0) };
}

/// Lets the browser paint and react, if it could not for a while.
pub(super) async fn breathe() {
    let now = || window().performance().map_or(0.0, |clock| clock.now());
    if now() - SINCE.get() > LONGEST {
        pause().await;
        SINCE.set(now());
    }
}
