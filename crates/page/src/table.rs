//! The table of results: one row a field.

use std::rc::Rc;

use web_sys::{Element, Event, KeyboardEvent};

use super::dom::{
    around, attribute, by_id, find, find_all, from_template, has_modifier, moved, on,
    remove_attribute, set_attribute, write,
};
use super::entry::DeskEntry;
use super::gallery::Way;
use super::listing::{Kind, Listing};
use super::session::{Column, Session, Sort};
use super::text;

/// The rows that Page Down and Page Up go.
const PAGE: usize = 10;

/// A row.
pub(super) struct Row;

impl Kind for Row {
    // The first row is the head.
    const PLACE: (&'static str, Option<&'static str>, usize) = ("aria-rowindex", None, 2);

    fn make() -> Element {
        from_template("result-template")
    }

    fn write(root: &Element, entry: &DeskEntry) {
        set_attribute(root, "data-state", entry.state.name());
        write(root, ".name", &entry.id);
        write(
            root,
            ".well",
            &text::overview::well(entry.position.as_ref()),
        );
        let labels = text::overview::labels(&entry.state);
        write(root, ".labels", &labels);
        write(root, ".top", &text::overview::top(&entry.state));
        write(root, ".progress", text::state(&entry.state));
        let remarks = text::overview::remarks(&entry.state);
        write(root, ".told", &remarks);
        // What is cut off is told to who points at it.
        for (part, said) in [(".labels", labels), (".told", remarks)] {
            set_attribute(&find::<Element>(root, part), "title", &said);
        }
    }
}

/// The table in `index.html`.
pub(super) struct Table {
    pub(super) rows: Rc<Listing<Row>>,
    root: Element,
}

impl Table {
    /// The table, empty. `select` is called with the field whose row is chosen, `go` with the way that a key takes, `sort_by`
    /// with the column that the visitor orders by, `follow` when the table is scrolled or gets another size.
    pub(super) fn new(
        select: impl Fn(u32) + 'static,
        go: impl Fn(Way) + 'static,
        sort_by: impl Fn(Column) + 'static,
        follow: impl Fn(bool) + 'static,
    ) -> Self {
        let root: Element = by_id("results");
        let rows = Listing::new(by_id("results"), find(&root, "tbody"), select, follow);
        let rows = Rc::new(rows);
        on(&root, "keydown", {
            let rows = rows.clone();
            move |event: KeyboardEvent| {
                let is_row = around(&event, "thead").is_none();
                let way = way(&event.key()).filter(|_| is_row && !has_modifier(&event));
                if let Some((key, page)) = way {
                    event.prevent_default();
                    let to = move |at: usize, count: usize| {
                        let to = moved(key, at, count, page);
                        // A page ends at the last row.
                        let end = if key == "ArrowUp" {
                            0
                        } else {
                            count.checked_sub(1)?
                        };
                        to.or((page > 1).then_some(end))
                    };
                    go((rows.focused(), Box::new(to)));
                }
            }
        });
        on(&root, "click", move |event: Event| {
            if let Some(head) = around(&event, "[data-sort]") {
                sort_by(Column::of_name(&attribute(&head, "data-sort")));
            }
        });
        Self { rows, root }
    }

    /// Shows the fields that the session shows.
    pub(super) fn arrange(&self, session: &Session) {
        let table: Element = find(&self.root, "table");
        let rows = session.shown().len() + 1;
        set_attribute(&table, "aria-rowcount", &rows.to_string());
        self.rows.arrange(session);
    }

    /// Shows the order in the heads of the columns.
    pub(super) fn show_sort(&self, sort: Sort) {
        for head in find_all::<Element>(&self.root, "[data-sort]") {
            if attribute(&head, "data-sort") == sort.by.name() {
                let way = if sort.is_falling {
                    "descending"
                } else {
                    "ascending"
                };
                set_attribute(&head, "aria-sort", way);
            } else {
                remove_attribute(&head, "aria-sort");
            }
        }
    }
}

/// The arrow for which a key stands, and the rows that it goes.
fn way(key: &str) -> Option<(&'static str, usize)> {
    match key {
        "ArrowDown" => Some(("ArrowDown", 1)),
        "ArrowUp" => Some(("ArrowUp", 1)),
        "PageDown" => Some(("ArrowDown", PAGE)),
        "PageUp" => Some(("ArrowUp", PAGE)),
        "Home" => Some(("Home", 1)),
        "End" => Some(("End", 1)),
        _ => None,
    }
}
