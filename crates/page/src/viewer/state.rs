//! The viewer's state: a picture, its channels, the map over it and the view of both.

use web_sys::CanvasRenderingContext2d;

use super::cells::CellOverlay;
use super::display::Display;
use super::geometry::{Setting, Size, View};
use super::layers::Layers;
use super::overlay::{self, Overlay};
use super::pinned::Pinned;
use super::reduction::halvings;
use super::scale_bar;
use crate::text::viewer as text;
use cytolens_core::Channel;

/// The scale from which samples are drawn as squares and not blurred into each other: at such a zoom people
/// want to see the samples as recorded.
const SQUARES_FROM: f64 = 2.0;

/// The properties of a [`Picture`](cytolens_protocol::Picture) that the viewer shows as text.
#[derive(Debug, Clone)]
pub(super) struct PictureFacts {
    pub(super) id: String,
    /// Width and height of the plates, in pixels.
    pub(super) size: (u32, u32),
    /// Width and height of the field, in pixels.
    pub(super) full_size: (u32, u32),
    /// The bits of the files' samples: 8 or 16.
    pub(super) bits: u32,
    /// The side of the field's pixels in micrometres, where known.
    pub(super) pixel_size: Option<f64>,
    /// The channel that a network painted.
    pub(super) painted: Option<Channel>,
}

impl PictureFacts {
    /// Size and depth in one line, with the side of a pixel where it is known.
    pub(super) fn size_line(&self) -> String {
        let size = text::size(self.full_size, self.size, self.bits);
        let pixel = self.pixel_size.map(text::pixel_size);
        [Some(size), pixel]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[derive(Default)]
pub(super) struct ViewerState {
    /// The picture, while there is one.
    pub(super) facts: Option<PictureFacts>,
    /// The id of the field shown last. Chosen again, it looks as it did.
    pub(super) last_id: String,
    pub(super) layers: Layers,
    pub(super) display: Display,
    pub(super) setting: Setting,
    pub(super) view: View,
    /// Whether the whole picture is shown, whatever size the stage takes.
    pub(super) is_fitted: bool,
    pub(super) overlay: Option<Overlay>,
    /// The second picture.
    pub(super) pinned: Option<Pinned>,
    /// The outlines of the cells.
    pub(super) cells: CellOverlay,
    /// Whether the visitor wants to see maps.
    pub(super) is_map_on: bool,
    /// The opacity of maps, from 0 to 1.
    pub(super) map_opacity: f64,
    /// Whether channels are painted at their own resolution, whatever the scale: for a file.
    pub(super) is_whole_wanted: bool,
    /// Whether the channels are painted as they are wanted.
    pub(super) is_painted: bool,
    /// Whether the canvas no longer shows this state.
    pub(super) needs_drawing: bool,
    /// Whether what the frame before has painted is drawn in this one.
    pub(super) is_put_off: bool,
}

impl ViewerState {
    /// The state before the first picture.
    pub(super) fn new() -> Self {
        Self {
            is_fitted: true,
            is_map_on: true,
            map_opacity: 0.6,
            ..Self::default()
        }
    }

    /// The map that is shown. One without any evidence shows nothing.
    pub(super) fn map(&self) -> Option<&Overlay> {
        let is_shown = |map: &&Overlay| self.is_map_on && map.maximum().is_some();
        self.overlay.as_ref().filter(is_shown)
    }

    /// The number of times that channels are halved to be drawn at this scale.
    pub(super) fn halvings(&self) -> u32 {
        if self.is_whole_wanted {
            0
        } else {
            halvings(self.view.scale)
        }
    }

    /// The picture in words, for those who do not see it.
    pub(super) fn label(&self, facts: &PictureFacts) -> String {
        text::picture(&text::ShownPicture {
            id: &facts.id,
            channels: self.display.shown().collect(),
            painted: facts.painted,
            percent: self.setting.percent(self.view),
            map: self.map().map(|map| map.label.as_str()),
        })
    }

    /// Draws channels, map and outlines on a canvas of this size; lines are `pen` px thick.
    pub(super) fn draw(
        &self,
        context: &CanvasRenderingContext2d,
        canvas: Size,
        view: View,
        pen: f64,
    ) {
        self.draw_channels(context, canvas, view);
        if let Some(map) = self.map() {
            map.draw(context, self.setting.picture, view, self.map_opacity, pen);
        }
        self.cells.draw(context, self.setting.picture, view, pen);
        let facts = self.facts.as_ref();
        if let Some(pixel_size) = facts.and_then(|facts| facts.pixel_size) {
            let micrometre = view.scale / self.setting.reduction / pixel_size;
            let corner = self.setting.corner(canvas, view);
            scale_bar::draw(context, micrometre, corner, pen);
        }
    }

    /// Draws the channels on a canvas of this size.
    pub(super) fn draw_channels(
        &self,
        context: &CanvasRenderingContext2d,
        canvas: Size,
        view: View,
    ) {
        context.save();
        context.set_fill_style_str("black");
        context.fill_rect(0.0, 0.0, canvas.width, canvas.height);
        overlay::enter(context, view);
        context.set_image_smoothing_enabled(view.scale < SQUARES_FROM);
        // Light adds up.
        _ = context.set_global_composite_operation("lighter");
        self.layers.draw(&self.display, context);
        context.restore();
    }
}
