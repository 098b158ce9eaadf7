//! Stratified splits by a seed, in which every part has its share of each label.
//!
//! Iterative stratification (Sechidis, Tsoumakas, Vlahavas: On the Stratification of Multi-label
//! Data, ECML PKDD 2011) deals samples out, rarest label first (`deal`); exchanges between parts
//! then even out the rest (`improve`). Both work on groups of samples that must stay
//! together, such as duplicates; [`balance`] measures how evenly the labels are spread, and [`mod@file`] stores a
//! split as a table.
//!
//! All arithmetic is addition, multiplication and comparison in a fixed order, and random order comes from the SHA-256 of the seed:
//! a split is the same on every machine and with every version of every crate.

mod deal;
mod group;
mod improve;

pub mod balance;
pub mod file;

use anyhow::{Result, ensure};
use cytolens_core::labels::LabelSet;

use group::Group;

/// The largest deviation of the shares' sum from 1: 0.333 three times is meant as thirds.
const SUM_TOLERANCE: f64 = 0.002;

/// Splits samples into parts of the given shares, which sum to 1: gives the part of each sample, an index into `shares`.
///
/// Parts are as large as whole numbers permit (the largest remainders are rounded up), and each
/// label is spread over them by their shares as evenly as exchanges of two samples can make it.
/// The same labels, shares and seed give the same split.
pub fn stratified(labels: &[LabelSet], shares: &[f64], seed: u64) -> Vec<usize> {
    let alone: Vec<usize> = (0..labels.len()).collect();
    stratified_groups(labels, &alone, shares, seed)
}

/// [`stratified`] for samples of which some stay together: `group_of` has the group of each sample, numbered from 0, and the samples
/// of a group come into the same part.
///
/// Sizes and shares are then as close as whole groups permit.
pub fn stratified_groups(
    labels: &[LabelSet],
    group_of: &[usize],
    shares: &[f64],
    seed: u64,
) -> Vec<usize> {
    let count = group_of.iter().max().map_or(0, |last| last + 1);
    let mut groups = vec![Group::default(); count];
    for (set, &group) in labels.iter().zip(group_of) {
        groups[group].samples += 1;
        for class in set.classes() {
            groups[group].labels[class] += 1;
        }
    }
    let mut part_of = deal::deal(&groups, shares, seed);
    improve::improve(&groups, shares, &mut part_of);
    group_of.iter().map(|&group| part_of[group]).collect()
}

/// The shares of `folds` parts of the same size.
pub fn equal_shares(folds: usize) -> Vec<f64> {
    vec![1.0 / folds as f64; folds]
}

/// Scales shares as a person writes them to sum to exactly 1.
///
/// # Errors
/// If a share is not over 0, or the sum is farther from 1 than by rounding to three decimals.
pub fn normalised_shares(shares: &[f64]) -> Result<Vec<f64>> {
    for share in shares {
        ensure!(
            share.is_finite() && *share > 0.0,
            "a part's share must be over 0, not {share}"
        );
    }
    let sum: f64 = shares.iter().sum();
    ensure!(
        (sum - 1.0).abs() <= SUM_TOLERANCE,
        "shares must sum to 1; {} sum to {sum:.3}",
        shares
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" + ")
    );
    Ok(shares.iter().map(|share| share / sum).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cytolens_core::labels::COUNT;

    use super::balance::Balance;
    use super::*;
    use crate::table::read_table;
    use cytolens_testing::third_party;

    const DEFAULT_SHARES: [f64; 3] = [0.7, 0.15, 0.15];

    fn set(classes: &[usize]) -> LabelSet {
        LabelSet::from_classes(classes.iter().copied()).expect("valid classes")
    }

    fn sizes(parts: &[usize], count: usize) -> Vec<usize> {
        (0..count)
            .map(|part| parts.iter().filter(|&&other| other == part).count())
            .collect()
    }

    /// The 31,072 label sets of the Human Protein Atlas challenge.
    fn real_labels() -> Vec<LabelSet> {
        let table = third_party("hpa/kaggle_train_labels.csv");
        let rows = read_table(&table).expect("a table").rows;
        rows.into_iter().map(|(_, labels)| labels).collect()
    }

    #[test]
    fn every_part_gets_its_share_of_every_label() {
        let labels: Vec<LabelSet> = (0..100)
            .map(|i| if i < 10 { set(&[7, 0]) } else { set(&[i % 3]) })
            .collect();
        let parts = stratified(&labels, &[0.8, 0.2], 3);
        let balance = Balance::of(&labels, &parts, &[0.8, 0.2]);
        assert_eq!(balance.sizes(), [80, 20]);
        for (class, held) in [(7, [8, 2]), (0, [32, 8]), (1, [24, 6]), (2, [24, 6])] {
            assert_eq!(balance.held(class), held, "class {class}");
        }
    }

    #[test]
    #[ignore = "needs the third-party data"]
    fn the_real_table_is_split_within_a_tenth() {
        let labels = real_labels();
        for seed in 1..=3 {
            let parts = stratified(&labels, &DEFAULT_SHARES, seed);
            let balance = Balance::of(&labels, &parts, &DEFAULT_SHARES);
            let (class, deviation) = balance.worst(20).expect("large classes");
            println!(
                "seed {seed}: worst deviation {:.2}%, class {class} of {} samples",
                100.0 * deviation,
                balance.total(class)
            );
            assert!(deviation <= 0.1);
            assert_eq!(balance.sizes(), [21750, 4661, 4661]);
        }
    }

    #[test]
    #[ignore = "needs the third-party data"]
    fn folds_of_the_real_table_are_as_even_as_whole_samples_permit() {
        let labels = real_labels();
        let shares = equal_shares(5);
        let parts = stratified(&labels, &shares, 1);
        let balance = Balance::of(&labels, &parts, &shares);
        let (class, deviation) = balance.worst(20).expect("large classes");
        println!("worst deviation {:.2}%, class {class}", 100.0 * deviation);
        assert_eq!(balance.sizes(), [6215, 6215, 6214, 6214, 6214]);
        for class in (0..COUNT).filter(|&class| balance.total(class) >= 20) {
            let permitted = balance.least_deviation(class).max(0.1);
            let deviation = balance.deviation(class);
            assert!(deviation <= permitted + 1e-9, "class {class}: {deviation}");
        }
    }

    #[test]
    #[ignore = "needs the third-party data"]
    fn groups_of_the_real_table_stay_whole() {
        let labels = real_labels();
        // Groups of one sample, two, ... nine, one, ..., with any labels.
        let group_of: Vec<usize> = (0..)
            .flat_map(|group| std::iter::repeat_n(group, 1 + group % 9))
            .take(labels.len())
            .collect();
        let parts = stratified_groups(&labels, &group_of, &DEFAULT_SHARES, 1);
        let places: BTreeSet<(usize, usize)> = group_of
            .iter()
            .copied()
            .zip(parts.iter().copied())
            .collect();
        let groups: BTreeSet<usize> = group_of.iter().copied().collect();
        assert_eq!(places.len(), groups.len(), "each group is in one part");
        let balance = Balance::of(&labels, &parts, &DEFAULT_SHARES);
        let (class, deviation) = balance.worst(20).expect("large classes");
        println!("worst deviation {:.2}%, class {class}", 100.0 * deviation);
        assert!(deviation <= 0.1);
        assert_eq!(balance.sizes(), [21750, 4661, 4661]);
    }

    #[test]
    fn groups_are_dealt_as_evenly_as_samples() {
        let mut labels = vec![set(&[3]); 30];
        labels.extend(vec![LabelSet::default(); 70]);
        let group_of: Vec<usize> = (0..100).map(|sample| sample / 5).collect();
        let parts = stratified_groups(&labels, &group_of, &[0.5, 0.5], 1);
        assert_eq!(sizes(&parts, 2), [50, 50]);
        let held = Balance::of(&labels, &parts, &[0.5, 0.5]).held(3);
        assert_eq!(held, [15, 15]);
    }

    #[test]
    fn folds_differ_by_one_sample_at_most() {
        for count in [5, 11, 80, 83] {
            let labels: Vec<LabelSet> = (0..count).map(|i| set(&[i % 4, i % 7])).collect();
            let sizes = sizes(&stratified(&labels, &equal_shares(5), 1), 5);
            let most = sizes.iter().max().expect("folds");
            let least = sizes.iter().min().expect("folds");
            assert!(most - least <= 1, "{count}: {sizes:?}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let labels = vec![set(&[0]); 40];
        let split = |seed| stratified(&labels, &[0.5, 0.5], seed);
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    /// Every later version must give the same split of the same set.
    #[test]
    fn a_split_never_changes() {
        let labels: Vec<LabelSet> = (0..20).map(|i| set(&[i % 3, i % 5])).collect();
        let parts = stratified(&labels, &DEFAULT_SHARES, 1);
        assert_eq!(
            parts,
            [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 1]
        );
    }

    #[test]
    fn samples_without_labels_are_dealt_too() {
        let parts = stratified(&[LabelSet::default(); 10], &[0.7, 0.3], 1);
        assert_eq!(sizes(&parts, 2), [7, 3]);
    }

    #[test]
    fn tiny_sets_are_dealt() {
        let split = |count: usize| {
            let labels: Vec<LabelSet> = (0..count).map(|class| set(&[class])).collect();
            sizes(&stratified(&labels, &DEFAULT_SHARES, 1), 3)
        };
        assert_eq!(split(0), [0, 0, 0]);
        assert_eq!(split(1), [1, 0, 0]);
        assert_eq!(split(2), [2, 0, 0]);
        assert_eq!(split(3), [2, 1, 0]);
        assert_eq!(split(4), [3, 1, 0]);
    }

    #[test]
    fn a_class_with_fewer_samples_than_parts_goes_to_different_parts() {
        let mut labels = vec![set(&[0]); 30];
        labels.extend([set(&[0, 9]), set(&[9])]);
        let parts = stratified(&labels, &equal_shares(4), 1);
        assert_ne!(parts[30], parts[31]);
        assert_eq!(sizes(&parts, 4), [8, 8, 8, 8]);
    }

    #[test]
    fn shares_are_checked_and_scaled() {
        let fault = |shares: &[f64]| normalised_shares(shares).expect_err("a fault").to_string();
        assert_eq!(
            fault(&[0.7, 0.2, 0.2]),
            "shares must sum to 1; 0.7 + 0.2 + 0.2 sum to 1.100"
        );
        assert_eq!(
            fault(&[1.5, -0.5]),
            "a part's share must be over 0, not -0.5"
        );
        assert_eq!(
            fault(&[f64::NAN, 1.0]),
            "a part's share must be over 0, not NaN"
        );
        let thirds = normalised_shares(&[0.333; 3]).expect("thirds");
        assert!(thirds.iter().all(|share| (share - 1.0 / 3.0).abs() < 1e-12));
    }
}
