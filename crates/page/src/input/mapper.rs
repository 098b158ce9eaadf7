//! The dialog that asks which channel is which, where names do not tell it.

use wasm_bindgen::JsCast;
use web_sys::{
    DragEvent, Element, Event, HtmlDialogElement, HtmlInputElement, HtmlSelectElement, NodeList,
};

use super::remembered::{Answer, Answers};
use super::scheme::{Scheme, Value};
use super::stain::Guess;
use crate::dom::{append, by_id, find, from_template, next, on, set_attribute};
use crate::text::input as text;
use cytolens_core::Channel;

/// In a select: what is left out.
const LEFT_OUT: &str = "-";

/// What the buttons make the dialog return.
const CHANNELS: &str = "channels";
const PICTURES: &str = "pictures";

/// The mark of the dialog while a lot is asked about.
const BUSY: &str = "data-busy";

/// The type of what is dragged: a value's position.
const DRAGGED: &str = "text/plain";

/// Listens to the dialog's controls.
pub(super) fn listen() {
    let dialog: HtmlDialogElement = by_id("mapper");
    on(&dialog, "change", |event: Event| {
        if let Some(select) = target::<HtmlSelectElement>(&event) {
            settle(&select);
        }
    });
    on(&dialog, "submit", |event: Event| {
        let submitter = js_sys::Reflect::get(&event, &"submitter".into()).ok();
        let answers = submitter
            .and_then(|button| button.dyn_into::<Element>().ok())
            .is_some_and(|button| button.get_attribute("value").as_deref() == Some(CHANNELS));
        let is_chosen = selects().any(|select| select.value() != LEFT_OUT);
        if answers && !is_chosen {
            event.prevent_default();
            say(text::NONE_CHOSEN);
        }
    });
    on(&dialog, "dragstart", |event: DragEvent| {
        let row = target::<Element>(&event).and_then(|chip| chip.closest("li").ok().flatten());
        if let Some((row, data)) = row.zip(event.data_transfer()) {
            let position = row.get_attribute("data-value").unwrap_or_default();
            data.set_data(DRAGGED, &position).unwrap_or_default();
        }
    });
    on(&dialog, "dragover", |event: DragEvent| {
        if well(&event).is_some() {
            event.prevent_default();
        }
    });
    on(&dialog, "drop", |event: DragEvent| {
        let Some((well, data)) = well(&event).zip(event.data_transfer()) else {
            return;
        };
        event.prevent_default();
        let position = data.get_data(DRAGGED).unwrap_or_default();
        let dragged = position.parse().ok().and_then(|at| selects().nth(at));
        if let Some(select) = dragged {
            select.set_value(&well.get_attribute("data-well").unwrap_or_default());
            settle(&select);
        }
    });
}

/// Asks which of the scheme's values is which channel; none where the visitor cancels. The answer is
/// remembered where the visitor leaves it so.
pub(super) async fn ask(scheme: &Scheme) -> Option<Answer> {
    let dialog: HtmlDialogElement = by_id("mapper");
    // Another lot may be asked about.
    while dialog.has_attribute(BUSY) {
        next(&dialog, "close").await;
    }
    set_attribute(&dialog, BUSY, "");
    show(scheme);
    dialog.set_return_value("");
    dialog.show_modal().unwrap_or_default();
    next(&dialog, "close").await;
    let answer = answered(scheme, &dialog.return_value());
    dialog.remove_attribute(BUSY).unwrap_or_default();
    let answer = answer?;
    if by_id::<HtmlInputElement>("mapper-remember").checked() {
        let mut answers = Answers::load();
        answers.add(answer.clone());
        answers.save();
    }
    Some(answer)
}

/// The answer that the dialog holds, by the button that closed it.
fn answered(scheme: &Scheme, button: &str) -> Option<Answer> {
    let texts = || scheme.values.iter().map(|value| value.text.clone());
    match button {
        CHANNELS => {
            let channels = selects().map(|select| select.value().parse::<Channel>().ok());
            Some(Answer::Channels(texts().zip(channels).collect()))
        }
        PICTURES => Some(Answer::Pictures(texts().collect())),
        _ => None,
    }
}

fn show(scheme: &Scheme) {
    let list: Element = by_id("mapper-values");
    list.set_text_content(None);
    say("");
    let files: Element = by_id("mapper-files");
    files.set_text_content(Some(&text::files(scheme.members.len())));
    for (position, value) in scheme.values.iter().enumerate() {
        append(&list, &row(position, value));
    }
    show_wells();
}

fn row(position: usize, value: &Value) -> Element {
    let row = from_template("mapper-value-template");
    set_attribute(&row, "data-value", &position.to_string());
    find::<Element>(&row, ".value").set_text_content(Some(&value.text));
    let example = text::example(&value.example, value.files);
    find::<Element>(&row, ".example").set_text_content(Some(&example));
    let select: HtmlSelectElement = find(&row, "select");
    set_attribute(&select, "aria-label", &text::channel_of(&value.text));
    select.set_value(match value.guess {
        Guess::Channel(channel) => channel.name(),
        Guess::LeftOut => LEFT_OUT,
        Guess::Unknown => "",
    });
    row
}

/// Takes the chosen channel from the value that had it, and shows who has which.
fn settle(chosen: &HtmlSelectElement) {
    let channel = chosen.value();
    say("");
    if channel.parse::<Channel>().is_ok() {
        let others = selects().filter(|select| select != chosen && select.value() == channel);
        for other in others {
            other.set_value("");
            say(&text::moved(&channel, &value_of(&other), &value_of(chosen)));
        }
    }
    show_wells();
}

/// Shows in each well the value that is put there.
fn show_wells() {
    let wells = by_id::<Element>("mapper-wells");
    for channel in Channel::ALL {
        let well: Element = find(&wells, &format!("[data-well={channel}] .holds"));
        let holder = selects().find(|select| select.value() == channel.name());
        well.set_text_content(holder.map(|select| value_of(&select)).as_deref());
    }
}

fn selects() -> impl Iterator<Item = HtmlSelectElement> {
    let selects = by_id::<Element>("mapper-values").query_selector_all("select");
    let selects = selects.ok();
    let count = selects.as_ref().map_or(0, NodeList::length);
    (0..count)
        .filter_map(move |at| selects.as_ref()?.item(at))
        .map(JsCast::unchecked_into)
}

fn value_of(select: &HtmlSelectElement) -> String {
    let row = select.closest("li").ok().flatten();
    row.and_then(|row| find::<Element>(&row, ".value").text_content())
        .unwrap_or_default()
}

fn say(what: &str) {
    by_id::<Element>("mapper-said").set_text_content(Some(what));
}

fn target<T: JsCast>(event: &Event) -> Option<T> {
    event.target().and_then(|target| target.dyn_into().ok())
}

fn well(event: &DragEvent) -> Option<Element> {
    target::<Element>(event).and_then(|element| element.closest("[data-well]").ok().flatten())
}
