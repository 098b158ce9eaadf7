//! The picture as a PNG file, with a caption.

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

use super::display::Range;
use super::geometry::{Area, Size, View};
use super::layers::new_canvas;
use super::scene::Scene;
use super::state::ViewerState;
use crate::dom::next_frame;
use crate::text::viewer as text;

/// A part of fewer pixels than this a side is drawn in larger squares, or its caption would not be legible.
const SHORTEST: f64 = 640.0;

/// The height of a line of the caption, as a share of the picture's width.
const LINE: f64 = 1.0 / 44.0;

/// The part of the picture on the stage, at the picture's own resolution and with a caption below it, as a
/// PNG file; none where there is no picture, or where the browser has no memory for another.
pub(super) async fn of(scene: &Scene) -> Option<Blob> {
    scene.change(|state| state.is_whole_wanted = true);
    while !scene.read(|state| state.facts.is_none() || state.is_painted) {
        next_frame().await;
    }
    let canvas = scene.read(draw);
    scene.change(|state| state.is_whole_wanted = false);
    packed(&canvas?).await
}

fn draw(state: &ViewerState) -> Option<HtmlCanvasElement> {
    let facts = state.facts.as_ref()?;
    let part = state.setting.visible(state.view);
    let scale = (SHORTEST / part.width).ceil().max(1.0);
    let size = Size {
        width: part.width * scale,
        height: part.height * scale,
    };
    let view = View {
        scale,
        left: -part.left * scale,
        top: -part.top * scale,
    };
    let lines = caption(state, &facts.id, part);
    let line = (size.width * LINE).ceil();
    let height = size.height + line * (lines.len() as f64 + 1.0);
    let (canvas, context) = new_canvas(size.width as u32, height as u32)?;
    let pen = (size.width / 800.0).max(1.0);
    state.draw(&context, size, view, pen);
    write(&context, size, line, &lines);
    Some(canvas)
}

/// Packs a canvas as a PNG file; none where the browser has no memory for it.
async fn packed(canvas: &HtmlCanvasElement) -> Option<Blob> {
    let promise = Promise::new(&mut |resolve, _| {
        if canvas.to_blob(&resolve).is_err() {
            // A canvas that is too large gives null, too.
            _ = resolve.call1(&JsValue::NULL, &JsValue::NULL);
        }
    });
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

fn caption(state: &ViewerState, id: &str, part: Area) -> Vec<String> {
    let Some(facts) = &state.facts else {
        return Vec::new();
    };
    let size = facts.size_line();
    let whole =
        part.width >= state.setting.picture.width && part.height >= state.setting.picture.height;
    let shown: Vec<_> = state.display.shown().collect();
    let is_auto = state.display.range == Range::Auto;
    let mut lines = vec![
        id.to_owned(),
        text::caption_channels(&shown, facts.painted, is_auto),
        if whole {
            size
        } else {
            let pixels = |length: f64| (length * state.setting.reduction).round();
            text::caption_part((pixels(part.width), pixels(part.height)), &size)
        },
    ];
    if let Some(map) = state.map() {
        let maximum = map.maximum().unwrap_or_default();
        lines.push(text::caption_map(&map.label, maximum));
    }
    lines
}

/// Writes lines under the picture.
fn write(context: &CanvasRenderingContext2d, picture: Size, line: f64, lines: &[String]) {
    context.set_fill_style_str("white");
    context.fill_rect(0.0, picture.height, picture.width, line * 99.0);
    context.set_fill_style_str("#14211d");
    for (number, text) in lines.iter().enumerate() {
        let weight = if number == 0 { "600 " } else { "" };
        context.set_font(&format!("{weight}{}px system-ui, sans-serif", line * 0.72));
        let bottom = picture.height + line * (number as f64 + 1.2);
        let room = picture.width - line;
        _ = context.fill_text_with_max_width(text, line / 2.0, bottom, room);
    }
}
