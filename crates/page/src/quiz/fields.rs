//! The fields that a round can ask: samples, and fields of the desk that a table labels.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::round::Kind;
use super::truth::{self, Labels};
use super::{DeskField, Host};
use crate::answer::Answer;
use crate::dom::error_text;
use crate::input::{self, FieldInput};
use crate::samples::{self, Sample};
use crate::text::quiz as text;
use cytolens_core::labels::{LOCATIONS, LabelSet};

/// A table of labels under its name, or why there is none.
type Table = Result<(String, Labels), String>;

/// Where fields and their labels come from.
#[derive(Default)]
pub(super) struct Sources {
    samples: RefCell<Option<Vec<Rc<Sample>>>>,
    table: RefCell<Option<Table>>,
    desk: RefCell<Vec<DeskField>>,
}

impl Sources {
    /// Fetches the list of samples, once.
    pub(super) async fn fetch_samples(&self) {
        if self.samples.borrow().is_none() {
            let samples = samples::list().await.into_iter().map(Rc::new).collect();
            *self.samples.borrow_mut() = Some(samples);
        }
    }

    /// Reads a table of labels in place of the last one.
    pub(super) async fn read_table(&self, file: File) {
        let name = file.name();
        let bytes = JsFuture::from(file.array_buffer()).await;
        let table = match bytes {
            Ok(bytes) => truth::read(&name, &Uint8Array::new(&bytes).to_vec()),
            Err(error) => Err(text::unreadable_table(&name, &error_text(&error))),
        };
        *self.table.borrow_mut() = Some(table.map(|labels| (name, labels)));
    }

    /// Looks at the desk again.
    pub(super) fn refresh(&self, host: &Host) {
        *self.desk.borrow_mut() = (host.desk)();
    }

    /// The ids and labels that a round of this kind can ask.
    pub(super) fn fields(&self, kind: Kind) -> Vec<(String, LabelSet)> {
        match kind {
            Kind::Samples => {
                let samples = self.samples.borrow();
                let samples = samples.iter().flatten();
                samples
                    .map(|sample| (sample.id.clone(), set_of(&sample.labels)))
                    .collect()
            }
            Kind::Desk => match &*self.table.borrow() {
                Some(Ok((_, labels))) => labelled(&self.desk.borrow(), labels),
                _ => Vec::new(),
            },
        }
    }

    /// What a round of this kind would ask, or why there can be none.
    pub(super) fn about(&self, kind: Kind) -> String {
        match kind {
            Kind::Samples => match &*self.samples.borrow() {
                None => String::new(),
                Some(samples) if samples.is_empty() => text::NO_SAMPLES.to_owned(),
                Some(samples) => text::samples(samples.len()),
            },
            Kind::Desk => match &*self.table.borrow() {
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
    pub(super) async fn input(
        &self,
        host: &Host,
        kind: Kind,
        id: &str,
    ) -> Result<(FieldInput, Option<Rc<Answer>>), String> {
        match kind {
            Kind::Samples => {
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
            Kind::Desk => {
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
fn labelled(desk: &[DeskField], labels: &Labels) -> Vec<(String, LabelSet)> {
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

/// The set of these names.
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
