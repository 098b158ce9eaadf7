//! The stage and its canvas, drawn one frame at a time and only after a change.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, ResizeObserver};

use super::controls::Controls;
use super::geometry::{Point, Setting, Size, View};
use super::layers;
use super::pinned::Pinned;
use super::state::ViewerState;
use crate::dom::{
    by_id, document, find, now_ms, report, set_attribute, set_boolean, set_hidden, window, write,
};

/// The longest time that a frame spends on painting channels, in milliseconds: a frame of a screen of
/// 120 Hz.
const PAINTING_MS: f64 = 8.0;

/// The viewer's elements and its state.
pub(super) struct Scene {
    pub(super) root: Element,
    /// The element around the picture, which has the focus and is dragged and zoomed.
    pub(super) stage: HtmlElement,
    canvas: HtmlCanvasElement,
    context: Option<CanvasRenderingContext2d>,
    /// The canvas of the second picture.
    second: HtmlCanvasElement,
    controls: Controls,
    state: RefCell<ViewerState>,
    /// The width and height of the stage in CSS pixels, from when it was last laid out: to ask for them has the browser lay
    /// out the page at once.
    stage_size: Cell<(i32, i32)>,
    is_scheduled: Cell<bool>,
    painted: RefCell<Option<Box<dyn Fn()>>>,
    on_frame: Closure<dyn FnMut()>,
}

impl Scene {
    /// The scene in `#viewer`, empty.
    pub(super) fn new() -> Rc<Self> {
        let root: Element = by_id("viewer");
        let canvas: HtmlCanvasElement = find(&root, ".stage canvas");
        let scene = Rc::new_cyclic(|scene: &Weak<Self>| {
            let scene = scene.clone();
            Self {
                stage: find(&root, ".stage"),
                context: layers::context(&canvas),
                canvas,
                second: find(&root, ".second canvas"),
                controls: Controls::new(&root),
                state: RefCell::new(ViewerState::new()),
                stage_size: Cell::default(),
                is_scheduled: Cell::new(false),
                painted: RefCell::default(),
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
    pub(super) fn read<T>(&self, reader: impl FnOnce(&ViewerState) -> T) -> T {
        reader(&self.state.borrow())
    }

    /// Changes the state, then the controls and the picture by it.
    pub(super) fn change(&self, change: impl FnOnce(&mut ViewerState)) {
        {
            let mut state = self.state.borrow_mut();
            change(&mut state);
            state.is_painted = false;
            self.controls.follow(&state);
        }
        self.redraw();
    }

    /// Keeps the picture of the field with this id beside others, with a line under it, or lets it go.
    pub(super) fn pin(&self, pinned: Option<(&str, &str)>) {
        let second: Element = find(&self.root, ".second");
        set_hidden(&second, pinned.is_none());
        set_boolean(&self.root, "data-compares", pinned.is_some());
        write(
            &self.root,
            ".second .line-below",
            pinned.map_or("", |(_, line)| line),
        );
        let id = pinned.map(|(id, _)| id);
        self.change(|state| {
            if state.pinned.as_ref().map(|pinned| &*pinned.id) != id {
                state.pinned = id.map(Pinned::new);
            }
            if let Some((pinned, facts)) = state.pinned.as_mut().zip(state.facts.as_ref()) {
                pinned.take(&facts.id, &state.layers, state.setting.picture);
            }
        });
    }

    /// Changes the view, and returns whether it differs now. `change` is given the present one.
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

    /// Says the picture in words, to those who do not see it.
    pub(super) fn announce(&self) {
        let state = self.state.borrow();
        if let Some(facts) = &state.facts {
            write(&self.root, ".said", &state.label(facts));
        }
    }

    /// Whether keys and wheel go to the stage.
    pub(super) fn is_focused(&self) -> bool {
        document()
            .active_element()
            .is_some_and(|element| &element == self.stage.unchecked_ref::<Element>())
    }

    fn schedule(&self) {
        if !self.is_scheduled.replace(true) {
            let on_frame = self.on_frame.as_ref().unchecked_ref();
            report(window().request_animation_frame(on_frame));
        }
    }

    /// Calls a handler whenever channels have been painted anew.
    pub(super) fn on_painted(&self, handler: impl Fn() + 'static) {
        *self.painted.borrow_mut() = Some(Box::new(handler));
    }

    fn frame(&self) {
        self.is_scheduled.set(false);
        if self.advance()
            && let Some(painted) = &*self.painted.borrow()
        {
            painted();
        }
    }

    /// Paints for a while and draws what has changed. Returns whether all channels are painted, and one was just now.
    fn advance(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        if state.facts.is_none() {
            return false;
        }
        let start = now_ms();
        let is_late = || now_ms() - start > PAINTING_MS;
        let is_resized = self.measure(state);
        // In a frame of its own: painting and drawing together keep a slow machine from everything else. A canvas of another
        // size is blank until it is drawn.
        if std::mem::take(&mut state.is_put_off) || is_resized {
            state.needs_drawing = false;
            self.draw(state);
            self.schedule();
            return false;
        }
        let halvings = state.halvings();
        let (mut is_whole, mut has_changed) = state.layers.paint(&state.display, halvings, is_late);
        state.is_painted = is_whole;
        if let Some(pinned) = &mut state.pinned {
            let (setting, view) = (&state.setting, state.view);
            let painted = pinned.paint(&state.display, setting, view, is_late);
            is_whole &= painted.0;
            has_changed |= painted.1;
        }
        let needs_drawing = std::mem::take(&mut state.needs_drawing) || has_changed;
        state.is_put_off = needs_drawing && now_ms() - start > PAINTING_MS / 2.0;
        if needs_drawing && !state.is_put_off {
            self.draw(state);
        }
        if !is_whole || state.is_put_off {
            self.schedule();
        }
        is_whole && has_changed
    }

    /// Gives the canvas a pixel for each of the screen, and returns whether its size changed.
    fn measure(&self, state: &mut ViewerState) -> bool {
        let ratio = window().device_pixel_ratio();
        let pixels = |length: i32| (f64::from(length) * ratio).round();
        let (width, height) = self.stage_size.get();
        let stage = Size {
            width: pixels(width),
            height: pixels(height),
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

    fn draw(&self, state: &ViewerState) {
        // A stage that is not shown is drawn when it is, and then has its size.
        if state.setting.stage.width < 1.0 {
            return;
        }
        let Some((context, facts)) = self.context.as_ref().zip(state.facts.as_ref()) else {
            return;
        };
        let pen = window().device_pixel_ratio();
        state.draw(context, state.setting.stage, state.view, pen);
        self.draw_second(state);
        set_attribute(&self.canvas, "aria-label", &state.label(facts));
        // At fit a finger on the picture scrolls the page; else it moves the picture.
        let zoom = if state.is_fitted { "fit" } else { "free" };
        set_attribute(&self.stage, "data-zoom", zoom);
        self.controls
            .show_size(facts, state.setting.percent(state.view));
    }

    fn draw_second(&self, state: &ViewerState) {
        let Some(pinned) = &state.pinned else { return };
        let stage = state.setting.stage;
        let (width, height) = (stage.width as u32, stage.height as u32);
        if (self.second.width(), self.second.height()) != (width, height) {
            self.second.set_width(width);
            self.second.set_height(height);
        }
        if let Some(context) = layers::context(&self.second) {
            pinned.draw(&context, &state.display, &state.setting, state.view);
        }
        set_attribute(&self.second, "aria-label", &pinned.id);
    }

    fn watch_size(self: &Rc<Self>) {
        let scene = self.clone();
        let on_resize = Closure::<dyn FnMut()>::new(move || {
            let stage = &scene.stage;
            scene
                .stage_size
                .set((stage.client_width(), stage.client_height()));
            scene.schedule();
        });
        match ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
            Ok(observer) => observer.observe(&self.stage),
            Err(error) => debug_assert!(false, "no observer of sizes: {error:?}"),
        }
        // The viewer lives as long as the page.
        on_resize.forget();
    }
}
