//! Long work in short pieces.

use std::cell::Cell;

use crate::page::dom::{pause, window};

/// How long the page may work at a stretch, in milliseconds: well under the 50 that are felt.
const LONGEST: f64 = 12.0;

/// Lets the browser paint and react, as often as needed.
pub(super) struct Breath {
    since: Cell<f64>,
}

impl Breath {
    pub(super) fn new() -> Self {
        Self {
            since: Cell::new(now()),
        }
    }

    /// Pauses, if the last pause was long ago.
    pub(super) async fn take(&self) {
        if now() - self.since.get() > LONGEST {
            pause().await;
            self.since.set(now());
        }
    }
}

fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
