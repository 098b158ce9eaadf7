//! Facts and tables of the model card as elements.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::blocks::{Block, FigureTable};
use crate::dom::{append, create, set_attribute, set_boolean, set_style, set_text};

/// The longest fact that shares a line with others, in bytes.
const LONG: usize = 24;

/// Adds an element with this text at the end of another.
pub(super) fn add(parent: &Element, tag: &str, text: &str) -> Element {
    let element: Element = create(tag);
    if !text.is_empty() {
        set_text(&element, text);
    }
    append(parent, &element);
    element
}

/// Adds a list of terms and their values.
pub(super) fn facts<'a>(parent: &Element, facts: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let list = add(parent, "dl", "");
    for (term, fact) in facts {
        // A term and its fact stay together where the list has several columns.
        let pair = add(&list, "div", "");
        if fact.len() > LONG {
            set_attribute(&pair, "class", "long");
        }
        add(&pair, "dt", term);
        add(&pair, "dd", fact);
    }
}

/// Adds a table that scrolls sideways where it is too wide.
pub(super) fn table(parent: &Element, name: &str, table: &FigureTable) {
    let frame = add(parent, "div", "");
    // An element that scrolls needs a name and must be reached by the keyboard.
    for (attribute, value) in [
        ("class", "scroll"),
        ("tabindex", "0"),
        ("role", "group"),
        ("aria-label", name),
    ] {
        set_attribute(&frame, attribute, value);
    }
    let drawn = add(&frame, "table", "");
    let head = add(&add(&drawn, "thead", ""), "tr", "");
    for title in &table.head {
        // A header without words is none.
        let tag = if title.is_empty() { "td" } else { "th" };
        let title = add(&head, tag, title);
        if tag == "th" {
            set_attribute(&title, "scope", "col");
        }
    }
    let body = add(&drawn, "tbody", "");
    for (name, cells) in &table.rows {
        let row = add(&body, "tr", "");
        set_attribute(&add(&row, "th", name), "scope", "row");
        for cell in cells {
            let drawn = add(&row, "td", &cell.text);
            if let Some(share) = cell.share {
                set_attribute(&drawn, "class", "share");
                let style = drawn.unchecked_into::<HtmlElement>().style();
                set_style(&style, "--share", &share.to_string());
            }
        }
    }
}

/// Adds blocks, with parts that open and close: the outermost are open.
pub(super) fn blocks(parent: &Element, name: &str, blocks: &[Block], depth: u32) {
    for block in blocks {
        match block {
            Block::Facts(found) => {
                facts(parent, found.iter().map(|(term, fact)| (&**term, &**fact)));
            }
            Block::Table(found) => table(parent, name, found),
            Block::Part(title, inner) => {
                let part = add(parent, "details", "");
                if depth == 0 && inner.iter().any(|block| matches!(block, Block::Table(_))) {
                    set_boolean(&part, "open", true);
                }
                add(&part, "summary", title);
                self::blocks(&part, title, inner, depth + 1);
            }
        }
    }
}
