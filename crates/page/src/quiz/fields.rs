//! The fields that a round can ask: samples, and fields of the desk that a table labels.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::round::RoundKind;
use super::truth::{self, LabelTable};
use super::{DeskField, Host};
use crate::answer::Answer;
use crate::dom::error_text;
use crate::input::{self, FieldInput};
use crate::samples::{self, Sample};
use crate::text::quiz as text;
use cytolens_core::labels::{LOCATIONS, LabelSet};

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
            Ok(bytes) => truth::read(&name, &Uint8Array::new(&bytes).to_vec()),
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
                Some(Ok((_, labels))) => labelled(&self.desk.borrow(), labels),
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
                    let asked = labelled(&desk, labels).len();
                    text::labelled(name, asked, desk.len(), &labels.faults)
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
fn labelled(desk: &[DeskField], labels: &LabelTable) -> Vec<(String, LabelSet)> {
    let mut fields: Vec<(String, LabelSet)> = Vec::new();
    for DeskField { id, .. } in desk {
        if let Some(set) = labels.sets.get(id)
            && fields.iter().all(|(known, _)| known != id)
        {
            fields.push((id.clone(), *set));
        }
    }
    fields
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
    fn a_round_asks_each_labelled_field_once() {
        let field = |number, id: &str| DeskField {
            field: number,
            id: id.to_owned(),
            answer: None,
        };
        let desk = [field(0, "b"), field(1, "a"), field(2, "b"), field(3, "c")];
        let labels = truth::read("train.csv", b"Id,Target\na,1\nb,2 25\nd,3\n").expect("a table");
        let fields = labelled(&desk, &labels);
        let ids: Vec<&str> = fields.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["b", "a"]);
        assert_eq!(fields[0].1.to_string(), "2 25");
    }

    #[test]
    fn labels_are_found_by_name() {
        let names = ["Cytosol", "Nucleoli", "Neither"].map(str::to_owned);
        assert_eq!(set_of(&names).to_string(), "2 25");
    }
}
