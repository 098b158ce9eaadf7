//! Small helpers over the DOM.
//!
//! The skeleton of the page (`index.html`) is part of this program: an element that the skeleton
//! lacks is a fault of the program. The tests of this module look up every name that the program
//! gives; at run time the helpers panic with it, and `www/start.js` shows a panic at the start to the
//! visitor.
//!
//! Ids and names of templates are written as literals, in the call of [`by_id`] or
//! [`from_template`] itself: so the tests find them all.

use js_sys::{Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AddEventListenerOptions, CssStyleDeclaration, Document, DocumentFragment, Element, Event,
    EventTarget, HtmlDialogElement, HtmlElement, HtmlTemplateElement, KeyboardEvent, Storage,
    Window,
};

/// The longest that a frame is waited for, in milliseconds: a page out of sight is not painted.
const LONGEST_FRAME: i32 = 200;

/// The items of a list that appear in one frame.
const ITEMS: usize = 6;

/// The browser's window.
pub(super) fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

/// The page's document.
pub(super) fn document() -> Document {
    window().document().expect("the window has a document")
}

/// The document's body.
pub(super) fn body() -> HtmlElement {
    document().body().expect("the document has a body")
}

/// The element with this id.
pub(super) fn by_id<T: JsCast>(id: &str) -> T {
    expected(document().get_element_by_id(id), id)
}

/// The first element under `root` that the selector names.
pub(super) fn find<T: JsCast>(root: &Element, selector: &str) -> T {
    expected(root.query_selector(selector).ok().flatten(), selector)
}

/// All elements of this type under `root` that the selector names, in the document's order.
pub(super) fn find_all<T: JsCast>(root: &Element, selector: &str) -> Vec<T> {
    let Ok(nodes) = root.query_selector_all(selector) else {
        return Vec::new();
    };
    (0..nodes.length())
        .filter_map(|at| nodes.item(at)?.dyn_into().ok())
        .collect()
}

/// A copy of the only element of the template with this id, not yet in the document.
pub(super) fn from_template(id: &str) -> Element {
    let template: HtmlTemplateElement = by_id(id);
    let copy = template.content().clone_node_with_deep(true).ok();
    let copy = copy.and_then(|copy| copy.dyn_into::<DocumentFragment>().ok());
    expected(copy.and_then(|copy| copy.first_element_child()), id)
}

/// A new element with this tag, not yet in the document.
pub(super) fn create<T: JsCast>(tag: &str) -> T {
    expected(document().create_element(tag).ok(), tag)
}

fn expected<T: JsCast>(element: Option<Element>, name: &str) -> T {
    element
        .and_then(|element| element.dyn_into().ok())
        .unwrap_or_else(|| lacking(name))
}

fn lacking(name: &str) -> ! {
    panic!("index.html lacks {name}")
}

/// Puts `child` at the end of `parent`.
pub(super) fn append(parent: &Element, child: &Element) {
    report(parent.append_child(child));
}

/// Sets the text of an element.
pub(super) fn set_text(element: &Element, text: &str) {
    element.set_text_content(Some(text));
}

/// Writes a text into the first element under `root` that the selector names.
pub(super) fn write(root: &Element, selector: &str, text: &str) {
    set_text(&find(root, selector), text);
}

/// The element, without its content.
pub(super) fn emptied(element: Element) -> Element {
    element.set_text_content(None);
    element
}

/// The value of an attribute; empty where the element has none.
pub(super) fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

/// Sets an attribute.
pub(super) fn set_attribute(element: &Element, name: &str, value: &str) {
    report(element.set_attribute(name, value));
}

/// Removes an attribute, if the element has it.
pub(super) fn remove_attribute(element: &Element, name: &str) {
    report(element.remove_attribute(name));
}

/// Sets an attribute that says `true` or `false`, as those of ARIA do.
pub(super) fn set_flag(element: &Element, name: &str, flag: bool) {
    set_attribute(element, name, if flag { "true" } else { "false" });
}

/// Sets or removes an attribute that says yes by being there, as `inert` does.
pub(super) fn set_boolean(element: &Element, name: &str, flag: bool) {
    report(element.toggle_attribute_with_force(name, flag));
}

/// Shows or hides an element by its `hidden` attribute.
pub(super) fn set_hidden(element: &Element, hidden: bool) {
    set_boolean(element, "hidden", hidden);
}

/// Writes a line into an element, which is hidden while there is nothing to say.
pub(super) fn set_line(element: &Element, line: &str) {
    set_text(element, line);
    set_hidden(element, line.is_empty());
}

/// Sets a property of a style, for example a variable of a style sheet.
pub(super) fn set_style(style: &CssStyleDeclaration, name: &str, value: &str) {
    report(style.set_property(name, value));
}

/// Moves the keyboard's focus to an element.
pub(super) fn focus(element: &HtmlElement) {
    report(element.focus());
}

/// Opens a dialog over the page, unless it is open. The menu that it is opened from closes first: so the
/// focus goes back to the menu's button, and not to a button that is not there any more.
pub(super) fn open_dialog(dialog: &HtmlDialogElement) {
    let active = document().active_element();
    let menu = active.and_then(|active| closest(&active, "[popover]")?.dyn_into().ok());
    if let Some(menu) = menu {
        let menu: HtmlElement = menu;
        report(menu.hide_popover());
    }
    if !dialog.open() {
        report(dialog.show_modal());
    }
}

/// The place to which a key moves the focus in a list of so many parts, of which a row holds `columns`; none
/// for other keys, and beyond the ends.
pub(super) fn moved(key: &str, at: usize, count: usize, columns: usize) -> Option<usize> {
    let to = match key {
        "ArrowRight" => Some(at + 1),
        "ArrowLeft" => at.checked_sub(1),
        "ArrowDown" => Some(at + columns),
        "ArrowUp" => at.checked_sub(columns),
        "Home" => Some(0),
        "End" => count.checked_sub(1),
        _ => None,
    };
    to.filter(|to| *to < count)
}

/// Whether a key is pressed together with one that makes it the browser's or the system's.
pub(super) fn has_modifier(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.alt_key()
}

/// The element in which an event happened, if it is one of this type.
pub(super) fn target<T: JsCast>(event: &Event) -> Option<T> {
    event.target()?.dyn_into().ok()
}

/// The innermost element around an event, its target included, that the selector names.
pub(super) fn around(event: &Event, selector: &str) -> Option<Element> {
    closest(&target(event)?, selector)
}

/// The innermost element around this one, itself included, that the selector names.
pub(super) fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

/// Calls `handler` for every event of this type, for as long as the page lives.
pub(super) fn on<E: JsCast + 'static>(
    target: &EventTarget,
    event: &str,
    mut handler: impl FnMut(E) + 'static,
) {
    let closure =
        Closure::<dyn FnMut(Event)>::new(move |event: Event| handler(event.unchecked_into()));
    report(target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()));
    closure.forget();
}

/// Waits for an event's next time.
pub(super) async fn next(target: &EventTarget, event: &str) {
    let options = AddEventListenerOptions::new();
    options.set_once(true);
    let heard = Promise::new(&mut |resolve, _| {
        report(
            target.add_event_listener_with_callback_and_add_event_listener_options(
                event, &resolve, &options,
            ),
        );
    });
    // The promise never rejects.
    _ = JsFuture::from(heard).await;
}

/// Lets the browser paint and react.
pub(super) async fn pause() {
    let later = Promise::new(&mut |resolve, _| {
        report(window().set_timeout_with_callback(&resolve));
    });
    // The promise never rejects.
    _ = JsFuture::from(later).await;
}

/// Waits until the browser is about to paint, or for [`LONGEST_FRAME`].
pub(super) async fn next_frame() {
    let frame = Promise::new(&mut |resolve, _| {
        report(window().request_animation_frame(&resolve));
        report(
            window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, LONGEST_FRAME),
        );
    });
    // The promise never rejects.
    _ = JsFuture::from(frame).await;
}

/// Shows an element by its `hidden` attribute, and in it, when it is shown for the first time, one a frame the parts that
/// wait for it (`data-waits` is its id), of a list [`ITEMS`] a frame: to lay out all at once holds the page up.
pub(super) fn show_in_turn(element: &Element) {
    if !element.has_attribute("hidden") {
        return;
    }
    set_hidden(element, false);
    let parts = waiting_for(&element.id());
    spawn_local(async move {
        // What has changed already is painted before.
        next_frame().await;
        let are_of_one = |a: &Element, b: &Element| a.parent_element() == b.parent_element();
        for together in parts
            .chunk_by(are_of_one)
            .flat_map(|list| list.chunks(ITEMS))
        {
            next_frame().await;
            for part in together {
                report(part.remove_attribute("data-waits"));
            }
        }
    });
}

/// Waits until an element is shown with all parts that wait for it.
pub(super) async fn shown(element: &Element) {
    while !waiting_for(&element.id()).is_empty() {
        next_frame().await;
    }
}

fn waiting_for(id: &str) -> Vec<Element> {
    find_all(&body(), &format!("[data-waits='{id}']"))
}

/// The time since the page was opened, in milliseconds.
pub(super) fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// A property of a JavaScript value; `undefined` of one that has none.
pub(super) fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The browser's memory for small things; a visitor may have closed it to pages.
pub(super) fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// The text that [`remember`] kept under this name, on this visit or an earlier one; empty where none is
/// kept.
pub(super) fn remembered(name: &str) -> String {
    storage()
        .and_then(|storage| storage.get_item(name).ok()?)
        .unwrap_or_default()
}

/// Keeps a text in the browser's memory for small things. One that is full or closed forgets it, no
/// more.
pub(super) fn remember(name: &str, text: &str) {
    if let Some(storage) = storage() {
        _ = storage.set_item(name, text);
    }
}

/// The text of a JavaScript error, or of whatever was thrown.
pub(super) fn error_text(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}

/// Passes over the outcome of a DOM call with valid arguments: it does not fail; if one does, the page
/// goes on without it.
pub(super) fn report<T>(outcome: Result<T, JsValue>) {
    debug_assert!(
        outcome.is_ok(),
        "a DOM call failed: {:?}",
        outcome.map(drop)
    );
}

#[cfg(test)]
mod tests;
