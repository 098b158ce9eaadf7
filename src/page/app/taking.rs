//! What the page hands out to be saved and printed.

use std::rc::Rc;

use js_sys::JSON;
use serde::Deserialize;

use super::App;
use crate::page::entry::{Entry, Outcome};
use crate::page::export::{Export, Handlers, PictureComing, Provenance, Row, Selected};
use crate::page::input::FieldInput;
use crate::protocol::ModelSummary;

/// What a manifest says beside the model's summary.
#[derive(Deserialize)]
struct Manifest {
    name: String,
    licence: String,
    weights: Weights,
}

#[derive(Deserialize)]
struct Weights {
    sha256: String,
}

impl App {
    /// The menu of what can be taken home.
    pub(super) fn open_export(self: &Rc<Self>) {
        let (rows, selected) = (self.clone(), self.clone());
        let (picture, provenance, say) = (self.clone(), self.clone(), self.clone());
        Export::new(Handlers {
            rows: Box::new(move || rows.rows()),
            selected: Box::new(move || selected.selected()),
            picture: Box::new(move || {
                let app = picture.clone();
                Box::pin(async move {
                    let state = app.state.borrow();
                    let entry = state.entries.get(&state.selected?)?;
                    entry.thumbnail.clone()
                }) as PictureComing
            }),
            provenance: Box::new(move |model| provenance.provenance(model)),
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
            map: None,
        })
    }

    /// What the manifest says of the model that is open; nothing of others.
    fn provenance(&self, model: &ModelSummary) -> Provenance {
        let state = self.state.borrow();
        let manifest = state.package.as_ref().and_then(|package| {
            let manifest = JSON::parse(&package.manifest).ok()?;
            serde_wasm_bindgen::from_value::<Manifest>(manifest).ok()
        });
        match manifest.filter(|manifest| manifest.name == model.name) {
            Some(manifest) => Provenance {
                licence: Some(manifest.licence),
                weights_sha256: Some(manifest.weights.sha256),
            },
            None => Provenance::default(),
        }
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
