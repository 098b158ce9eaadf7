//! Light, dark, or as the system says: one button, remembered.

use web_sys::{Element, Event};

use super::dom::{by_id, document, on, set_attribute, storage};
use super::text;

/// Where the choice is remembered.
const KEY: &str = "cytolens-theme";

/// The themes in the order of the button's clicks; none is the system's.
const THEMES: [Option<&str>; 3] = [None, Some("light"), Some("dark")];

/// Shows the remembered theme and listens to the button.
pub(super) fn listen() {
    let remembered = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    let mut at = THEMES
        .iter()
        .position(|theme| *theme == remembered.as_deref())
        .unwrap_or(0);
    show(THEMES[at]);
    on(&by_id::<Element>("theme"), "click", move |_: Event| {
        at = (at + 1) % THEMES.len();
        show(THEMES[at]);
        if let Some(storage) = storage() {
            // Without a place to remember, the choice lasts as long as the page.
            match THEMES[at] {
                Some(theme) => storage.set_item(KEY, theme),
                None => storage.remove_item(KEY),
            }
            .unwrap_or_default();
        }
    });
}

fn show(theme: Option<&str>) {
    if let Some(root) = document().document_element() {
        match theme {
            Some(theme) => set_attribute(&root, "data-theme", theme),
            None => root.remove_attribute("data-theme").unwrap_or_default(),
        }
    }
    let (name, label) = text::theme(theme);
    let button: Element = by_id("theme");
    button.set_text_content(Some(name));
    set_attribute(&button, "aria-label", label);
}
