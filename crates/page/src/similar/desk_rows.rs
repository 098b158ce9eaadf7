//! The vectors of the desk's fields, as they are compared.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::field::features;
use crate::answer::Answer;
use cytolens_similar::{Neighbour, Rows};

/// The vectors of the answers of one network.
#[derive(Debug, Default)]
pub(super) struct DeskRows {
    rows: Rows,
    /// The field and the answer of each vector. One that is answered anew has another.
    of: Vec<(u32, Rc<Answer>)>,
    /// The vector of each field.
    at: BTreeMap<u32, usize>,
}

impl DeskRows {
    /// No vectors yet, of this length.
    pub(super) fn new(length: usize) -> Self {
        Self {
            rows: Rows::new(length),
            ..Self::default()
        }
    }

    /// Takes the answers that are new among these. `place` gives a feature vector as it is compared.
    pub(super) fn take<'a>(
        &mut self,
        answers: impl Iterator<Item = (u32, &'a Rc<Answer>)>,
        place: impl Fn(&[f32]) -> Option<Vec<f32>>,
    ) {
        let mut at = BTreeMap::new();
        for (field, answer) in answers {
            let known = self.at.get(&field).copied();
            let known = known.filter(|row| Rc::ptr_eq(&self.of[*row].1, answer));
            let row = known.or_else(|| {
                let place = place(&features(answer)?)?;
                self.rows.push(&place);
                self.of.push((field, answer.clone()));
                Some(self.of.len() - 1)
            });
            at.extend(row.map(|row| (field, row)));
        }
        self.at = at;
    }

    /// Whether most vectors are of fields that are gone or answered anew: it is time to begin anew, for they take memory.
    pub(super) fn is_mostly_old(&self) -> bool {
        self.of.len() > 2 * self.at.len() + 64
    }

    /// The `count` other fields nearest to this one, the nearest first.
    pub(super) fn nearest(&self, field: u32, place: &[f32], count: usize) -> Vec<(u32, f32)> {
        let is_other = |row: usize| {
            let (other, _) = self.of[row];
            other != field && self.at.get(&other) == Some(&row)
        };
        let found = self.rows.nearest(place, count, is_other);
        let found = found.into_iter();
        found
            .map(|Neighbour { row, closeness }| (self.of[row].0, closeness))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples;
    use cytolens_protocol::TimedPrediction;
    use cytolens_similar::to_halves;

    fn answer(features: &[f32]) -> Rc<Answer> {
        Rc::new(Answer {
            prediction: TimedPrediction {
                features: to_halves(features),
                ..examples::prediction(&[0.5, 0.5])
            },
            ..(*examples::answer(&[0.5, 0.5])).clone()
        })
    }

    #[test]
    fn the_nearest_are_of_what_is_on_the_desk_now() {
        let place = |features: &[f32]| (features.len() == 2).then(|| features.to_vec());
        let (right, near, up) = (
            answer(&[1.0, 0.0]),
            answer(&[1.0, 0.2]),
            answer(&[0.0, 1.0]),
        );
        let other = answer(&[1.0, 0.0, 0.0]);
        let mut rows = DeskRows::new(2);
        rows.take(
            [(1, &right), (2, &near), (3, &up), (4, &other)].into_iter(),
            place,
        );
        let fields = |rows: &DeskRows| -> Vec<u32> {
            let found = rows.nearest(1, &[1.0, 0.0], 9);
            found.into_iter().map(|(field, _)| field).collect()
        };
        // A vector of another network is not compared.
        assert_eq!(fields(&rows), [2, 3]);
        rows.take([(1, &right), (3, &up)].into_iter(), place);
        assert_eq!(fields(&rows), [3]);
        // Taken back, and another answered anew.
        rows.take(
            [(1, &right), (2, &near), (3, &answer(&[1.0, 0.01]))].into_iter(),
            place,
        );
        assert_eq!(fields(&rows), [3, 2]);
        assert!(!rows.is_mostly_old());
        for _ in 0..70 {
            rows.take([(1, &answer(&[1.0, 0.0]))].into_iter(), place);
        }
        assert!(rows.is_mostly_old());
    }
}
