//! What the viewer shows and how it comes onto the canvas: one frame at a time, only when something changed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, ResizeObserver};

use super::controls::Controls;
use super::display::Display;
use super::geometry::{Point, Setting, Size, View};
use super::layers::{self, Layers};
use super::overlay::{self, Overlay};
use super::reduction::halvings;
use crate::dom::{by_id, document, find, set_attribute, window};
use crate::text::viewer as text;

/// How long a frame may paint channels, in milliseconds: a frame of a screen of 120 Hz.
const PAINTING_MS: f64 = 8.0;

/// From this scale on samples are drawn as squares and not blurred into each other: who looks so close
/// wants to see what was recorded.
const SQUARES_FROM: f64 = 2.0;

/// What of a [`Picture`](super::Picture) is kept beside its plates.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) id: String,
    /// Of the plates, in pixels.
    pub(super) size: (u32, u32),
    /// Of the field, in pixels.
    pub(super) full_size: (u32, u32),
    /// Of the files' samples.
    pub(super) bits: u32,
}

/// What is shown, and how.
#[derive(Default)]
pub(super) struct State {
    /// The picture, while there is one.
    pub(super) facts: Option<Facts>,
    /// The field shown last, which another choice of it finds as it was.
    pub(super) last_id: String,
    pub(super) layers: Layers,
    pub(super) display: Display,
    pub(super) setting: Setting,
    pub(super) view: View,
    /// Whether the whole picture is shown, whatever size the stage takes.
    pub(super) is_fitted: bool,
    pub(super) overlay: Option<Overlay>,
    /// Whether the visitor wants to see maps.
    pub(super) is_map_on: bool,
    /// Of maps, from 0 to 1.
    pub(super) map_opacity: f64,
    /// Whether channels are painted at their own resolution, whatever the scale: for a file.
    pub(super) is_whole_wanted: bool,
    /// Whether the channels are painted as they are wanted.
    pub(super) is_painted: bool,
    needs_drawing: bool,
}

impl State {
    /// The map that is shown: one without any evidence shows nothing.
    pub(super) fn map(&self) -> Option<&Overlay> {
        let is_shown = |map: &&Overlay| self.is_map_on && map.maximum().is_some();
        self.overlay.as_ref().filter(is_shown)
    }

    /// How often channels are halved to be drawn as they are shown.
    fn halvings(&self) -> u32 {
        if self.is_whole_wanted {
            0
        } else {
            halvings(self.view.scale)
        }
    }

    /// What the picture's label names.
    pub(super) fn seen<'a>(&'a self, facts: &'a Facts) -> text::Seen<'a> {
        text::Seen {
            id: &facts.id,
            channels: self.display.shown().collect(),
            percent: self.setting.percent(self.view),
            map: self.map().map(|map| map.label.as_str()),
        }
    }

    /// Draws channels and map on a canvas of this size; lines are `pen` px thick.
    pub(super) fn draw(
        &self,
        context: &CanvasRenderingContext2d,
        canvas: Size,
        view: View,
        pen: f64,
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
        if let Some(map) = self.map() {
            map.draw(context, self.setting.picture, view, self.map_opacity, pen);
        }
    }
}

/// The viewer's elements and state.
pub(super) struct Scene {
    pub(super) root: Element,
    /// What is looked at, focused, dragged and zoomed.
    pub(super) stage: HtmlElement,
    canvas: HtmlCanvasElement,
    context: Option<CanvasRenderingContext2d>,
    controls: Controls,
    state: RefCell<State>,
    is_scheduled: Cell<bool>,
    on_frame: Closure<dyn FnMut()>,
}

impl Scene {
    /// The scene in `#viewer`, empty.
    pub(super) fn new() -> Rc<Self> {
        let root: Element = by_id("viewer");
        let canvas: HtmlCanvasElement = find(&root, ".stage canvas");
        let scene = Rc::new_cyclic(|scene: &std::rc::Weak<Self>| {
            let scene = scene.clone();
            Self {
                stage: find(&root, ".stage"),
                context: layers::context(&canvas),
                canvas,
                controls: Controls::new(&root),
                state: RefCell::new(State {
                    is_fitted: true,
                    is_map_on: true,
                    map_opacity: 0.6,
                    ..State::default()
                }),
                is_scheduled: Cell::new(false),
                on_frame: Closure::new(move || {
                    if let Some(scene) = scene.upgrade() {
                        scene.frame();
                    }
                }),
                root,
            }
        });
        scene.watch_size();
        scene.change(|_| {});
        scene
    }

    /// Reads the state.
    pub(super) fn read<T>(&self, reader: impl FnOnce(&State) -> T) -> T {
        reader(&self.state.borrow())
    }

    /// Changes what is shown, and lets controls and picture follow.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        {
            let mut state = self.state.borrow_mut();
            change(&mut state);
            state.is_painted = false;
            self.controls.follow(&state);
        }
        self.redraw();
    }

    /// Changes where the picture lies; tells whether it lies otherwise now.
    pub(super) fn look(&self, change: impl FnOnce(&Setting, View) -> View) -> bool {
        let mut state = self.state.borrow_mut();
        if state.facts.is_none() || state.view.scale <= 0.0 {
            return false;
        }
        let view = change(&state.setting, state.view);
        let has_changed = view != state.view;
        state.view = view;
        state.is_fitted = view == state.setting.fitted();
        drop(state);
        if has_changed {
            self.redraw();
        }
        has_changed
    }

    /// Draws the picture anew in the next frame.
    pub(super) fn redraw(&self) {
        self.state.borrow_mut().needs_drawing = true;
        self.schedule();
    }

    /// The point of the stage at this point of the window, which is in CSS pixels.
    pub(super) fn point(&self, (x, y): Point) -> Point {
        let stage = self.canvas.get_bounding_client_rect();
        let ratio = window().device_pixel_ratio();
        ((x - stage.left()) * ratio, (y - stage.top()) * ratio)
    }

    /// Says how the picture is shown now, to those who do not see it.
    pub(super) fn announce(&self) {
        let state = self.state.borrow();
        if let Some(facts) = &state.facts {
            let label = text::picture(&state.seen(facts));
            find::<Element>(&self.root, ".said").set_text_content(Some(&label));
        }
    }

    fn schedule(&self) {
        if !self.is_scheduled.replace(true) {
            let on_frame = self.on_frame.as_ref().unchecked_ref();
            let scheduled = window().request_animation_frame(on_frame);
            debug_assert!(scheduled.is_ok(), "the window has frames: {scheduled:?}");
        }
    }

    fn frame(&self) {
        self.is_scheduled.set(false);
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        if state.facts.is_none() {
            return;
        }
        let now = || window().performance().map_or(0.0, |clock| clock.now());
        let start = now();
        let is_late = || now() - start > PAINTING_MS;
        let is_resized = self.measure(state);
        let halvings = state.halvings();
        let (is_whole, has_changed) = state.layers.paint(&state.display, halvings, is_late);
        state.is_painted = is_whole;
        if std::mem::take(&mut state.needs_drawing) || has_changed || is_resized {
            self.draw(state);
        }
        if !is_whole {
            self.schedule();
        }
    }

    /// Gives the canvas a pixel for each of the screen; tells whether it has others now.
    fn measure(&self, state: &mut State) -> bool {
        let ratio = window().device_pixel_ratio();
        let pixels = |length: i32| (f64::from(length) * ratio).round();
        let stage = Size {
            width: pixels(self.stage.client_width()),
            height: pixels(self.stage.client_height()),
        };
        // A stage that is not shown has no size, and its picture stays as it is.
        if stage.width < 1.0 || stage.height < 1.0 {
            return false;
        }
        let former = state.setting.stage;
        state.setting.stage = stage;
        state.view = if state.is_fitted || state.view.scale <= 0.0 {
            state.setting.fitted()
        } else {
            state.setting.moved(state.view, former)
        };
        let (width, height) = (stage.width as u32, stage.height as u32);
        let is_resized = (self.canvas.width(), self.canvas.height()) != (width, height);
        if is_resized {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        is_resized
    }

    fn draw(&self, state: &State) {
        let Some((context, facts)) = self.context.as_ref().zip(state.facts.as_ref()) else {
            return;
        };
        let pen = window().device_pixel_ratio();
        state.draw(context, state.setting.stage, state.view, pen);
        set_attribute(
            &self.canvas,
            "aria-label",
            &text::picture(&state.seen(facts)),
        );
        // At fit a finger on the picture scrolls the page; else it moves the picture.
        let zoom = if state.is_fitted { "fit" } else { "free" };
        set_attribute(&self.stage, "data-zoom", zoom);
        self.controls.tell(facts, state.setting.percent(state.view));
    }

    fn watch_size(self: &Rc<Self>) {
        let scene = self.clone();
        let on_resize = Closure::<dyn FnMut()>::new(move || scene.schedule());
        match ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
            Ok(observer) => observer.observe(&self.stage),
            Err(error) => debug_assert!(false, "no observer of sizes: {error:?}"),
        }
        // The viewer lives as long as the page.
        on_resize.forget();
    }

    /// Whether keys and wheel go to the stage.
    pub(super) fn is_focused(&self) -> bool {
        document()
            .active_element()
            .is_some_and(|element| &element == self.stage.unchecked_ref::<Element>())
    }
}
