//! A field's picture in the quiz: one canvas per channel, blended by the style sheet, and a switch for
//! each.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlInputElement, ImageData};

use crate::dom::{
    append, by_id, create, emptied, find, from_template, set_attribute, set_flag, set_hidden, write,
};
use crate::text::quiz as text;
use cytolens_protocol::{Picture, Plate};

/// Shows the picture with all channels on; without one shows that it is on its way.
pub(super) fn show(picture: Option<&Picture>) {
    let layers = emptied(by_id("quiz-layers"));
    let channels: Element = by_id("quiz-channels");
    let switches = emptied(find(&channels, ".switches"));
    set_flag(&layers, "aria-busy", picture.is_none());
    set_hidden(&channels, picture.is_none());
    let Some(picture) = picture else { return };
    for plate in &picture.plates {
        let Some(canvas) = painted(plate, picture.width, picture.height) else {
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

/// The channel in its colour. None where the plate's samples do not fit its size, or the browser lacks
/// memory.
fn painted(plate: &Plate, width: u32, height: u32) -> Option<HtmlCanvasElement> {
    let tint = plate.channel.tint();
    let coloured = |level: u8| {
        let [red, green, blue] = tint.map(|light| (f32::from(level) * light + 0.5) as u8);
        [red, green, blue, u8::MAX]
    };
    let pixels: Vec<[u8; 4]> = plate.samples.to_vec().into_iter().map(coloured).collect();
    let pixels = Clamped(pixels.as_flattened());
    let image = ImageData::new_with_u8_clamped_array_and_sh(pixels, width, height).ok()?;
    let canvas: HtmlCanvasElement = create("canvas");
    canvas.set_width(width);
    canvas.set_height(height);
    let context = canvas.get_context("2d").ok()??;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.put_image_data(&image, 0.0, 0.0).ok()?;
    Some(canvas)
}
