//! Measures of how evenly a split spreads each label over its parts.

use cytolens_core::labels::{COUNT, LabelSet};

/// The counts of each label in each part, with the parts' shares.
#[derive(Debug, Clone)]
pub struct Balance {
    shares: Vec<f64>,
    sizes: Vec<usize>,
    held: Vec<[usize; COUNT]>,
}

impl Balance {
    /// Counts the samples of each part; `parts` has the part of each sample, an index into `shares`.
    pub fn of(labels: &[LabelSet], parts: &[usize], shares: &[f64]) -> Self {
        let mut balance = Self {
            shares: shares.to_vec(),
            sizes: vec![0; shares.len()],
            held: vec![[0; COUNT]; shares.len()],
        };
        for (set, &part) in labels.iter().zip(parts) {
            balance.sizes[part] += 1;
            for class in set.classes() {
                balance.held[part][class] += 1;
            }
        }
        balance
    }

    /// The number of samples in each part.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The number of samples of a class in each part.
    pub fn held(&self, class: usize) -> Vec<usize> {
        self.held.iter().map(|held| held[class]).collect()
    }

    /// The number of samples of a class.
    pub fn total(&self, class: usize) -> usize {
        self.held.iter().map(|held| held[class]).sum()
    }

    /// The largest deviation of a part from its share of a class, relative to the share: 0.1 for 11 samples in place of 10. 0 for
    /// a class without samples.
    pub fn deviation(&self, class: usize) -> f64 {
        let total = self.total(class);
        if total == 0 {
            return 0.0;
        }
        self.held(class)
            .into_iter()
            .zip(&self.shares)
            .map(|(held, share)| relative(held as f64, share * total as f64))
            .fold(0.0, f64::max)
    }

    /// The least [`Balance::deviation`] possible with whole samples: 3 samples in two halves deviate by a third at least. Groups,
    /// and labels that come together, can make a larger deviation unavoidable.
    pub fn least_deviation(&self, class: usize) -> f64 {
        least_deviation(self.total(class), &self.shares)
    }

    /// The class with the largest deviation among those of at least `least_samples`, and that deviation; none where no class has
    /// so many.
    pub fn worst(&self, least_samples: usize) -> Option<(usize, f64)> {
        (0..COUNT)
            .filter(|&class| self.total(class) >= least_samples.max(1))
            .map(|class| (class, self.deviation(class)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }
}

fn relative(held: f64, wanted: f64) -> f64 {
    (held - wanted).abs() / wanted
}

/// The least, over all ways to split `total` equal samples, of the largest relative deviation.
fn least_deviation(total: usize, shares: &[f64]) -> f64 {
    /// The tolerance for shares that are a whole number of samples but for rounding.
    const ROUNDING: f64 = 1e-9;
    if total == 0 {
        return 0.0;
    }
    let wanted: Vec<f64> = shares.iter().map(|share| share * total as f64).collect();
    // The largest deviation is that of some part, at a whole number near its share: at most as many samples away as there are
    // parts, whose roundings it may compensate.
    let reach = shares.len() as f64;
    let mut candidates: Vec<f64> = wanted
        .iter()
        .flat_map(|&wanted| {
            let near =
                (wanted - reach).floor().max(0.0) as usize..=(wanted + reach).ceil() as usize;
            near.map(move |held| relative(held as f64, wanted))
        })
        .collect();
    candidates.sort_by(f64::total_cmp);
    let permits = |deviation: f64| {
        let fewest = |wanted: f64| (wanted * (1.0 - deviation) - ROUNDING).ceil().max(0.0);
        let most = |wanted: f64| (wanted * (1.0 + deviation) + ROUNDING).floor();
        wanted.iter().all(|&wanted| fewest(wanted) <= most(wanted))
            && wanted.iter().copied().map(fewest).sum::<f64>() <= total as f64
            && wanted.iter().copied().map(most).sum::<f64>() >= total as f64
    };
    candidates
        .into_iter()
        .find(|&deviation| permits(deviation))
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_relative_to_the_share() {
        let set = |class: usize| LabelSet::from_classes([class]).expect("a class");
        // Class 0: 3 + 1 of 4 in halves; class 1: 2 + 2.
        let labels = [
            set(0),
            set(0),
            set(0),
            set(0),
            set(1),
            set(1),
            set(1),
            set(1),
        ];
        let balance = Balance::of(&labels, &[0, 0, 0, 1, 0, 0, 1, 1], &[0.5, 0.5]);
        assert_eq!(balance.sizes(), [5, 3]);
        assert_eq!(balance.held(0), [3, 1]);
        assert_eq!(balance.deviation(0), 0.5);
        assert_eq!(balance.deviation(1), 0.0);
        assert_eq!(balance.deviation(2), 0.0, "no sample has it");
        assert_eq!(balance.worst(1), Some((0, 0.5)));
        assert_eq!(balance.worst(5), None);
    }

    #[test]
    fn whole_samples_permit_no_less() {
        for (total, shares, least) in [
            (10, vec![0.5, 0.5], 0.0),
            (3, vec![0.5, 0.5], 1.0 / 3.0),
            // 4 and 5 of 4.5.
            (45, vec![0.8, 0.1, 0.1], 0.5 / 4.5),
            // 6.75 as 7.
            (45, vec![0.7, 0.15, 0.15], 0.25 / 6.75),
            // One of five parts must hold 5 of 4.2.
            (21, vec![0.2; 5], 0.8 / 4.2),
            (1, vec![0.7, 0.15, 0.15], 1.0),
        ] {
            let found = least_deviation(total, &shares);
            assert!(
                (found - least).abs() < 1e-9,
                "{total} in {shares:?}: {found}, not {least}"
            );
        }
    }
}
