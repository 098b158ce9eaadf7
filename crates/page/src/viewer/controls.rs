//! The buttons and sliders around the stage.

use std::rc::Rc;
use std::str::FromStr;

use js_sys::Math;
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, HtmlCanvasElement, HtmlDetailsElement, HtmlInputElement, MouseEvent,
};

use super::display::Range;
use super::geometry::STEP;
use super::overlay;
use super::scene::{Facts, Scene, State};
use crate::dom::{document, find, on, set_attribute, set_hidden, window};
use crate::text::viewer as text;
use cytolens_core::Channel;

/// The width of a window that has room for all controls, in CSS pixels: that of a small tablet.
const ROOMY: f64 = 700.0;

/// The elements that follow the state.
pub(super) struct Controls {
    root: Element,
}

impl Controls {
    /// The controls in `#viewer`.
    pub(super) fn new(root: &Element) -> Self {
        overlay::paint_key(&find::<HtmlCanvasElement>(root, ".key")).unwrap_or_default();
        // Where there is little room, what few change stands back.
        let width = window().inner_width().ok().and_then(|width| width.as_f64());
        if width >= Some(ROOMY) {
            find::<HtmlDetailsElement>(root, ".light").set_open(true);
        }
        // Phones may have no full screen but for films.
        let full: Element = find(root, "[data-do=full]");
        set_hidden(&full, !document().fullscreen_enabled());
        Self { root: root.clone() }
    }

    /// Shows what the state is.
    pub(super) fn follow(&self, state: &State) {
        let display = &state.display;
        for channel in Channel::ALL {
            let toggle = self.part(&format!("[data-do=toggle][data-channel={channel}]"));
            let row = self.part(&format!(".row[data-channel={channel}]"));
            let has = display.channels().any(|other| other == channel);
            for part in [&toggle, &row] {
                set_hidden(part, state.facts.is_some() && !has);
            }
            press(&toggle, display.is_shown(channel));
            press(
                &find(&row, "[data-do=solo]"),
                display.alone() == Some(channel),
            );
            let brightness = display.brightness(channel);
            let amount = text::brightness(brightness);
            let slider: HtmlInputElement = find(&row, "[data-do=brightness]");
            // Doublings, so that half and twice as bright are equally far from the middle.
            slider.set_value_as_number(Math::log2(brightness.into()));
            set_attribute(&slider, "aria-valuetext", &amount);
            find::<Element>(&row, ".amount").set_text_content(Some(&amount));
            if let Some(facts) = &state.facts {
                let white = text::white(display.white(channel), facts.bits);
                find::<Element>(&row, ".white").set_text_content(Some(&white));
            }
        }
        press(&self.part("[data-do=composite]"), display.is_composite());
        press(&self.part("[data-do=full]"), is_full());
        self.follow_map(state);
    }

    fn follow_map(&self, state: &State) {
        set_hidden(&self.part(".map"), state.overlay.is_none());
        let Some(map) = &state.overlay else { return };
        let title = match map.maximum() {
            Some(_) => text::evidence_for(&map.label),
            None => text::no_evidence_for(&map.label),
        };
        self.part(".map .title").set_text_content(Some(&title));
        if let Some(maximum) = map.maximum() {
            self.part(".most")
                .set_text_content(Some(&text::most_evidence(maximum)));
        }
        press(&self.part("[data-do=map]"), state.is_map_on);
        for part in [".scale", ".opacity", "[data-do=map]"] {
            set_hidden(&self.part(part), map.maximum().is_none());
        }
        let slider: HtmlInputElement = find(&self.root, "[data-do=opacity]");
        slider.set_value_as_number(state.map_opacity);
        set_attribute(&slider, "aria-valuetext", &text::opacity(state.map_opacity));
    }

    /// Tells the scale of the picture and its size.
    pub(super) fn tell(&self, facts: &Facts, percent: f64) {
        self.part(".percent")
            .set_text_content(Some(&text::percent(percent)));
        let size = text::size(facts.full_size, facts.size, facts.bits);
        self.part(".size").set_text_content(Some(&size));
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}

/// Does what the controls say, for as long as the page lives.
pub(super) fn listen(scene: &Rc<Scene>) {
    on(&scene.root, "click", {
        let scene = scene.clone();
        move |event: MouseEvent| {
            if let Some((control, deed)) = control(&event) {
                do_pressed(&scene, &control, &deed, event.alt_key());
            }
        }
    });
    // The Escape key ends it, too.
    on(&document(), "fullscreenchange", {
        let scene = scene.clone();
        move |_: Event| scene.change(|_| {})
    });
    on(&scene.root, "input", {
        let scene = scene.clone();
        move |event: Event| {
            if let Some((control, deed)) = control(&event) {
                do_set(&scene, &control, &deed);
            }
        }
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
        scene.root.request_fullscreen().unwrap_or_default();
    }
}

fn is_full() -> bool {
    document().fullscreen_element().is_some()
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

fn do_pressed(scene: &Scene, control: &Element, deed: &str, alt: bool) {
    match (deed, channel_of(control)) {
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

fn do_set(scene: &Scene, control: &Element, deed: &str) {
    let Some(input) = control.dyn_ref::<HtmlInputElement>() else {
        return;
    };
    let number = input.value_as_number();
    scene.change(|state| match (deed, channel_of(control)) {
        ("brightness", Some(channel)) => {
            state
                .display
                .brighten(channel, Math::pow(2.0, number) as f32);
        }
        ("opacity", _) => state.map_opacity = number,
        ("grey", _) => state.display.is_grey_alone = input.checked(),
        ("auto", _) => state.display.range = Range::Auto,
        ("recorded", _) => state.display.range = Range::Recorded,
        _ => {}
    });
}

/// The control that an event is of, and what it does.
fn control(event: &Event) -> Option<(Element, String)> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let control = target.closest("[data-do]").ok()??;
    let deed = control.get_attribute("data-do")?;
    Some((control, deed))
}

fn channel_of(control: &Element) -> Option<Channel> {
    let row = control.closest("[data-channel]").ok()??;
    Channel::from_str(&row.get_attribute("data-channel")?).ok()
}

fn press(button: &Element, is_pressed: bool) {
    set_attribute(
        button,
        "aria-pressed",
        if is_pressed { "true" } else { "false" },
    );
}
