//! The gallery: one tile a field.

use std::rc::Rc;

use web_sys::Element;

use super::dom::{
    attribute, by_id, find, from_template, remove_attribute, set_attribute, set_flag, set_hidden,
    write,
};
use super::entry::DeskEntry;
use super::listing::{Kind, Listing, Touch, arrow};
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
        let is_painted = entry.answer().is_some_and(|it| !it.painted().is_empty());
        set_hidden(&find(root, ".painted"), !is_painted);
        let button: Element = find(root, "button");
        let said = text::tile(&attribute(root, "data-id"), &entry.state);
        set_attribute(&button, "title", &said);
    }

    fn choose(root: &Element, is_chosen: bool) {
        let button: Element = find(root, "button");
        // Nobody is to hear of every tile that it is not chosen.
        if is_chosen {
            set_flag(&button, "aria-pressed", true);
        } else {
            remove_attribute(&button, "aria-pressed");
        }
    }
}

/// The gallery in `index.html`. `touch` is called with what is done with tiles, `follow` when the gallery is scrolled or gets
/// another size.
pub(super) fn new(
    touch: impl Fn(Touch) + 'static,
    follow: impl Fn(bool) + 'static,
) -> Rc<Listing<Tile>> {
    Listing::new(by_id("fields"), by_id("fields"), touch, follow, arrow)
}
