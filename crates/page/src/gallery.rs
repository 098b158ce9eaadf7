//! The gallery: one tile per field.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use web_sys::{
    Blob, Element, Event, HtmlElement, HtmlImageElement, HtmlOptionElement, HtmlSelectElement,
    KeyboardEvent, Url,
};

use super::dom::{
    append, around, attribute, by_id, closest, create, document, find, find_all, focus,
    from_template, has_modifier, moved, on, remove_attribute, report, set_attribute, set_hidden,
    write,
};
use super::entry::{DeskEntry, FieldState};
use super::session::{Filter, Place, Sort};
use super::text;

/// The values of the filter's select beside labels.
const ALL: &str = "all";
const UNLABELLED: &str = "unlabelled";
const UNANSWERED: &str = "unanswered";
/// The prefix of a label in the select's values.
const LABEL: &str = "label:";

/// The gallery in `index.html`. Its tiles follow the session.
pub(super) struct Gallery {
    list: Element,
    none: Element,
    filter: HtmlSelectElement,
    sort: HtmlSelectElement,
    tiles: RefCell<BTreeMap<u32, Tile>>,
    /// The labels that the filter offers.
    labels: RefCell<BTreeSet<String>>,
    /// The field whose tile is marked.
    marked: Cell<Option<u32>>,
    /// The field whose tile is the tabulator's stop; arrows reach the others.
    stop: Cell<Option<u32>>,
}

/// The tile of a field.
struct Tile {
    root: Element,
    /// The address of the thumbnail, to be revoked.
    url: Option<String>,
}

impl Drop for Tile {
    fn drop(&mut self) {
        self.root.remove();
        if let Some(url) = self.url.take() {
            report(Url::revoke_object_url(&url));
        }
    }
}

impl Gallery {
    /// The gallery, empty. `select` is called with the field whose tile is chosen, `set_order` with the
    /// order and the filter that the visitor chooses.
    pub(super) fn new(
        select: impl Fn(u32) + 'static,
        set_order: impl Fn((Sort, Filter)) + 'static + Clone,
    ) -> Self {
        let gallery = Self {
            list: by_id("fields"),
            none: by_id("none-shown"),
            filter: by_id("filter"),
            sort: by_id("sort"),
            tiles: RefCell::default(),
            labels: RefCell::default(),
            marked: Cell::default(),
            stop: Cell::default(),
        };
        gallery.reset_filter();
        on(&gallery.list, "keydown", {
            let list = gallery.list.clone();
            move |event: KeyboardEvent| move_on(&list, &event)
        });
        on(&gallery.list, "click", move |event: Event| {
            if let Some(field) = field_of(&event) {
                select(field);
            }
        });
        for select in [&gallery.filter, &gallery.sort] {
            let (sort, filter) = (gallery.sort.clone(), gallery.filter.clone());
            let set_order = set_order.clone();
            on(select, "change", move |_: Event| {
                set_order((chosen_sort(&sort), chosen_filter(&filter)));
            });
        }
        gallery
    }

    /// The order and the filter that the selects show at first.
    pub(super) fn chosen(&self) -> (Sort, Filter) {
        (chosen_sort(&self.sort), chosen_filter(&self.filter))
    }

    /// Makes the tile of a field, not yet in the list.
    pub(super) fn add(&self, field: u32, entry: &DeskEntry) {
        let root = from_template("tile-template");
        set_attribute(&root, "data-id", &entry.id);
        set_attribute(&root, "data-field", &field.to_string());
        write(&root, ".name", &entry.id);
        self.tiles
            .borrow_mut()
            .insert(field, Tile { root, url: None });
        self.show(field, &entry.state);
        if let Some(thumbnail) = &entry.thumbnail {
            self.show_thumbnail(field, thumbnail);
        }
    }

    /// Shows a field's state on its tile.
    pub(super) fn show(&self, field: u32, state: &FieldState) {
        let tiles = self.tiles.borrow();
        let Some(Tile { root, .. }) = tiles.get(&field) else {
            return;
        };
        set_attribute(root, "data-state", state.name());
        write(root, ".verdict", &text::verdict(state));
        let button: Element = find(root, "button");
        set_attribute(
            &button,
            "title",
            &text::tile(&attribute(root, "data-id"), state),
        );
        if let FieldState::Done(answer) = state {
            for &class in answer.present() {
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
            report(Url::revoke_object_url(&old));
        }
    }

    /// Shows the tiles of these fields, in this order.
    pub(super) fn arrange(&self, fields: &[u32]) {
        let tiles = self.tiles.borrow();
        self.list.set_text_content(None);
        for tile in fields.iter().filter_map(|field| tiles.get(field)) {
            append(&self.list, &tile.root);
        }
        self.tidy(&tiles);
    }

    /// Moves one tile.
    pub(super) fn place(&self, field: u32, place: Place) {
        let tiles = self.tiles.borrow();
        let Some(Tile { root, .. }) = tiles.get(&field) else {
            return;
        };
        let next = match place {
            Place::Hidden => {
                root.remove();
                return self.tidy(&tiles);
            }
            Place::Before(next) => tiles.get(&next).map(|tile| &tile.root),
            Place::Last => None,
        };
        // A tile that is there already keeps its focus.
        let is_there = root.parent_element().as_ref() == Some(&self.list)
            && root.next_element_sibling().as_ref() == next;
        if !is_there {
            report(self.list.insert_before(root, next.map(AsRef::as_ref)));
        }
        self.tidy(&tiles);
    }

    /// Marks the tile of the selected field.
    pub(super) fn mark(&self, selected: u32) {
        let tiles = self.tiles.borrow();
        let button = |field| tiles.get(&field).map(|tile| find(&tile.root, "button"));
        let former: Option<Element> = self.marked.replace(Some(selected)).and_then(button);
        if let Some(former) = former {
            remove_attribute(&former, "aria-current");
        }
        if let Some(tile) = button(selected) {
            set_attribute(&tile, "aria-current", "true");
            keep_in_sight(&self.list, &tile);
        }
        self.tidy(&tiles);
    }

    /// Brings the tile of a field into sight and gives it the focus; false where it is not shown.
    pub(super) fn focus(&self, field: u32) -> bool {
        let tiles = self.tiles.borrow();
        let Some(tile) = tiles.get(&field) else {
            return false;
        };
        let button: HtmlElement = find(&tile.root, "button");
        focus(&button);
        document().active_element().as_ref() == Some(button.as_ref())
    }

    /// Removes a field's tile.
    pub(super) fn remove(&self, field: u32) {
        self.tiles.borrow_mut().remove(&field);
        self.tidy(&self.tiles.borrow());
    }

    /// Removes all tiles and the filter's labels.
    pub(super) fn clear(&self) {
        self.tiles.borrow_mut().clear();
        self.labels.borrow_mut().clear();
        self.reset_filter();
    }

    /// Says where no tile is shown. Makes the marked tile the tabulator's stop, or the first.
    fn tidy(&self, tiles: &BTreeMap<u32, Tile>) {
        let first = self.list.first_element_child();
        set_hidden(&self.none, first.is_some());
        let is_shown = |field: &u32| {
            let tile = tiles.get(field);
            tile.is_some_and(|tile| tile.root.parent_element().as_ref() == Some(&self.list))
        };
        let first = first.and_then(|first| attribute(&first, "data-field").parse().ok());
        let stop = self.marked.get().filter(is_shown).or(first);
        let former = self.stop.replace(stop);
        if former == stop {
            return;
        }
        for (field, value) in [(former, "-1"), (stop, "0")] {
            if let Some(tile) = field.and_then(|field| tiles.get(&field)) {
                set_attribute(&find::<Element>(&tile.root, "button"), "tabindex", value);
            }
        }
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
        let option: HtmlOptionElement = create("option");
        option.set_value(value);
        option.set_text(text);
        append(&self.filter, &option);
    }
}

/// The order that the visitor chose.
fn chosen_sort(sort: &HtmlSelectElement) -> Sort {
    match sort.value().as_str() {
        "confident" => Sort::Confident,
        "doubtful" => Sort::Doubtful,
        "name" => Sort::Name,
        _ => Sort::Added,
    }
}

/// The filter that the visitor chose.
fn chosen_filter(filter: &HtmlSelectElement) -> Filter {
    match filter.value().as_str() {
        UNLABELLED => Filter::Unlabelled,
        UNANSWERED => Filter::Unanswered,
        value => value
            .strip_prefix(LABEL)
            .map_or(Filter::All, |label| Filter::Label(label.to_owned())),
    }
}

/// Scrolls the list, and nothing around it, so far that a tile is seen.
fn keep_in_sight(list: &Element, tile: &Element) {
    let (frame, tile) = (
        list.get_bounding_client_rect(),
        tile.get_bounding_client_rect(),
    );
    let beyond = |start: f64, end: f64, first: f64, last: f64| {
        // Whole pixels are enough.
        ((start - first).min(0.0) + (end - last).max(0.0)) as i32
    };
    let across = beyond(tile.left(), tile.right(), frame.left(), frame.right());
    let down = beyond(tile.top(), tile.bottom(), frame.top(), frame.bottom());
    list.set_scroll_left(list.scroll_left() + across);
    list.set_scroll_top(list.scroll_top() + down);
}

/// Goes from one tile to another by the arrow keys, and selects it.
fn move_on(list: &Element, event: &KeyboardEvent) {
    let tiles: Vec<HtmlElement> = find_all(list, "button.tile");
    let active = document().active_element();
    let is_active = |tile: &HtmlElement| active.as_ref() == Some(tile.as_ref());
    let Some(at) = tiles.iter().position(is_active) else {
        return;
    };
    let top = |tile: &HtmlElement| tile.get_bounding_client_rect().top();
    let in_row = tiles.iter().take_while(|tile| top(tile) == top(&tiles[0]));
    if let Some(to) = moved(&event.key(), at, tiles.len(), in_row.count())
        && !has_modifier(event)
    {
        event.prevent_default();
        focus(&tiles[to]);
        tiles[to].click();
    }
}

/// The field in whose tile an event happened.
fn field_of(event: &Event) -> Option<u32> {
    let tile = closest(&around(event, "button.tile")?, "li")?;
    attribute(&tile, "data-field").parse().ok()
}
