//! One field on one sheet of paper.

use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Element, Event, HtmlElement, HtmlImageElement, Url};

use super::Selected;
use crate::answer::Answer;
use crate::dom::{
    append, body, by_id, error_text, find, from_template, on, set_attribute, set_hidden, window,
};
use crate::text::{self as texts, export as text};

/// How many of the likeliest locations the sheet lists.
const LISTED: usize = 10;

/// While the body has this mark, the sheet is all that is printed.
const PRINTING: &str = "data-print";

/// The sheet, `#report`: never on the screen.
pub(super) struct Report {
    root: Element,
}

impl Report {
    /// The sheet in `index.html`.
    pub(super) fn new() -> Self {
        let report = Self {
            root: by_id("report"),
        };
        let picture: HtmlImageElement = find(&report.root, "img");
        on(&window(), "afterprint", move |_: Event| {
            body().remove_attribute(PRINTING).unwrap_or_default();
            // Of what is no object URL, revoking is harmless.
            Url::revoke_object_url(&picture.src()).unwrap_or_default();
        });
        report
    }

    /// Fills the sheet and opens the browser's dialog for printing.
    pub(super) async fn print(
        &self,
        field: &Selected,
        picture: Option<Blob>,
        now: &str,
    ) -> Result<(), String> {
        let told = |error| error_text(&error);
        let image: HtmlImageElement = find(&self.root, "img");
        set_hidden(&self.part("figure"), picture.is_none());
        if let Some(picture) = picture {
            image.set_src(&Url::create_object_url_with_blob(&picture).map_err(told)?);
            // Printed before it is decoded, it would be white.
            JsFuture::from(image.decode()).await.map_err(told)?;
        }
        let answer = &field.answer;
        self.write("h1", &field.id);
        self.write(".files", &field.files);
        self.write("figcaption", &text::caption(field.map.as_deref()));
        self.write(
            ".none",
            if answer.present.is_empty() {
                texts::results::NONE_PRESENT
            } else {
                ""
            },
        );
        self.list_present(answer);
        self.list_likeliest(answer);
        let model = &answer.model;
        self.write(
            ".model",
            &format!("{} ({})", model.name, texts::architecture(model)),
        );
        self.write(".limits", &model.limits);
        let licence = match model.licence.as_str() {
            "" => text::NO_LICENCE,
            licence => licence,
        };
        self.write(".licence", licence);
        self.write(".took", &texts::results::took(answer));
        self.write(".date", &text::printed(now));
        self.write(".estimates", text::ESTIMATES);
        set_attribute(&body(), PRINTING, "report");
        window().print().map_err(told)
    }

    fn list_present(&self, answer: &Answer) {
        let list = self.part(".present");
        list.set_text_content(None);
        let likeliest = answer.ranked().into_iter().take(1);
        let shown: Vec<usize> = match answer.present.is_empty() {
            true => likeliest.collect(),
            false => answer.present_ranked(),
        };
        for class in shown {
            let item = from_template("report-label-template");
            find::<Element>(&item, ".name").set_text_content(Some(answer.label(class)));
            let probability = texts::percent(answer.probability(class));
            find::<Element>(&item, ".probability").set_text_content(Some(&probability));
            append(&list, &item);
        }
    }

    fn list_likeliest(&self, answer: &Answer) {
        let list = self.part("tbody");
        list.set_text_content(None);
        for class in answer.ranked().into_iter().take(LISTED) {
            let row = from_template("report-row-template");
            let (probability, threshold) = (answer.probability(class), answer.threshold(class));
            let is_present = answer.present.contains(&class);
            set_attribute(
                &row,
                "data-present",
                if is_present { "true" } else { "false" },
            );
            find::<Element>(&row, "th").set_text_content(Some(answer.label(class)));
            let style = find::<HtmlElement>(&row, ".track").style();
            for (name, value) in [("--probability", probability), ("--threshold", threshold)] {
                style
                    .set_property(name, &value.to_string())
                    .unwrap_or_default();
            }
            let numbers = [(".probability", probability), (".threshold", threshold)];
            for (part, value) in numbers {
                find::<Element>(&row, part).set_text_content(Some(&texts::probability(value)));
            }
            let verdict = if is_present { text::OVER } else { text::UNDER };
            find::<Element>(&row, ".said").set_text_content(Some(verdict));
            append(&list, &row);
        }
    }

    fn write(&self, part: &str, content: &str) {
        let part = self.part(part);
        part.set_text_content(Some(content));
        set_hidden(&part, content.is_empty());
    }

    fn part(&self, selector: &str) -> Element {
        find(&self.root, selector)
    }
}
