//! Small helpers over the DOM.
//!
//! The skeleton of the page (`index.html`) is part of this program: an element that the skeleton
//! lacks is a fault of the program, and the helpers panic with the selector. `www/start.js` shows
//! a panic at the start to the visitor.

use js_sys::{Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AddEventListenerOptions, Document, DocumentFragment, Element, Event, EventTarget, HtmlElement,
    HtmlTemplateElement, Storage, Window,
};

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
    let element = document().get_element_by_id(id);
    element
        .and_then(|element| element.dyn_into().ok())
        .unwrap_or_else(|| panic!("index.html lacks #{id}"))
}

/// The first element under `root` that the selector names.
pub(super) fn find<T: JsCast>(root: &Element, selector: &str) -> T {
    let element = root.query_selector(selector).ok().flatten();
    element
        .and_then(|element| element.dyn_into().ok())
        .unwrap_or_else(|| panic!("a template lacks {selector}"))
}

/// A copy of the only element of the template with this id, not yet in the document.
pub(super) fn from_template(id: &str) -> Element {
    let template: HtmlTemplateElement = by_id(id);
    let copy = template.content().clone_node_with_deep(true).ok();
    let copy = copy.and_then(|copy| copy.dyn_into::<DocumentFragment>().ok());
    copy.and_then(|copy| copy.first_element_child())
        .unwrap_or_else(|| panic!("the template #{id} is empty"))
}

/// Puts `child` at the end of `parent`.
pub(super) fn append(parent: &Element, child: &Element) {
    report(parent.append_child(child).map(drop));
}

/// Sets an attribute.
pub(super) fn set_attribute(element: &Element, name: &str, value: &str) {
    report(element.set_attribute(name, value));
}

/// Shows or hides an element by its `hidden` attribute.
pub(super) fn set_hidden(element: &Element, hidden: bool) {
    report(
        element
            .toggle_attribute_with_force("hidden", hidden)
            .map(drop),
    );
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
    JsFuture::from(heard).await.map(drop).unwrap_or_default();
}

/// Lets the browser paint and react.
pub(super) async fn pause() {
    let later = Promise::new(&mut |resolve, _| {
        report(window().set_timeout_with_callback(&resolve).map(drop));
    });
    // The promise never rejects.
    JsFuture::from(later).await.map(drop).unwrap_or_default();
}

/// A property of a JavaScript value; `undefined` of one that has none.
pub(super) fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The browser's memory for small things; a visitor may have closed it to pages.
pub(super) fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// The text of a JavaScript error, or of whatever was thrown.
pub(super) fn error_text(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}

/// A DOM call with valid arguments does not fail; if one does, the page goes on without it.
fn report(outcome: Result<(), JsValue>) {
    debug_assert!(outcome.is_ok(), "a DOM call failed: {outcome:?}");
}
