//! What the labels of a set are like.

use cytolens_core::labels::{COUNT, LabelSet};
use serde::Serialize;

/// A class with fewer fields than this cannot be learned or measured reliably.
pub const FEW: usize = 20;

/// How often labels come, alone and together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelStatistics {
    /// How many fields were counted.
    pub fields: usize,
    /// For each class, the fields that have it.
    pub counts: [usize; COUNT],
    /// For each class, the fields that have it and nothing else.
    pub alone: [usize; COUNT],
    /// For each number of labels from 0, the fields that have that many.
    pub fields_by_labels: Vec<usize>,
    /// For each two classes, the fields that have both; for a class with itself, those that have it.
    pub together: [[usize; COUNT]; COUNT],
}

/// How unevenly the classes come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Imbalance {
    /// The class that most fields have.
    pub commonest: usize,
    /// The next.
    pub second: usize,
    /// The share of fields that have one of these two or both.
    pub share_with_either: f64,
    /// The class that fewest fields have, of those that any has.
    pub rarest: usize,
    /// How many times as many fields have the commonest as the rarest.
    pub ratio: f64,
}

impl Default for LabelStatistics {
    fn default() -> Self {
        Self {
            fields: 0,
            counts: [0; COUNT],
            alone: [0; COUNT],
            fields_by_labels: vec![0],
            together: [[0; COUNT]; COUNT],
        }
    }
}

impl LabelStatistics {
    /// Counts a field.
    pub fn add(&mut self, labels: LabelSet) {
        self.fields += 1;
        let count = labels.len();
        if self.fields_by_labels.len() <= count {
            self.fields_by_labels.resize(count + 1, 0);
        }
        self.fields_by_labels[count] += 1;
        for class in labels.classes() {
            self.counts[class] += 1;
            if count == 1 {
                self.alone[class] += 1;
            }
            for other in labels.classes() {
                self.together[class][other] += 1;
            }
        }
    }

    /// The share of fields that have a class; 0 where there is no field.
    pub fn share(&self, class: usize) -> f64 {
        self.counts[class] as f64 / self.fields.max(1) as f64
    }

    /// The share of the fields with `given` that have `class` too; none where no field has `given`.
    pub fn conditional(&self, class: usize, given: usize) -> Option<f64> {
        let all = self.counts[given];
        (all > 0).then(|| self.together[given][class] as f64 / all as f64)
    }

    /// How many labels a field has in the mean; 0 where there is no field.
    pub fn labels_per_field(&self) -> f64 {
        self.counts.iter().sum::<usize>() as f64 / self.fields.max(1) as f64
    }

    /// How unevenly the classes come; none where fewer than two do. Ties go to the lower number.
    pub fn imbalance(&self) -> Option<Imbalance> {
        let mut present: Vec<usize> = (0..COUNT).filter(|&class| self.counts[class] > 0).collect();
        present.sort_by_key(|&class| std::cmp::Reverse(self.counts[class]));
        let &[commonest, second] = present.first_chunk()?;
        let rarest = present
            .into_iter()
            .min_by_key(|&class| (self.counts[class], class))?;
        let either =
            self.counts[commonest] + self.counts[second] - self.together[commonest][second];
        Some(Imbalance {
            commonest,
            second,
            share_with_either: either as f64 / self.fields as f64,
            rarest,
            ratio: self.counts[commonest] as f64 / self.counts[rarest] as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(targets: &[&str]) -> LabelStatistics {
        let mut statistics = LabelStatistics::default();
        for target in targets {
            statistics.add(target.parse().expect("valid labels"));
        }
        statistics
    }

    #[test]
    fn labels_are_counted_alone_and_together() {
        let statistics = counted(&["0 25", "0 25 7", "0", "", "7"]);
        assert_eq!(statistics.fields, 5);
        assert_eq!(statistics.counts[0], 3);
        assert_eq!(statistics.alone[0], 1);
        assert_eq!(statistics.together[0][25], 2);
        assert_eq!(statistics.together[25][7], 1);
        assert_eq!(statistics.fields_by_labels, [1, 2, 1, 1]);
        assert_eq!(statistics.conditional(25, 0), Some(2.0 / 3.0));
        assert_eq!(statistics.conditional(0, 25), Some(1.0));
        assert_eq!(statistics.conditional(0, 3), None);
        assert!((statistics.labels_per_field() - 1.4).abs() < 1e-12);
    }

    #[test]
    fn the_imbalance_counts_no_field_twice() {
        let imbalance = counted(&["0 25", "0 25", "0", "7"]).imbalance();
        let expected = Imbalance {
            commonest: 0,
            second: 25,
            share_with_either: 0.75,
            rarest: 7,
            ratio: 3.0,
        };
        assert_eq!(imbalance, Some(expected));
        assert_eq!(counted(&["3", "3"]).imbalance(), None);
        assert_eq!(counted(&[]).imbalance(), None);
    }
}
