//! Rows for the tests of tables and documents.

use std::rc::Rc;

use super::Row;
use crate::answer::Answer;
use cytolens_protocol::{ModelSummary, TimedPrediction};

/// A model with these labels.
pub(super) fn model(name: &str, labels: &[&str]) -> Rc<ModelSummary> {
    Rc::new(ModelSummary {
        name: name.to_owned(),
        limits: String::new(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        thresholds: vec![0.5; labels.len()],
        size: 512,
        composition: "rgb".to_owned(),
        architecture: "DenseNet-121".to_owned(),
        licence: "CC0-1.0".to_owned(),
        weights_sha256: format!("of {name}"),
        members: Vec::new(),
    })
}

/// An answered field.
pub(super) fn answered(
    id: &str,
    model: &Rc<ModelSummary>,
    present: &[usize],
    probabilities: &[f32],
) -> Row {
    Row {
        id: id.to_owned(),
        files: format!("{id}_green.png"),
        outcome: Ok(Rc::new(Answer {
            model: model.clone(),
            device: "CPU".to_owned(),
            prediction: TimedPrediction {
                probabilities: probabilities.to_vec(),
                present: present.to_vec(),
                decode_ms: 12.5,
                network_ms: 1400.0,
                map_ms: 1.5,
                ..TimedPrediction::default()
            },
        })),
    }
}

/// A refused field.
pub(super) fn refused(id: &str, files: &str, reason: &str) -> Row {
    Row {
        id: id.to_owned(),
        files: files.to_owned(),
        outcome: Err(reason.to_owned()),
    }
}
