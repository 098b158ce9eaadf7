//! The fields that a round can ask: samples, and fields of the desk that a table labels.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::round::RoundKind;
use super::truth;
use super::{DeskField, Host};
use crate::answer::Answer;
use crate::dom::error_text;
use crate::input::{self, FieldInput};
use crate::samples::{self, Sample};
use crate::text::quiz as text;
use cytolens_core::labels::{LOCATIONS, LabelSet};
use cytolens_core::table::LabelTable;

/// A table of labels with its file's name, or the reason why it cannot be read.
type NamedTable = Result<(String, LabelTable), String>;

/// The sources of fields and their labels.
#[derive(Default)]
pub(super) struct QuestionSources {
    samples: RefCell<Option<Vec<Rc<Sample>>>>,
    table: RefCell<Option<NamedTable>>,
    desk: RefCell<Vec<DeskField>>,
}

impl QuestionSources {
    /// Downloads the list of samples, once.
    pub(super) async fn fetch_samples(&self) {
        if self.samples.borrow().is_none() {
            let samples = samples::list().await.into_iter().map(Rc::new).collect();
            *self.samples.borrow_mut() = Some(samples);
        }
    }

    /// Reads a table of labels in place of the one before.
    pub(super) async fn read_table(&self, file: File) {
        let name = file.name();
        let bytes = JsFuture::from(file.array_buffer()).await;
        let table = match bytes {
            Ok(bytes) => truth::read(&name, Uint8Array::new(&bytes).to_vec()),
            Err(error) => Err(text::unreadable_table(&name, &error_text(&error))),
        };
        *self.table.borrow_mut() = Some(table.map(|labels| (name, labels)));
    }

    /// Updates the fields of the desk.
    pub(super) fn refresh(&self, host: &Host) {
        *self.desk.borrow_mut() = (host.desk)();
    }

    /// The ids and labels that a round of this kind can ask.
    pub(super) fn fields(&self, kind: RoundKind) -> Vec<(String, LabelSet)> {
        match kind {
            RoundKind::Samples => {
                let samples = self.samples.borrow();
                let samples = samples.iter().flatten();
                samples
                    .map(|sample| (sample.id.clone(), set_of(&sample.labels)))
                    .collect()
            }
            RoundKind::Desk => match &*self.table.borrow() {
                Some(Ok((_, labels))) => labelled(&self.desk.borrow(), labels).unwrap_or_default(),
                _ => Vec::new(),
            },
        }
    }

    /// A description of a round of this kind, or the reason why there can be none.
    pub(super) fn about(&self, kind: RoundKind) -> String {
        match kind {
            RoundKind::Samples => match &*self.samples.borrow() {
                None => String::new(),
                Some(samples) if samples.is_empty() => text::NO_SAMPLES.to_owned(),
                Some(samples) => text::samples(samples.len()),
            },
            RoundKind::Desk => match &*self.table.borrow() {
                None => text::NO_TABLE.to_owned(),
                Some(Err(reason)) => reason.clone(),
                Some(Ok((name, labels))) => {
                    let desk = self.desk.borrow();
                    let (asked, compared) = match labelled(&desk, labels) {
                        Ok(fields) => (fields.len(), String::new()),
                        Err(compared) => (0, compared),
                    };
                    let first = labels.faults.first().map(truth::row_fault);
                    text::labelled(
                        name,
                        asked,
                        desk.len(),
                        &compared,
                        labels.faults.len(),
                        first.as_deref(),
                    )
                }
            },
        }
    }

    /// A field's files, and the model's answer where it is known already.
    ///
    /// # Errors
    /// The reason why the field cannot be asked.
    pub(super) async fn input(
        &self,
        host: &Host,
        kind: RoundKind,
        id: &str,
    ) -> Result<(FieldInput, Option<Rc<Answer>>), String> {
        match kind {
            RoundKind::Samples => {
                self.fetch_samples().await;
                let sample = {
                    let samples = self.samples.borrow();
                    let mut samples = samples.iter().flatten();
                    samples.find(|sample| sample.id == id).cloned()
                };
                let sample = sample.ok_or(text::NO_SUCH_SAMPLE)?;
                let files = sample.fetch().await.map_err(|error| error.to_string())?;
                let input = input::lot(files).await.fields.into_iter().next();
                Ok((input.ok_or(text::NO_SUCH_SAMPLE)?, None))
            }
            RoundKind::Desk => {
                let found = {
                    let desk = self.desk.borrow();
                    desk.iter().find(|field| field.id == id).cloned()
                };
                let found = found.ok_or(text::NOT_ON_DESK)?;
                let input = (host.input)(found.field).await;
                Ok((input.ok_or(text::NOT_ON_DESK)?, found.answer))
            }
        }
    }
}

/// The fields of the desk that a table labels, each id once.
///
/// # Errors
/// The ids that were compared where it labels none.
fn labelled(desk: &[DeskField], table: &LabelTable) -> Result<Vec<(String, LabelSet)>, String> {
    let ids: Vec<&str> = desk.iter().map(|field| field.id.as_str()).collect();
    truth::labelled(&ids, table, |id| {
        if id.is_ascii() {
            // Without a way over JavaScript for each of ten thousand.
            return id.to_owned();
        }
        String::from(JsString::from(id).normalize("NFC"))
    })
}

/// The label set of these names; names of other labels are ignored.
fn set_of(names: &[String]) -> LabelSet {
    let classes = names
        .iter()
        .filter_map(|name| LOCATIONS.iter().position(|location| location == name));
    LabelSet::from_classes(classes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_by_name() {
        let names = ["Cytosol", "Nucleoli", "Neither"].map(str::to_owned);
        assert_eq!(set_of(&names).to_string(), "2 25");
    }
}
