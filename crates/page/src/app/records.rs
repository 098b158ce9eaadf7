//! Fields as they are kept, and as the page knows them.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::Shared;
use crate::answer::Answer;
use crate::entry::{Entry, Outcome};
use crate::store::{self, Record};
use cytolens_protocol::ModelSummary;

impl Shared {
    /// The one copy of a model's summary that all its answers share.
    pub(super) fn shared(&mut self, model: ModelSummary) -> Rc<ModelSummary> {
        if let Some(known) = self.models.iter().find(|known| ***known == model) {
            return known.clone();
        }
        let model = Rc::new(model);
        self.models.push(model.clone());
        model
    }

    /// A field as it was kept.
    pub(super) fn entry_of(&mut self, record: Record) -> Entry {
        let thumbnail = record.thumbnail();
        let mut entry = Entry::new(record.id, record.source, None);
        entry.thumbnail = thumbnail;
        entry.outcome = match record.outcome {
            store::Outcome::Waiting {} => Outcome::Waiting,
            store::Outcome::Cancelled {} => Outcome::Cancelled,
            store::Outcome::Refused { reason } => Outcome::Refused(reason),
            store::Outcome::Done {
                model,
                device,
                probabilities,
                present,
                decode_ms,
                network_ms,
                map_ms,
            } => Outcome::Done(Rc::new(Answer {
                model: self.shared(model),
                device,
                probabilities,
                present,
                decode_ms,
                network_ms,
                map_ms,
            })),
        };
        entry
    }
}

/// A field as it is to be kept.
pub(super) fn record_of(entry: &Entry) -> Record {
    Record {
        id: entry.id.clone(),
        source: entry.source.clone(),
        thumbnail: entry
            .thumbnail
            .as_ref()
            .map_or(JsValue::NULL, |thumbnail| thumbnail.into()),
        outcome: match &entry.outcome {
            Outcome::Waiting | Outcome::Working => store::Outcome::Waiting {},
            Outcome::Cancelled => store::Outcome::Cancelled {},
            Outcome::Refused(reason) => store::Outcome::Refused {
                reason: reason.clone(),
            },
            Outcome::Done(answer) => store::Outcome::Done {
                model: (*answer.model).clone(),
                device: answer.device.clone(),
                probabilities: answer.probabilities.clone(),
                present: answer.present.clone(),
                decode_ms: answer.decode_ms,
                network_ms: answer.network_ms,
                map_ms: answer.map_ms,
            },
        },
    }
}
