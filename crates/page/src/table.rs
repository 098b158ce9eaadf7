//! The table of results: one row a field.

use std::rc::Rc;

use web_sys::{Element, Event, HtmlInputElement};

use super::dom::{
    around, attribute, by_id, find, find_all, from_template, on, remove_attribute, set_attribute,
    write,
};
use super::entry::DeskEntry;
use super::listing::{Kind, Listing, Step, Touch, arrow};
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
        let chooser: Element = find(root, "input");
        set_attribute(&chooser, "aria-label", &text::overview::chooser(&entry.id));
    }

    fn choose(root: &Element, is_chosen: bool) {
        find::<HtmlInputElement>(root, "input").set_checked(is_chosen);
    }
}

/// The table in `index.html`.
pub(super) struct Table {
    pub(super) rows: Rc<Listing<Row>>,
    root: Element,
    /// The box that chooses all rows.
    all: HtmlInputElement,
}

impl Table {
    /// The table, empty. `touch` is called with what is done with rows, `sort_by` with the column that the visitor orders by,
    /// `follow` when the table is scrolled or gets another size.
    pub(super) fn new(
        touch: impl Fn(Touch) + Clone + 'static,
        sort_by: impl Fn(Column) + 'static,
        follow: impl Fn(bool) + 'static,
    ) -> Self {
        let root: Element = by_id("results");
        let (list, choose) = (find(&root, "tbody"), touch.clone());
        let rows = Listing::new(by_id("results"), list, touch, follow, step);
        let all: HtmlInputElement = by_id("choose-all");
        on(&all, "change", move |_: Event| choose(Touch::All));
        on(&root, "click", move |event: Event| {
            if let Some(head) = around(&event, "[data-sort]") {
                sort_by(Column::of_name(&attribute(&head, "data-sort")));
            }
        });
        Self { rows, root, all }
    }

    /// Shows the fields that the session shows.
    pub(super) fn arrange(&self, session: &Session) {
        let table: Element = find(&self.root, "table");
        let rows = session.shown().len() + 1;
        set_attribute(&table, "aria-rowcount", &rows.to_string());
        self.rows.arrange(session);
    }

    /// Shows which fields are chosen.
    pub(super) fn show_chosen(&self, session: &Session) {
        self.rows.show_chosen(session);
        let (chosen, all) = (session.chosen().len(), session.shown().len());
        self.all.set_checked(chosen > 0 && chosen == all);
        self.all.set_indeterminate(chosen > 0 && chosen < all);
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

/// The step of a key. A page ends at the first or the last row.
fn step(key: &str, _: usize) -> Option<Step> {
    match key {
        "ArrowLeft" | "ArrowRight" => None,
        "PageDown" => Some(Box::new(|at, count| {
            Some((at + PAGE).min(count.checked_sub(1)?))
        })),
        "PageUp" => Some(Box::new(|at, _| Some(at.saturating_sub(PAGE)))),
        key => arrow(key, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn keys_go_from_row_to_row_and_page_to_page() {
        let to = |key, at| step(key, 7).and_then(|step| step(at, 25));
        assert_eq!((to("ArrowDown", 3), to("ArrowUp", 0)), (Some(4), None));
        assert_eq!(
            (to("PageDown", 3), to("PageDown", 20)),
            (Some(13), Some(24))
        );
        assert_eq!((to("PageUp", 13), to("PageUp", 3)), (Some(3), Some(0)));
        assert_eq!((to("Home", 9), to("End", 9)), (Some(0), Some(24)));
        assert_eq!((to("ArrowRight", 3), to("x", 3)), (None, None));
    }
}
