//! Wheel, pointers and keys on the stage.
//!
//! The wheel zooms only a picture that has the focus (a click gives it), or with Ctrl, as which browsers
//! also report a pinch on a touchpad. The viewer stands in a page that scrolls: one that took every turn
//! of the wheel would hold fast whoever only passes by. In the same way one finger moves the picture when
//! it is zoomed in, and at fit, where there is nothing to move, scrolls the page.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Math;
use web_sys::{Event, HtmlDetailsElement, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};

use super::actions::{fit, toggle, toggle_full, toggle_map, zoom};
use super::geometry::{Point, STEP};
use super::scene::Scene;
use crate::dom::{find, on, property};
use cytolens_core::Channel;

/// A press of an arrow key moves the picture by this share of the stage.
const ARROW_SHARE: f64 = 0.1;

/// Moves and zooms the picture, for as long as the page lives.
pub(super) fn listen(scene: &Rc<Scene>) {
    listen_to_wheel(scene);
    listen_to_pointers(scene);
    on(&scene.stage, "keydown", {
        let scene = scene.clone();
        move |event: KeyboardEvent| {
            if do_key(&scene, &event) {
                event.prevent_default();
                scene.announce();
            }
        }
    });
}

fn listen_to_wheel(scene: &Rc<Scene>) {
    on(&scene.stage, "wheel", {
        let scene = scene.clone();
        move |event: WheelEvent| {
            let is_pinch = event.ctrl_key() || event.meta_key();
            if !is_pinch && !scene.is_focused() {
                return;
            }
            event.prevent_default();
            // Browsers count in pixels, lines or pages. A pinch comes in small steps.
            let unit = match event.delta_mode() {
                WheelEvent::DOM_DELTA_PIXEL => 1.0,
                WheelEvent::DOM_DELTA_LINE => 16.0,
                _ => 400.0,
            };
            let speed = if is_pinch { 0.01 } else { 0.002 };
            let factor = Math::exp(-event.delta_y() * unit * speed).clamp(0.5, 2.0);
            zoom_at(&scene, factor, place(&scene, &event));
        }
    });
    on(&scene.stage, "dblclick", {
        let scene = scene.clone();
        move |event: MouseEvent| {
            let factor = if event.shift_key() { 0.5 } else { 2.0 };
            zoom_at(&scene, factor, place(&scene, &event));
        }
    });
}

fn zoom_at(scene: &Scene, factor: f64, at: Point) {
    scene.look(|setting, view| setting.scaled(view, view.scale * factor, at));
}

fn place(scene: &Scene, event: &MouseEvent) -> Point {
    scene.point((event.client_x().into(), event.client_y().into()))
}

/// The pointers that are down: one drags, two pinch.
type Pointers = Rc<RefCell<Vec<(i32, Point)>>>;

fn listen_to_pointers(scene: &Rc<Scene>) {
    let pointers = Pointers::default();
    on(&scene.stage, "pointerdown", {
        let (scene, pointers) = (scene.clone(), pointers.clone());
        move |event: PointerEvent| {
            if event.button() != 0 {
                return;
            }
            let id = event.pointer_id();
            // So that a drag may leave the stage; without it, it ends there.
            _ = scene.stage.set_pointer_capture(id);
            pointers.borrow_mut().push((id, place(&scene, &event)));
        }
    });
    on(&scene.stage, "pointermove", {
        let (scene, pointers) = (scene.clone(), pointers.clone());
        move |event: PointerEvent| {
            let mut pointers = pointers.borrow_mut();
            let before = pointers.clone();
            let id = event.pointer_id();
            let Some(moved) = pointers.iter_mut().find(|(other, _)| *other == id) else {
                return;
            };
            moved.1 = place(&scene, &event);
            match (before.as_slice(), pointers.as_slice()) {
                ([(_, from)], [(_, to)]) => {
                    scene
                        .look(|setting, view| setting.panned(view, (to.0 - from.0, to.1 - from.1)));
                }
                ([(_, a), (_, b), ..], [(_, to_a), (_, to_b), ..]) => {
                    pinch(&scene, (*a, *b), (*to_a, *to_b));
                }
                _ => {}
            }
        }
    });
    for end in ["pointerup", "pointercancel", "lostpointercapture"] {
        let pointers = pointers.clone();
        on(&scene.stage, end, move |event: PointerEvent| {
            let id = event.pointer_id();
            pointers.borrow_mut().retain(|(other, _)| *other != id);
        });
    }
    // Two fingers are for the picture, even where one scrolls the page.
    on(&scene.stage, "touchstart", |event: Event| {
        let touches = property(&property(&event, "touches"), "length");
        if touches.as_f64() > Some(1.0) {
            event.prevent_default();
        }
    });
}

/// Moves and zooms the picture so that two fingers stay on what they touch.
fn pinch(scene: &Scene, from: (Point, Point), to: (Point, Point)) {
    let middle = |(a, b): (Point, Point)| ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0);
    let apart = |(a, b): (Point, Point)| Math::hypot(a.0 - b.0, a.1 - b.1).max(1.0);
    let (start, end) = (middle(from), middle(to));
    scene.look(|setting, view| {
        let zoomed = setting.scaled(view, view.scale * apart(to) / apart(from), start);
        setting.panned(zoomed, (end.0 - start.0, end.1 - start.1))
    });
}

/// Does what a key asks for, and returns whether it asked for anything.
fn do_key(scene: &Scene, event: &KeyboardEvent) -> bool {
    // Those are the browser's.
    if event.ctrl_key() || event.meta_key() {
        return false;
    }
    if let Some(channel) = channel_of(&event.code()) {
        let has = scene.read(|state| state.display.channels().any(|other| other == channel));
        if has {
            toggle(scene, channel, event.alt_key());
        }
        return has;
    }
    let by = |x: f64, y: f64| {
        scene.look(|setting, view| {
            let step = (
                x * ARROW_SHARE * setting.stage.width,
                y * ARROW_SHARE * setting.stage.height,
            );
            setting.panned(view, step)
        })
    };
    match event.key().as_str() {
        // An arrow that moves nothing scrolls the page.
        "ArrowLeft" => return by(1.0, 0.0),
        "ArrowRight" => return by(-1.0, 0.0),
        "ArrowUp" => return by(0.0, 1.0),
        "ArrowDown" => return by(0.0, -1.0),
        "+" | "=" => zoom(scene, STEP),
        "-" | "_" => zoom(scene, 1.0 / STEP),
        "0" => fit(scene),
        "m" | "M" => toggle_map(scene),
        "f" | "F" => toggle_full(scene),
        "?" => {
            let keys: HtmlDetailsElement = find(&scene.root, ".keys");
            keys.set_open(!keys.open());
        }
        _ => return false,
    }
    true
}

/// The channel of a key from 1 to 4, by the key's place: above the letters digits need Shift on some
/// keyboards.
fn channel_of(code: &str) -> Option<Channel> {
    let digit = code
        .strip_prefix("Digit")
        .or_else(|| code.strip_prefix("Numpad"))?;
    let number: usize = digit.parse().ok()?;
    Channel::ALL.get(number.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_from_1_to_4_are_the_channels() {
        assert_eq!(channel_of("Digit1"), Some(Channel::Red));
        assert_eq!(channel_of("Numpad4"), Some(Channel::Yellow));
        for code in ["Digit0", "Digit5", "NumpadAdd", "KeyM", ""] {
            assert_eq!(channel_of(code), None);
        }
    }
}
