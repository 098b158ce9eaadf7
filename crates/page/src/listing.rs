//! A list of fields, of which only the part near the visible one is in the document where they are many.

mod part;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Blob, Element, Event, HtmlElement, HtmlImageElement, KeyboardEvent, MouseEvent, ResizeObserver,
    Url,
};

use self::part::{Geometry, WHOLE, part};
use super::dom::{
    around, attribute, closest, document, find, focus, has_modifier, moved, on, remove_attribute,
    report, set_attribute, set_boolean, set_hidden, set_style, target, window,
};
use super::entry::DeskEntry;
use super::session::Session;

/// The kind of an item: a tile, a row.
pub(super) trait Kind: 'static {
    /// The attributes that tell an item's place among all and their number, as far as the kind has them, and the number of
    /// the first.
    const PLACE: (&'static str, Option<&'static str>, usize);

    /// A new item of a field, from its template.
    fn make() -> Element;

    /// Writes a field into its item.
    fn write(root: &Element, entry: &DeskEntry);

    /// Writes into an item whether its field is chosen.
    fn choose(root: &Element, is_chosen: bool);
}

/// The part of an item that only chooses it.
const CHOOSER: &str = ".chooser";

/// What a visitor does with an item.
pub(super) enum Touch {
    /// Looks at a field.
    Look(u32),
    /// Chooses a field, or takes that back.
    Toggle(u32),
    /// The same, beside the one that is looked at.
    Beside(u32),
    /// Chooses all fields from the last choice to this one.
    UpTo(u32),
    /// Chooses all fields, or none.
    All,
    /// Goes from a field, else from the selected one, to the place that the step leads to, of the field's place and the number
    /// of all; and chooses all on the way, or does not.
    Go(Option<u32>, Step, bool),
}

/// A step from a place, of so many, to another.
pub(super) type Step = Box<dyn FnOnce(usize, usize) -> Option<usize>>;

/// The item of a field.
struct Item {
    root: Element,
    /// The address of the thumbnail, to be revoked.
    url: Option<String>,
    /// Its place and the number of all, as last written.
    place: Cell<(usize, usize)>,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.root.remove();
        if let Some(url) = self.url.take() {
            report(Url::revoke_object_url(&url));
        }
    }
}

/// A list in `index.html`. Its items follow the session.
pub(super) struct Listing<K> {
    /// The element that scrolls.
    frame: HtmlElement,
    /// The element that holds the items.
    list: Element,
    items: RefCell<BTreeMap<u32, Item>>,
    /// The fields whose items are in the document, in their order.
    there: RefCell<Vec<u32>>,
    /// Follows the session in the next frame.
    follow: Rc<dyn Fn(bool)>,
    /// Whether that is to come.
    is_awaited: Cell<bool>,
    /// The size of items, once measured.
    geometry: Cell<Option<Geometry>>,
    /// The field whose item is marked.
    marked: Cell<Option<u32>>,
    /// The field whose item is the tabulator's stop; keys reach the others.
    stop: Cell<Option<u32>>,
    kind: std::marker::PhantomData<K>,
}

impl<K: Kind> Listing<K> {
    /// The list in these elements, empty. `touch` is called with what is done with its items, `follow` when the list is
    /// scrolled or gets another size. `step` gives the step of a key, from the number of items in a row.
    pub(super) fn new(
        frame: HtmlElement,
        list: Element,
        touch: impl Fn(Touch) + 'static,
        follow: impl Fn(bool) + 'static,
        step: fn(&str, usize) -> Option<Step>,
    ) -> Rc<Self> {
        let follow: Rc<dyn Fn(bool)> = Rc::new(follow);
        let touch = Rc::new(touch);
        on(&list, "click", {
            let touch = touch.clone();
            move |event: MouseEvent| {
                let Some(field) = field_of(&event) else {
                    return;
                };
                touch(if event.shift_key() {
                    Touch::UpTo(field)
                } else if event.ctrl_key() || event.meta_key() {
                    Touch::Beside(field)
                } else if around(&event, CHOOSER).is_some() {
                    Touch::Toggle(field)
                } else {
                    Touch::Look(field)
                });
            }
        });
        on(&list, "mousedown", |event: MouseEvent| {
            // Else the browser marks all text on the way.
            if event.shift_key() {
                event.prevent_default();
            }
        });
        on(&frame, "scroll", {
            let follow = follow.clone();
            move |_: Event| follow(false)
        });
        let resized = Closure::<dyn FnMut()>::new({
            let follow = follow.clone();
            move || follow(true)
        });
        match ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            Ok(observer) => observer.observe(&frame),
            Err(error) => debug_assert!(false, "no observer of sizes: {error:?}"),
        }
        // The list lives as long as the page.
        resized.forget();
        let listing = Rc::new(Self {
            frame,
            list,
            items: RefCell::default(),
            there: RefCell::default(),
            follow,
            is_awaited: Cell::default(),
            geometry: Cell::default(),
            marked: Cell::default(),
            stop: Cell::default(),
            kind: std::marker::PhantomData,
        });
        on(&listing.frame, "keydown", {
            let listing = listing.clone();
            move |event: KeyboardEvent| {
                if let Some(pressed) = listing.pressed(&event, step) {
                    event.prevent_default();
                    touch(pressed);
                }
            }
        });
        listing
    }

    /// What a key does.
    fn pressed(
        &self,
        event: &KeyboardEvent,
        step: fn(&str, usize) -> Option<Step>,
    ) -> Option<Touch> {
        let at: Element = target(event)?;
        if closest(&at, "thead").is_some() {
            return None;
        }
        let key = event.key();
        if event.ctrl_key() || event.meta_key() {
            return (key.eq_ignore_ascii_case("a") && !event.alt_key()).then_some(Touch::All);
        }
        if has_modifier(event) {
            return None;
        }
        if key == " " {
            // A box is its own.
            let is_box = closest(&at, "input").is_some();
            let field = field_of(event).filter(|_| !is_box)?;
            return Some(Touch::Toggle(field));
        }
        let step = step(&key, self.columns())?;
        Some(Touch::Go(self.focused(), step, event.shift_key()))
    }

    /// Follows a scroll of the list, or another size of it.
    pub(super) fn follow(&self, session: &Session, is_resized: bool) {
        self.is_awaited.set(false);
        if session.shown().len() <= WHOLE {
            return;
        }
        if is_resized {
            self.measure();
        }
        self.arrange_now(session);
    }

    /// Shows the fields that the session shows: of a long list in the next frame, since each of many changes would write
    /// the places of all items.
    pub(super) fn arrange(&self, session: &Session) {
        if session.shown().len() <= WHOLE || self.geometry.get().is_none() {
            self.arrange_now(session);
        } else if !self.is_awaited.replace(true) {
            let follow = self.follow.clone();
            let frame = Closure::once_into_js(move || follow(false));
            report(window().request_animation_frame(frame.unchecked_ref()));
        }
    }

    fn arrange_now(&self, session: &Session) {
        self.is_awaited.set(false);
        let shown = session.shown();
        let is_parted = shown.len() > WHOLE;
        set_boolean(&self.frame, "data-parted", is_parted);
        if !is_parted {
            self.geometry.set(None);
            self.place(session, 0..shown.len());
            return;
        }
        self.place(session, self.part(shown.len()));
        if self.geometry.get().is_none() && self.measure() {
            self.place(session, self.part(shown.len()));
        }
    }

    /// Shows a field's state.
    pub(super) fn show(&self, field: u32, entry: &DeskEntry) {
        if let Some(item) = self.items.borrow().get(&field) {
            K::write(&item.root, entry);
        }
    }

    /// Shows which fields are chosen.
    pub(super) fn show_chosen(&self, session: &Session) {
        for (field, item) in &*self.items.borrow() {
            K::choose(&item.root, session.is_chosen(*field));
        }
    }

    /// Shows a field's thumbnail.
    pub(super) fn show_thumbnail(&self, field: u32, thumbnail: &Blob) {
        if let Some(item) = self.items.borrow_mut().get_mut(&field) {
            item.show_thumbnail(thumbnail);
        }
    }

    /// Marks the item of the selected field and brings it into sight.
    pub(super) fn mark(&self, selected: u32, session: &Session) {
        let former = self.marked.replace(Some(selected));
        if let Some(former) = former.and_then(|former| self.button(former)) {
            remove_attribute(&former, "aria-current");
        }
        self.reach(selected, session);
        if let Some(button) = self.button(selected) {
            set_attribute(&button, "aria-current", "true");
            keep_in_sight(&self.frame, &button);
        }
        self.tidy();
    }

    /// Brings the item of a field into sight and gives it the focus; false where it is not shown.
    pub(super) fn focus(&self, field: u32, session: &Session) -> bool {
        self.reach(field, session);
        let Some(button) = self.button(field) else {
            return false;
        };
        focus(&button);
        document().active_element().as_ref() == Some(button.as_ref())
    }

    /// The field whose item has the focus, else the marked one.
    pub(super) fn focused(&self) -> Option<u32> {
        let active = document().active_element()?;
        let is_inside = self.list.contains(Some(&active));
        let item = closest(&active, "[data-field]").filter(|_| is_inside);
        let field = item.and_then(|item| attribute(&item, "data-field").parse().ok());
        field.or(self.marked.get())
    }

    /// The number of items in a row.
    pub(super) fn columns(&self) -> usize {
        match self.geometry.get() {
            Some(geometry) => geometry.columns,
            None => self.count_columns(),
        }
    }

    fn part(&self, count: usize) -> Range<usize> {
        let geometry = self.geometry.get();
        let is_across = geometry.is_some_and(|geometry| geometry.is_across);
        let (scrolled, length) = if is_across {
            (self.frame.scroll_left(), self.frame.client_width())
        } else {
            (self.frame.scroll_top(), self.frame.client_height())
        };
        part(count, geometry, scrolled.into(), length.into())
    }

    /// Puts the items of these places into the document, and no others.
    fn place(&self, session: &Session, part: Range<usize>) {
        let shown = session.shown();
        let wanted = &shown[part.clone()];
        let mut there = self.there.borrow_mut();
        let mut items = self.items.borrow_mut();
        if *there != wanted {
            let kept: BTreeSet<u32> = wanted.iter().copied().collect();
            there.retain(|field| {
                let is_kept = kept.contains(field);
                if !is_kept && let Some(item) = items.remove(field) {
                    let active = document().active_element();
                    let has_focus = item.root.contains(active.as_ref().map(AsRef::as_ref));
                    drop(item);
                    // Keys go on from where they were.
                    if has_focus {
                        focus(&self.frame);
                    }
                }
                is_kept
            });
            for (at, field) in wanted.iter().enumerate() {
                if there.get(at) == Some(field) {
                    continue;
                }
                if !items.contains_key(field) {
                    let Some(entry) = session.entry(*field) else {
                        continue;
                    };
                    let is_marked = self.marked.get() == Some(*field);
                    let item = Item::new::<K>(*field, entry, is_marked);
                    if session.is_chosen(*field) {
                        K::choose(&item.root, true);
                    }
                    items.insert(*field, item);
                }
                let next = there.get(at).and_then(|next| items.get(next));
                let next = next.map(|item| item.root.as_ref());
                report(self.list.insert_before(&items[field].root, next));
                if let Some(former) = there.iter().position(|other| other == field) {
                    there.remove(former);
                }
                there.insert(at, *field);
            }
        }
        let is_parted = shown.len() > WHOLE;
        for (at, field) in there.iter().enumerate() {
            if let Some(item) = items.get(field) {
                item.write_place::<K>(is_parted.then_some((part.start + at, shown.len())));
            }
        }
        drop((there, items));
        let (before, after) = match self.geometry.get() {
            Some(geometry) => (geometry.before(&part), geometry.after(&part, shown.len())),
            None => (0.0, 0.0),
        };
        for (name, length) in [("--before", before), ("--after", after)] {
            set_style(&self.frame.style(), name, &format!("{length}px"));
        }
        self.tidy();
    }

    /// Scrolls as far as a field's item is in the document.
    fn reach(&self, field: u32, session: &Session) {
        if self.is_awaited.get() {
            self.arrange_now(session);
        }
        let Some(geometry) = self.geometry.get() else {
            return;
        };
        if self.items.borrow().contains_key(&field) {
            return;
        }
        let place = session.shown().iter().position(|shown| *shown == field);
        let Some(place) = place else { return };
        // Whole pixels are enough.
        let start = geometry.start(place) as i32;
        if geometry.is_across {
            let middle = self.frame.client_width() / 2;
            self.frame.set_scroll_left((start - middle).max(0));
        } else {
            let middle = self.frame.client_height() / 2;
            self.frame.set_scroll_top((start - middle).max(0));
        }
        self.arrange_now(session);
    }

    /// Measures the items that are there; false where the list is not seen.
    fn measure(&self) -> bool {
        let columns = self.count_columns();
        let there = self.there.borrow();
        let items = self.items.borrow();
        let area = |at: usize| {
            let item = items.get(there.get(at)?)?;
            Some(item.root.get_bounding_client_rect())
        };
        let is_across = columns == there.len();
        let next = area(if is_across { 1 } else { columns });
        let Some((first, next)) = area(0).zip(next) else {
            return false;
        };
        let pitch = if is_across {
            next.left() - first.left()
        } else {
            next.top() - first.top()
        };
        if pitch <= 0.0 {
            return false;
        }
        self.geometry.set(Some(Geometry {
            columns: if is_across { 1 } else { columns },
            pitch,
            is_across,
        }));
        true
    }

    /// The number of items as high as the first.
    fn count_columns(&self) -> usize {
        let there = self.there.borrow();
        let items = self.items.borrow();
        let tops = there.iter().filter_map(|field| {
            let item = items.get(field)?;
            Some(item.root.get_bounding_client_rect().top())
        });
        let mut tops = tops.peekable();
        let Some(first) = tops.peek().copied() else {
            return 1;
        };
        tops.take_while(|top| (top - first).abs() < 1.0).count()
    }

    fn button(&self, field: u32) -> Option<HtmlElement> {
        let items = self.items.borrow();
        items.get(&field).map(|item| find(&item.root, "button"))
    }

    /// Makes the marked item the tabulator's stop, or the first.
    fn tidy(&self) {
        let there = self.there.borrow();
        let marked = self.marked.get();
        let marked = marked.filter(|field| there.contains(field));
        let stop = marked.or(there.first().copied());
        let former = self.stop.replace(stop);
        for (field, value) in [(former.filter(|_| former != stop), "-1"), (stop, "0")] {
            if let Some(button) = field.and_then(|field| self.button(field)) {
                set_attribute(&button, "tabindex", value);
            }
        }
    }
}

impl Item {
    fn new<K: Kind>(field: u32, entry: &DeskEntry, is_marked: bool) -> Self {
        let root = K::make();
        set_attribute(&root, "data-id", &entry.id);
        set_attribute(&root, "data-field", &field.to_string());
        K::write(&root, entry);
        if is_marked {
            let button: Element = find(&root, "button");
            set_attribute(&button, "aria-current", "true");
        }
        let mut item = Self {
            root,
            url: None,
            place: Cell::default(),
        };
        if let Some(thumbnail) = &entry.thumbnail {
            item.show_thumbnail(thumbnail);
        }
        item
    }

    fn show_thumbnail(&mut self, thumbnail: &Blob) {
        let Ok(url) = Url::create_object_url_with_blob(thumbnail) else {
            return;
        };
        let image: HtmlImageElement = find(&self.root, "img");
        image.set_src(&url);
        set_hidden(&image, false);
        if let Some(old) = self.url.replace(url) {
            report(Url::revoke_object_url(&old));
        }
    }

    /// Writes the item's place among all, where not all are in the document.
    fn write_place<K: Kind>(&self, place: Option<(usize, usize)>) {
        let (at, count, first) = K::PLACE;
        let (place, all) = place.map_or((0, 0), |(place, all)| (place + first, all));
        if self.place.replace((place, all)) == (place, all) {
            return;
        }
        for (name, value) in [(Some(at), place), (count, all)] {
            match name {
                Some(name) if all > 0 => set_attribute(&self.root, name, &value.to_string()),
                Some(name) => remove_attribute(&self.root, name),
                None => {}
            }
        }
    }
}

/// The step of an arrow, or to the first or the last place.
pub(super) fn arrow(key: &str, columns: usize) -> Option<Step> {
    let is_step = key.starts_with("Arrow") || key == "Home" || key == "End";
    let key = key.to_owned();
    is_step.then(|| Box::new(move |at, count| moved(&key, at, count, columns)) as Step)
}

/// Scrolls the list, and nothing around it, so far that an item is seen.
fn keep_in_sight(frame: &Element, item: &Element) {
    let (area, item) = (
        frame.get_bounding_client_rect(),
        item.get_bounding_client_rect(),
    );
    let beyond = |start: f64, end: f64, first: f64, last: f64| {
        // Whole pixels are enough.
        ((start - first).min(0.0) + (end - last).max(0.0)) as i32
    };
    let across = beyond(item.left(), item.right(), area.left(), area.right());
    let down = beyond(item.top(), item.bottom(), area.top(), area.bottom());
    frame.set_scroll_left(frame.scroll_left() + across);
    frame.set_scroll_top(frame.scroll_top() + down);
}

/// The field in whose item an event happened.
fn field_of(event: &Event) -> Option<u32> {
    let item = around(event, "[data-field]")?;
    attribute(&item, "data-field").parse().ok()
}
