//! The drawn cell: parts that are present light up, and every part can be chosen.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventInit, HtmlElement, KeyboardEvent, SvgElement};

use super::callouts::{self, Anchor};
use super::{LABELLED, class_of};
use crate::answer::Answer;
use crate::dom::{
    append, around, attribute, find, find_all, from_template, on, remove_attribute, report,
    set_attribute, set_flag, set_hidden, set_style,
};
use crate::{download, text};

/// The drawing's address, relative to the page.
const FILE: &str = "cell.svg";

/// The attributes of a part while the model knows its label.
const WHILE_KNOWN: [&str; 6] = [
    "data-class",
    "data-lit",
    "role",
    "tabindex",
    "aria-label",
    "aria-pressed",
];

/// The figure in `#answer`.
pub(super) struct DrawnCell {
    root: Element,
    drawing: Element,
    names: Element,
}

impl DrawnCell {
    /// The figure, hidden until it has a drawing and an answer.
    pub(super) fn new(answer: &Element) -> Self {
        let cell = Self {
            root: find(answer, ".cell"),
            drawing: find(answer, ".drawing"),
            names: find(answer, ".callouts"),
        };
        cell.listen();
        cell
    }

    /// Fetches the drawing. Without it the page has chips and bars alone.
    pub(super) async fn download(&self) {
        let drawing = download::text(FILE).await.unwrap_or_default();
        // Some hosts answer with their start page where a file is missing.
        if drawing.contains("<svg") && !drawing.contains("<html") {
            self.drawing.set_inner_html(&drawing);
            for shape in self.parts("[data-location] :not(.body, .core, title)") {
                widen(&shape);
            }
        }
    }

    /// Lights up the parts that are present. The figure is hidden where the model knows none of its parts.
    pub(super) fn show(&self, answer: &Answer) {
        let mut drawn = Vec::new();
        for part in self.parts("[data-location]") {
            let location = attribute(&part, "data-location");
            let labels = &answer.model.labels;
            let Some(class) = labels.iter().position(|label| *label == location) else {
                for attribute in WHILE_KNOWN {
                    remove_attribute(&part, attribute);
                }
                continue;
            };
            set_attribute(&part, "data-class", &class.to_string());
            set_flag(&part, "data-lit", answer.present().contains(&class));
            set_attribute(&part, "role", "button");
            set_flag(&part, "aria-pressed", false);
            set_attribute(&part, "aria-label", &text::results::part(answer, class));
            // The arrow keys go from one part to the next: one stop for the tabulator is enough.
            set_attribute(&part, "tabindex", if drawn.is_empty() { "0" } else { "-1" });
            drawn.push(class);
            let strength = answer.probability(class).to_string();
            set_style(&part.style(), "--strength", &strength);
        }
        set_hidden(&self.root, drawn.is_empty());
        let mut lit = answer.present_ranked();
        lit.retain(|class| drawn.contains(class));
        let lit: Vec<&str> = lit.iter().map(|class| answer.label(*class)).collect();
        for svg in self.parts("svg") {
            set_attribute(&svg, "role", "group");
            set_attribute(&svg, "aria-label", &text::results::cell(&lit));
        }
    }

    /// Writes the names of the present parts, and of the chosen one, beside the drawing.
    pub(super) fn name(&self, answer: &Answer, chosen: Option<usize>) {
        let mut anchors: Vec<Anchor> = Vec::new();
        for part in self.parts(LABELLED) {
            let Some(class) = class_of(&part) else {
                continue;
            };
            let is_named = answer.present().contains(&class) || chosen == Some(class);
            if is_named && let Some(anchor) = Anchor::parse(class, &attribute(&part, "data-at")) {
                callouts::insert(&mut anchors, anchor);
            }
        }
        callouts::spread(&mut anchors);
        self.names.set_text_content(None);
        let mut lines = String::new();
        for anchor in &anchors {
            let name = from_template("callout-template");
            name.set_text_content(Some(answer.label(anchor.class)));
            name.set_class_name(if anchor.is_left() { "left" } else { "right" });
            if chosen == Some(anchor.class) {
                set_attribute(&name, "data-chosen", "");
            }
            append(&self.names, &name);
            if let Some(name) = name.dyn_ref::<HtmlElement>() {
                set_style(&name.style(), "--height", &anchor.height().to_string());
            }
            lines += &anchor.line();
        }
        for leaders in self.parts(".leaders") {
            leaders.set_inner_html(&lines);
        }
    }

    fn parts(&self, selector: &str) -> Vec<SvgElement> {
        find_all(&self.drawing, selector)
    }

    fn listen(&self) {
        let pointed: Element = find(&self.root, ".pointed");
        for (event, is_on) in [
            ("pointerover", true),
            ("focusin", true),
            ("pointerout", false),
            ("focusout", false),
        ] {
            let pointed = pointed.clone();
            on(&self.drawing, event, move |event: Event| {
                let part = around(&event, LABELLED).filter(|_| is_on);
                let name = part.and_then(|part| part.get_attribute("aria-label"));
                pointed.set_text_content(name.as_deref());
            });
        }
        let drawing = self.drawing.clone();
        on(&self.drawing, "keydown", move |event: KeyboardEvent| {
            let Some(part) = around(&event, LABELLED) else {
                return;
            };
            let steps = match event.key().as_str() {
                "ArrowRight" | "ArrowDown" => 1,
                "ArrowLeft" | "ArrowUp" => -1,
                "Enter" | " " => {
                    event.prevent_default();
                    return press(&part);
                }
                _ => return,
            };
            event.prevent_default();
            focus_from(&drawing, &part, steps);
        });
    }
}

/// Lays an unseen, broader copy below a shape, for a thin line is hard to hit.
fn widen(shape: &SvgElement) {
    if let (Ok(copy), Some(part)) = (shape.clone_node(), shape.parent_element()) {
        set_attribute(copy.unchecked_ref(), "class", "reach");
        report(part.insert_before(&copy, part.first_child().as_ref()));
    }
}

/// Clicks a part, which the keyboard alone would not: it is no button.
fn press(part: &Element) {
    let init = EventInit::new();
    init.set_bubbles(true);
    if let Ok(click) = Event::new_with_event_init_dict("click", &init) {
        report(part.dispatch_event(&click));
    }
}

/// Moves the focus so many parts on, around the end.
fn focus_from(drawing: &Element, part: &Element, steps: isize) {
    let parts: Vec<SvgElement> = find_all(drawing, LABELLED);
    let is_this = |other: &SvgElement| part.is_same_node(Some(other));
    let Some(at) = parts.iter().position(is_this) else {
        return;
    };
    // There are as many parts as labels: isize holds far more.
    let to = (at as isize + steps).rem_euclid(parts.len() as isize) as usize;
    set_attribute(part, "tabindex", "-1");
    set_attribute(&parts[to], "tabindex", "0");
    report(parts[to].focus());
}
