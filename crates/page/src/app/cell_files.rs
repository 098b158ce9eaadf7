//! Files of cells: tables of all fields, and what other programs open of the selected one.

use std::rc::Rc;

use cytolens_cells::export::{
    self, SUBMISSION_HEADER, challenge_classes, geojson, label_png, table_header, table_rows,
};
use js_sys::{Array, Uint8Array};
use web_sys::Blob;

use super::App;
use super::cells::values;
use crate::answer::Answer;
use crate::cells::WishedCells;
use crate::dom::{error_text, pause};
use crate::entry::DeskEntry;
use crate::export::CellFiles;
use crate::export::save::{CSV, JSON, in_file_name, save_blob, save_text};
use crate::export::tables::{Dialect, PAINTED, write};
use crate::text::{cells as text, painting};

/// A field whose cells are to be saved.
struct Asked {
    field: u32,
    id: String,
    answer: Rc<Answer>,
}

impl Asked {
    /// Whether the answer is by no painted channel.
    fn is_measured(&self) -> bool {
        self.answer.painted().is_empty()
    }
}

/// The number of fields after which the progress is announced.
const SAID_EVERY: usize = 25;

impl App {
    /// What files of cells there are.
    pub(super) fn cell_files(&self) -> CellFiles {
        let answered = self.answered().len();
        let selected = self.asked().ok_or(text::NO_FIELD);
        let of_selected = |about: fn(&str) -> String| match &selected {
            Ok(asked) => Ok(about(&asked.id)),
            Err(reason) => Err(*reason),
        };
        let of_all = |about: fn(usize) -> String| match answered {
            0 => Err(text::NO_FIELD),
            count => Ok(about(count)),
        };
        let is_challenges = |asked: &Asked| {
            asked.is_measured() && !challenge_classes(&asked.answer.model.labels).is_empty()
        };
        let submission = match self.answered().iter().any(is_challenges) {
            true => of_all(text::submission),
            false => Err(text::NO_CHALLENGE),
        };
        vec![
            ("cells-table", of_all(text::table)),
            ("cells-submission", submission),
            ("cells-outlines", of_selected(text::outlines)),
            ("cells-image", of_selected(text::image)),
        ]
    }

    /// Saves a file of cells, and returns what to say.
    ///
    /// # Errors
    /// The reason why nothing was saved.
    pub(super) async fn save_cells(self: Rc<Self>, what: String) -> Result<String, String> {
        match &*what {
            "cells-table" => {
                let name = "cytolens-cells.csv";
                self.save_cell_rows(name, table, |_| true).await
            }
            "cells-submission" => {
                let name = "cytolens-cells-submission.csv";
                self.save_cell_rows(name, submission, Asked::is_measured)
                    .await
            }
            _ => {
                let asked = self.asked().ok_or(text::NO_FIELD)?;
                let cells = self.wished_cells(&asked).await?;
                let id = in_file_name(&asked.id);
                let name = match &*what {
                    "cells-outlines" => {
                        let name = format!("cytolens-{id}-cells.geojson");
                        // Programs show it beside every cell.
                        let id = [&*asked.id, &painting::mark(&asked.answer)].concat();
                        let described = export::FieldCells {
                            id: &id,
                            ..described(&asked, &cells)
                        };
                        save_text(&name, &geojson(&described), JSON)?;
                        name
                    }
                    _ => {
                        let name = format!("cytolens-{id}-cells.png");
                        let [width, height] = cells.full.map(|side| side as usize);
                        let [mask, _] = cells.cells.scaled(width, height);
                        save_bytes(&name, &label_png(&mask, width, height))?;
                        name
                    }
                };
                Ok(text::saved(&name, 0))
            }
        }
    }

    /// Saves a table of the cells of all answered fields. Fields whose model has other labels than the first one's are left out,
    /// as are those whose cells cannot be found, and those that are not `held`. `rows` is given what is to stand in the column of
    /// painted channels, where there is one.
    async fn save_cell_rows(
        self: Rc<Self>,
        name: &str,
        rows: fn(&export::FieldCells<'_>, Option<&str>, &mut String),
        held: fn(&Asked) -> bool,
    ) -> Result<String, String> {
        let asked = self.answered();
        let is_marked = !asked.iter().all(Asked::is_measured);
        let all = asked.len();
        let first = asked.first().ok_or(text::NO_FIELD)?.answer.model.clone();
        let (mut content, mut left_out) = (String::new(), 0);
        for (place, asked) in asked.into_iter().enumerate() {
            if place % SAID_EVERY == SAID_EVERY - 1 {
                self.desk.announce(&text::saving(place, all));
            }
            let cells = match asked.answer.model.labels == first.labels && held(&asked) {
                true => self.wished_cells(&asked).await.ok(),
                false => None,
            };
            match cells {
                Some(cells) => {
                    let mark = is_marked.then(|| asked.answer.painted());
                    rows(&described(&asked, &cells), mark, &mut content);
                }
                None => left_out += 1,
            }
            pause().await;
        }
        save_text(name, &content, CSV)?;
        Ok(text::saved(name, left_out))
    }

    async fn wished_cells(self: &Rc<Self>, asked: &Asked) -> Result<WishedCells, String> {
        let cells = self.cells_of(asked.field).await?;
        // The maps of a field that is not selected are read and not held.
        let maps = match self.held_maps(asked.field) {
            Some(maps) => Some(maps),
            None => self.store.maps(asked.field).await.map(Rc::new),
        };
        let maps = maps.map(values);
        let maps = maps.as_ref().map(|(side, values)| (*side, &values[..]));
        Ok(self.cells.wished(cells, asked.answer.clone(), maps))
    }

    /// The answered fields that tables are to be of.
    fn answered(&self) -> Vec<Asked> {
        let session = self.session.borrow();
        let is_meant = session.is_meant();
        let entries = session.entries().iter();
        entries
            .filter(|(field, _)| is_meant(**field))
            .filter_map(|(field, entry)| asked(*field, entry))
            .collect()
    }

    /// The selected field, once it is answered.
    fn asked(&self) -> Option<Asked> {
        let session = self.session.borrow();
        asked(session.selected()?, session.selected_entry()?)
    }
}

fn asked(field: u32, entry: &DeskEntry) -> Option<Asked> {
    Some(Asked {
        field,
        id: entry.id.clone(),
        answer: entry.answer()?.clone(),
    })
}

fn described<'a>(asked: &'a Asked, cells: &'a WishedCells) -> export::FieldCells<'a> {
    let [width, height] = cells.full.map(|side| side as usize);
    export::FieldCells {
        id: &asked.id,
        width,
        height,
        cells: &cells.cells,
        answers: Some(&cells.answers),
        labels: &asked.answer.model.labels,
        thresholds: &asked.answer.model.thresholds,
    }
}

/// Adds a field's rows to a table of cells.
fn table(field: &export::FieldCells<'_>, mark: Option<&str>, content: &mut String) {
    let header = table_header(field.labels);
    let columns = header.iter().map(String::as_str);
    let columns = columns.chain(mark.map(|_| PAINTED));
    let rows = table_rows(field).into_iter().map(|mut row| {
        row.extend(mark.map(str::to_owned));
        row
    });
    let written = write(columns, rows, Dialect::default());
    // Labels have no line breaks: the header is the first line.
    match content.is_empty() {
        true => content.push_str(&written),
        false => content.extend(written.split_once('\n').map(|(_, rows)| rows)),
    }
}

/// Adds a field's row to a submission.
fn submission(field: &export::FieldCells<'_>, _: Option<&str>, content: &mut String) {
    if content.is_empty() {
        content.push_str(SUBMISSION_HEADER);
        content.push('\n');
    }
    let (width, height) = (field.width, field.height);
    let [mask, _] = field.cells.scaled(width, height);
    let numbers = field.cells.list().iter().map(|cell| cell.number);
    let answered = numbers.filter_map(|number| Some((number, field.answers?.of(number)?)));
    let classes = challenge_classes(field.labels);
    let row = export::submission_row(field.id, &mask, [width, height], &classes, answered);
    content.push_str(&row);
    content.push('\n');
}

fn save_bytes(name: &str, bytes: &[u8]) -> Result<(), String> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence(&parts);
    save_blob(name, &blob.map_err(|error| error_text(&error))?)
}
