//! The facts that the diagnostics dialog shows.

use std::rc::Rc;

use super::answer::Answer;
use cytolens_protocol::{DeviceReport, ModelSummary};

/// The facts about the engine and about this page.
#[derive(Debug, Default)]
pub(super) struct EngineFacts {
    /// The device, while one is in use.
    pub(super) device: Option<DeviceReport>,
    /// The model, while one is open.
    pub(super) model: Option<Rc<ModelSummary>>,
    /// The times of the fields that this model on this device answered.
    pub(super) times: MedianTimes,
    /// The engine's memory in bytes, once the engine has reported it.
    pub(super) engine_bytes: Option<f64>,
    /// The bytes that this page stores and the bytes that it may store at most, where the browser reports
    /// them.
    pub(super) storage: Option<(f64, f64)>,
}

/// The median times of answers.
#[derive(Debug, Default, PartialEq)]
pub(super) struct MedianTimes {
    /// The number of answers.
    pub(super) fields: usize,
    /// The medians in milliseconds: of reading a field, of the network, and of the maps.
    pub(super) medians: [f64; 3],
}

impl MedianTimes {
    /// The median times of these answers.
    pub(super) fn of<'a>(answers: impl Iterator<Item = &'a Answer>) -> Self {
        let mut times: [Vec<f64>; 3] = Default::default();
        for Answer { prediction, .. } in answers {
            times[0].push(prediction.decode_ms);
            times[1].push(prediction.network_ms);
            times[2].push(prediction.map_ms);
        }
        Self {
            fields: times[0].len(),
            medians: times.map(median),
        }
    }
}

/// The middle value; of an even number of values the upper middle one; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples;

    #[test]
    fn times_are_medians() {
        let answers = [
            [10.0, 900.0, 3.0],
            [500.0, 1_000.0, 2.0],
            [12.0, 950.0, 40.0],
        ];
        let answers = answers.map(|[decode_ms, network_ms, map_ms]| {
            let mut answer = (*examples::answer(&[0.5, 0.5])).clone();
            answer.prediction.decode_ms = decode_ms;
            answer.prediction.network_ms = network_ms;
            answer.prediction.map_ms = map_ms;
            answer
        });
        assert_eq!(
            MedianTimes::of(answers.iter()),
            MedianTimes {
                fields: 3,
                medians: [12.0, 950.0, 3.0],
            }
        );
        assert_eq!(MedianTimes::of([].iter()), MedianTimes::default());
    }
}
