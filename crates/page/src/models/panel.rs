//! The model's part of the engine panel: the choice, the way to its card and to another package; and the
//! footer's credits.

use std::rc::Rc;

use web_sys::{Element, Event, HtmlElement, HtmlOptionElement, HtmlSelectElement};

use super::list::ModelList;
use super::{Models, card};
use crate::dom::{append, by_id, on, set_attribute, set_hidden, set_text};
use crate::text::models as text;

/// The weight of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Something that was done.
    Note,
    /// Something was not done.
    Fault,
}

/// The panel's elements.
pub(super) struct ModelPanel {
    select: HtmlSelectElement,
    line: Element,
    about: Element,
    notice: Element,
    credits: Element,
}

impl ModelPanel {
    /// The panel in `index.html`.
    pub(super) fn new() -> Self {
        Self {
            select: by_id("model-choice"),
            line: by_id("model-line"),
            about: by_id("model-about"),
            notice: by_id("model-notice"),
            credits: by_id("credits"),
        }
    }

    /// Listens to the panel and to the card.
    pub(super) fn listen(&self, models: &Rc<Models>) {
        on(&self.select, "change", {
            let (models, select) = (models.clone(), self.select.clone());
            move |_: Event| {
                models.panel.say(Tone::Note, "");
                models.choose(Some(select.value()).filter(|id| !id.is_empty()));
            }
        });
        for opener in [&self.about, &by_id::<Element>("limits-more")] {
            on(opener, "click", {
                let models = models.clone();
                move |_: Event| models.show_card()
            });
        }
        // The files of a package are picked as images are, and recognised by their names.
        on(&by_id::<Element>("model-bring"), "click", |_: Event| {
            by_id::<HtmlElement>("files").click();
        });
        let dialog = card::dialog();
        let models = models.clone();
        on(&dialog.clone(), "click", move |event: Event| {
            if card::clicked(&dialog, &event) {
                models.remove();
            }
        });
    }

    /// Shows the models that there are and the one that is chosen.
    pub(super) fn show(&self, state: &ModelList) {
        self.select.set_text_content(None);
        self.option("", &state.name(&None));
        for own in &state.own {
            let name = &own.manifest.name;
            let namesakes = state
                .own
                .iter()
                .filter(|other| other.manifest.name == *name);
            if namesakes.count() > 1 || *name == state.name(&None) {
                self.option(&own.id, &text::among_others(name, &own.manifest.sha256));
            } else {
                self.option(&own.id, name);
            }
        }
        self.select
            .set_value(state.chosen.as_deref().unwrap_or_default());
        set_hidden(&self.line, state.own.is_empty());
        let manifest = state.manifest(&state.chosen);
        set_hidden(&self.about, manifest.is_none());
        let credits = manifest.map(|manifest| {
            text::credits(&manifest.name, &manifest.attribution, &manifest.licence)
        });
        self.credits.set_text_content(credits.as_deref());
    }

    fn option(&self, value: &str, name: &str) {
        if let Ok(option) = HtmlOptionElement::new_with_text_and_value(name, value) {
            append(&self.select, &option);
        }
    }

    /// Shows a message in place of the one before.
    pub(super) fn say(&self, tone: Tone, what: &str) {
        let tone = match tone {
            Tone::Note => "note",
            Tone::Fault => "fault",
        };
        set_attribute(&self.notice, "data-tone", tone);
        set_text(&self.notice, what);
    }
}
