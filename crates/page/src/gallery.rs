//! The gallery: a tile a field, in the order and by the filter that the visitor chooses.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use wasm_bindgen::JsCast;
use web_sys::{
    Blob, Element, Event, HtmlElement, HtmlImageElement, HtmlOptionElement, HtmlSelectElement,
    Node, Url,
};

use super::dom::{append, by_id, document, find, from_template, on, set_attribute, set_hidden};
use super::entry::{Entry, Filter, Outcome, Sort};
use super::text;

/// The values of the filter's select that are no labels.
const ALL: &str = "all";
const UNLABELLED: &str = "unlabelled";
const UNANSWERED: &str = "unanswered";
/// What goes before a label in the select's values.
const LABEL: &str = "label:";

/// The gallery in `index.html`.
pub(super) struct Gallery {
    list: Element,
    none: Element,
    filter: HtmlSelectElement,
    sort: HtmlSelectElement,
    tiles: RefCell<BTreeMap<u32, Tile>>,
    labels: RefCell<BTreeSet<String>>,
}

struct Tile {
    root: Element,
    /// The address of the thumbnail, to be given back.
    url: Option<String>,
}

impl Drop for Tile {
    fn drop(&mut self) {
        self.root.remove();
        if let Some(url) = self.url.take() {
            Url::revoke_object_url(&url).unwrap_or_default();
        }
    }
}

impl Gallery {
    /// The gallery, empty. `select` hears of the field whose tile is chosen, `rearrange` that order or
    /// filter changed.
    pub(super) fn new(
        select: impl Fn(u32) + 'static,
        rearrange: impl Fn() + 'static + Clone,
    ) -> Self {
        let gallery = Self {
            list: by_id("fields"),
            none: by_id("none-shown"),
            filter: by_id("filter"),
            sort: by_id("sort"),
            tiles: RefCell::default(),
            labels: RefCell::default(),
        };
        gallery.reset_filter();
        on(&gallery.list, "click", move |event: Event| {
            if let Some(field) = field_of(&event) {
                select(field);
            }
        });
        for chooser in [&gallery.filter, &gallery.sort] {
            let rearrange = rearrange.clone();
            on(chooser, "change", move |_: Event| rearrange());
        }
        gallery
    }

    /// The order that the visitor chose.
    pub(super) fn sort(&self) -> Sort {
        Sort::named(&self.sort.value())
    }

    /// The filter that the visitor chose.
    pub(super) fn filter(&self) -> Filter {
        match self.filter.value().as_str() {
            UNLABELLED => Filter::Unlabelled,
            UNANSWERED => Filter::Unanswered,
            value => value
                .strip_prefix(LABEL)
                .map_or(Filter::All, |label| Filter::Label(label.to_owned())),
        }
    }

    /// Makes the tile of a field, not yet in the list.
    pub(super) fn add(&self, field: u32, entry: &Entry) {
        let root = from_template("tile-template");
        set_attribute(&root, "data-id", &entry.id);
        set_attribute(&root, "data-field", &field.to_string());
        find::<Element>(&root, ".name").set_text_content(Some(&entry.id));
        self.tiles
            .borrow_mut()
            .insert(field, Tile { root, url: None });
        self.show(field, entry);
        if let Some(thumbnail) = &entry.thumbnail {
            self.show_thumbnail(field, thumbnail);
        }
    }

    /// Shows on its tile how far a field is.
    pub(super) fn show(&self, field: u32, entry: &Entry) {
        let tiles = self.tiles.borrow();
        let Some(Tile { root, .. }) = tiles.get(&field) else {
            return;
        };
        set_attribute(root, "data-state", entry.outcome.name());
        find::<Element>(root, ".verdict").set_text_content(Some(&text::verdict(&entry.outcome)));
        if let Outcome::Done(answer) = &entry.outcome {
            for &class in &answer.present {
                self.offer(answer.label(class));
            }
        }
    }

    /// Shows a field's picture on its tile.
    pub(super) fn show_thumbnail(&self, field: u32, thumbnail: &Blob) {
        let mut tiles = self.tiles.borrow_mut();
        let Some(tile) = tiles.get_mut(&field) else {
            return;
        };
        let Ok(url) = Url::create_object_url_with_blob(thumbnail) else {
            return;
        };
        let image: HtmlImageElement = find(&tile.root, "img");
        image.set_src(&url);
        set_hidden(&image, false);
        if let Some(old) = tile.url.replace(url) {
            Url::revoke_object_url(&old).unwrap_or_default();
        }
    }

    /// Puts all tiles that are to be seen into this order.
    pub(super) fn arrange(&self, fields: &[u32]) {
        let tiles = self.tiles.borrow();
        self.list.set_text_content(None);
        for tile in fields.iter().filter_map(|field| tiles.get(field)) {
            append(&self.list, &tile.root);
        }
        self.tell_none();
    }

    /// Puts one tile before another, or at the end; without `visible` takes it out.
    pub(super) fn place(&self, field: u32, is_visible: bool, before: Option<u32>) {
        let tiles = self.tiles.borrow();
        let Some(Tile { root, .. }) = tiles.get(&field) else {
            return;
        };
        if is_visible {
            let next: Option<&Node> = before
                .and_then(|before| tiles.get(&before))
                .map(|tile| tile.root.as_ref());
            // A tile that is there already keeps its focus.
            let is_there = root.parent_element().as_ref() == Some(&self.list) && {
                let after: Option<Node> = root.next_element_sibling().map(Into::into);
                after.as_ref() == next
            };
            if !is_there {
                self.list
                    .insert_before(root, next)
                    .map(drop)
                    .unwrap_or_default();
            }
        } else {
            root.remove();
        }
        self.tell_none();
    }

    /// Marks the tile of the selected field.
    pub(super) fn mark(&self, selected: Option<u32>) {
        for (field, tile) in self.tiles.borrow().iter() {
            let button: Element = find(&tile.root, "button");
            if Some(*field) == selected {
                set_attribute(&button, "aria-current", "true");
            } else {
                button.remove_attribute("aria-current").unwrap_or_default();
            }
        }
    }

    /// Brings the tile of a field into sight and gives it the focus.
    pub(super) fn focus(&self, field: u32) {
        if let Some(tile) = self.tiles.borrow().get(&field) {
            find::<HtmlElement>(&tile.root, "button")
                .focus()
                .unwrap_or_default();
        }
    }

    /// Takes a field's tile away.
    pub(super) fn remove(&self, field: u32) {
        self.tiles.borrow_mut().remove(&field);
        self.tell_none();
    }

    /// Takes all tiles away.
    pub(super) fn clear(&self) {
        self.tiles.borrow_mut().clear();
        self.labels.borrow_mut().clear();
        self.reset_filter();
    }

    fn tell_none(&self) {
        set_hidden(&self.none, self.list.child_element_count() > 0);
    }

    fn reset_filter(&self) {
        self.filter.set_text_content(None);
        for (value, text) in [
            (ALL, text::FILTER_ALL),
            (UNLABELLED, text::FILTER_UNLABELLED),
            (UNANSWERED, text::FILTER_UNANSWERED),
        ] {
            self.offer_option(value, text);
        }
    }

    /// Offers a label to filter by, once.
    fn offer(&self, label: &str) {
        if self.labels.borrow_mut().insert(label.to_owned()) {
            self.offer_option(&[LABEL, label].concat(), label);
        }
    }

    fn offer_option(&self, value: &str, text: &str) {
        if let Ok(option) = document()
            .create_element("option")
            .map(JsCast::unchecked_into::<HtmlOptionElement>)
        {
            option.set_value(value);
            option.set_text(text);
            append(&self.filter, &option);
        }
    }
}

/// The field whose tile an event is about.
fn field_of(event: &Event) -> Option<u32> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let tile = target.closest("button.tile").ok()??.closest("li").ok()??;
    tile.get_attribute("data-field")?.parse().ok()
}
