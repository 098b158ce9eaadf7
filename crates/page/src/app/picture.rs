//! The selected field: which one it is, its picture, and where its evidence lies.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::asides::Hearer;
use super::{App, Shared};
use crate::entry::Entry;
use crate::text;
use crate::viewer::{MapOverlay, Picture};
use cytolens_protocol::{Maps, Plate, Request};

/// How often the engine may break while it reads a field's picture before it is not asked again.
const VIEW_CRASHES: u32 = 2;

/// The longest side of a picture in the viewer, in pixels: every pixel of the atlas's fields.
const VIEW_SIDE: u32 = 2048;

impl Shared {
    /// The engine broke: the picture that it was asked for may be why.
    pub(super) fn blame_view(&mut self) {
        if let Some(field) = self.viewing.take() {
            self.view_crashes = match self.view_crashes {
                (Some(blamed), crashes) if blamed == field => (Some(field), crashes + 1),
                _ => (Some(field), 1),
            };
        }
    }
}

impl App {
    /// Shows a field in the panel.
    pub(super) fn select(self: &Rc<Self>, field: u32) {
        let mut state = self.state.borrow_mut();
        if state.selected == Some(field) || !state.entries.contains_key(&field) {
            return;
        }
        state.selected = Some(field);
        state.maps = None;
        self.gallery.mark(Some(field));
        if let Some(entry) = state.entries.get(&field) {
            self.detail.open(field, entry);
        }
        drop(state);
        self.view();
    }

    /// Selects the field so many places further in the gallery.
    pub(super) fn turn(self: &Rc<Self>, steps: isize) {
        let field = {
            let state = self.state.borrow();
            let shown = &state.shown;
            let at = shown
                .iter()
                .position(|shown| Some(*shown) == state.selected);
            let to = at.map_or(Some(0), |at| at.checked_add_signed(steps));
            to.and_then(|to| shown.get(to)).copied()
        };
        if let Some(field) = field {
            self.select(field);
        }
    }

    /// Asks the engine for the selected field's picture.
    pub(super) fn view(self: &Rc<Self>) {
        let (field, worker) = {
            let state = self.state.borrow();
            match state.selected {
                Some(field) if state.is_listening => (field, state.worker),
                // It is asked for when the worker starts.
                _ => return,
            }
        };
        if self.state.borrow().view_crashes == (Some(field), VIEW_CRASHES) {
            return self.not_viewed(field, text::PICTURE_BREAKS);
        }
        let app = self.clone();
        spawn_local(async move {
            let Some(input) = app.input(field).await else {
                return app.not_viewed(field, text::IMAGES_GONE);
            };
            let files = match input.unpacked().await {
                Ok(files) => files,
                Err(reason) => return app.not_viewed(field, &reason),
            };
            let is_wanted = {
                let state = app.state.borrow();
                state.selected == Some(field) && state.worker == worker
            };
            if !is_wanted {
                return;
            }
            app.state.borrow_mut().viewing = Some(field);
            if let Err(error) = app.engine.send(&Request::View {
                field,
                id: input.id.clone(),
                files,
                order: input.order.clone(),
                side: VIEW_SIDE,
            }) {
                app.not_viewed(field, &text::not_sent(&input.names(), &error));
            }
        });
    }

    pub(super) fn viewed(
        &self,
        field: u32,
        (width, height): (u32, u32),
        (full_width, full_height): (u32, u32),
        bits: u32,
        plates: Vec<Plate>,
    ) {
        let mut picture = Picture {
            id: String::new(),
            width,
            height,
            full_width,
            full_height,
            bits,
            plates,
        };
        if let Some(Hearer::Picture(hear)) = self.take_aside(field) {
            return hear(Ok(picture));
        }
        let mut state = self.state.borrow_mut();
        state.viewing = None;
        if state.selected != Some(field) {
            return;
        }
        let Some(Entry { id, .. }) = state.entries.get(&field) else {
            return;
        };
        picture.id.clone_from(id);
        self.detail.viewer.show(picture);
    }

    pub(super) fn not_viewed(&self, field: u32, reason: &str) {
        self.state.borrow_mut().viewing = None;
        if self.state.borrow().selected == Some(field) {
            self.detail.viewer.clear(reason);
        }
    }

    /// Keeps a field's maps: in the store, where there is one.
    pub(super) fn keep_maps(&self, field: u32, maps: Maps) {
        let maps = Rc::new(maps);
        let mut state = self.state.borrow_mut();
        if self.store.is_open() {
            self.store.keep_maps(field, &maps);
        } else {
            state.unkept_maps.insert(field, maps.clone());
        }
        if state.selected == Some(field) {
            state.maps = Some((field, maps));
        }
    }

    /// Lays the evidence for a class over the picture, or takes it away.
    pub(super) fn show_evidence(self: &Rc<Self>, class: Option<usize>) {
        let Some(class) = class else {
            return self.detail.viewer.show_map(None);
        };
        let app = self.clone();
        spawn_local(async move {
            let Some(field) = app.state.borrow().selected else {
                return;
            };
            let maps = app.maps(field).await;
            let state = app.state.borrow();
            let label = match state.entries.get(&field).and_then(Entry::answer) {
                Some(answer) if state.selected == Some(field) => answer.label(class).to_owned(),
                _ => return,
            };
            drop(state);
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

    /// The maps of a field, from where they are.
    async fn maps(&self, field: u32) -> Option<Rc<Maps>> {
        {
            let state = self.state.borrow();
            if let Some((of, maps)) = &state.maps
                && *of == field
            {
                return Some(maps.clone());
            }
            if let Some(maps) = state.unkept_maps.get(&field) {
                return Some(maps.clone());
            }
        }
        let maps = Rc::new(self.store.maps(field).await?);
        let mut state = self.state.borrow_mut();
        if state.selected == Some(field) {
            state.maps = Some((field, maps.clone()));
        }
        Some(maps)
    }

    /// Orders the whole gallery anew.
    pub(super) fn arrange(&self) {
        let mut state = self.state.borrow_mut();
        let (sort, filter) = (self.gallery.sort(), self.gallery.filter());
        let mut shown: Vec<(u32, &Entry)> = state
            .entries
            .iter()
            .map(|(field, entry)| (*field, entry))
            .filter(|(_, entry)| filter.admits(entry))
            .collect();
        shown.sort_by(|a, b| sort.compare(*a, *b));
        let shown: Vec<u32> = shown.into_iter().map(|(field, _)| field).collect();
        self.gallery.arrange(&shown);
        state.shown = shown;
    }

    /// Puts one field where it belongs in the gallery.
    pub(super) fn place(&self, field: u32) {
        let mut state = self.state.borrow_mut();
        let (sort, filter) = (self.gallery.sort(), self.gallery.filter());
        let mut shown = std::mem::take(&mut state.shown);
        shown.retain(|shown| *shown != field);
        let Some(entry) = state.entries.get(&field) else {
            state.shown = shown;
            return;
        };
        let is_visible = filter.admits(entry);
        let at = shown.partition_point(|other| {
            let other = (*other, state.entries.get(other));
            matches!(other, (number, Some(other))
                if sort.compare((number, other), (field, entry)).is_lt())
        });
        let before = shown.get(at).copied();
        if is_visible {
            shown.insert(at, field);
        }
        state.shown = shown;
        self.gallery.place(field, is_visible, before);
    }
}
