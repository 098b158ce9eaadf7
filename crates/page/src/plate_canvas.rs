//! A channel as a canvas of its own.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::dom::create;
use cytolens_protocol::Plate;

/// The channel in a light: its parts of red, green and blue, each from 0 to 1. None where the plate's samples do not fit its
/// size, or the browser lacks memory.
pub(super) fn painted(
    plate: &Plate,
    width: u32,
    height: u32,
    light: [f32; 3],
) -> Option<HtmlCanvasElement> {
    let coloured = |level: u8| {
        let [red, green, blue] = light.map(|light| (f32::from(level) * light + 0.5) as u8);
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
