//! What is done to many fields at once, or to one for good: pause, cancel, classify again, clear, remove.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::{App, Shared};
use crate::entry::{Entry, Outcome};
use crate::text;

impl App {
    /// Holds the queue, or lets it go on.
    pub(super) fn toggle_pause(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let is_paused = !state.queue.is_paused();
        state.queue.pause(is_paused);
        state.pace.start(self.desk.now());
        drop(state);
        self.count();
        self.feed();
    }

    /// Gives up the fields that wait.
    pub(super) fn cancel(self: &Rc<Self>) {
        let cancelled = self.state.borrow_mut().queue.cancel();
        for &field in &cancelled {
            let mut state = self.state.borrow_mut();
            if let Some(entry) = state.entries.get_mut(&field) {
                entry.outcome = Outcome::Cancelled;
                self.keep(field, entry);
            }
            drop(state);
            self.show(field);
        }
        self.arrange();
        self.count();
        self.desk.announce(&text::said_cancelled(cancelled.len()));
    }

    /// Classifies again what was given up or answered by another model.
    pub(super) fn rerun(self: &Rc<Self>) {
        let stale: Vec<u32> = {
            let state = self.state.borrow();
            let fields = state.entries.iter();
            fields
                .filter(|(_, entry)| state.is_stale(entry))
                .map(|(field, _)| *field)
                .collect()
        };
        let app = self.clone();
        spawn_local(async move {
            let mut without_images = 0;
            for field in stale {
                if app.input(field).await.is_none() {
                    without_images += 1;
                    continue;
                }
                let mut state = app.state.borrow_mut();
                let Some(entry) = state.entries.get_mut(&field).filter(|it| !it.is_open()) else {
                    continue;
                };
                entry.outcome = Outcome::Waiting;
                if state.queue.len() == 0 {
                    state.pace.start(app.desk.now());
                }
                state.queue.push(field);
                drop(state);
                app.show(field);
            }
            if without_images > 0 {
                app.desk.notify(&text::not_classified_again(without_images));
            }
            app.count();
            app.feed();
        });
    }

    /// Takes all fields away, here and from the store.
    pub(super) fn clear(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        state.queue.clear();
        state.entries.clear();
        state.shown.clear();
        state.selected = None;
        state.maps = None;
        state.unkept_maps.clear();
        state.clearings += 1;
        drop(state);
        self.store.clear();
        self.gallery.clear();
        self.detail.close();
        self.desk.announce(text::SAID_CLEARED);
        self.count();
    }

    /// Takes the selected field away; the next one is selected.
    pub(super) fn remove_selected(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let Some(field) = state.selected.take() else {
            return;
        };
        let position = state.shown.iter().position(|shown| *shown == field);
        state.shown.retain(|shown| *shown != field);
        let next = position
            .and_then(|position| state.shown.get(position).or(state.shown.last()))
            .copied();
        state.queue.forget(field);
        state.entries.remove(&field);
        state.unkept_maps.remove(&field);
        drop(state);
        self.store.remove(field);
        self.gallery.remove(field);
        match next {
            Some(next) => {
                self.select(next);
                self.gallery.focus(next);
            }
            None => self.detail.close(),
        }
        self.count();
        self.feed();
    }
}

impl Shared {
    /// Whether a field was given up, or answered by another model than the one that is open.
    pub(super) fn is_stale(&self, entry: &Entry) -> bool {
        match &entry.outcome {
            Outcome::Cancelled => true,
            Outcome::Done(answer) => self
                .opened
                .as_ref()
                .is_some_and(|opened| !Rc::ptr_eq(&opened.model, &answer.model)),
            _ => false,
        }
    }
}
