//! The activation map over the picture.

use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::colours;
use super::evidence::{self, RASTER, Segment};
use super::geometry::{Area, Size, View, central_square};
use super::layers::new_canvas;
use crate::dom::report;

/// The level of the line, as a share of the map's maximum.
const LINE_AT: f32 = 0.5;

/// The shade over the picture outside the square that the network sees.
const UNSEEN: &str = "rgb(0 0 0 / 60%)";

/// The activation map of one label.
#[derive(Debug, Clone)]
pub(crate) struct MapOverlay {
    /// The label.
    pub(crate) label: String,
    /// The map's side in pixels. The map lies over the picture's central square.
    pub(crate) side: u32,
    /// `[side, side]`, in logits.
    pub(crate) values: Vec<f32>,
}

/// A map that is positive somewhere, made ready to be drawn.
struct Evidence {
    /// The highest value of the map, in logits.
    maximum: f32,
    raster: HtmlCanvasElement,
    line: Vec<Segment>,
}

/// The map of one label, ready to be drawn.
pub(super) struct Overlay {
    /// The label.
    pub(super) label: String,
    /// None where the map is positive nowhere.
    evidence: Option<Evidence>,
}

impl Overlay {
    /// Makes a map ready to be drawn.
    pub(super) fn new(map: MapOverlay) -> Self {
        let evidence = evidence::maximum(&map.values).and_then(|maximum| {
            let levels = evidence::levels(&map.values, map.side as usize, maximum);
            Some(Evidence {
                maximum,
                raster: painted(&levels, RASTER as u32)?,
                line: evidence::contour(&levels, LINE_AT),
            })
        });
        Self {
            label: map.label,
            evidence,
        }
    }

    /// The highest value of the map, in logits; none where no value is positive.
    pub(super) fn maximum(&self) -> Option<f32> {
        self.evidence.as_ref().map(|evidence| evidence.maximum)
    }

    /// Draws the map over a picture that is drawn already; lines are `pen` px of the canvas thick.
    pub(super) fn draw(
        &self,
        context: &CanvasRenderingContext2d,
        picture: Size,
        view: View,
        opacity: f64,
        pen: f64,
    ) {
        let square = central_square(picture);
        context.save();
        enter(context, view);
        if square.width < picture.width.max(picture.height) {
            darken_around(context, picture, square);
            context.set_line_width(pen / view.scale);
            context.set_stroke_style_str("white");
            context.stroke_rect(square.left, square.top, square.width, square.height);
        }
        if let Some(evidence) = &self.evidence {
            let cell = square.width / RASTER as f64;
            // Both calls fail only where a number is no number.
            _ = context.translate(square.left, square.top);
            _ = context.scale(cell, cell);
            context.set_image_smoothing_enabled(true);
            context.set_global_alpha(opacity);
            _ = context.draw_image_with_html_canvas_element(&evidence.raster, 0.0, 0.0);
            trace(context, &evidence.line);
            // A dark rim, so that the line is also seen on what is bright.
            for (colour, width) in [("rgb(0 0 0 / 55%)", 3.0), ("white", 1.25)] {
                context.set_stroke_style_str(colour);
                context.set_line_width(width * pen / view.scale / cell);
                context.stroke();
            }
        }
        context.restore();
    }
}

/// Lets the context draw in pixels of the picture.
pub(super) fn enter(context: &CanvasRenderingContext2d, view: View) {
    let View { scale, left, top } = view;
    report(context.set_transform(scale, 0.0, 0.0, scale, left, top));
}

/// Paints the scale of all maps, from no evidence to a map's maximum.
pub(super) fn paint_key(key: &HtmlCanvasElement) -> Option<()> {
    let colours = colours::evidence_table();
    key.set_width(colours.len() as u32);
    key.set_height(1);
    put(&super::layers::context(key)?, colours.as_flattened(), 256)
}

/// A canvas of `[side, side]` levels in the colours of evidence.
fn painted(levels: &[f32], side: u32) -> Option<HtmlCanvasElement> {
    let table = colours::evidence_table();
    let colour = |level: &f32| table[usize::from((level * 255.0 + 0.5) as u8)];
    let colours: Vec<[u8; 4]> = levels.iter().map(colour).collect();
    let (canvas, context) = new_canvas(side, side)?;
    put(&context, colours.as_flattened(), side)?;
    Some(canvas)
}

fn put(context: &CanvasRenderingContext2d, colours: &[u8], width: u32) -> Option<()> {
    let image = ImageData::new_with_u8_clamped_array(Clamped(colours), width).ok()?;
    context.put_image_data(&image, 0.0, 0.0).ok()
}

fn darken_around(context: &CanvasRenderingContext2d, picture: Size, square: Area) {
    context.set_fill_style_str(UNSEEN);
    let (right, bottom) = (square.left + square.width, square.top + square.height);
    context.fill_rect(0.0, 0.0, square.left, picture.height);
    context.fill_rect(right, 0.0, picture.width - right, picture.height);
    context.fill_rect(0.0, 0.0, picture.width, square.top);
    context.fill_rect(0.0, bottom, picture.width, picture.height - bottom);
}

fn trace(context: &CanvasRenderingContext2d, line: &[Segment]) {
    context.begin_path();
    for [x, y, to_x, to_y] in line {
        context.move_to(*x, *y);
        context.line_to(*to_x, *to_y);
    }
}
