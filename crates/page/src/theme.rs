//! The theme of the page: light, dark, or the system's. One button switches it, and it is remembered.

use web_sys::{Element, Event};

use super::dom::{by_id, document, on, remember, remembered, remove_attribute, set_attribute};
use super::text;

/// The name under which the choice is remembered.
const KEY: &str = "cytolens-theme";

/// The themes in the order of the button's clicks; the empty one is the system's.
const THEMES: [&str; 3] = ["", "light", "dark"];

/// Shows the remembered theme and listens to the button.
pub(super) fn listen() {
    let chosen = remembered(KEY);
    let mut themes = THEMES.iter();
    let mut at = themes.position(|theme| *theme == chosen).unwrap_or(0);
    show(THEMES[at]);
    on(&by_id::<Element>("theme"), "click", move |_: Event| {
        at = (at + 1) % THEMES.len();
        show(THEMES[at]);
        remember(KEY, THEMES[at]);
    });
}

fn show(theme: &str) {
    if let Some(root) = document().document_element() {
        if theme.is_empty() {
            remove_attribute(&root, "data-theme");
        } else {
            set_attribute(&root, "data-theme", theme);
        }
    }
    let (name, label) = text::theme(theme);
    let button: Element = by_id("theme");
    button.set_text_content(Some(name));
    set_attribute(&button, "aria-label", label);
}
