//! A bar for every label: probability and threshold, by probability or in anatomical order.

use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::atlas::Atlas;
use crate::answer::Answer;
use crate::dom::{
    append, around, by_id, closest, find, find_all, focus, from_template, has_modifier, moved, on,
    remember, remembered, set_attribute, set_flag, set_hidden, write,
};
use crate::text;

/// The name under which the browser remembers the order.
const REMEMBERED: &str = "cytolens.bars";
/// The order that is remembered. The other, by probability, is the first.
const ANATOMY: &str = "anatomy";

/// The bars and the choice of their order.
pub(super) struct Bars {
    list: Element,
    choice: Element,
    by_anatomy: HtmlInputElement,
}

impl Bars {
    /// The bars in `#answer`, in the order remembered.
    pub(super) fn new(answer: &Element) -> Self {
        let bars = Self {
            list: find(answer, ".bar-list"),
            choice: find(answer, ".bar-order"),
            by_anatomy: by_id("by-anatomy"),
        };
        // A browser that keeps nothing starts with the likeliest, every time.
        bars.by_anatomy
            .set_checked(remembered(REMEMBERED) == ANATOMY);
        bars.listen();
        bars
    }

    /// Remembers the order that the visitor has just chosen.
    pub(super) fn remember(&self) {
        let is_anatomy = self.by_anatomy.checked();
        remember(REMEMBERED, if is_anatomy { ANATOMY } else { "" });
    }

    /// Shows a bar for every label of the answer's model.
    pub(super) fn show(&self, answer: &Answer, atlas: &Atlas) {
        self.list.set_text_content(None);
        let labels = &answer.model.labels;
        // With no label known there is no anatomy.
        let has_anatomy = labels.iter().any(|label| atlas.location(label).is_some());
        set_hidden(&self.choice, !has_anatomy);
        if has_anatomy && self.by_anatomy.checked() {
            for group in atlas.groups(labels) {
                self.append_group(group.name, group.classes, answer, atlas);
            }
        } else {
            self.append_group("", answer.ranked(), answer, atlas);
        }
        if let Some(first) = find_all::<Element>(&self.list, ".bar").first() {
            set_attribute(first, "tabindex", "0");
        }
    }

    /// All bars are one stop of the tabulator: arrows lead from one to the next.
    fn listen(&self) {
        let list = self.list.clone();
        on(&self.list, "focusin", move |event: Event| {
            if let Some(bar) = around(&event, ".bar") {
                for former in find_all::<Element>(&list, ".bar[tabindex='0']") {
                    set_attribute(&former, "tabindex", "-1");
                }
                set_attribute(&bar, "tabindex", "0");
            }
        });
        let list = self.list.clone();
        on(&self.list, "keydown", move |event: KeyboardEvent| {
            let Some(bar) = around(&event, ".bar").filter(|_| !has_modifier(&event)) else {
                return;
            };
            let bars: Vec<HtmlElement> = find_all(&list, ".bar");
            let at = bars.iter().position(|other| bar.is_same_node(Some(other)));
            let to = at.and_then(|at| moved(&event.key(), at, bars.len(), 1));
            if let Some(to) = to {
                event.prevent_default();
                focus(&bars[to]);
            }
        });
    }

    fn append_group(&self, name: &str, classes: Vec<usize>, answer: &Answer, atlas: &Atlas) {
        let group = from_template("bar-group-template");
        let title: Element = find(&group, "h5");
        title.set_text_content(Some(name));
        set_hidden(&title, name.is_empty());
        let list: Element = find(&group, ".bars");
        // They appear with the panel, where that has yet to.
        let is_waiting = closest(&self.list, "#answer[hidden] .all-bars[data-waits]").is_some();
        for class in classes {
            let bar = bar(class, answer, atlas);
            if is_waiting {
                set_attribute(&bar, "data-waits", "answer");
            }
            append(&list, &bar);
        }
        append(&self.list, &group);
    }
}

fn bar(class: usize, answer: &Answer, atlas: &Atlas) -> Element {
    let item = from_template("bar-template");
    let bar: Element = find(&item, ".bar");
    let (probability, threshold) = (answer.probability(class), answer.threshold(class));
    set_attribute(&bar, "data-class", &class.to_string());
    set_attribute(&bar, "data-probability", &probability.to_string());
    set_flag(&bar, "data-present", answer.present().contains(&class));
    if let Some(location) = atlas.location(answer.label(class)) {
        set_attribute(&bar, "title", &location.meaning);
    }
    write(&bar, ".name", answer.label(class));
    write(&bar, ".probability", &text::probability(probability));
    write(&bar, ".threshold", &text::probability(threshold));
    let style = find::<HtmlElement>(&bar, ".track").style();
    // Both at once: a model may have a thousand labels.
    style.set_css_text(&format!(
        "--probability:{};--threshold:{}",
        probability.clamp(0.0, 1.0),
        threshold.clamp(0.0, 1.0)
    ));
    item
}
