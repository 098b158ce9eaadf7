//! The evidence for a label, laid over the selected field's picture.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::entry::DeskEntry;
use crate::text;
use crate::viewer::MapOverlay;
use cytolens_protocol::Maps;

impl App {
    /// Lays the evidence for a class over the picture, or takes it away.
    pub(super) fn show_evidence(self: &Rc<Self>, class: Option<usize>) {
        self.colour_cells(class);
        let Some(class) = class else {
            return self.detail.viewer.show_map(None);
        };
        let Some(field) = self.session.borrow().selected() else {
            return;
        };
        let app = self.clone();
        spawn_local(async move {
            let maps = app.maps(field).await;
            let Some(label) = app.label(field, class) else {
                return;
            };
            if maps.is_none() {
                app.desk.notify(text::MAPS_GONE);
            }
            let overlay = maps.map(|maps| {
                let area = maps.side * maps.side;
                // A class is a number of the network's, far below what u32 holds.
                let from = class as u32 * area;
                MapOverlay {
                    label,
                    side: maps.side,
                    values: maps.values.subarray(from, from + area).to_vec(),
                }
            });
            app.detail.viewer.show_map(overlay);
        });
    }

    /// The label of a class in a field's answer, while the field is selected.
    fn label(&self, field: u32, class: usize) -> Option<String> {
        let session = self.session.borrow();
        let entry = session.entry(field)?;
        let is_selected = session.selected() == Some(field);
        is_selected.then(|| Some(entry.answer()?.label(class).to_owned()))?
    }

    /// The maps of a field that the page holds.
    pub(super) fn held_maps(&self, field: u32) -> Option<Rc<Maps>> {
        let held = |entry: &DeskEntry| Some(entry.maps.as_ref()?.maps.clone());
        self.session.borrow().entry(field).and_then(held)
    }

    /// The maps of a field, from the page or from the store.
    pub(super) async fn maps(self: &Rc<Self>, field: u32) -> Option<Rc<Maps>> {
        let maps = self.held_maps(field);
        if maps.is_some() {
            return maps;
        }
        let maps = Rc::new(self.store.maps(field).await?);
        self.change(|session| session.hold_maps(field, maps.clone(), true));
        Some(maps)
    }
}
