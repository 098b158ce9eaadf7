//! The channels as coloured canvases, one each, which the stage adds up.
//!
//! A canvas is painted only where colour, brightness or size change, some rows at a time: a field of 2048 px
//! a side has four million samples a channel, and a browser that paints them at once does not answer
//! meanwhile. Until a new canvas is whole the old one is shown.

use std::borrow::Cow;
use std::cell::OnceCell;

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::colours::{self, ColourTable};
use super::display::{Display, Look};
use super::histogram::Histogram;
use super::reduction::{reduced, reduced_side};
use crate::dom::create;
use cytolens_core::Channel;
use cytolens_protocol::Plate;

/// The number of samples painted between two looks at the clock: some milliseconds on a slow phone.
const SAMPLES_AT_ONCE: u32 = 1 << 16;

/// The number of samples of a channel that its histogram counts, roughly.
const SAMPLES_COUNTED: u32 = 1 << 18;

/// A canvas of this size that is in no document, and its context. A browser that has no memory left gives
/// none.
pub(super) fn new_canvas(
    width: u32,
    height: u32,
) -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = create("canvas");
    canvas.set_width(width);
    canvas.set_height(height);
    let context = context(&canvas)?;
    Some((canvas, context))
}

/// The context that draws on a canvas.
pub(super) fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// The colour and the size in which a channel is painted.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rendering {
    look: Look,
    /// The number of times that it is halved.
    halvings: u32,
}

/// A canvas that is being painted.
struct Painting {
    rendering: Rendering,
    table: Box<ColourTable>,
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// The first row of the canvas that is still to be painted.
    row: u32,
}

/// One channel of the picture.
struct Layer {
    plate: Plate,
    width: u32,
    height: u32,
    /// A number of halvings and the samples halved so often: kept, because a slider paints them many times.
    reduced: (u32, Vec<u8>),
    painted: Option<(Rendering, HtmlCanvasElement)>,
    painting: Option<Painting>,
    /// Once it was asked for.
    histogram: OnceCell<Histogram>,
}

impl Layer {
    /// Paints some more rows, if any are to be painted.
    ///
    /// A canvas that was begun is finished, even if another is wanted by then: or a slider that moves all
    /// the time would never show anything.
    fn paint(&mut self, wanted: Rendering) -> Option<PaintProgress> {
        let mut painting = match self.painting.take() {
            Some(painting) => painting,
            None if self.shows(wanted) => return Some(PaintProgress::Nothing),
            None => self.begin(wanted)?,
        };
        let (width, height) = (painting.canvas.width(), painting.canvas.height());
        let at_once = (SAMPLES_AT_ONCE >> (2 * painting.rendering.halvings)) / width;
        let rows = at_once.clamp(1, height - painting.row);
        let colour = |level: &u8| painting.table[usize::from(*level)];
        let samples = self.rows(painting.rendering.halvings, painting.row, rows);
        let colours: Vec<[u8; 4]> = samples.iter().map(colour).collect();
        let strip = Clamped(colours.as_flattened());
        let strip = ImageData::new_with_u8_clamped_array_and_sh(strip, width, rows).ok()?;
        let row = f64::from(painting.row);
        painting.context.put_image_data(&strip, 0.0, row).ok()?;
        painting.row += rows;
        if painting.row < height {
            self.painting = Some(painting);
            return Some(PaintProgress::Some);
        }
        self.painted = Some((painting.rendering, painting.canvas));
        Some(PaintProgress::Whole)
    }

    fn begin(&self, rendering: Rendering) -> Option<Painting> {
        let side = |side| reduced_side(side, rendering.halvings);
        let (canvas, context) = new_canvas(side(self.width), side(self.height))?;
        let look = rendering.look;
        Some(Painting {
            rendering,
            table: Box::new(colours::table(look.light, look.gain, look.black)),
            canvas,
            context,
            row: 0,
        })
    }

    /// Rows of the samples halved so often.
    fn rows(&mut self, halvings: u32, first: u32, rows: u32) -> Cow<'_, [u8]> {
        let read = |first: u32, rows: u32| {
            let end = ((first + rows) * self.width).min(self.plate.samples.length());
            self.plate
                .samples
                .subarray(first * self.width, end)
                .to_vec()
        };
        if halvings == 0 {
            return Cow::Owned(read(first, rows));
        }
        if self.reduced.0 != halvings {
            self.reduced = (halvings, Vec::new());
        }
        let width = reduced_side(self.width, halvings);
        let (start, end) = ((first * width) as usize, ((first + rows) * width) as usize);
        if self.reduced.1.len() < end {
            let samples = read(first << halvings, rows << halvings);
            let samples = reduced(&samples, self.width, halvings);
            // Rows come in their order, and each once.
            self.reduced.1.extend(samples);
        }
        Cow::Borrowed(&self.reduced.1[start..end])
    }

    fn shows(&self, rendering: Rendering) -> bool {
        self.painted
            .as_ref()
            .is_some_and(|(painted, _)| *painted == rendering)
    }
}

/// The outcome of a call of [`Layer::paint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PaintProgress {
    /// The channel was whole already.
    Nothing,
    /// Rows are left.
    Some,
    /// The last row was painted.
    Whole,
}

/// The channels of a field.
#[derive(Default)]
pub(super) struct Layers(Vec<Layer>);

impl Layers {
    /// Unpainted layers of these plates. A plate that has not its size's samples is left out.
    pub(super) fn new(plates: Vec<Plate>, width: u32, height: u32) -> Self {
        let fits = |plate: &Plate| plate.samples.length() == width * height && height > 0;
        let layer = |plate| Layer {
            plate,
            width,
            height,
            reduced: (0, Vec::new()),
            painted: None,
            painting: None,
            histogram: OnceCell::new(),
        };
        Self(plates.into_iter().filter(fits).map(layer).collect())
    }

    /// The same channels, unpainted.
    pub(super) fn again(&self) -> Self {
        let layer = |layer: &Layer| Layer {
            plate: layer.plate.clone(),
            width: layer.width,
            height: layer.height,
            reduced: (0, Vec::new()),
            painted: None,
            painting: None,
            histogram: OnceCell::new(),
        };
        Self(self.0.iter().map(layer).collect())
    }

    /// Each channel and the level that its samples have as white, of 65535.
    pub(super) fn whites(&self) -> impl Iterator<Item = (Channel, u16)> {
        self.0
            .iter()
            .map(|layer| (layer.plate.channel, layer.plate.white))
    }

    /// The number of samples of each level in a channel; none where the field lacks the channel.
    pub(super) fn histogram(&self, channel: Channel) -> Option<&Histogram> {
        let layer = self.0.iter().find(|layer| layer.plate.channel == channel)?;
        let histogram = layer.histogram.get_or_init(|| {
            // Whole rows, so that few pieces are copied, and so many that each level has its share.
            let step = (layer.width * layer.height / SAMPLES_COUNTED).max(1);
            let rows = (0..layer.height).step_by(step as usize);
            let rows = rows.map(|row| {
                let start = row * layer.width;
                let samples = &layer.plate.samples;
                samples.subarray(start, start + layer.width).to_vec()
            });
            Histogram::of(rows)
        });
        Some(histogram)
    }

    /// Paints the channels that are shown, halved this often, until all are whole or `is_late` holds. Returns
    /// whether all are whole, and whether one looks otherwise than before.
    pub(super) fn paint(
        &mut self,
        display: &Display,
        halvings: u32,
        is_late: impl Fn() -> bool,
    ) -> (bool, bool) {
        let mut has_changed = false;
        for layer in &mut self.0 {
            let channel = layer.plate.channel;
            if !display.is_shown(channel) {
                continue;
            }
            let look = display.look(channel);
            loop {
                // A canvas for which there is no memory leaves the channel as it was.
                match layer.paint(Rendering { look, halvings }) {
                    None | Some(PaintProgress::Nothing) => break,
                    Some(PaintProgress::Some) => {}
                    Some(PaintProgress::Whole) => has_changed = true,
                }
                if is_late() {
                    return (false, has_changed);
                }
            }
        }
        (true, has_changed)
    }

    /// Draws the channels that are shown and have been painted, each over the whole picture.
    pub(super) fn draw(&self, display: &Display, context: &CanvasRenderingContext2d) {
        for layer in &self.0 {
            let Some((rendering, canvas)) = &layer.painted else {
                continue;
            };
            if display.is_shown(layer.plate.channel) {
                let side = |side: u32| f64::from(side << rendering.halvings);
                let (width, height) = (side(canvas.width()), side(canvas.height()));
                // Fails only for a canvas without a pixel.
                _ = context.draw_image_with_html_canvas_element_and_dw_and_dh(
                    canvas, 0.0, 0.0, width, height,
                );
            }
        }
    }
}
