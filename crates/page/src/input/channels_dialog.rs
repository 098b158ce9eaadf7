//! The dialog about channels: remembered answers about names, the order inside TIFF files, and the bits of samples.

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Element, Event, HtmlDialogElement, HtmlInputElement, HtmlSelectElement};

use super::remembered::{self, ChannelAnswer, ChannelAnswers};
use crate::dom::{
    append, attribute, by_id, emptied, find, focus, from_template, on, open_dialog, set_attribute,
    set_hidden, set_line, target, write,
};
use crate::text::input as text;
use cytolens_core::{Channel, ChannelOrder};

/// The most images of a file whose channels an order may name.
const IMAGES: usize = 6;

/// The value of a select for an image that is skipped. An empty value stands for no image.
const SKIPPED: &str = "-";

/// Listens to the button that opens the dialog, and to its controls.
pub(super) fn listen() {
    let dialog: HtmlDialogElement = by_id("channels");
    let images: Element = by_id("channels-order");
    let mut selects = Vec::new();
    for number in 1..=IMAGES {
        let image = from_template("channels-image-template");
        let select: HtmlSelectElement = find(&image, "select");
        set_attribute(&select, "aria-label", &text::image(number));
        append(&images, &image);
        selects.push(select);
    }
    let selects = Rc::new(selects);
    // Answers are forgotten only once the dialog is confirmed.
    let answers: Rc<RefCell<ChannelAnswers>> = Rc::default();
    on(&by_id::<Element>("open-channels"), "click", {
        let (dialog, selects, answers) = (dialog.clone(), selects.clone(), answers.clone());
        move |_: Event| {
            *answers.borrow_mut() = ChannelAnswers::load();
            list(&answers.borrow());
            show_order(&selects, &remembered::order());
            let bits = remembered::bits().map(|bits| bits.to_string());
            bits_select().set_value(&bits.unwrap_or_default());
            complain("");
            open_dialog(&dialog);
        }
    });
    on(&by_id::<Element>("channels-known"), "click", {
        let answers = answers.clone();
        move |event: Event| {
            let position =
                target::<Element>(&event).map(|button| attribute(&button, "data-forget"));
            if let Some(position) = position.and_then(|position| position.parse().ok()) {
                answers.borrow_mut().forget(position);
                list(&answers.borrow());
                focus(&by_id("channels-keep"));
            }
        }
    });
    on(&images, "change", |_: Event| {
        by_id::<HtmlInputElement>("order-given").set_checked(true);
        complain("");
    });
    on(
        &by_id::<Element>("channels-keep"),
        "click",
        move |event: Event| match order(&selects) {
            Ok(order) => {
                answers.borrow().save();
                remembered::keep_order(&order);
                remembered::keep_bits(bits_select().value().parse().ok());
            }
            Err(reason) => {
                event.prevent_default();
                complain(&reason);
            }
        },
    );
}

/// The choice of the bits of 16-bit samples; empty for all.
fn bits_select() -> HtmlSelectElement {
    by_id("bits")
}

/// Lists the remembered answers, the latest first.
fn list(answers: &ChannelAnswers) {
    let list = emptied(by_id("channels-known"));
    set_hidden(&by_id("channels-none"), !answers.all().is_empty());
    for (position, answer) in answers.all().iter().enumerate().rev() {
        let what = match answer {
            ChannelAnswer::Channels(channels) => text::remembered(channels),
            ChannelAnswer::Pictures(values) => text::remembered_pictures(values),
        };
        let row = from_template("channels-known-template");
        write(&row, ".what", &what);
        let button: Element = find(&row, "button");
        set_attribute(&button, "data-forget", &position.to_string());
        set_attribute(&button, "aria-label", &text::forget(&what));
        append(&list, &row);
    }
}

fn show_order(selects: &[HtmlSelectElement], order: &ChannelOrder) {
    let given = order.given();
    let chosen: HtmlInputElement = match given {
        Some(_) => by_id("order-given"),
        None => by_id("order-auto"),
    };
    chosen.set_checked(true);
    for (at, select) in selects.iter().enumerate() {
        let channel = given.and_then(|channels| channels.get(at));
        select.set_value(channel.map_or("", |channel| channel.map_or(SKIPPED, Channel::name)));
    }
}

/// The order that the dialog holds.
///
/// # Errors
/// The reason where it holds none.
fn order(selects: &[HtmlSelectElement]) -> Result<ChannelOrder, String> {
    if by_id::<HtmlInputElement>("order-auto").checked() {
        return Ok(ChannelOrder::default());
    }
    let values: Vec<String> = selects.iter().map(HtmlSelectElement::value).collect();
    read_order(&values)
}

/// The order in the values of selects: empty ones may only stand at the end.
pub(crate) fn read_order(values: &[String]) -> Result<ChannelOrder, String> {
    let end = values.iter().rposition(|value| !value.is_empty());
    let given = &values[..end.map_or(0, |end| end + 1)];
    if given.iter().any(String::is_empty) {
        return Err(text::IMAGE_BETWEEN.to_owned());
    }
    let channels = given.iter().map(|value| value.parse::<Channel>().ok());
    ChannelOrder::of(channels).map_err(|error| error.to_string())
}

fn complain(reason: &str) {
    set_line(&by_id("channels-fault"), reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: [&str; 4]) -> Result<String, String> {
        read_order(&values.map(str::to_owned)).map(|order| order.to_string())
    }

    #[test]
    fn an_order_ends_with_the_last_image() {
        assert_eq!(
            read(["blue", "-", "green", ""]).as_deref(),
            Ok("blue,-,green")
        );
        assert!(read(["blue", "", "green", ""]).is_err());
        assert!(read(["blue", "blue", "", ""]).is_err());
        assert!(read(["", "", "", ""]).is_err());
    }
}
