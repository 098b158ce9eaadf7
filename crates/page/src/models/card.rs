//! The model card: what a package says of itself, in a dialog that prints well.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement};

use super::blocks::{Table, blocks, per_class};
use super::draw::{self, add};
use super::manifest::Manifest;
use super::node::Node;
use crate::dom::{by_id, document, set_attribute, set_hidden, window};
use crate::text::models as text;

/// The dialog's id.
pub(super) const DIALOG: &str = "model-card";

/// Fills the card and opens it. Own packages can be removed.
pub(super) fn show(manifest: &Manifest, is_own: bool) {
    let say = |id: &str, text: &str| by_id::<Element>(id).set_text_content(Some(text));
    let emptied = |id: &str| {
        let element: Element = by_id(id);
        element.set_text_content(None);
        element
    };
    let (name, classes) = (&manifest.name, manifest.labels.len());
    say("card-name", name);
    let Manifest { size, planes, .. } = *manifest;
    say(
        "card-summary",
        &text::summary(&manifest.architecture, classes, size, planes),
    );
    let has_limits = !manifest.limits.trim().is_empty();
    say(
        "card-limits",
        if has_limits {
            &manifest.limits
        } else {
            text::NO_LIMITS
        },
    );

    said(&emptied("card-scores"), &manifest.metrics, classes);
    said(&emptied("card-origin"), &manifest.provenance, 0);

    let network = [
        (
            text::ARCHITECTURE,
            text::architecture(&manifest.architecture),
        ),
        (text::INPUT, &text::input(size, planes)),
        (text::COMPOSITION, &text::composition(&manifest.composition)),
        (text::HEAD, text::head(&manifest.head)),
        (
            text::NORMALISED,
            &text::normalised(&manifest.mean, &manifest.std),
        ),
    ];
    draw::facts(&emptied("card-network"), network);
    say("card-classes-title", &text::classes(classes));
    draw::table(
        &emptied("card-classes"),
        text::CLASS,
        &class_table(manifest),
    );

    say("card-licence", &manifest.licence);
    let attribution = emptied("card-attribution");
    for line in &manifest.attribution {
        add(&attribution, "li", line);
    }
    let files = [
        (text::WEIGHTS, text::weights(manifest.bytes)),
        (text::CHECKSUM, manifest.sha256.clone()),
        (text::KNOWN_ANSWERS, text::known_answers(&manifest.goldens)),
    ];
    draw::facts(
        &emptied("card-files"),
        files.iter().map(|(term, fact)| (*term, &**fact)),
    );

    say("card-question", &text::asks_to_remove(name));
    set_hidden(&by_id("card-remove"), !is_own);
    set_hidden(&by_id("card-sure"), true);
    let dialog: HtmlDialogElement = by_id(DIALOG);
    dialog.show_modal().unwrap_or_default();
    dialog.set_scroll_top(0);
}

/// What a package says of something, or that it says nothing.
fn said(place: &Element, node: &Node, classes: usize) {
    match node.text() {
        Some(words) => drop(add(place, "p", words)),
        None => {
            let blocks = blocks(node, classes);
            if blocks.is_empty() {
                add(place, "p", text::SAYS_NOTHING);
            }
            draw::blocks(place, text::SCORES, &blocks, 0);
        }
    }
}

/// Every class with its threshold and what was counted of it.
fn class_table(manifest: &Manifest) -> Table {
    let mut table = Table::new(text::CLASS.to_owned(), manifest.labels.iter().cloned());
    let thresholds: Vec<Node> = manifest
        .thresholds
        .iter()
        .copied()
        .map(Node::Number)
        .collect();
    let column: Vec<Option<&Node>> = thresholds.iter().map(Some).collect();
    table.push(text::THRESHOLD.to_owned(), &column);
    for (title, node) in per_class(&manifest.metrics, manifest.labels.len()) {
        let column: Vec<Option<&Node>> =
            node.items().unwrap_or_default().iter().map(Some).collect();
        table.push(title, &column);
    }
    table
}

/// Does what a button of the card is for, and tells whether the model is to be removed.
pub(super) fn clicked(dialog: &HtmlDialogElement, event: &Event) -> bool {
    let Some(target) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return false;
    };
    // Only the ground around the card has the dialog itself as its target.
    if target == **AsRef::<HtmlElement>::as_ref(dialog) {
        dialog.close();
    }
    let button = target.closest("button").ok().flatten();
    let act = button.and_then(|button| button.get_attribute("data-act"));
    match act.as_deref() {
        Some("close") => dialog.close(),
        Some("print") => print(),
        Some("ask") => {
            set_hidden(&by_id("card-sure"), false);
            focus("card-leave");
        }
        Some("leave") => {
            set_hidden(&by_id("card-sure"), true);
            focus("card-remove");
        }
        Some("remove") => {
            dialog.close();
            return true;
        }
        _ => {}
    }
    false
}

fn focus(id: &str) {
    by_id::<HtmlElement>(id).focus().unwrap_or_default();
}

/// Prints the card with all its parts open: paper cannot open them.
fn print() {
    let parts = document().query_selector_all("#model-card details");
    if let Ok(parts) = parts {
        for part in (0..parts.length()).filter_map(|at| parts.get(at)) {
            set_attribute(part.unchecked_ref(), "open", "");
        }
    }
    // Where printing is forbidden nothing happens, and nothing is lost.
    window().print().unwrap_or_default();
}
