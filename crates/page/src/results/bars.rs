//! A bar for every label: probability and threshold, by probability or in anatomical order.

use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::atlas::Atlas;
use crate::answer::Answer;
use crate::dom::{append, by_id, find, from_template, set_attribute, set_hidden, storage};
use crate::text;

/// Under which name the browser remembers the order.
const REMEMBERED: &str = "cytolens.bars";
/// The order that is not the first one.
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
        let remembered = storage().and_then(|storage| storage.get_item(REMEMBERED).ok().flatten());
        bars.by_anatomy
            .set_checked(remembered.as_deref() == Some(ANATOMY));
        bars
    }

    /// Remembers the order that the visitor has just chosen.
    pub(super) fn remember(&self) {
        if let Some(storage) = storage() {
            let order = if self.by_anatomy.checked() {
                ANATOMY
            } else {
                ""
            };
            storage.set_item(REMEMBERED, order).unwrap_or_default();
        }
    }

    /// Shows a bar for every label of the answer's model.
    pub(super) fn show(&self, answer: &Answer, atlas: &Atlas) {
        self.list.set_text_content(None);
        let labels = &answer.model.labels;
        // With no label known there is no anatomy.
        let has_anatomy = labels.iter().any(|label| atlas.location(label).is_some());
        set_hidden(&self.choice, !has_anatomy);
        if !(has_anatomy && self.by_anatomy.checked()) {
            return self.append_group("", answer.ranked(), answer, atlas);
        }
        for group in atlas.groups(labels) {
            self.append_group(group.name, group.classes, answer, atlas);
        }
    }

    fn append_group(&self, name: &str, classes: Vec<usize>, answer: &Answer, atlas: &Atlas) {
        let group = from_template("bar-group-template");
        let title: Element = find(&group, "h5");
        title.set_text_content(Some(name));
        set_hidden(&title, name.is_empty());
        let list: Element = find(&group, ".bars");
        for class in classes {
            append(&list, &bar(class, answer, atlas));
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
    let present = answer.present.contains(&class);
    set_attribute(&bar, "data-present", if present { "true" } else { "false" });
    if let Some(location) = atlas.location(answer.label(class)) {
        set_attribute(&bar, "title", &location.meaning);
    }
    let write = |part, text: &str| find::<Element>(&bar, part).set_text_content(Some(text));
    write(".name", answer.label(class));
    write(".probability", &text::probability(probability));
    write(".threshold", &text::probability(threshold));
    let style = find::<HtmlElement>(&bar, ".track").style();
    // Both at once: a model may have a thousand labels.
    style.set_css_text(&format!(
        "--probability:{};--threshold:{}",
        probability.clamp(0.0, 1.0),
        threshold.clamp(0.0, 1.0)
    ));
    item
}
