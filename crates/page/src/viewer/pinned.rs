//! The picture of a second field, kept beside the one that is looked at: the same channels, brightness and view.

use web_sys::CanvasRenderingContext2d;

use super::display::Display;
use super::geometry::{Setting, Size, View};
use super::layers::Layers;
use super::overlay;
use super::reduction::halvings;

/// A second picture.
pub(super) struct Pinned {
    /// The field's id.
    pub(super) id: String,
    /// Its channels; none until its picture has been there.
    layers: Layers,
    /// Its size in pixels of the plates.
    picture: Size,
}

impl Pinned {
    /// The picture of this field, still to come.
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            layers: Layers::default(),
            picture: Size::default(),
        }
    }

    /// Takes the channels of a picture of this size, where it is this field's and has not been there yet.
    pub(super) fn take(&mut self, id: &str, layers: &Layers, picture: Size) {
        if self.id == id && self.picture == Size::default() {
            self.layers = layers.again();
            self.picture = picture;
        }
    }

    /// The view that shows the same part of this picture as `view` does of the other.
    fn view(&self, setting: &Setting, view: View) -> View {
        let own = Setting {
            picture: self.picture,
            ..*setting
        };
        setting.likewise(view, &own)
    }

    /// Paints the channels as those of the other picture are shown, until all are whole or `is_late` holds. Returns whether
    /// all are whole, and whether one looks otherwise than before.
    pub(super) fn paint(
        &mut self,
        display: &Display,
        setting: &Setting,
        view: View,
        is_late: impl Fn() -> bool,
    ) -> (bool, bool) {
        let halvings = halvings(self.view(setting, view).scale);
        let display = display.of(self.layers.whites());
        self.layers.paint(&display, halvings, is_late)
    }

    /// Draws the channels on a canvas as large as the stage.
    pub(super) fn draw(
        &self,
        context: &CanvasRenderingContext2d,
        display: &Display,
        setting: &Setting,
        view: View,
    ) {
        context.save();
        context.set_fill_style_str("black");
        context.fill_rect(0.0, 0.0, setting.stage.width, setting.stage.height);
        if self.picture != Size::default() {
            overlay::enter(context, self.view(setting, view));
            // Light adds up.
            _ = context.set_global_composite_operation("lighter");
            let display = display.of(self.layers.whites());
            self.layers.draw(&display, context);
        }
        context.restore();
    }
}
