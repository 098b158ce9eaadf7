//! The model card: a package's description of itself, in a dialog that prints well.

use web_sys::{Element, Event, HtmlDialogElement};

use super::blocks::{FigureTable, blocks, per_class};
use super::draw::{self, add};
use super::manifest::{Manifest, Member};
use super::node::Node;
use crate::dom::{
    around, attribute, by_id, emptied, find_all, focus, open_dialog, set_boolean, set_hidden,
    set_text, target, window,
};
use crate::text::models as text;

/// The card's dialog.
pub(super) fn dialog() -> HtmlDialogElement {
    by_id("model-card")
}

/// Fills the card and opens it. Own packages can be removed.
pub(super) fn show(manifest: &Manifest, is_own: bool) {
    let (name, classes) = (&manifest.name, manifest.labels.len());
    set_text(&by_id("card-name"), name);
    let Manifest { size, planes, .. } = *manifest;
    let summary = match manifest.members.len() {
        0 => text::summary(&manifest.architecture, classes, size, planes),
        count => text::summary_of_several(manifest.is_stack, count, classes),
    };
    set_text(&by_id("card-summary"), &summary);
    let has_limits = !manifest.limits.trim().is_empty();
    set_text(
        &by_id("card-limits"),
        if has_limits {
            &manifest.limits
        } else {
            text::NO_LIMITS
        },
    );

    describe(&emptied(by_id("card-scores")), &manifest.metrics, classes);
    describe(&emptied(by_id("card-origin")), &manifest.provenance, 0);

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
    let place = emptied(by_id("card-network"));
    if manifest.members.is_empty() {
        draw::facts(&place, network);
    } else {
        add(&place, "p", text::together(manifest.is_stack));
        let members = manifest.members.iter();
        let members: Vec<String> = members.map(|it| member(it, manifest.is_stack)).collect();
        let names = manifest.members.iter().map(|member| &*member.name);
        draw::facts(&place, names.zip(members.iter().map(|it| &**it)));
    }
    set_text(&by_id("card-classes-title"), &text::classes(classes));
    draw::table(
        &emptied(by_id("card-classes")),
        text::CLASS,
        &class_table(manifest),
    );

    set_text(&by_id("card-licence"), &manifest.licence);
    let attribution = emptied(by_id("card-attribution"));
    for line in &manifest.attribution {
        add(&attribution, "li", line);
    }
    let files = [
        (text::WEIGHTS, text::weights(manifest.bytes)),
        (text::CHECKSUM, manifest.sha256.clone()),
        (text::KNOWN_ANSWERS, text::known_answers(&manifest.goldens)),
    ];
    draw::facts(
        &emptied(by_id("card-files")),
        files.iter().map(|(term, fact)| (*term, &**fact)),
    );

    set_text(&by_id("card-question"), &text::asks_to_remove(name));
    set_hidden(&by_id("card-remove"), !is_own);
    set_hidden(&by_id("card-sure"), true);
    let dialog = dialog();
    open_dialog(&dialog);
    dialog.set_scroll_top(0);
}

/// A network of an ensemble in words; of a stack without its share, which says nothing.
fn member(member: &Member, is_stack: bool) -> String {
    text::member(
        (!is_stack).then_some(member.share),
        &member.architecture,
        &member.composition,
        member.size,
    )
}

/// Writes a package's own words on something, or that it has none.
fn describe(place: &Element, node: &Node, classes: usize) {
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

/// The classes with their thresholds and scores.
fn class_table(manifest: &Manifest) -> FigureTable {
    let mut table = FigureTable::new(text::CLASS.to_owned(), manifest.labels.iter().cloned());
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

/// Does what a button of the card is for, and returns whether the model is to be removed.
pub(super) fn clicked(dialog: &HtmlDialogElement, event: &Event) -> bool {
    // Only the ground around the card has the dialog itself as its target.
    if target::<HtmlDialogElement>(event).is_some() {
        dialog.close();
    }
    let button = around(event, "button");
    match button
        .map(|button| attribute(&button, "data-act"))
        .as_deref()
    {
        Some("close") => dialog.close(),
        Some("print") => print(dialog),
        Some("ask") => {
            set_hidden(&by_id("card-sure"), false);
            focus(&by_id("card-leave"));
        }
        Some("leave") => {
            set_hidden(&by_id("card-sure"), true);
            focus(&by_id("card-remove"));
        }
        Some("remove") => {
            dialog.close();
            return true;
        }
        _ => {}
    }
    false
}

/// Prints the card with all its parts open: paper cannot open them.
fn print(dialog: &HtmlDialogElement) {
    for part in find_all::<Element>(dialog, "details") {
        set_boolean(&part, "open", true);
    }
    // A browser that forbids printing does nothing, and nothing is lost.
    _ = window().print();
}
