//! The gallery: one tile a field.

use web_sys::{Element, KeyboardEvent};

use super::dom::{
    attribute, by_id, find, from_template, has_modifier, moved, on, set_attribute, write,
};
use super::entry::DeskEntry;
use super::listing::{Kind, Listing};
use super::text;

/// A tile.
pub(super) struct Tile;

impl Kind for Tile {
    const PLACE: (&'static str, Option<&'static str>, usize) =
        ("aria-posinset", Some("aria-setsize"), 1);

    fn make() -> Element {
        from_template("tile-template")
    }

    fn write(root: &Element, entry: &DeskEntry) {
        set_attribute(root, "data-state", entry.state.name());
        write(root, ".name", &entry.id);
        write(root, ".verdict", &text::verdict(&entry.state));
        let button: Element = find(root, "button");
        let said = text::tile(&attribute(root, "data-id"), &entry.state);
        set_attribute(&button, "title", &said);
    }
}

/// A way from one field to another: the field that it begins at, and the place that it leads to, of the field's place and the
/// number of all.
pub(super) type Way = (Option<u32>, Box<dyn FnOnce(usize, usize) -> Option<usize>>);

/// The gallery in `index.html`. `select` is called with the field whose tile is chosen, `go` with the way that a key takes,
/// `follow` when the gallery is scrolled or gets another size.
pub(super) fn new(
    select: impl Fn(u32) + 'static,
    go: impl Fn(Way) + 'static,
    follow: impl Fn(bool) + 'static,
) -> std::rc::Rc<Listing<Tile>> {
    let gallery = Listing::new(by_id("fields"), by_id("fields"), select, follow);
    let gallery = std::rc::Rc::new(gallery);
    let list: Element = by_id("fields");
    on(&list, "keydown", {
        let gallery = gallery.clone();
        move |event: KeyboardEvent| {
            let key = event.key();
            if has_modifier(&event) || !is_way(&key) {
                return;
            }
            event.prevent_default();
            let columns = gallery.columns();
            let to = move |at, count| moved(&key, at, count, columns);
            go((gallery.focused(), Box::new(to)));
        }
    });
    gallery
}

/// Whether a key leads from one item to another.
fn is_way(key: &str) -> bool {
    key.starts_with("Arrow") || key == "Home" || key == "End"
}
