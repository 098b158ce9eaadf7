//! Fields as the store keeps them.

use std::rc::Rc;

use cytolens_cells::Packed;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use crate::answer::Answer;
use crate::entry::{DeskEntry, FieldState};
use crate::store::{AnswerSource, CellsRecord, FieldRecord, KeptAnswer, KeptState};
use cytolens_protocol::ModelSummary;

/// The field of a record. `shared` gives the one copy of a model's summary.
pub(super) fn entry_of(
    record: FieldRecord,
    shared: impl FnOnce(ModelSummary) -> Rc<ModelSummary>,
) -> DeskEntry {
    let thumbnail = record.thumbnail();
    let mut entry = DeskEntry::new(record.id, record.source, None);
    entry.thumbnail = thumbnail;
    entry.missing = record.missing;
    entry.paint = record.paint;
    entry.state = match record.outcome {
        KeptState::Waiting {} => FieldState::Waiting,
        KeptState::Cancelled {} => FieldState::Cancelled,
        KeptState::Refused { reason } => FieldState::Refused(reason),
        KeptState::Done(KeptAnswer { source, prediction }) => FieldState::Done(Rc::new(Answer {
            model: shared(*source.model),
            device: source.device,
            prediction,
        })),
    };
    entry
}

/// The record of a field. A field that the engine works on waits again on the next visit.
pub(super) fn record_of(entry: &DeskEntry) -> FieldRecord {
    FieldRecord {
        id: entry.id.clone(),
        source: entry.source.clone(),
        thumbnail: entry
            .thumbnail
            .as_ref()
            .map_or(JsValue::NULL, |thumbnail| thumbnail.into()),
        missing: entry.missing,
        paint: entry.paint,
        outcome: match &entry.state {
            FieldState::Waiting | FieldState::Working => KeptState::Waiting {},
            FieldState::Cancelled => KeptState::Cancelled {},
            FieldState::Refused(reason) => KeptState::Refused {
                reason: reason.clone(),
            },
            FieldState::Done(answer) => KeptState::Done(KeptAnswer {
                source: AnswerSource {
                    model: Box::new((*answer.model).clone()),
                    device: answer.device.clone(),
                },
                prediction: answer.prediction.clone(),
            }),
        },
    }
}

/// The record of a field's corrected cells: their masks before each correction and after the last one.
pub(super) fn record_of_cells(history: &[Packed], full: [u32; 2]) -> CellsRecord {
    let runs: Vec<u8> = history
        .iter()
        .flat_map(|masks| masks.parts().1)
        .copied()
        .collect();
    CellsRecord {
        sides: history.first().map_or([0; 2], |masks| masks.parts().0),
        full,
        lengths: history.iter().map(|masks| masks.bytes() as u32).collect(),
        runs: Uint8Array::from(&runs[..]),
    }
}

/// The masks in a record of corrected cells; none where it has fewer bytes than it says.
pub(super) fn history_of(record: &CellsRecord) -> Option<Vec<Packed>> {
    let runs = record.runs.to_vec();
    let mut rest = &runs[..];
    let masks = record.lengths.iter().map(|&length| {
        let (own, others) = rest.split_at_checked(length as usize)?;
        rest = others;
        Some(Packed::of_parts(record.sides, own.to_vec()))
    });
    masks.collect()
}
