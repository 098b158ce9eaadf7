//! The facts that the diagnostics dialog shows.

use std::rc::Rc;

use super::App;
use crate::entry::DeskEntry;
use crate::facts::{EngineFacts, MedianTimes};
use crate::text;
use cytolens_protocol::Request;

impl App {
    /// Opens the dialog with the known facts, and asks the engine for the rest.
    pub(super) fn diagnose(self: &Rc<Self>) {
        let facts = {
            let session = self.session.borrow();
            let facts = session.open_model().map(|open| {
                let device = text::device(&open.device);
                let answers = session.entries().values().filter_map(DeskEntry::answer);
                EngineFacts {
                    device: Some(open.device.clone()),
                    model: Some(open.model.clone()),
                    times: MedianTimes::of(answers.map(|answer| &**answer).filter(|answer| {
                        Rc::ptr_eq(&answer.model, &open.model) && answer.device == device
                    })),
                    ..EngineFacts::default()
                }
            });
            facts.unwrap_or_default()
        };
        let has_engine = facts.device.is_some();
        self.diagnostics.open(facts);
        if has_engine {
            // An engine that cannot be asked leaves its line as it is.
            self.engine.send(&Request::Diagnose).unwrap_or_default();
        }
    }
}
