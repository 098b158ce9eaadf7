//! The views of all fields: gallery, table and plate, as the session has them.

use std::rc::Rc;

use web_sys::Element;

use super::App;
use crate::dom::{by_id, set_flag, set_text};
use crate::listing::Touch;
use crate::session::{Session, View};
use crate::sieve::Wish;
use crate::text;

impl App {
    /// Does what the visitor does with tiles and rows.
    pub(super) fn touch(self: &Rc<Self>, touch: Touch) {
        self.change(|session| match touch {
            Touch::Look(field) => session.select(field),
            Touch::Toggle(field) => session.toggle_chosen(field),
            Touch::Beside(field) => session.choose_beside(field),
            Touch::UpTo(field) => session.choose_to(field),
            Touch::All => session.choose_all(),
            Touch::Go(from, step, true) => session.go_choosing(from, step),
            Touch::Go(from, step, false) => session.go(from, step),
        });
    }

    /// Shows which fields are chosen, and what can be done with them.
    pub(super) fn show_chosen(&self) {
        let session = self.session.borrow();
        self.gallery.show_chosen(&session);
        self.table.show_chosen(&session);
        self.sieve.show_chosen(&session);
    }

    /// Does what the visitor wishes of the views.
    pub(super) fn wish(self: &Rc<Self>, wish: Wish) {
        self.change(|session| match wish {
            Wish::View(view) => session.set_view(view),
            Wish::Sort(sort) => session.set_sort(sort),
            Wish::Labelled(labelled) => session.filter_labels(labelled),
            Wish::ToggleLabel(labelled) => session.toggle_label(labelled),
            Wish::Text(text) => session.filter_text(&text),
            Wish::ShowAll => session.show_all(),
        });
    }

    /// Follows a scroll of the list that is seen, or another size of it.
    pub(super) fn follow(self: &Rc<Self>, is_resized: bool) {
        // A size that changes because of what is written meanwhile is followed by the next change.
        if let Ok(session) = self.session.try_borrow() {
            match session.view() {
                View::Gallery => self.gallery.follow(&session, is_resized),
                View::Table => self.table.rows.follow(&session, is_resized),
                View::Plate => {}
            }
        }
    }

    /// Shows the fields that are to be shown, in the view that is chosen.
    pub(super) fn arrange(&self) {
        let session = self.session.borrow();
        let view = session.view();
        // What is gone is let go at once, in every view.
        let is_empty = session.shown().is_empty();
        if is_empty || view == View::Gallery {
            self.gallery.arrange(&session);
        }
        if is_empty || view == View::Table {
            self.table.arrange(&session);
        }
        self.sieve.show_none(&session);
    }

    /// Marks the selected field.
    pub(super) fn mark(&self, field: u32) {
        let session = self.session.borrow();
        self.gallery.mark(field, &session);
        self.table.rows.mark(field, &session);
    }

    /// Brings a field into sight and gives it the focus; false where the view does not show it.
    pub(super) fn focus(&self, field: u32) -> bool {
        let session = self.session.borrow();
        match session.view() {
            View::Gallery => self.gallery.focus(field, &session),
            View::Table => self.table.rows.focus(field, &session),
            View::Plate => false,
        }
    }

    /// Shows a field's thumbnail.
    pub(super) fn show_thumbnail(&self, field: u32) {
        let session = self.session.borrow();
        let entry = session.entry(field);
        if let Some(thumbnail) = entry.and_then(|entry| entry.thumbnail.as_ref()) {
            self.gallery.show_thumbnail(field, thumbnail);
            self.table.rows.show_thumbnail(field, thumbnail);
        }
    }

    /// Shows the numbers of the fields.
    pub(super) fn count(&self) {
        let session = self.session.borrow();
        self.desk.show(session.tally());
        self.sieve.count(&session);
        self.show_plate(&session);
    }

    /// Shows the plate, where it is the view.
    pub(super) fn show_plate(&self, session: &Session) {
        if session.view() == View::Plate {
            self.plate.show(session);
        }
    }

    /// Keeps the picture that is shown beside others, or lets it go.
    pub(super) fn show_pinned(&self) {
        let session = self.session.borrow();
        let pinned = session.pinned().and_then(|field| session.entry(field));
        let button: Element = by_id("pin");
        set_text(&button, text::overview::pin(pinned.is_some()));
        set_flag(&button, "aria-pressed", pinned.is_some());
        let is_alone = session.pinned() == session.selected();
        let line = pinned.map(|entry| text::overview::pinned(&entry.id, &entry.state, is_alone));
        let id = pinned.map(|entry| &*entry.id);
        self.detail.viewer.pin(id.zip(line.as_deref()));
    }
}
