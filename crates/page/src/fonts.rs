//! Fonts, looked up before they are needed.

use std::collections::BTreeSet;

use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use super::dom::{create, find_all, pause, window};
use wasm_bindgen::JsCast;

/// Has the browser look up the fonts of all that is hidden in `root`, one after the other.
///
/// A browser finds out how a font is drawn, at each weight and size, when something in it is first laid out. That takes a
/// millisecond or more, and the first field shows twenty at once.
pub(super) async fn look_up(root: Element) {
    let canvas: HtmlCanvasElement = create("canvas");
    let Ok(Some(context)) = canvas.get_context("2d") else {
        return;
    };
    let context: CanvasRenderingContext2d = context.unchecked_into();
    for font in fonts(&root) {
        pause().await;
        context.set_font(&font);
        // What is missing is looked up later.
        _ = context.measure_text("0");
    }
}

/// The fonts in `root`, at the size in which the screen shows them.
fn fonts(root: &Element) -> BTreeSet<String> {
    let ratio = window().device_pixel_ratio();
    let font = |element: &Element| {
        let style = window().get_computed_style(element).ok()??;
        let value = |name| style.get_property_value(name).ok();
        let size: f64 = value("font-size")?.strip_suffix("px")?.parse().ok()?;
        let (weight, family) = (value("font-weight")?, value("font-family")?);
        Some(format!("{weight} {}px {family}", size * ratio))
    };
    find_all(root, "*").iter().filter_map(font).collect()
}
