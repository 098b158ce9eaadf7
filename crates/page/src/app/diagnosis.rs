//! What the diagnostics dialog is told.

use std::rc::Rc;

use super::App;
use crate::diagnostics::{Facts, Times};
use crate::entry::Entry;
use crate::text;
use cytolens_protocol::Request;

impl App {
    /// Opens the dialog with what is known, and asks the engine for the rest.
    pub(super) fn diagnose(self: &Rc<Self>) {
        let facts = {
            let state = self.state.borrow();
            let Some(opened) = &state.opened else {
                return self.diagnostics.open(Facts::default());
            };
            let device = text::device(&opened.device);
            let answers = state.entries.values().filter_map(Entry::answer);
            Facts {
                device: Some(opened.device.clone()),
                model: Some(opened.model.clone()),
                times: Times::of(answers.map(|answer| &**answer).filter(|answer| {
                    Rc::ptr_eq(&answer.model, &opened.model) && answer.device == device
                })),
                ..Facts::default()
            }
        };
        self.diagnostics.open(facts);
        // An engine that cannot be asked leaves its line as it is.
        self.engine.send(&Request::Diagnose).unwrap_or_default();
    }
}
