//! Outlines of cells over the picture, the cell under the pointer, and crops of the picture.

use std::cell::Cell;
use std::rc::Rc;

use cytolens_cells::Ring;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MouseEvent, PointerEvent};

use super::geometry::{Size, View};
use super::layers;
use super::overlay::enter;
use super::scene::Scene;
use crate::dom::on;

/// The thickness of an outline, of one of a cell that shows the label, and of the one that is pointed at, in CSS pixels.
const THIN: f64 = 1.25;
const BOLD: f64 = 2.25;
const POINTED: f64 = 3.5;

/// A pointer that moves no farther than this between down and up clicks, in pixels of the screen.
const CLICK: f64 = 5.0;

/// The outline of one cell.
#[derive(Debug, Clone)]
pub(crate) struct CellOutline {
    /// The cell's number.
    pub(crate) number: u16,
    /// Its parts, in shares of the field's width and height.
    pub(crate) rings: Vec<Ring>,
    /// Its probability of the label that colours the cells, if it has one.
    pub(crate) level: Option<f32>,
    /// Whether that is at or over the label's threshold.
    pub(crate) is_over: bool,
}

/// What the visitor does with a place of the picture; places are shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AtPlace {
    /// The pointer is there; none where it has left.
    Over(Option<(f64, f64)>),
    /// It was clicked.
    Clicked(f64, f64),
}

/// The outlines as they are drawn.
#[derive(Debug, Default)]
pub(super) struct CellOverlay {
    pub(super) outlines: Vec<CellOutline>,
    /// The cell that is pointed at.
    pub(super) pointed: Option<u16>,
    /// The cells that are chosen.
    pub(super) chosen: Vec<u16>,
}

impl CellOverlay {
    /// Draws the outlines over a picture that is drawn already; lines are `pen` px of the canvas thick.
    pub(super) fn draw(
        &self,
        context: &CanvasRenderingContext2d,
        picture: Size,
        view: View,
        pen: f64,
    ) {
        context.save();
        enter(context, view);
        context.set_line_join("round");
        for outline in &self.outlines {
            trace(context, outline, picture);
            let is_pointed = self.pointed == Some(outline.number);
            if self.chosen.contains(&outline.number) {
                context.set_fill_style_str("rgb(255 255 255 / 28%)");
                context.fill();
            }
            let width = match (is_pointed, outline.is_over) {
                (true, _) => POINTED,
                (false, true) => BOLD,
                (false, false) => THIN,
            };
            // A dark rim, so that the line is also seen on what is bright.
            let lines = [
                ("rgb(0 0 0 / 60%)".to_owned(), width + 1.5),
                (colour(outline.level, is_pointed), width),
            ];
            for (colour, width) in lines {
                context.set_stroke_style_str(&colour);
                context.set_line_width(width * pen / view.scale);
                context.stroke();
            }
        }
        context.restore();
    }
}

/// The colour of a cell by its probability: from a bluish grey to a light magenta, which no channel has.
fn colour(level: Option<f32>, is_pointed: bool) -> String {
    const FROM: [f32; 3] = [138.0, 160.0, 172.0];
    const TO: [f32; 3] = [255.0, 128.0, 222.0];
    let Some(level) = level.filter(|_| !is_pointed) else {
        return "white".to_owned();
    };
    let parts: Vec<String> = FROM
        .iter()
        .zip(TO)
        .map(|(from, to)| format!("{:.0}", from + (to - from) * level.clamp(0.0, 1.0)))
        .collect();
    format!("rgb({})", parts.join(" "))
}

fn trace(context: &CanvasRenderingContext2d, outline: &CellOutline, picture: Size) {
    context.begin_path();
    for ring in &outline.rings {
        for (place, [x, y]) in ring.iter().enumerate() {
            let (x, y) = (
                f64::from(*x) * picture.width,
                f64::from(*y) * picture.height,
            );
            if place == 0 {
                context.move_to(x, y);
            } else {
                context.line_to(x, y);
            }
        }
        context.close_path();
    }
}

/// Tells what the visitor does with places of the picture, for as long as the page lives.
pub(super) fn listen(scene: &Rc<Scene>, handler: impl Fn(AtPlace) + 'static) {
    let handler = Rc::new(handler);
    on(&scene.stage, "pointermove", {
        let (scene, handler) = (scene.clone(), handler.clone());
        move |event: PointerEvent| {
            if event.buttons() == 0 {
                handler(AtPlace::Over(place(&scene, &event)));
            }
        }
    });
    on(&scene.stage, "pointerleave", {
        let handler = handler.clone();
        move |_: PointerEvent| handler(AtPlace::Over(None))
    });
    let down = Rc::new(Cell::new((0.0, 0.0)));
    on(&scene.stage, "pointerdown", {
        let down = down.clone();
        move |event: PointerEvent| down.set(at(&event))
    });
    let scene = scene.clone();
    on(&scene.stage.clone(), "click", move |event: MouseEvent| {
        let ((x, y), (from_x, from_y)) = (at(&event), down.get());
        if (x - from_x).abs() + (y - from_y).abs() <= CLICK
            && let Some((x, y)) = place(&scene, &event)
        {
            handler(AtPlace::Clicked(x, y));
        }
    });
}

fn at(event: &MouseEvent) -> (f64, f64) {
    (event.client_x().into(), event.client_y().into())
}

/// The place of the picture under the pointer.
fn place(scene: &Scene, event: &MouseEvent) -> Option<(f64, f64)> {
    let (x, y) = scene.point(at(event));
    scene.read(|state| {
        state.facts.as_ref()?;
        let (view, picture) = (state.view, state.setting.picture);
        let share = |at: f64, start: f64, side: f64| (at - start) / view.scale / side;
        let place = (
            share(x, view.left, picture.width),
            share(y, view.top, picture.height),
        );
        let is_inside = |share: f64| (0.0..1.0).contains(&share);
        (is_inside(place.0) && is_inside(place.1)).then_some(place)
    })
}

/// Draws a part of the picture on a canvas: the square around a middle, all in shares of the picture's longer side.
pub(super) fn draw_part(scene: &Scene, canvas: &HtmlCanvasElement, middle: (f64, f64), side: f64) {
    let Some(context) = layers::context(canvas) else {
        return;
    };
    scene.read(|state| {
        let picture = state.setting.picture;
        let length = picture.width.max(picture.height);
        let size = Size {
            width: canvas.width().into(),
            height: canvas.height().into(),
        };
        let scale = size.width / (side * length);
        let left = middle.0 * picture.width - side * length / 2.0;
        let top = middle.1 * picture.height - side * length / 2.0;
        let view = View {
            scale,
            left: -left * scale,
            top: -top * scale,
        };
        state.draw_channels(&context, size, view);
    });
}
