//! Files that a visitor saves or prints: tables, one document, the picture, a report.

mod document;
pub(super) mod json;
mod report;
pub(super) mod save;
pub(super) mod tables;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::Date;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, Event, HtmlElement, HtmlInputElement};

use self::report::ReportSheet;
use self::save::{CSV, JSON, in_file_name, save_blob, save_text};
use self::tables::Dialect;
use super::answer::Answer;
use super::dom::{
    append, around, attribute, by_id, emptied, find, from_template, on, remember, remembered,
    remove_attribute, report, set_attribute, set_flag, set_hidden, set_line, write,
};
use super::numerals::has_decimal_comma;
use super::text::export as text;

/// A field of the desk that is answered or refused.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The field's id, or the file's name where it is of no field.
    pub(super) id: String,
    /// The names of its files.
    pub(super) files: String,
    /// The model's answer, or the reason why there is none.
    pub(super) outcome: Result<Rc<Answer>, String>,
}

/// The field that the visitor looks at.
#[derive(Debug, Clone)]
pub(super) struct Selected {
    /// The field's id.
    pub(super) id: String,
    /// The names of its files.
    pub(super) files: String,
    /// The model's answer.
    pub(super) answer: Rc<Answer>,
    /// The label whose map lies over the picture.
    pub(super) map: Option<String>,
}

/// A picture that is being made; none where there is nothing to show.
pub(super) type PictureComing = Pin<Box<dyn Future<Output = Option<Blob>>>>;

/// Files of cells: the name of each in the menu, and what it holds or why it cannot be had.
pub(super) type CellFiles = Vec<(&'static str, Result<String, &'static str>)>;

/// The calls by which the export asks the page.
pub(super) struct Handlers {
    /// The settled fields that files are to be of, in the order of the desk.
    pub(super) rows: Box<dyn Fn() -> Vec<Row>>,
    /// The number of fields that files are to be of, where these are not all.
    pub(super) chosen: Box<dyn Fn() -> usize>,
    /// The selected field, once it is answered.
    pub(super) selected: Box<dyn Fn() -> Option<Selected>>,
    /// The selected field's picture as the viewer shows it, its map included, as PNG.
    pub(super) picture: Box<dyn Fn() -> PictureComing>,
    /// What files of cells there are.
    pub(super) cells: Box<dyn Fn() -> CellFiles>,
    /// Saves such a file and says so, or says why not.
    pub(super) save_cells: Box<dyn Fn(&str) -> SavingCells>,
    /// Announces a line to screen readers.
    pub(super) say: Box<dyn Fn(&str)>,
}

/// A file of cells that is being made; what to say once it is saved, or the reason why it is not.
pub(super) type SavingCells = Pin<Box<dyn Future<Output = Result<String, String>>>>;

/// The menu under `#export`.
pub(super) struct Export {
    handlers: Handlers,
    menu: HtmlElement,
    report: ReportSheet,
    /// The choice of tables for Excel.
    for_excel: HtmlInputElement,
}

/// The name under which the browser remembers that choice, and its value.
const EXCEL: (&str, &str) = ("cytolens.tables", "excel");

impl Export {
    /// The menu in `index.html`. It lives as long as the page.
    pub(super) fn new(handlers: Handlers) -> Rc<Self> {
        let export = Rc::new(Self {
            handlers,
            menu: by_id("export-menu"),
            report: ReportSheet::new(),
            for_excel: by_id("export-excel"),
        });
        let (name, chosen) = EXCEL;
        export.for_excel.set_checked(remembered(name) == chosen);
        on(&export.for_excel, "change", {
            let for_excel = export.for_excel.clone();
            move |_: Event| remember(name, if for_excel.checked() { chosen } else { "" })
        });
        on(&export.menu, "beforetoggle", {
            let export = export.clone();
            move |_: Event| export.offer()
        });
        on(&export.menu.clone(), "click", {
            let export = export.clone();
            move |event: Event| export.clicked(&event)
        });
        export
    }

    /// Describes in the menu what can be saved at this moment, and why the rest cannot.
    fn offer(&self) {
        let rows = (self.handlers.rows)();
        let refused = rows.iter().filter(|row| row.outcome.is_err()).count();
        let answered = rows.len() - refused;
        let tables = tables::tables(&rows);
        let list = emptied(by_id("export-tables"));
        for (at, table) in tables.iter().enumerate().skip(1) {
            let item = from_template("export-table-template");
            let button: Element = find(&item, "button");
            set_attribute(&button, "data-table", &at.to_string());
            describe(
                &button,
                &Ok(text::table(table.rows.len(), Some(&table.model.name))),
            );
            append(&list, &item);
        }
        let first = tables.first().ok_or(text::NOTHING_ANSWERED);
        let is_several = tables.len() > 1;
        let first = first.map(|table| {
            let model = is_several.then_some(table.model.name.as_str());
            text::table(table.rows.len(), model)
        });
        let submitted = tables::submitted(&rows).count();
        let selected = (self.handlers.selected)().ok_or(text::NOTHING_SELECTED);
        let offers = [
            ("table", first),
            (
                "submission",
                match (answered, submitted) {
                    (0, _) => Err(text::NOTHING_ANSWERED),
                    (_, 0) => Err(text::NOT_THE_CHALLENGES),
                    _ => Ok(text::submission(submitted, answered)),
                },
            ),
            (
                "document",
                match rows.len() {
                    0 => Err(text::NOTHING_ANSWERED),
                    _ => Ok(text::document(answered, refused)),
                },
            ),
            (
                "picture",
                selected
                    .as_ref()
                    .map(|field| text::picture(&field.id))
                    .map_err(|reason| *reason),
            ),
            (
                "report",
                selected
                    .as_ref()
                    .map(|field| text::report(&field.id))
                    .map_err(|reason| *reason),
            ),
        ];
        for (what, offer) in offers.iter().chain(&(self.handlers.cells)()) {
            describe(&self.item(what), offer);
        }
        let faults = self.item("faults");
        describe(&faults, &Ok(text::faults(refused)));
        set_hidden(&faults, refused == 0);
        set_hidden(&by_id("export-apart"), !is_several);
        let chosen = text::of_chosen((self.handlers.chosen)());
        set_line(&by_id("export-chosen"), &chosen);
    }

    fn item(&self, what: &str) -> Element {
        find(&self.menu, &format!("[data-export=\"{what}\"]"))
    }

    fn clicked(self: &Rc<Self>, event: &Event) {
        let button = around(event, "[data-export]");
        let Some(button) = button.filter(|button| !button.has_attribute(DISABLED)) else {
            return;
        };
        let what = attribute(&button, "data-export");
        // A button without a number is that of the first table.
        let table = attribute(&button, "data-table").parse().unwrap_or(0);
        let export = self.clone();
        if what.starts_with("cells-") {
            spawn_local(async move {
                let saved = (export.handlers.save_cells)(&what).await;
                let said = saved.unwrap_or_else(|error| text::failed(&error));
                (export.handlers.say)(&said);
            });
            report(self.menu.hide_popover());
            return;
        }
        spawn_local(async move {
            let said = match export.take(&what, table).await {
                Ok(Some(file)) => text::saved(&file),
                Ok(None) => String::new(),
                Err(error) => text::failed(&error),
            };
            (export.handlers.say)(&said);
        });
        report(self.menu.hide_popover());
    }

    /// Saves or prints, and returns the name of the saved file.
    async fn take(&self, what: &str, table: usize) -> Result<Option<String>, String> {
        match what {
            "picture" => return self.save_picture().await.map(Some),
            "report" => return self.print().await.map(|()| None),
            _ => {}
        }
        let rows = (self.handlers.rows)();
        let (name, content, kind) = match what {
            "submission" => (
                "cytolens-submission.csv".to_owned(),
                tables::submission(&rows),
                CSV,
            ),
            "faults" => (
                "cytolens-faults.csv".to_owned(),
                tables::faults(&rows, self.dialect()),
                CSV,
            ),
            "document" => (
                "cytolens-predictions.json".to_owned(),
                document::document(&rows, &now(), text::ESTIMATES),
                JSON,
            ),
            _ => {
                let tables = tables::tables(&rows);
                let chosen = tables.get(table).ok_or(text::NOTHING_ANSWERED)?;
                let model = match tables.len() {
                    1 => String::new(),
                    _ => format!("-{}", in_file_name(&chosen.model.name)),
                };
                let name = format!("cytolens-predictions{model}.csv");
                (name, tables::predictions(chosen, self.dialect())?, CSV)
            }
        };
        save_text(&name, &content, kind)?;
        Ok(Some(name))
    }

    /// The form of tables that the visitor chose.
    fn dialect(&self) -> Dialect {
        if self.for_excel.checked() {
            Dialect::excel(has_decimal_comma())
        } else {
            Dialect::default()
        }
    }

    async fn save_picture(&self) -> Result<String, String> {
        let selected = (self.handlers.selected)().ok_or(text::NOTHING_SELECTED)?;
        let picture = (self.handlers.picture)().await.ok_or(text::NO_PICTURE)?;
        let map = selected
            .map
            .iter()
            .map(|label| format!("-{}", in_file_name(label)));
        let name = format!(
            "cytolens-{}{}.png",
            in_file_name(&selected.id),
            map.collect::<String>()
        );
        save_blob(&name, &picture)?;
        Ok(name)
    }

    async fn print(&self) -> Result<(), String> {
        let selected = (self.handlers.selected)().ok_or(text::NOTHING_SELECTED)?;
        let picture = (self.handlers.picture)().await;
        self.report.print(&selected, picture, &now()).await
    }
}

/// The mark of a button whose file cannot be had: not `disabled`, or no keyboard would reach the reason.
const DISABLED: &str = "aria-disabled";

/// Writes what a button gives, or why it gives nothing.
fn describe(button: &Element, offer: &Result<String, &str>) {
    let about = match offer {
        Ok(about) => {
            remove_attribute(button, DISABLED);
            about.as_str()
        }
        Err(reason) => {
            set_flag(button, DISABLED, true);
            reason
        }
    };
    write(button, ".about", about);
}

/// This moment, as ISO 8601 writes it.
pub(super) fn now() -> String {
    Date::new_0().to_iso_string().into()
}

#[cfg(test)]
mod tests;
