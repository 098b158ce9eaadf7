//! The picture of the selected field.
//!
//! Each channel is a [layer](layers) in its colour and brightness. The [scene] adds up the channels that are
//! [shown](display), in the chosen [view](geometry), and lays the [map](overlay) of a label over them,
//! and the outlines of [cells].
//! [Gestures](gestures) and [controls] lead to the same [actions], which change the [state]; scene and
//! controls follow it.

mod actions;
mod cells;
mod colours;
mod controls;
mod display;
mod evidence;
mod geometry;
mod gestures;
mod histogram;
mod layers;
mod overlay;
mod picture_file;
mod pinned;
mod reduction;
mod scale_bar;
mod scene;
mod state;

use std::rc::Rc;

use web_sys::{Blob, Element, HtmlCanvasElement};

pub(super) use self::cells::{AtPlace, CellOutline};
pub(super) use self::controls::is_full;
pub(super) use self::overlay::MapOverlay;

use self::cells::CellOverlay;
use self::geometry::{Setting, Size};
use self::layers::Layers;
use self::overlay::Overlay;
use self::scene::Scene;
use self::state::{PictureFacts, ViewerState};
use super::dom::{find, set_attribute, set_boolean, write};
use cytolens_protocol::Picture;

/// The viewer in `index.html`.
pub(super) struct Viewer {
    scene: Rc<Scene>,
}

impl Viewer {
    /// The viewer in `#viewer`, empty.
    pub(super) fn new() -> Self {
        let scene = Scene::new();
        actions::listen(&scene);
        gestures::listen(&scene);
        Self { scene }
    }

    /// Shows a line in place of picture and map: why there is none, or that it is on its way.
    pub(super) fn clear(&self, note: &str) {
        write(&self.scene.root, ".note", note);
        self.scene.change(|state| {
            state.facts = None;
            state.layers = Layers::default();
            state.overlay = None;
            state.cells = CellOverlay::default();
        });
        self.enter("empty");
    }

    /// Shows a picture; zoom, channels and brightness start anew where the id is another, and a map that
    /// lies over another field's picture goes.
    pub(super) fn show(&self, id: &str, picture: Picture) {
        self.scene.change(|state| replace(state, id, picture));
        self.enter("shown");
    }

    /// Lays a map over the picture, or takes it away.
    pub(super) fn show_map(&self, map: Option<MapOverlay>) {
        self.scene
            .change(|state| state.overlay = map.map(Overlay::new));
    }

    /// Keeps the picture of the field with this id beside those to come, with this line under it, or lets it go.
    pub(super) fn pin(&self, pinned: Option<(&str, &str)>) {
        self.scene.pin(pinned);
    }

    /// Lays the outlines of cells over the picture, in place of others; the pointed one and the chosen ones are marked.
    pub(super) fn show_cells(&self, outlines: Vec<CellOutline>) {
        self.scene.change(|state| state.cells.outlines = outlines);
    }

    /// Marks cells among those whose outlines lie over the picture.
    pub(super) fn mark_cells(&self, pointed: Option<u16>, chosen: Vec<u16>) {
        self.scene.change(|state| {
            state.cells.pointed = pointed;
            state.cells.chosen = chosen;
        });
    }

    /// Calls a handler for what the visitor does with places of the picture, and another whenever the picture has been painted
    /// anew, for as long as the page lives.
    pub(super) fn listen(
        &self,
        at_place: impl Fn(AtPlace) + 'static,
        painted: impl Fn() + 'static,
    ) {
        cells::listen(&self.scene, at_place);
        self.scene.on_painted(painted);
    }

    /// Draws a square part of the picture on a canvas: its middle in shares of the picture's sides, and its side in shares of
    /// the longer one.
    pub(super) fn draw_part(&self, canvas: &HtmlCanvasElement, middle: (f64, f64), side: f64) {
        cells::draw_part(&self.scene, canvas, middle, side);
    }

    /// The label whose map lies over the picture, where the visitor sees it.
    pub(super) fn shown_label(&self) -> Option<String> {
        let label = |state: &ViewerState| state.map().map(|map| map.label.clone());
        self.scene.read(label)
    }

    /// The picture as it is shown, with its map and a caption, as a PNG file at its own resolution; none
    /// where there is no picture, or no memory for another.
    pub(super) fn png(&self) -> impl Future<Output = Option<Blob>> + use<> {
        let scene = self.scene.clone();
        async move { picture_file::of(&scene).await }
    }

    fn enter(&self, state: &str) {
        set_attribute(&self.scene.root, "data-state", state);
        let instruments: Element = find(&self.scene.root, ".instruments");
        // Controls that stay in their place keep the page from jumping.
        set_boolean(&instruments, "inert", state == "empty");
    }
}

fn replace(state: &mut ViewerState, id: &str, picture: Picture) {
    let former = state.facts.take();
    if former.is_some_and(|former| former.id != id) {
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
    let is_same = state.last_id == id;
    state.display.take(state.layers.whites(), is_same);
    state.is_fitted |= !is_same;
    id.clone_into(&mut state.last_id);
    // It may have been pinned before it was there.
    if let Some(pinned) = &mut state.pinned {
        pinned.take(id, &state.layers, size);
    }
    state.facts = Some(PictureFacts {
        id: id.to_owned(),
        size: (picture.width, picture.height),
        full_size: (picture.full_width, picture.full_height),
        bits: picture.bits,
        pixel_size: picture.pixel_size,
        painted: picture.painted,
    });
}
