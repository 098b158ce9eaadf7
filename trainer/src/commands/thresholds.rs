//! The tuning of thresholds on labelled samples.

use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_core::scores::tune_thresholds;
use cytolens_report::evaluation::PLAIN;

/// The samples that a location needs for its threshold to be tuned; with fewer, the best threshold would be chance.
pub const LEAST_POSITIVES: usize = 4;

/// Thresholds of the highest F1, and how many they are: those of locations that too few samples show are the `others`.
///
/// # Panics
/// If the others are not one a class.
pub fn tuned(truth: &[LabelSet], rows: &[[f32; COUNT]], others: &[f32]) -> ([f32; COUNT], usize) {
    let mut thresholds = [0.5; COUNT];
    thresholds.copy_from_slice(others);
    let tuned = tune_thresholds(truth, rows, LEAST_POSITIVES, PLAIN);
    let mut changed = 0;
    for (class, (threshold, tuned)) in thresholds.iter_mut().zip(tuned).enumerate() {
        let positives = truth.iter().filter(|set| set.contains(class));
        if positives.count() >= LEAST_POSITIVES {
            *threshold = tuned;
            changed += 1;
        }
    }
    (thresholds, changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_of_rare_locations_stay_those_of_others() {
        let labels = |class| LabelSet::from_classes([class]).expect("a class");
        let truth: Vec<LabelSet> = [0, 0, 0, 0, 1].map(labels).to_vec();
        let rows = [0.9, 0.8, 0.7, 0.6, 0.2].map(|probability| [probability; COUNT]);
        let (thresholds, changed) = tuned(&truth, &rows, &[0.3; COUNT]);
        assert_eq!((changed, thresholds[1]), (1, 0.3));
        assert!((thresholds[0] - 0.4).abs() < 1e-6, "{}", thresholds[0]);
    }
}
