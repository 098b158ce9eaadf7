//! Seeded splits that give every part its share of each label.

use cytolens::labels::{COUNT, LabelSet};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// Deals samples into parts of the given shares (which sum to 1): for each sample, its part.
///
/// Greedy stratification: the rarest label is dealt first, each of its samples to the part that
/// lacks most of that label, ties to the part that lacks most samples. Samples without labels come
/// last. The same seed gives the same split.
pub fn stratified(labels: &[LabelSet], shares: &[f64], seed: u64) -> Vec<usize> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(&mut rng);
    let mut wanted_samples: Vec<f64> = shares
        .iter()
        .map(|share| share * labels.len() as f64)
        .collect();
    let mut totals = [0_usize; COUNT];
    for class in labels.iter().flat_map(|set| set.classes()) {
        totals[class] += 1;
    }
    let mut wanted: Vec<[f64; COUNT]> = shares
        .iter()
        .map(|share| totals.map(|total| share * total as f64))
        .collect();
    let mut part_of = vec![None; labels.len()];
    let mut left = totals;
    loop {
        let rarest = (0..COUNT)
            .filter(|&class| left[class] > 0)
            .min_by_key(|&class| left[class]);
        let now: Vec<usize> = order
            .iter()
            .copied()
            .filter(|&sample| {
                part_of[sample].is_none()
                    && rarest.is_none_or(|class| labels[sample].contains(class))
            })
            .collect();
        for sample in now {
            let lack = |part: usize| {
                (
                    rarest.map_or(0.0, |class| wanted[part][class]),
                    wanted_samples[part],
                )
            };
            let part = (0..shares.len()).max_by(|&a, &b| {
                let ((label_a, samples_a), (label_b, samples_b)) = (lack(a), lack(b));
                label_a
                    .total_cmp(&label_b)
                    .then(samples_a.total_cmp(&samples_b))
                    .then(b.cmp(&a))
            });
            let part = part.unwrap_or_default();
            part_of[sample] = Some(part);
            wanted_samples[part] -= 1.0;
            for class in labels[sample].classes() {
                wanted[part][class] -= 1.0;
                left[class] -= 1;
            }
        }
        if rarest.is_none() {
            return part_of.into_iter().map(Option::unwrap_or_default).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(classes: &[usize]) -> LabelSet {
        LabelSet::from_classes(classes.iter().copied()).expect("valid classes")
    }

    #[test]
    fn every_part_gets_its_share_of_every_label() {
        let labels: Vec<LabelSet> = (0..100)
            .map(|i| if i < 10 { set(&[7, 0]) } else { set(&[i % 3]) })
            .collect();
        let parts = stratified(&labels, &[0.8, 0.2], 3);
        for (class, expected) in [(7, 2), (0, 8), (1, 6), (2, 6)] {
            let held = labels
                .iter()
                .zip(&parts)
                .filter(|(set, part)| set.contains(class) && **part == 1)
                .count();
            assert!(
                held.abs_diff(expected) <= 1,
                "class {class}: {held} of {expected}"
            );
        }
        assert_eq!(parts.iter().filter(|&&part| part == 1).count(), 20);
    }

    #[test]
    fn the_seed_decides() {
        let labels = vec![set(&[0]); 40];
        assert_eq!(
            stratified(&labels, &[0.5, 0.5], 1),
            stratified(&labels, &[0.5, 0.5], 1)
        );
        assert_ne!(
            stratified(&labels, &[0.5, 0.5], 1),
            stratified(&labels, &[0.5, 0.5], 2)
        );
    }

    #[test]
    fn unlabelled_samples_are_dealt_too() {
        let parts = stratified(&[LabelSet::default(); 10], &[0.7, 0.3], 1);
        assert_eq!(parts.iter().filter(|&&part| part == 1).count(), 3);
    }
}
