//! The selected field: its picture, its answer, or why there is none.

use web_sys::Element;

use super::dom::{by_id, find, set_attribute, set_hidden};
use super::entry::{Entry, Outcome};
use super::results::Results;
use super::text;
use super::viewer::Viewer;

/// The panel in `index.html`.
pub(super) struct Detail {
    root: Element,
    /// The picture.
    pub(super) viewer: Viewer,
    /// The answer.
    pub(super) results: Results,
}

impl Detail {
    /// The panel, hidden. `on_label` hears of the class whose evidence is to be shown.
    pub(super) fn new(on_label: impl Fn(Option<usize>) + 'static) -> Self {
        Self {
            root: by_id("detail"),
            viewer: Viewer::new(),
            results: Results::new(on_label),
        }
    }

    /// Shows a field that was not shown before; its picture is still to come.
    pub(super) fn open(&self, field: u32, entry: &Entry) {
        set_attribute(&self.root, "data-field", &field.to_string());
        set_attribute(&self.root, "data-id", &entry.id);
        self.part(".id").set_text_content(Some(&entry.id));
        self.viewer.clear(text::PICTURE_COMES);
        self.show(entry);
        set_hidden(&self.root, false);
    }

    /// Shows how far the field is.
    pub(super) fn show(&self, entry: &Entry) {
        set_attribute(&self.root, "data-state", entry.outcome.name());
        let is_working = matches!(entry.outcome, Outcome::Working);
        set_attribute(
            &self.root,
            "aria-busy",
            if is_working { "true" } else { "false" },
        );
        self.part(".state")
            .set_text_content(Some(text::state(&entry.outcome)));
        self.part(".source").set_text_content(Some(&entry.source));
        let reason = self.part(".reason");
        match &entry.outcome {
            Outcome::Refused(fault) => reason.set_text_content(Some(fault)),
            Outcome::Cancelled => reason.set_text_content(Some(text::WAS_CANCELLED)),
            _ => reason.set_text_content(None),
        }
        set_hidden(
            &reason,
            !matches!(entry.outcome, Outcome::Refused(_) | Outcome::Cancelled),
        );
        match &entry.outcome {
            Outcome::Done(answer) => self.results.show(answer),
            _ => self.results.clear(),
        }
    }

    /// Shows no field.
    pub(super) fn close(&self) {
        for attribute in ["data-field", "data-id", "data-state"] {
            self.root.remove_attribute(attribute).unwrap_or_default();
        }
        self.viewer.clear("");
        self.results.clear();
        set_hidden(&self.root, true);
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}
