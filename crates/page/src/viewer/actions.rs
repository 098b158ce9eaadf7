//! The deeds of buttons, sliders and keys.

use std::rc::Rc;

use js_sys::Math;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, MouseEvent};

use super::controls::is_full;
use super::display::Range;
use super::geometry::STEP;
use super::scene::Scene;
use crate::dom::{around, attribute, closest, document, find, on};
use cytolens_core::Channel;

/// Listens to the buttons and sliders around the stage, for as long as the page lives.
pub(super) fn listen(scene: &Rc<Scene>) {
    on(&scene.root, "click", {
        let scene = scene.clone();
        move |event: MouseEvent| {
            if let Some(control) = around(&event, "[data-do]") {
                do_pressed(&scene, &control, event.alt_key());
            }
        }
    });
    on(&scene.root, "input", {
        let scene = scene.clone();
        move |event: Event| {
            if let Some(control) = around(&event, "[data-do]") {
                do_set(&scene, &control);
            }
        }
    });
    // Histograms are shown once it is open.
    on(&find::<Element>(&scene.root, ".light"), "toggle", {
        let scene = scene.clone();
        move |_: Event| scene.change(|_| {})
    });
    // The Escape key ends it, too.
    on(&document(), "fullscreenchange", {
        let scene = scene.clone();
        move |_: Event| scene.change(|_| {})
    });
}

/// Zooms about the stage's middle.
pub(super) fn zoom(scene: &Scene, factor: f64) {
    scene.look(|setting, view| setting.scaled(view, view.scale * factor, setting.middle()));
}

/// Shows the whole picture.
pub(super) fn fit(scene: &Scene) {
    scene.look(|setting, _| setting.fitted());
}

/// Gives the viewer the whole screen, or takes it back.
pub(super) fn toggle_full(scene: &Scene) {
    if is_full() {
        document().exit_fullscreen();
    } else {
        // A browser that refuses leaves everything as it was.
        _ = scene.root.request_fullscreen();
    }
}

/// Shows the map, or hides it.
pub(super) fn toggle_map(scene: &Scene) {
    scene.change(|state| state.is_map_on = !state.is_map_on);
}

/// Shows a channel or hides it; `alone` shows only that.
pub(super) fn toggle(scene: &Scene, channel: Channel, alone: bool) {
    scene.change(|state| {
        if alone {
            state.display.solo(channel);
        } else {
            state.display.toggle(channel);
        }
    });
}

fn do_pressed(scene: &Scene, button: &Element, alt: bool) {
    match (&*attribute(button, "data-do"), channel_of(button)) {
        ("in", _) => zoom(scene, STEP),
        ("out", _) => zoom(scene, 1.0 / STEP),
        ("fit", _) => fit(scene),
        ("actual", _) => {
            scene.look(|setting, view| setting.scaled(view, setting.actual(), setting.middle()));
        }
        ("full", _) => toggle_full(scene),
        ("map", _) => toggle_map(scene),
        ("composite", _) => scene.change(|state| state.display.show_all()),
        ("reset", _) => scene.change(|state| state.display.reset_brightness()),
        ("toggle", Some(channel)) => toggle(scene, channel, alt),
        ("solo", Some(channel)) => toggle(scene, channel, true),
        _ => {}
    }
}

fn do_set(scene: &Scene, control: &Element) {
    let Some(input) = control.dyn_ref::<HtmlInputElement>() else {
        return;
    };
    let number = input.value_as_number();
    scene.change(
        |state| match (&*attribute(control, "data-do"), channel_of(control)) {
            ("brightness", Some(channel)) => {
                state
                    .display
                    .brighten(channel, Math::pow(2.0, number) as f32);
            }
            ("black", Some(channel)) => state.display.set_black(channel, number as f32),
            ("opacity", _) => state.map_opacity = number,
            ("grey", _) => state.display.is_grey_alone = input.checked(),
            ("auto", _) => state.display.range = Range::Auto,
            ("recorded", _) => state.display.range = Range::Recorded,
            _ => {}
        },
    );
}

fn channel_of(control: &Element) -> Option<Channel> {
    let channel = closest(control, "[data-channel]")?.get_attribute("data-channel")?;
    channel.parse().ok()
}
