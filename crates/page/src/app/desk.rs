//! What stands around the fields: how many there are, how far they are, and what is said of them.

use web_sys::{Element, HtmlButtonElement, HtmlProgressElement};

use crate::dom::{body, by_id, set_attribute, set_hidden, window};
use crate::text;

/// Down to which share of the window's height the fields' beginning counts as in sight.
const SEEN: f64 = 0.5;

/// How the fields stand.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Count {
    pub(super) all: usize,
    pub(super) done: usize,
    pub(super) refused: usize,
    pub(super) cancelled: usize,
    /// Not answered yet.
    pub(super) open: usize,
    /// Those that the visitor may have classified again.
    pub(super) stale: usize,
    pub(super) is_paused: bool,
    /// The milliseconds that the open ones will take, where known.
    pub(super) left: Option<f64>,
}

/// The elements around the fields.
pub(super) struct Desk {
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

impl Desk {
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

    /// Shows how the fields stand.
    pub(super) fn show(&self, count: Count) {
        let fields = match count.all {
            0 => "none",
            1 => "one",
            _ => "some",
        };
        set_attribute(&body(), "data-fields", fields);
        set_hidden(&self.root, count.all == 0);
        self.tally.set_text_content(Some(&text::tally(
            count.done,
            count.refused + count.cancelled,
            count.all,
        )));
        // A single field's progress is on its own panel.
        let is_busy = count.open > 0 && count.all > 1;
        set_hidden(&self.queue, !is_busy);
        if is_busy {
            self.progress.set_max(count.all as f64);
            self.progress.set_value((count.all - count.open) as f64);
            self.queue_line.set_text_content(Some(&text::queue(
                count.open,
                count.is_paused,
                count.left,
            )));
            self.pause
                .set_text_content(Some(text::pause(count.is_paused)));
            set_attribute(
                &self.pause,
                "aria-pressed",
                if count.is_paused { "true" } else { "false" },
            );
        }
        set_hidden(&self.rerun, count.stale == 0);
        if count.stale > 0 {
            self.rerun
                .set_text_content(Some(&text::classify_again(count.stale)));
        }
    }

    /// Brings the fields into sight, unless their beginning is.
    pub(super) fn reveal(&self) {
        let height = window().inner_height().ok().and_then(|it| it.as_f64());
        let top = self.root.get_bounding_client_rect().top();
        if !(0.0..height.unwrap_or(0.0) * SEEN).contains(&top) {
            self.root.scroll_into_view();
        }
    }

    /// Says something to those who listen instead of looking.
    pub(super) fn announce(&self, what: &str) {
        self.announcer.set_text_content(Some(what));
    }

    /// Tells, above everything, what the visitor should know.
    pub(super) fn notify(&self, what: &str) {
        self.notice.set_text_content(Some(what));
        set_hidden(&self.notice, false);
    }

    /// Milliseconds since the page began.
    pub(super) fn now(&self) -> f64 {
        window().performance().map_or(0.0, |clock| clock.now())
    }
}
