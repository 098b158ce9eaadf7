//! The picture of the selected field.

use web_sys::Element;

use super::dom::by_id;
use crate::protocol::Plate;

/// A field as the viewer shows it.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// The field's id.
    pub(super) id: String,
    /// Of every plate, in pixels.
    pub(super) width: u32,
    /// Of every plate, in pixels.
    pub(super) height: u32,
    /// The width of the field itself, in pixels.
    pub(super) full_width: u32,
    /// The height of the field itself, in pixels.
    pub(super) full_height: u32,
    /// The bits of the files' samples: 8 or 16.
    pub(super) bits: u32,
    /// The channels that the field has.
    pub(super) plates: Vec<Plate>,
}

/// Where the evidence for one label lies.
#[derive(Debug, Clone)]
pub(super) struct MapOverlay {
    /// The label.
    pub(super) label: String,
    /// The map's side in pixels; it lies over the picture's central square.
    pub(super) side: u32,
    /// `[side, side]`, in logits.
    pub(super) values: Vec<f32>,
}

/// The viewer in `index.html`.
pub(super) struct Viewer {
    root: Element,
}

impl Viewer {
    /// The viewer in `#viewer`, empty.
    pub(super) fn new() -> Self {
        Self {
            root: by_id("viewer"),
        }
    }

    /// Shows no picture, but a line that says why or what is on its way.
    pub(super) fn clear(&self, note: &str) {
        self.root.set_text_content(Some(note));
    }

    /// Shows a picture; zoom, channels and brightness start anew where the id is another.
    pub(super) fn show(&self, picture: Picture) {
        self.root.set_text_content(Some(&picture.id));
    }

    /// Lays a map over the picture, or takes it away.
    pub(super) fn show_map(&self, _map: Option<MapOverlay>) {}
}
