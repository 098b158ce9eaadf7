//! The dialog by which the files of a field, or of all fields alike, are given other channels.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlDialogElement, HtmlInputElement, HtmlSelectElement};

use super::App;
use crate::dom::{
    append, attribute, by_id, emptied, find, find_all, from_template, next, on, open_dialog, pause,
    set_attribute, set_hidden, set_text, target, write,
};
use crate::input::FieldInput;
use crate::session::Subject;
use crate::text::input as text;
use cytolens_core::Channel;

/// The dialog's return value of a change.
const KEEP: &str = "keep";

/// The channel that a select had before the change.
const FORMER: &str = "data-former";

/// Channels and those that take their places.
type Changes = Vec<(Channel, Channel)>;

impl App {
    /// Listens to the dialog's controls.
    pub(super) fn open_rechannel(self: &Rc<Self>) {
        let app = self.clone();
        on(
            &by_id::<Element>("rechannel-open"),
            "click",
            move |_: Event| {
                spawn_local(app.clone().rechannel());
            },
        );
        on(
            &by_id::<Element>("rechannel-files"),
            "change",
            |event: Event| {
                if let Some(select) = target::<HtmlSelectElement>(&event) {
                    swap(&select);
                }
            },
        );
    }

    /// Asks for the channels of the selected field's files, and has it classified by them.
    async fn rechannel(self: Rc<Self>) {
        let Some(field) = self.session.borrow().selected() else {
            return;
        };
        let Some(input) = self.input(Subject::Field(field)).await else {
            return self.desk.notify(text::NO_FILES);
        };
        let dialog: HtmlDialogElement = by_id("rechannel");
        let channels: Option<Vec<Channel>> = input.files.iter().map(|file| file.channel).collect();
        show(&input, channels.as_deref());
        dialog.set_return_value("");
        open_dialog(&dialog);
        next(&dialog, "close").await;
        let Some(channels) = channels.filter(|_| dialog.return_value() == KEEP) else {
            return;
        };
        let chosen = selects().into_iter().map(|select| select.value().parse());
        let chosen: Result<Vec<Channel>, _> = chosen.collect();
        let changes: Changes = match chosen {
            Ok(chosen) => channels.iter().copied().zip(chosen).collect(),
            Err(_) => return,
        };
        if changes.iter().all(|(from, to)| from == to) {
            return;
        }
        let mut fields = vec![field];
        if by_id::<HtmlInputElement>("rechannel-all").checked() {
            let session = self.session.borrow();
            let others = session
                .entries()
                .iter()
                .filter(|(_, it)| !it.is_passed_over());
            fields.extend(
                others
                    .map(|(other, _)| *other)
                    .filter(|other| *other != field),
            );
        }
        fields.sort_unstable();
        for field in fields {
            if let Some(input) = self.input(Subject::Field(field)).await
                && let Some(changed) = changed(input, &changes)
                && self.session.borrow().entry(field).is_some()
            {
                self.renew(field, changed);
            }
            pause().await;
        }
    }
}

/// A field with its files as these channels; none where its channels are others.
fn changed(mut input: FieldInput, changes: &[(Channel, Channel)]) -> Option<FieldInput> {
    let channels: Option<Vec<Channel>> = input.files.iter().map(|file| file.channel).collect();
    let channels = rechannelled(&channels?, changes)?;
    for (file, channel) in input.files.iter_mut().zip(channels) {
        file.channel = Some(channel);
    }
    input.files.sort_by_key(|file| file.channel);
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

fn show(input: &FieldInput, channels: Option<&[Channel]>) {
    let about = match channels {
        Some(_) => text::RECHANNEL,
        None => text::RECHANNEL_INSIDE,
    };
    set_text(&by_id("rechannel-about"), about);
    for part in [by_id("rechannel-keep"), by_id("rechannel-others")] {
        let part: Element = part;
        set_hidden(&part, channels.is_none());
    }
    by_id::<HtmlInputElement>("rechannel-all").set_checked(false);
    let list = emptied(by_id("rechannel-files"));
    for (file, channel) in input.files.iter().zip(channels.unwrap_or_default()) {
        let row = from_template("rechannel-template");
        let name = file.name.rsplit('/').next().unwrap_or_default();
        write(&row, ".file", name);
        let select: HtmlSelectElement = find(&row, "select");
        set_attribute(&select, "aria-label", &text::channel_of(name));
        select.set_value(channel.name());
        set_attribute(&select, FORMER, channel.name());
        append(&list, &row);
    }
}

/// Gives the file that had a channel the former one of the file that has it now: each has one of its own.
fn swap(chosen: &HtmlSelectElement) {
    let former = attribute(chosen, FORMER);
    for other in selects() {
        if other != *chosen && other.value() == chosen.value() {
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
    use super::rechannelled;
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
}
