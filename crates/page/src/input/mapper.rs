//! The dialog that asks which channel is which, where names do not end in a channel's.

use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, Event, HtmlDialogElement, HtmlInputElement, HtmlSelectElement};

use super::remembered::{ChannelAnswer, ChannelAnswers};
use super::scheme::{Scheme, SchemeValue};
use super::stain::Guess;
use crate::dom::{
    append, around, attribute, by_id, closest, emptied, find, find_all, from_template, next, on,
    open_dialog, property, remove_attribute, set_attribute, set_text, target, write,
};
use crate::plate_canvas::painted;
use crate::text::{input as text, number};
use cytolens_core::Channel;
use cytolens_protocol::Picture;

/// The value of a select for files that are left out.
const LEFT_OUT: &str = "-";

/// The dialog's return value for channels as chosen.
const CHANNELS: &str = "channels";
/// The dialog's return value for files that are colour pictures.
const PICTURES: &str = "pictures";

/// The mark of the dialog while a lot is asked about.
const BUSY: &str = "data-busy";

/// The content type of a dragged value's position.
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
        let answers = property(&event, "submitter")
            .dyn_ref::<Element>()
            .is_some_and(|button| attribute(button, "value") == CHANNELS);
        let is_chosen = selects().iter().any(|select| select.value() != LEFT_OUT);
        if answers && !is_chosen {
            event.prevent_default();
            say(text::NONE_CHOSEN);
        }
    });
    on(&dialog, "dragstart", |event: DragEvent| {
        let row = around(&event, "li");
        if let Some((row, data)) = row.zip(event.data_transfer()) {
            // A browser that refuses drops nothing on a well, and the selects remain.
            _ = data.set_data(DRAGGED, &attribute(&row, "data-value"));
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
        let position: Option<usize> = position.parse().ok();
        if let Some(select) = position.and_then(|at| selects().into_iter().nth(at)) {
            select.set_value(&attribute(&well, "data-well"));
            settle(&select);
        }
    });
}

/// Asks which of the scheme's values is which channel; none where the visitor cancels. The answer is
/// remembered where the visitor leaves it so.
pub(super) async fn ask(
    scheme: &Scheme,
    look: &dyn Fn(usize, Box<dyn FnOnce(Picture)>),
) -> Option<ChannelAnswer> {
    let dialog: HtmlDialogElement = by_id("mapper");
    // Another lot may be asked about.
    while dialog.has_attribute(BUSY) {
        next(&dialog, "close").await;
    }
    set_attribute(&dialog, BUSY, "");
    show(scheme);
    for position in 0..scheme.values.len() {
        let first = scheme.members.iter().find(|it| it.value == position);
        if let Some(member) = first {
            let row = find(
                &by_id("mapper-values"),
                &format!("[data-value='{position}']"),
            );
            look(
                member.index,
                Box::new(move |picture| show_look(&row, &picture)),
            );
        }
    }
    dialog.set_return_value("");
    open_dialog(&dialog);
    next(&dialog, "close").await;
    let answer = answered(scheme, &dialog.return_value());
    remove_attribute(&dialog, BUSY);
    let answer = answer?;
    if by_id::<HtmlInputElement>("mapper-remember").checked() {
        let mut answers = ChannelAnswers::load();
        answers.add(answer.clone());
        answers.save();
    }
    Some(answer)
}

/// The answer that the dialog holds, by the button that closed it.
fn answered(scheme: &Scheme, button: &str) -> Option<ChannelAnswer> {
    let texts = || scheme.values.iter().map(|value| value.text.clone());
    match button {
        CHANNELS => {
            let channels = selects()
                .into_iter()
                .map(|select| select.value().parse::<Channel>().ok());
            Some(ChannelAnswer::Channels(texts().zip(channels).collect()))
        }
        PICTURES => Some(ChannelAnswer::Pictures(texts().collect())),
        _ => None,
    }
}

fn show(scheme: &Scheme) {
    let list = emptied(by_id("mapper-values"));
    say("");
    set_text(&by_id("mapper-files"), &number::files(scheme.members.len()));
    for (position, value) in scheme.values.iter().enumerate() {
        append(&list, &row(position, value));
    }
    show_wells();
}

fn row(position: usize, value: &SchemeValue) -> Element {
    let row = from_template("mapper-value-template");
    set_attribute(&row, "data-value", &position.to_string());
    write(&row, ".value", &value.text);
    let example = text::example(&value.example, value.files);
    write(&row, ".example", &example);
    let select: HtmlSelectElement = find(&row, "select");
    set_attribute(&select, "aria-label", &text::channel_of(&value.text));
    select.set_value(match value.guess {
        Guess::Channel(channel) => channel.name(),
        Guess::LeftOut => LEFT_OUT,
        Guess::Unknown => "",
    });
    row
}

/// Shows the first file of a value, in grey. The row may have left the dialog by then.
fn show_look(row: &Element, picture: &Picture) {
    let plate = picture.plates.first();
    let canvas = plate.and_then(|plate| painted(plate, picture.width, picture.height, [1.0; 3]));
    if let Some(canvas) = canvas {
        append(&emptied(find(row, ".look")), &canvas);
    }
}

/// Takes the chosen channel from the value that had it, and shows who has which.
fn settle(chosen: &HtmlSelectElement) {
    let channel = chosen.value();
    say("");
    if channel.parse::<Channel>().is_ok() {
        let is_other = |select: &HtmlSelectElement| select != chosen && select.value() == channel;
        for other in selects().into_iter().filter(is_other) {
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
        let selects = selects();
        let holder = selects
            .iter()
            .find(|select| select.value() == channel.name());
        well.set_text_content(holder.map(value_of).as_deref());
    }
}

fn selects() -> Vec<HtmlSelectElement> {
    find_all(&by_id("mapper-values"), "select")
}

fn value_of(select: &HtmlSelectElement) -> String {
    closest(select, "li")
        .and_then(|row| find::<Element>(&row, ".value").text_content())
        .unwrap_or_default()
}

fn say(what: &str) {
    set_text(&by_id("mapper-said"), what);
}

fn well(event: &DragEvent) -> Option<Element> {
    around(event, "[data-well]")
}
