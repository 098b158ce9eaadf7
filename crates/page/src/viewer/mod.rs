//! The picture of the selected field.
//!
//! Each channel is a [layer](layers) in its colour and brightness; the [scene] adds up those that are
//! [shown](display), in the [view](geometry) that [gestures] and [controls] choose, and lays the
//! [map](overlay) of a label over them.

mod colours;
mod controls;
mod display;
mod evidence;
mod geometry;
mod gestures;
mod layers;
mod overlay;
mod picture_file;
mod reduction;
mod scene;

use std::rc::Rc;

use web_sys::{Blob, Element};

use self::geometry::{Setting, Size};
use self::layers::Layers;
use self::overlay::Overlay;
use self::scene::{Facts, Scene, State};
use super::dom::{find, set_attribute};
use cytolens_protocol::Plate;

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
    scene: Rc<Scene>,
}

impl Viewer {
    /// The viewer in `#viewer`, empty.
    pub(super) fn new() -> Self {
        let scene = Scene::new();
        controls::listen(&scene);
        gestures::listen(&scene);
        Self { scene }
    }

    /// Shows no picture and no map, but a line that says why or what is on its way.
    pub(super) fn clear(&self, note: &str) {
        find::<Element>(&self.scene.root, ".note").set_text_content(Some(note));
        self.scene.change(|state| {
            state.facts = None;
            state.layers = Layers::default();
            state.overlay = None;
        });
        self.enter("empty");
    }

    /// Shows a picture; zoom, channels and brightness start anew where the id is another, and a map that
    /// lies over another field's picture goes.
    pub(super) fn show(&self, picture: Picture) {
        self.scene.change(|state| replace(state, picture));
        self.enter("shown");
    }

    /// Lays a map over the picture, or takes it away.
    pub(super) fn show_map(&self, map: Option<MapOverlay>) {
        self.scene
            .change(|state| state.overlay = map.map(Overlay::new));
    }

    /// The label whose map lies over the picture, where the visitor sees it.
    pub(super) fn shown_label(&self) -> Option<String> {
        let label = |state: &State| state.map().map(|map| map.label.clone());
        self.scene.read(label)
    }

    /// What is shown, with its map and a caption, as a PNG file at the picture's own resolution; nothing
    /// where there is no picture, or no memory for another.
    pub(super) fn png(&self) -> impl Future<Output = Option<Blob>> + use<> {
        let scene = self.scene.clone();
        async move { picture_file::of(&scene).await }
    }

    fn enter(&self, state: &str) {
        set_attribute(&self.scene.root, "data-state", state);
        let instruments: Element = find(&self.scene.root, ".instruments");
        // Controls that stay in their place keep the page from jumping.
        instruments
            .toggle_attribute_with_force("inert", state == "empty")
            .unwrap_or_default();
    }
}

fn replace(state: &mut State, picture: Picture) {
    let former = state.facts.take();
    if former.is_some_and(|former| former.id != picture.id) {
        state.overlay = None;
    }
    let size = Size {
        width: picture.width.into(),
        height: picture.height.into(),
    };
    state.layers = Layers::new(picture.plates, picture.width, picture.height);
    state.setting = Setting {
        stage: state.setting.stage,
        picture: size,
        reduction: f64::from(picture.full_width) / f64::from(picture.width),
    };
    let is_same = state.last_id == picture.id;
    state.display.take(state.layers.whites(), is_same);
    state.is_fitted |= !is_same;
    state.last_id.clone_from(&picture.id);
    state.facts = Some(Facts {
        id: picture.id,
        size: (picture.width, picture.height),
        full_size: (picture.full_width, picture.full_height),
        bits: picture.bits,
    });
}
