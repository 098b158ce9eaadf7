//! The dialog by which the files of a field, or the images inside its one file, are given other channels: of one field, of the
//! chosen ones, or of all alike.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlDialogElement, HtmlInputElement, HtmlSelectElement};

use super::App;
use crate::dom::{
    append, attribute, by_id, emptied, find, find_all, from_template, next, on, open_dialog, pause,
    set_attribute, set_boolean, set_hidden, set_line, set_text, target, write,
};
use crate::input::{FieldInput, read_order};
use crate::session::Subject;
use crate::text::input as text;
use cytolens_core::{Channel, ChannelOrder, image_name};

/// The dialog's return value of a change.
const KEEP: &str = "keep";

/// The channel that a select had before the change.
const FORMER: &str = "data-former";

/// The mark of the dialog while it is about the images inside a file.
const INSIDE: &str = "data-inside";

/// The value of a select for an image that is skipped.
const SKIPPED: &str = "-";

/// The most images of a TIFF whose channels can be given, and those of another picture: red, green and blue.
const IMAGES: [usize; 2] = [6, 3];

/// Other channels.
enum Change {
    /// Those of files, and the channels that take their places.
    Files(Vec<(Channel, Channel)>),
    /// Those of the images inside a file; the file is a TIFF or is none.
    Inside(ChannelOrder, bool),
}

impl App {
    /// Listens to the dialog's controls.
    pub(super) fn open_rechannel(self: &Rc<Self>) {
        let app = self.clone();
        on(
            &by_id::<Element>("rechannel-open"),
            "click",
            move |_: Event| {
                let selected = app.session.borrow().selected();
                let selected = selected.into_iter().collect();
                spawn_local(app.clone().rechannel(selected, true));
            },
        );
        let app = self.clone();
        on(
            &by_id::<Element>("chosen-channels"),
            "click",
            move |_: Event| {
                let chosen = app.session.borrow().chosen();
                spawn_local(app.clone().rechannel(chosen, false));
            },
        );
        on(
            &by_id::<Element>("rechannel-keep"),
            "click",
            |event: Event| {
                if is_inside()
                    && let Err(reason) = order()
                {
                    event.prevent_default();
                    complain(&reason);
                }
            },
        );
        on(
            &by_id::<Element>("rechannel-files"),
            "change",
            |event: Event| {
                if let Some(select) = target::<HtmlSelectElement>(&event) {
                    complain("");
                    swap(&select);
                }
            },
        );
    }

    /// Asks for the channels of these fields, as the first has them, and has them classified by them. All fields of the desk may
    /// be meant where `offers_all`.
    async fn rechannel(self: Rc<Self>, mut fields: Vec<u32>, offers_all: bool) {
        let Some(field) = fields.first().copied() else {
            return;
        };
        let Some(input) = self.input(Subject::Field(field)).await else {
            return self.desk.notify(text::NO_FILES);
        };
        let dialog: HtmlDialogElement = by_id("rechannel");
        show(&input, offers_all);
        dialog.set_return_value("");
        open_dialog(&dialog);
        next(&dialog, "close").await;
        if dialog.return_value() != KEEP {
            return;
        }
        let Some(change) = wished(&input) else {
            return;
        };
        if by_id::<HtmlInputElement>("rechannel-all").checked() {
            let session = self.session.borrow();
            let all = session.entries().iter();
            let all = all.filter(|(_, it)| !it.is_passed_over());
            fields = all.map(|(field, _)| *field).collect();
        }
        fields.sort_unstable();
        for field in fields {
            if let Some(input) = self.input(Subject::Field(field)).await
                && let Some(changed) = changed(input, &change)
                && self.session.borrow().entry(field).is_some()
            {
                self.renew(field, changed);
            }
            pause().await;
        }
    }
}

/// The channels of a field's files; none of a field of one file with several.
fn channels(input: &FieldInput) -> Option<Vec<Channel>> {
    input.files.iter().map(|file| file.channel).collect()
}

/// Whether a field is one file of several channels, and that a TIFF.
fn is_tiff(input: &FieldInput) -> Option<bool> {
    let [file] = &*input.files else { return None };
    let name = image_name(&file.name).filter(|_| file.channel.is_none())?;
    Some(name.extension.to_ascii_lowercase().starts_with("tif"))
}

/// The change that the dialog holds for this field; none where it changes nothing.
fn wished(input: &FieldInput) -> Option<Change> {
    if let Some(is_tiff) = is_tiff(input) {
        return Some(Change::Inside(order().ok()?, is_tiff));
    }
    let chosen = selects().into_iter().map(|select| select.value().parse());
    let chosen: Vec<Channel> = chosen.collect::<Result<_, _>>().ok()?;
    Some(Change::Files(
        channels(input)?.into_iter().zip(chosen).collect(),
    ))
}

/// A field with its files, or the images in its one file, as other channels; none where that is another field or changes nothing.
fn changed(mut input: FieldInput, change: &Change) -> Option<FieldInput> {
    match change {
        Change::Files(changes) => {
            let before = channels(&input)?;
            let after = rechannelled(&before, changes).filter(|after| *after != before)?;
            for (file, channel) in input.files.iter_mut().zip(after) {
                file.channel = Some(channel);
            }
            input.files.sort_by_key(|file| file.channel);
        }
        Change::Inside(order, of_tiff) => {
            let is_same_kind = is_tiff(&input) == Some(*of_tiff);
            let orders_colours = order.given().is_some();
            let order = order.to_string();
            let is_new = (&input.order, input.orders_colours) != (&order, orders_colours);
            if !is_same_kind || !is_new {
                return None;
            }
            (input.order, input.orders_colours) = (order, orders_colours);
        }
    }
    Some(input)
}

/// The channels that take the places of these; none where they are others than those that change.
fn rechannelled(channels: &[Channel], changes: &[(Channel, Channel)]) -> Option<Vec<Channel>> {
    if channels.len() != changes.len() {
        return None;
    }
    let to = |channel: &Channel| {
        let found = changes.iter().find(|(from, _)| from == channel);
        found.map(|(_, to)| *to)
    };
    channels.iter().map(to).collect()
}

fn show(input: &FieldInput, offers_all: bool) {
    let inside = is_tiff(input);
    let about = match inside {
        Some(_) => text::RECHANNEL_INSIDE,
        None => text::RECHANNEL,
    };
    set_text(&by_id("rechannel-about"), about);
    set_boolean(&by_id("rechannel"), INSIDE, inside.is_some());
    set_hidden(&by_id("rechannel-others"), !offers_all);
    by_id::<HtmlInputElement>("rechannel-all").set_checked(false);
    complain("");
    emptied(by_id("rechannel-files"));
    let Some(is_tiff) = inside else {
        for (file, channel) in input.files.iter().zip(channels(input).unwrap_or_default()) {
            let name = file.name.rsplit('/').next().unwrap_or_default();
            add(&from_template("rechannel-template"), name, channel.name());
        }
        return;
    };
    let order: ChannelOrder = input.order.parse().unwrap_or_default();
    // An order that was given for stacks is none of a picture's colours.
    let order = order.given().filter(|_| is_tiff || input.orders_colours);
    for image in 0..IMAGES[usize::from(!is_tiff)] {
        let channel = match order {
            Some(order) => order
                .get(image)
                .map_or("", |it| it.map_or(SKIPPED, Channel::name)),
            None if is_tiff => "",
            None => Channel::ALL[image].name(),
        };
        let colour = Channel::ALL.get(image).filter(|_| !is_tiff);
        let name = match colour {
            Some(colour) => text::colour(*colour),
            None => text::image(image + 1),
        };
        add(&from_template("rechannel-image-template"), &name, channel);
    }
}

/// Adds the line of a file or of an image.
fn add(row: &Element, name: &str, channel: &str) {
    write(row, ".file", name);
    let select: HtmlSelectElement = find(row, "select");
    set_attribute(&select, "aria-label", &text::channel_of(name));
    select.set_value(channel);
    set_attribute(&select, FORMER, channel);
    append(&by_id("rechannel-files"), row);
}

/// Whether the dialog is about the images inside a file.
fn is_inside() -> bool {
    by_id::<Element>("rechannel").has_attribute(INSIDE)
}

/// The order that the dialog holds: none given where all of it is empty.
///
/// # Errors
/// The reason where it holds none.
fn order() -> Result<ChannelOrder, String> {
    let values: Vec<String> = selects().iter().map(HtmlSelectElement::value).collect();
    match values.iter().all(String::is_empty) {
        true => Ok(ChannelOrder::default()),
        false => read_order(&values),
    }
}

fn complain(reason: &str) {
    set_line(&by_id("rechannel-fault"), reason);
}

/// Gives the file that had a channel the former one of the file that has it now: each has one of its own.
fn swap(chosen: &HtmlSelectElement) {
    let former = attribute(chosen, FORMER);
    // Any number of images may be skipped.
    let is_channel = chosen.value().parse::<Channel>().is_ok();
    for other in selects() {
        if is_channel && other != *chosen && other.value() == chosen.value() {
            other.set_value(&former);
            set_attribute(&other, FORMER, &former);
        }
    }
    set_attribute(chosen, FORMER, &chosen.value());
}

fn selects() -> Vec<HtmlSelectElement> {
    find_all(&by_id("rechannel-files"), "select")
}

#[cfg(test)]
mod tests {
    use super::{Change, changed, is_tiff, rechannelled};
    use crate::input::FieldInput;
    use cytolens_core::Channel::{Blue, Green, Red, Yellow};

    #[test]
    fn only_fields_of_the_same_channels_are_changed() {
        let changes = [(Red, Green), (Green, Red), (Blue, Blue)];
        assert_eq!(
            rechannelled(&[Red, Green, Blue], &changes),
            Some(vec![Green, Red, Blue])
        );
        assert_eq!(rechannelled(&[Red, Green], &changes), None);
        assert_eq!(rechannelled(&[Red, Green, Yellow], &changes), None);
        // A channel may become one that no file had.
        assert_eq!(rechannelled(&[Red], &[(Red, Yellow)]), Some(vec![Yellow]));
    }

    #[test]
    fn a_field_without_files_has_none_to_change() {
        let input = FieldInput {
            id: "x".to_owned(),
            files: Vec::new(),
            order: "auto".to_owned(),
            orders_colours: false,
            bits: None,
            to_scale: false,
        };
        assert_eq!(is_tiff(&input), None);
        assert!(changed(input.clone(), &Change::Files(Vec::new())).is_none());
        let order = "blue,red,green".parse().expect("an order");
        assert!(changed(input, &Change::Inside(order, true)).is_none());
    }
}
