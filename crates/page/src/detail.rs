//! The panel of the selected field: its picture, and its answer or the reason why there is none.

use web_sys::Element;

use super::dom::{
    by_id, find, remove_attribute, set_attribute, set_flag, set_hidden, set_text, write,
};
use super::entry::{DeskEntry, FieldState};
use super::results::Results;
use super::text;
use super::viewer::Viewer;
use cytolens_core::Channel;

/// The panel in `index.html`.
pub(super) struct Detail {
    root: Element,
    /// The picture.
    pub(super) viewer: Viewer,
    /// The answer.
    pub(super) results: Results,
}

impl Detail {
    /// The panel, hidden. `on_label` is called with the class whose evidence is to be shown: at a click,
    /// and while an answer is shown of which the visitor has chosen a label.
    pub(super) fn new(on_label: impl Fn(Option<usize>) + 'static) -> Self {
        Self {
            root: by_id("detail"),
            viewer: Viewer::new(),
            results: Results::new(on_label),
        }
    }

    /// Shows another field; its picture is still to come.
    pub(super) fn open(&self, field: u32, entry: &DeskEntry) {
        set_attribute(&self.root, "data-field", &field.to_string());
        set_attribute(&self.root, "data-id", &entry.id);
        write(&self.root, ".id", &entry.id);
        self.viewer.clear(text::PICTURE_COMES);
        self.show(entry);
        set_hidden(&self.root, false);
    }

    /// Shows the field's state.
    pub(super) fn show(&self, entry: &DeskEntry) {
        let state = &entry.state;
        set_attribute(&self.root, "data-state", state.name());
        set_flag(
            &self.root,
            "aria-busy",
            matches!(state, FieldState::Working),
        );
        write(&self.root, ".state", text::state(state));
        write(&self.root, ".source", &entry.source);
        let reason: Element = find(&self.root, ".reason");
        let line = match state {
            FieldState::Refused(fault) => Some(fault.as_str()),
            FieldState::Cancelled => Some(text::WAS_CANCELLED),
            _ => None,
        };
        reason.set_text_content(line);
        set_hidden(&reason, line.is_none());
        match state {
            FieldState::Done(answer) => self.results.show(answer),
            _ => self.results.clear(),
        }
    }

    /// Offers to have a channel painted that the field lacks, by a painter that is better than a linear mix or is not, or to
    /// take the paint away; nothing where `missing` is none.
    pub(super) fn offer_paint(&self, entry: &DeskEntry, missing: Option<Channel>, is_better: bool) {
        let part: Element = by_id("paint");
        set_hidden(&part, missing.is_none());
        let Some(channel) = missing else { return };
        let is_painted = entry.answer().is_some_and(|it| !it.painted().is_empty());
        let about = text::painting::about(channel, is_painted, is_better);
        write(&part, ".about", &about);
        let switch: Element = by_id("paint-switch");
        set_hidden(&switch, !is_better && !entry.paint);
        set_text(&switch, &text::painting::switch(channel, entry.paint));
        // Not hidden meanwhile: it may have the focus.
        set_flag(&switch, "aria-disabled", entry.is_open());
    }

    /// Shows no field.
    pub(super) fn close(&self) {
        for attribute in ["data-field", "data-id", "data-state"] {
            remove_attribute(&self.root, attribute);
        }
        self.viewer.clear("");
        self.results.clear();
        set_hidden(&self.root, true);
    }
}
