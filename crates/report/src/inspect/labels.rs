//! Statistics of the labels of a set.

use cytolens_core::labels::{COUNT, LabelSet};
use serde::Serialize;

/// A class with fewer fields than this cannot be learned or measured reliably.
pub const FEW: usize = 20;

/// The frequencies of labels, alone and together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelStatistics {
    /// The number of fields.
    pub fields: usize,
    /// The number of fields of each class.
    pub counts: [usize; COUNT],
    /// The number of fields of each class that have no other label.
    pub alone: [usize; COUNT],
    /// The number of fields by their number of labels, from 0.
    pub fields_by_labels: Vec<usize>,
    /// The number of fields of each two classes, `[28, 28]`; on the diagonal, of each class.
    pub together: [[usize; COUNT]; COUNT],
}

/// The imbalance of the classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Imbalance {
    /// The most frequent class.
    pub commonest: usize,
    /// The second most frequent class.
    pub second: usize,
    /// The share of the fields with one of these two or both.
    pub share_with_either: f64,
    /// The least frequent class that occurs.
    pub rarest: usize,
    /// The ratio of the number of fields of the most frequent class to that of the least frequent.
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

    /// The share of the fields of a class; 0 without fields.
    pub fn share(&self, class: usize) -> f64 {
        self.counts[class] as f64 / self.fields.max(1) as f64
    }

    /// The share of the fields of class `given` that also have `class`; none where no field has `given`.
    pub fn conditional(&self, class: usize, given: usize) -> Option<f64> {
        let all = self.counts[given];
        (all > 0).then(|| self.together[given][class] as f64 / all as f64)
    }

    /// The mean number of labels of a field; 0 without fields.
    pub fn labels_per_field(&self) -> f64 {
        self.counts.iter().sum::<usize>() as f64 / self.fields.max(1) as f64
    }

    /// The imbalance of the classes; none where fewer than two occur. Ties go to the lower class number.
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
