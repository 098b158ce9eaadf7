//! A field's picture in the quiz: one canvas per channel, blended by the style sheet, and a switch for
//! each.

use web_sys::{Element, HtmlInputElement};

use crate::dom::{
    append, by_id, emptied, find, from_template, set_attribute, set_flag, set_hidden, write,
};
use crate::plate_canvas::painted;
use crate::text::quiz as text;
use cytolens_protocol::Picture;

/// Shows the picture with all channels on; without one shows that it is on its way.
pub(super) fn show(picture: Option<&Picture>) {
    let layers = emptied(by_id("quiz-layers"));
    let channels: Element = by_id("quiz-channels");
    let switches = emptied(find(&channels, ".switches"));
    set_flag(&layers, "aria-busy", picture.is_none());
    set_hidden(&channels, picture.is_none());
    let Some(picture) = picture else { return };
    for plate in &picture.plates {
        let Some(canvas) = painted(plate, picture.width, picture.height, plate.channel.tint())
        else {
            continue;
        };
        set_attribute(&canvas, "data-channel", plate.channel.name());
        append(&layers, &canvas);
        let switch = from_template("quiz-channel-template");
        let input: HtmlInputElement = find(&switch, "input");
        input.set_value(plate.channel.name());
        set_attribute(&switch, "class", plate.channel.name());
        write(&switch, ".name", text::shows(plate.channel));
        append(&switches, &switch);
    }
}

/// Shows or hides a channel.
pub(super) fn switch(input: &HtmlInputElement) {
    let layers: Element = by_id("quiz-layers");
    let canvas = layers.query_selector(&format!("[data-channel=\"{}\"]", input.value()));
    if let Ok(Some(canvas)) = canvas {
        set_hidden(&canvas, !input.checked());
    }
}
