//! Labels by the nearest entries of an index: alone, and mixed with a network's probabilities.

use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_core::mixture::{best_shares, log_loss};
use cytolens_similar::{Index, Neighbour};
use serde::Serialize;

/// The numbers of neighbours that are tried.
const COUNTS: [usize; 7] = [1, 3, 5, 10, 20, 40, 80];

/// A way to answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Way {
    /// The number of neighbours that vote.
    pub neighbours: usize,
    /// The share of the network's probabilities in the answer, from 0 to 1.
    pub network_share: f64,
}

impl Way {
    /// By the network alone.
    pub const NETWORK: Self = Self {
        neighbours: 0,
        network_share: 1.0,
    };

    /// By so many neighbours alone.
    fn votes(neighbours: usize) -> Self {
        Self {
            neighbours,
            network_share: 0.0,
        }
    }
}

/// What a network and an index say of fields of known labels.
#[derive(Debug)]
pub struct Answers<'a> {
    index: &'a Index,
    truth: &'a [LabelSet],
    network: &'a [[f32; COUNT]],
    neighbours: Vec<Vec<Neighbour>>,
}

impl<'a> Answers<'a> {
    /// Asks an index for the neighbours of fields, by their features, among the entries that may answer, by their ids. `truth`,
    /// `network` and `features` are of the same fields.
    pub fn new(
        index: &'a Index,
        truth: &'a [LabelSet],
        network: &'a [[f32; COUNT]],
        features: &[Vec<f32>],
        may_answer: impl Fn(&str) -> bool,
    ) -> Self {
        let most = COUNTS[COUNTS.len() - 1];
        let nearest = |features: &Vec<f32>| {
            let place = index.place(features).unwrap_or_default();
            index.others(&place, most, |entry| may_answer(&entry.id))
        };
        Self {
            index,
            truth,
            network,
            neighbours: features.iter().map(nearest).collect(),
        }
    }

    /// The probabilities, one row a field, of a way to answer.
    pub fn by(&self, way: Way) -> Vec<[f32; COUNT]> {
        let share = way.network_share as f32;
        let mixed = |(network, neighbours): (&[f32; COUNT], &Vec<Neighbour>)| {
            let nearest = &neighbours[..neighbours.len().min(way.neighbours)];
            let votes = self.index.votes(nearest);
            std::array::from_fn(|class| {
                (share * network[class] + (1.0 - share) * votes[class]).min(1.0)
            })
        };
        self.network
            .iter()
            .zip(&self.neighbours)
            .map(mixed)
            .collect()
    }

    /// The ways of the least log loss on these fields: by neighbours alone, and by both.
    pub fn best(&self) -> [Way; 2] {
        let mixed = |neighbours: usize| {
            let answers = [Way::NETWORK, Way::votes(neighbours)].map(|way| self.by(way));
            Way {
                neighbours,
                network_share: best_shares(self.truth, &answers)[0],
            }
        };
        [
            self.best_of(COUNTS.map(Way::votes)),
            self.best_of(COUNTS.map(mixed)),
        ]
    }

    fn best_of(&self, ways: [Way; COUNTS.len()]) -> Way {
        let loss = |way: Way| log_loss(self.truth, &self.by(way)).unwrap_or_default();
        let losses = ways.into_iter().map(|way| (loss(way), way));
        losses
            .min_by(|(one, _), (other, _)| one.total_cmp(other))
            .map_or(Way::NETWORK, |(_, way)| way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similar::{Gathered, IndexStatements, index};

    /// Fields of two labels, whose features lie apart.
    fn fields() -> Vec<Gathered> {
        (0..24)
            .map(|at| Gathered {
                id: format!("field {at}"),
                labels: LabelSet::from_classes([at % 2]).expect("a label"),
                features: vec![(at % 2) as f32, 0.02 * at as f32, 1.0],
                picture: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn neighbours_answer_where_the_network_does_not_know() {
        let fields = fields();
        let statements = IndexStatements {
            name: "two".to_owned(),
            licence: "CC0-1.0".to_owned(),
            attribution: Vec::new(),
            model: "a model".to_owned(),
            weights_sha256: "01".to_owned(),
        };
        let index = index(&fields, statements, 0, 8).expect("an index");
        let truth: Vec<LabelSet> = fields.iter().map(|field| field.labels).collect();
        let features: Vec<Vec<f32>> = fields.iter().map(|field| field.features.clone()).collect();
        let doubtful = vec![[0.5; COUNT]; fields.len()];
        let known = |id: &str| id != "field 0" && id != "field 2";
        let answers = Answers::new(&index, &truth, &doubtful, &features, known);
        for (at, neighbours) in answers.neighbours.iter().enumerate() {
            let rows = neighbours.iter().map(|neighbour| neighbour.row);
            assert!(rows.clone().count() >= 20, "all others");
            assert!(rows.clone().all(|row| ![at, 0, 2].contains(&row)), "{at}");
        }
        let way = Way {
            neighbours: 3,
            network_share: 0.25,
        };
        for (at, row) in answers.by(way).iter().enumerate() {
            let (own, other) = (row[at % 2], row[1 - at % 2]);
            assert!((own - (0.25 * 0.5 + 0.75)).abs() < 1e-6, "{at}: {own}");
            assert!((other - 0.25 * 0.5).abs() < 1e-6, "{at}: {other}");
        }
        assert_eq!(answers.by(Way::NETWORK), doubtful);
        let [alone, both] = answers.best();
        // More than these are of both labels.
        assert!(alone.neighbours <= 5, "{alone:?}");
        assert!(both.network_share < 0.01, "{both:?}");

        // Of labels that the features say nothing of, the network alone knows.
        let truth = (0..fields.len()).map(|at| LabelSet::from_classes([at % 3]));
        let truth: Vec<LabelSet> = truth.map(|set| set.expect("a label")).collect();
        let sure: Vec<[f32; COUNT]> = truth.iter().map(|set| set.multi_hot()).collect();
        let answers = Answers::new(&index, &truth, &sure, &features, known);
        assert!(answers.best()[1].network_share > 0.99);
    }
}
