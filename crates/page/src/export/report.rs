//! The printed report: one field on one sheet of paper.

use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Element, Event, HtmlElement, HtmlImageElement, Url};

use super::Selected;
use crate::answer::Answer;
use crate::dom::{
    append, body, by_id, emptied, error_text, find, from_template, on, remove_attribute, report,
    set_attribute, set_flag, set_hidden, set_line, set_style, window, write,
};
use crate::text::{self as texts, export as text};

/// The number of likeliest locations on the sheet.
const LISTED: usize = 10;

/// The body's mark while nothing but the sheet is printed.
const PRINTING: &str = "data-print";

/// The sheet, `#report`: never on the screen.
pub(super) struct ReportSheet {
    root: Element,
}

impl ReportSheet {
    /// The sheet in `index.html`.
    pub(super) fn new() -> Self {
        let sheet = Self {
            root: by_id("report"),
        };
        let picture: HtmlImageElement = find(&sheet.root, "img");
        on(&window(), "afterprint", move |_: Event| {
            remove_attribute(&body(), PRINTING);
            // Without a picture there is no such URL, and revoking it is harmless.
            report(Url::revoke_object_url(&picture.src()));
        });
        sheet
    }

    /// Fills the sheet and opens the browser's dialog for printing.
    pub(super) async fn print(
        &self,
        field: &Selected,
        picture: Option<Blob>,
        now: &str,
    ) -> Result<(), String> {
        let reason = |error| error_text(&error);
        let image: HtmlImageElement = find(&self.root, "img");
        set_hidden(&find(&self.root, "figure"), picture.is_none());
        if let Some(picture) = picture {
            image.set_src(&Url::create_object_url_with_blob(&picture).map_err(reason)?);
            // Printed before it is decoded, it would be white.
            JsFuture::from(image.decode()).await.map_err(reason)?;
        }
        let answer = &field.answer;
        self.write("h1", &field.id);
        self.write(".files", &field.files);
        self.write("figcaption", &text::caption(field.map.as_deref()));
        self.write(
            ".none",
            if answer.present().is_empty() {
                texts::results::NONE_PRESENT
            } else {
                ""
            },
        );
        let painted = answer.prediction.painted;
        let mark = painted.map(|channel| texts::painting::about(channel, true, true));
        self.write(".marks", &mark.unwrap_or_default());
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
        window().print().map_err(reason)
    }

    fn list_present(&self, answer: &Answer) {
        let list = emptied(find(&self.root, ".present"));
        let likeliest = answer.ranked().into_iter().take(1);
        let shown: Vec<usize> = match answer.present().is_empty() {
            true => likeliest.collect(),
            false => answer.present_ranked(),
        };
        for class in shown {
            let item = from_template("report-label-template");
            write(&item, ".name", answer.label(class));
            let probability = texts::percent(answer.probability(class));
            write(&item, ".probability", &probability);
            append(&list, &item);
        }
    }

    fn list_likeliest(&self, answer: &Answer) {
        let list = emptied(find(&self.root, "tbody"));
        for class in answer.ranked().into_iter().take(LISTED) {
            let row = from_template("report-row-template");
            let (probability, threshold) = (answer.probability(class), answer.threshold(class));
            let is_present = answer.present().contains(&class);
            set_flag(&row, "data-present", is_present);
            write(&row, "th", answer.label(class));
            let style = find::<HtmlElement>(&row, ".track").style();
            for (name, value) in [("--probability", probability), ("--threshold", threshold)] {
                set_style(&style, name, &value.to_string());
            }
            write(&row, ".probability", &texts::probability(probability));
            write(&row, ".threshold", &texts::probability(threshold));
            write(
                &row,
                ".said",
                if is_present { text::OVER } else { text::UNDER },
            );
            append(&list, &row);
        }
    }

    fn write(&self, part: &str, content: &str) {
        set_line(&find(&self.root, part), content);
    }
}
