//! The cards: one a field, or one a file that belongs to none.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, ImageData};

use super::dom::{append, find, from_template, set_attribute, set_hidden};
use super::text;
use crate::protocol::ModelSummary;

/// How far a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Before its turn.
    Waiting,
    /// The engine has it.
    Working,
    /// With its prediction.
    Done,
    /// With its fault.
    Error,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Done => "done",
            Self::Error => "error",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Waiting => text::WAITING,
            Self::Working => text::WORKING,
            Self::Done => text::DONE,
            Self::Error => text::REFUSED,
        }
    }
}

/// What the engine says of a field.
#[derive(Debug, Clone)]
pub(super) struct Prediction {
    /// One a class.
    pub(super) probabilities: Vec<f32>,
    /// The classes at or over their threshold.
    pub(super) present: Vec<usize>,
    /// In milliseconds.
    pub(super) decode_ms: f64,
    /// In milliseconds.
    pub(super) network_ms: f64,
    /// The device that computed it, as cards name it.
    pub(super) device: String,
}

/// One card.
pub(super) struct Card {
    root: Element,
    id: String,
    state: State,
}

impl Card {
    /// A waiting card at the end of `list`.
    pub(super) fn new(list: &Element, id: &str, details: &str) -> Self {
        let root = from_template("field-template");
        set_attribute(&root, "data-id", id);
        find::<Element>(&root, ".id").set_text_content(Some(id));
        find::<Element>(&root, ".source").set_text_content(Some(details));
        let mut card = Self {
            root,
            id: id.to_owned(),
            state: State::Waiting,
        };
        card.enter(State::Waiting);
        append(list, &card.root);
        card
    }

    /// The field's id, or the file's name.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// How far the card is.
    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Says how far the card is.
    pub(super) fn enter(&mut self, state: State) {
        self.state = state;
        set_attribute(&self.root, "data-state", state.name());
        set_attribute(
            &self.root,
            "aria-busy",
            if state == State::Working {
                "true"
            } else {
                "false"
            },
        );
        self.part(".state").set_text_content(Some(state.text()));
    }

    /// Shows the coloured field, on a canvas of at most `side` px a side. `rgba` is a
    /// `Uint8ClampedArray`.
    pub(super) fn show_preview(
        &self,
        (width, height): (u32, u32),
        rgba: &JsValue,
        side: u32,
        description: &str,
    ) {
        self.part(".source").set_text_content(Some(description));
        let pixels = rgba.dyn_ref::<js_sys::Uint8ClampedArray>();
        let image =
            pixels.and_then(|rgba| ImageData::new_with_js_u8_clamped_array(rgba, width).ok());
        let Some(image) = image else { return };
        let canvas: HtmlCanvasElement = find(&self.root, "canvas");
        if paint(&canvas, &image, (width, height), side).is_some() {
            set_attribute(&canvas, "aria-label", &text::preview_label(&self.id));
            set_hidden(&canvas, false);
        }
    }

    /// Shows the prediction.
    pub(super) fn show_prediction(&mut self, prediction: &Prediction, model: &ModelSummary) {
        let chips = self.part(".chips");
        chips.set_text_content(None);
        let mut present = prediction.present.clone();
        present.sort_by(|a, b| by_probability(&prediction.probabilities, *a, *b));
        for &class in &present {
            append(&chips, &chip(class, prediction, model));
        }
        let ranked = ranked(&prediction.probabilities);
        let note = self.part(".none-present");
        if let (true, Some(&best)) = (present.is_empty(), ranked.first()) {
            note.set_text_content(Some(text::NONE_PRESENT));
            let guess = chip(best, prediction, model);
            guess.set_class_name("guess");
            append(&chips, &guess);
        }
        set_hidden(&note, !present.is_empty());

        let bars = self.part(".bars");
        bars.set_text_content(None);
        for class in ranked {
            append(&bars, &bar(class, prediction, model));
        }
        let took = text::took(
            prediction.decode_ms,
            prediction.network_ms,
            &prediction.device,
        );
        self.part(".took").set_text_content(Some(&took));
        for part in [".verdict", ".took", ".all"] {
            set_hidden(&self.part(part), false);
        }
        self.enter(State::Done);
    }

    /// Opens the list of all locations.
    pub(super) fn open(&self) {
        set_attribute(&self.part(".all"), "open", "");
    }

    /// Shows why there is no prediction.
    pub(super) fn refuse(&mut self, reason: &str) {
        let line = self.part(".reason");
        line.set_text_content(Some(reason));
        set_hidden(&line, false);
        self.enter(State::Error);
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}

/// Paints the image, made smaller where it is larger than `side`. Without a canvas there is no
/// picture, and a card is still right.
fn paint(
    canvas: &HtmlCanvasElement,
    image: &ImageData,
    (width, height): (u32, u32),
    side: u32,
) -> Option<()> {
    let scale = (f64::from(side) / f64::from(width.max(height))).min(1.0);
    let scaled = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let scratch = from_template("scratch-template")
        .dyn_into::<HtmlCanvasElement>()
        .ok()?;
    let full = if scale < 1.0 { &scratch } else { canvas };
    full.set_width(width);
    full.set_height(height);
    context(full)?.put_image_data(image, 0.0, 0.0).ok()?;
    if scale < 1.0 {
        canvas.set_width(scaled(width));
        canvas.set_height(scaled(height));
        let (to_width, to_height) = (scaled(width).into(), scaled(height).into());
        let context = context(canvas)?;
        context
            .draw_image_with_html_canvas_element_and_dw_and_dh(
                &scratch, 0.0, 0.0, to_width, to_height,
            )
            .ok()?;
    }
    Some(())
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// The classes by falling probability.
fn ranked(probabilities: &[f32]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..probabilities.len()).collect();
    classes.sort_by(|a, b| by_probability(probabilities, *a, *b));
    classes
}

fn by_probability(probabilities: &[f32], a: usize, b: usize) -> std::cmp::Ordering {
    let of = |class: usize| probabilities.get(class).copied().unwrap_or(0.0);
    of(b).total_cmp(&of(a)).then(a.cmp(&b))
}

/// The names of these classes.
pub(super) fn names<'a>(classes: &[usize], model: &'a ModelSummary) -> Vec<&'a str> {
    classes
        .iter()
        .map(|class| model.labels.get(*class).map_or("?", String::as_str))
        .collect()
}

fn chip(class: usize, prediction: &Prediction, model: &ModelSummary) -> Element {
    let chip = from_template("chip-template");
    let probability = prediction.probabilities.get(class).copied().unwrap_or(0.0);
    set_attribute(&chip, "data-class", &class.to_string());
    find::<Element>(&chip, ".name").set_text_content(names(&[class], model).first().copied());
    find::<Element>(&chip, ".probability").set_text_content(Some(&text::percent(probability)));
    chip
}

fn bar(class: usize, prediction: &Prediction, model: &ModelSummary) -> Element {
    let bar = from_template("bar-template");
    let probability = prediction.probabilities.get(class).copied().unwrap_or(0.0);
    let threshold = model.thresholds.get(class).copied().unwrap_or(1.0);
    set_attribute(&bar, "data-class", &class.to_string());
    set_attribute(&bar, "data-probability", &probability.to_string());
    set_attribute(
        &bar,
        "data-present",
        if prediction.present.contains(&class) {
            "true"
        } else {
            "false"
        },
    );
    find::<Element>(&bar, ".name").set_text_content(names(&[class], model).first().copied());
    find::<Element>(&bar, ".probability").set_text_content(Some(&text::probability(probability)));
    find::<Element>(&bar, ".threshold").set_text_content(Some(&text::probability(threshold)));
    let style = find::<HtmlElement>(&bar, ".track").style();
    for (property, value) in [("--probability", probability), ("--threshold", threshold)] {
        style
            .set_property(property, &value.clamp(0.0, 1.0).to_string())
            .unwrap_or_default();
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::ranked;

    #[test]
    fn the_likeliest_comes_first_and_equals_keep_their_order() {
        assert_eq!(ranked(&[0.1, 0.7, 0.1, 0.9]), [3, 1, 0, 2]);
    }
}
