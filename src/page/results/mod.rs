//! The answer of the selected field: its labels, and every location's probability.

use web_sys::{Element, HtmlElement};

use crate::page::answer::Answer;
use crate::page::dom::{append, by_id, find, from_template, set_attribute, set_hidden};
use crate::page::text;

/// The panel in `index.html`.
pub(super) struct Results {
    root: Element,
}

impl Results {
    /// The panel, empty. `on_label` hears of the class whose evidence is to be shown.
    pub(super) fn new(_on_label: impl Fn(Option<usize>) + 'static) -> Self {
        Self {
            root: by_id("answer"),
        }
    }

    /// Shows no answer.
    pub(super) fn clear(&self) {
        set_hidden(&self.root, true);
    }

    /// Shows an answer.
    pub(super) fn show(&self, answer: &Answer) {
        let chips: Element = find(&self.root, ".chips");
        chips.set_text_content(None);
        let present = answer.present_ranked();
        for &class in &present {
            append(&chips, &chip(class, answer));
        }
        let ranked = answer.ranked();
        let note: Element = find(&self.root, ".none-present");
        if let (true, Some(&best)) = (present.is_empty(), ranked.first()) {
            note.set_text_content(Some(text::NONE_PRESENT));
            let guess = chip(best, answer);
            guess.set_class_name("guess");
            append(&chips, &guess);
        }
        set_hidden(&note, !present.is_empty());
        let bars: Element = find(&self.root, ".bars");
        bars.set_text_content(None);
        for class in ranked {
            append(&bars, &bar(class, answer));
        }
        let took = text::took(answer.decode_ms, answer.network_ms, &answer.device);
        find::<Element>(&self.root, ".took").set_text_content(Some(&took));
        set_hidden(&self.root, false);
    }
}

fn chip(class: usize, answer: &Answer) -> Element {
    let chip = from_template("chip-template");
    set_attribute(&chip, "data-class", &class.to_string());
    find::<Element>(&chip, ".name").set_text_content(Some(answer.label(class)));
    let percent = text::percent(answer.probability(class));
    find::<Element>(&chip, ".probability").set_text_content(Some(&percent));
    chip
}

fn bar(class: usize, answer: &Answer) -> Element {
    let bar = from_template("bar-template");
    let (probability, threshold) = (answer.probability(class), answer.threshold(class));
    set_attribute(&bar, "data-class", &class.to_string());
    set_attribute(&bar, "data-probability", &probability.to_string());
    let is_present = answer.present.contains(&class);
    set_attribute(
        &bar,
        "data-present",
        if is_present { "true" } else { "false" },
    );
    find::<Element>(&bar, ".name").set_text_content(Some(answer.label(class)));
    find::<Element>(&bar, ".probability").set_text_content(Some(&text::probability(probability)));
    find::<Element>(&bar, ".threshold").set_text_content(Some(&text::probability(threshold)));
    let style = find::<HtmlElement>(&bar, ".track").style();
    for (property, value) in [("--probability", probability), ("--threshold", threshold)] {
        style
            .set_property(property, &value.clamp(0.0, 1.0).to_string())
            .unwrap_or_default();
    }
    bar
}
