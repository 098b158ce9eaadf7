//! The elements around the fields: their tally, the queue's progress, notices and announcements.

use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlProgressElement};

use crate::dom::{
    append, body, by_id, create, emptied, find, focus, set_attribute, set_flag, set_hidden,
    set_text, show_in_turn, shown, window, write,
};
use crate::session::Tally;
use crate::text;

/// The share of the window's height above which the fields' beginning counts as in sight.
const SEEN: f64 = 0.5;

/// The elements around the fields in `index.html`.
pub(super) struct DeskPanel {
    root: Element,
    tally: Element,
    queue: Element,
    queue_line: Element,
    progress: HtmlProgressElement,
    pause: HtmlButtonElement,
    rerun: Element,
    announcer: Element,
    notice: Element,
}

impl DeskPanel {
    /// The elements in `index.html`.
    pub(super) fn new() -> Self {
        Self {
            root: by_id("desk"),
            tally: by_id("tally"),
            queue: by_id("queue"),
            queue_line: by_id("queue-line"),
            progress: by_id("queue-progress"),
            pause: by_id("pause"),
            rerun: by_id("rerun"),
            announcer: by_id("announcer"),
            notice: by_id("notice"),
        }
    }

    /// Shows the tally of the fields.
    pub(super) fn show(&self, tally: Tally) {
        let fields = match tally.all {
            0 => "none",
            1 => "one",
            _ => "some",
        };
        set_attribute(&body(), "data-fields", fields);
        let first = match tally.all {
            0 => "#main",
            1 => "#detail-title",
            _ => "#fields",
        };
        set_attribute(&by_id("skip"), "href", first);
        match tally.all {
            0 => set_hidden(&self.root, true),
            _ => show_in_turn(&self.root),
        }
        self.tally.set_text_content(Some(&text::tally(
            tally.done,
            tally.refused + tally.cancelled,
            tally.all,
        )));
        // A single field's progress is on its own panel.
        let is_busy = tally.open > 0 && tally.all > 1;
        set_hidden(&self.queue, !is_busy);
        if is_busy {
            self.progress.set_max(tally.all as f64);
            self.progress.set_value((tally.all - tally.open) as f64);
            self.queue_line.set_text_content(Some(&text::queue(
                tally.open,
                tally.is_paused,
                tally.left,
            )));
            self.pause
                .set_text_content(Some(text::pause(tally.is_paused)));
            set_flag(&self.pause, "aria-pressed", tally.is_paused);
        }
        set_hidden(&by_id("dark"), tally.dark.is_none());
        if let Some((fields, bits)) = tally.dark {
            set_text(&by_id("dark-text"), &text::input::dark(fields, bits));
            set_text(&by_id("dark-read"), &text::input::read_dark(bits));
        }
        set_hidden(&by_id("scale"), tally.of_other_scale == 0);
        if tally.of_other_scale > 0 {
            let said = text::input::of_other_scale(tally.of_other_scale);
            set_text(&by_id("scale-text"), &said);
        }
        set_hidden(&self.rerun, tally.stale == 0);
        if tally.stale > 0 {
            self.rerun
                .set_text_content(Some(&text::classify_again(tally.stale)));
        }
    }

    /// Brings the fields into sight, unless their beginning is, once all of the desk is shown.
    pub(super) async fn reveal(&self) {
        shown(&self.root).await;
        let height = window().inner_height().ok().and_then(|it| it.as_f64());
        let top = self.root.get_bounding_client_rect().top();
        if !(0.0..height.unwrap_or(0.0) * SEEN).contains(&top) {
            self.root.scroll_into_view();
        }
    }

    /// Lists the files that belong to no field: a name or a title each, and the reason.
    pub(super) fn list_passed_over<'a>(&self, files: impl Iterator<Item = (&'a str, &'a str)>) {
        let panel: Element = by_id("passed-over");
        let list = emptied(find(&panel, "ul"));
        let mut count = 0;
        for (name, reason) in files {
            let item: Element = create("li");
            set_attribute(&item, "data-name", name);
            set_text(&item, reason);
            append(&list, &item);
            count += text::input::count_of(name);
        }
        write(&panel, "summary", &text::passed_over(count));
        set_hidden(&panel, list.child_element_count() == 0);
    }

    /// Offers to take a removal back, or withdraws the offer.
    pub(super) fn offer_undo(&self, said: &str) {
        let panel: Element = by_id("undo");
        write(&panel, "p", said);
        for button in [by_id("undo-take-back"), by_id("undo-close")] {
            let button: Element = button;
            set_hidden(&button, said.is_empty());
        }
    }

    /// Moves the focus to that offer.
    pub(super) fn focus_undo(&self) {
        focus(&by_id::<HtmlElement>("undo-take-back"));
    }

    /// Announces something to screen readers.
    pub(super) fn announce(&self, what: &str) {
        self.announcer.set_text_content(Some(what));
    }

    /// Shows a notice to the visitor above everything else.
    pub(super) fn notify(&self, notice: &str) {
        self.notice.set_text_content(Some(notice));
        set_hidden(&self.notice, false);
    }
}
