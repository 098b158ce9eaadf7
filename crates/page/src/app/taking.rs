//! What the page hands out to be saved and printed.

use std::rc::Rc;

use super::App;
use crate::entry::{Entry, Outcome};
use crate::export::{Export, Handlers, PictureComing, Row, Selected};
use crate::input::FieldInput;

impl App {
    /// The menu of what can be taken home.
    pub(super) fn open_export(self: &Rc<Self>) {
        let (rows, selected) = (self.clone(), self.clone());
        let (picture, say) = (self.clone(), self.clone());
        Export::new(Handlers {
            rows: Box::new(move || rows.rows()),
            selected: Box::new(move || selected.selected()),
            picture: Box::new(move || Box::pin(picture.detail.viewer.png()) as PictureComing),
            say: Box::new(move |what| say.desk.announce(what)),
        });
    }

    fn rows(&self) -> Vec<Row> {
        let state = self.state.borrow();
        let settled = state.entries.values().filter_map(|entry| {
            let outcome = match &entry.outcome {
                Outcome::Done(answer) => Ok(answer.clone()),
                Outcome::Refused(reason) => Err(reason.clone()),
                _ => return None,
            };
            Some(Row {
                id: entry.id.clone(),
                files: files(entry),
                outcome,
            })
        });
        settled.collect()
    }

    fn selected(&self) -> Option<Selected> {
        let state = self.state.borrow();
        let entry = state.entries.get(&state.selected?)?;
        Some(Selected {
            id: entry.id.clone(),
            files: files(entry),
            answer: entry.answer()?.clone(),
            map: self.detail.viewer.shown_label(),
        })
    }
}

/// The names of a field's files; none where they are no longer known.
fn files(entry: &Entry) -> String {
    entry
        .input
        .as_ref()
        .map(FieldInput::names)
        .unwrap_or_default()
}
