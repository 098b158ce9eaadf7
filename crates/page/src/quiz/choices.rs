//! The form with the 28 locations to choose from, and 'none of these'.

use web_sys::{Element, HtmlFormElement, HtmlInputElement};

use crate::dom::{append, by_id, find, find_all, from_template, write};
use crate::text::quiz as text;
use cytolens_core::labels::{LOCATIONS, LabelSet};

/// The value of the box for no location.
const NONE: &str = "none";

/// The form `#quiz-form`.
pub(super) struct Choices {
    form: HtmlFormElement,
    boxes: Vec<HtmlInputElement>,
    none: HtmlInputElement,
}

impl Choices {
    /// The form in `index.html`, with a box for each location in its group.
    pub(super) fn new() -> Self {
        let form: HtmlFormElement = by_id("quiz-form");
        let groups: Element = by_id("quiz-groups");
        for (name, classes) in text::GROUPS {
            let group = from_template("quiz-group-template");
            write(&group, "legend", name);
            let list: Element = find(&group, "ul");
            for class in classes {
                let choice = from_template("quiz-choice-template");
                find::<HtmlInputElement>(&choice, "input").set_value(&class.to_string());
                write(&choice, ".name", LOCATIONS[*class]);
                append(&list, &choice);
            }
            append(&groups, &group);
        }
        Self {
            boxes: find_all(&groups, "input"),
            none: find(&form, "[value=\"none\"]"),
            form,
        }
    }

    /// Empties all boxes.
    pub(super) fn reset(&self) {
        self.form.reset();
    }

    /// Keeps 'none of these' and the locations exclusive after this box was changed.
    pub(super) fn changed(&self, input: &HtmlInputElement) {
        if !input.checked() {
            return;
        }
        if input.value() == NONE {
            for input in &self.boxes {
                input.set_checked(false);
            }
        } else {
            self.none.set_checked(false);
        }
    }

    /// The chosen locations; none where no box is checked.
    pub(super) fn chosen(&self) -> Option<LabelSet> {
        let chosen = self.boxes.iter().filter(|input| input.checked());
        let chosen = chosen.filter_map(|input| input.value().parse().ok());
        let set = LabelSet::from_classes(chosen).unwrap_or_default();
        (self.none.checked() || !set.is_empty()).then_some(set)
    }
}
