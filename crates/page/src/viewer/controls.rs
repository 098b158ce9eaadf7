//! The buttons and sliders around the stage, as they show the state.

use js_sys::Math;
use web_sys::{Element, HtmlCanvasElement, HtmlDetailsElement, HtmlInputElement};

use super::histogram::Histogram;
use super::overlay;
use super::state::{PictureFacts, ViewerState};
use crate::dom::{document, find, set_attribute, set_flag, set_hidden, write};
use crate::text::viewer as text;
use cytolens_core::Channel;

/// The elements that show the state.
pub(super) struct Controls {
    root: Element,
    /// The panel of brightness: histograms are counted only while it is open.
    light: HtmlDetailsElement,
}

impl Controls {
    /// The controls in `#viewer`.
    pub(super) fn new(root: &Element) -> Self {
        // Without memory for its canvas, the scale of maps stays blank.
        _ = overlay::paint_key(&find::<HtmlCanvasElement>(root, ".key"));
        // Phones may have no full screen but for films.
        set_hidden(
            &find(root, "[data-do=full]"),
            !document().fullscreen_enabled(),
        );
        Self {
            root: root.clone(),
            light: find(root, ".light"),
        }
    }

    /// Shows the state.
    pub(super) fn follow(&self, state: &ViewerState) {
        let display = &state.display;
        for channel in Channel::ALL {
            let toggle = self.part(&format!("[data-do=toggle][data-channel={channel}]"));
            let row = self.part(&format!(".row[data-channel={channel}]"));
            let has = display.channels().any(|other| other == channel);
            for part in [&toggle, &row] {
                set_hidden(part, state.facts.is_some() && !has);
            }
            let painted = state.facts.as_ref().and_then(|facts| facts.painted);
            set_hidden(&find(&toggle, ".painted"), painted != Some(channel));
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
            write(&row, ".amount", &amount);
            let black: HtmlInputElement = find(&row, "[data-do=black]");
            black.set_value_as_number(display.black(channel).into());
            set_attribute(
                &black,
                "aria-valuetext",
                &text::black(display.black(channel)),
            );
            if let Some(facts) = &state.facts {
                let (black, white) = (display.black_level(channel), display.white(channel));
                write(&row, ".white", &text::range(black, white, facts.bits));
            }
            if has && self.light.open() {
                let path: Element = find(&row, ".histogram path");
                let histogram = state.layers.histogram(channel);
                let outline = histogram.map_or_else(String::new, Histogram::path);
                set_attribute(&path, "d", &outline);
            }
        }
        press(&self.part("[data-do=composite]"), display.is_composite());
        press(&self.part("[data-do=full]"), is_full());
        self.follow_map(state);
    }

    fn follow_map(&self, state: &ViewerState) {
        set_hidden(&self.part(".map"), state.overlay.is_none());
        let Some(map) = &state.overlay else { return };
        let title = match map.maximum() {
            Some(_) => text::evidence_for(&map.label),
            None => text::no_evidence_for(&map.label),
        };
        write(&self.root, ".map .title", &title);
        if let Some(maximum) = map.maximum() {
            write(&self.root, ".strength", &text::strength(maximum));
        }
        press(&self.part("[data-do=map]"), state.is_map_on);
        for part in [".scale", ".strength", ".opacity", "[data-do=map]"] {
            set_hidden(&self.part(part), map.maximum().is_none());
        }
        let slider: HtmlInputElement = find(&self.root, "[data-do=opacity]");
        slider.set_value_as_number(state.map_opacity);
        set_attribute(&slider, "aria-valuetext", &text::opacity(state.map_opacity));
    }

    /// Shows the scale of the picture and its size.
    pub(super) fn show_size(&self, facts: &PictureFacts, percent: f64) {
        write(&self.root, ".percent", &text::percent(percent));
        write(&self.root, ".size", &facts.size_line());
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}

/// Whether the viewer has the whole screen.
pub(crate) fn is_full() -> bool {
    document().fullscreen_element().is_some()
}

fn press(button: &Element, is_pressed: bool) {
    set_flag(button, "aria-pressed", is_pressed);
}
