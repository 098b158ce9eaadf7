//! Seeded splits that give every part its share of each label.
//!
//! Iterative stratification (Sechidis, Tsoumakas, Vlahavas: On the Stratification of Multi-label
//! Data, ECML PKDD 2011) deals samples out, rarest label first ([`deal`]); exchanges between parts
//! then lower what it left uneven ([`improve`]). Both work on groups of samples that must stay
//! together, such as duplicates; [`balance`] says how well the labels came out, and [`file`] keeps a
//! split as a table.
//!
//! All arithmetic is addition, multiplication and comparison in a fixed order, and chance is
//! SHA-256 of the seed: a split is the same on every machine and with every version of every crate.

mod deal;
mod improve;

pub mod balance;
pub mod file;

use anyhow::{Result, ensure};
use cytolens::labels::{COUNT, LabelSet};

/// How far from 1 shares may sum: three decimals of thirds are meant as thirds.
const SUM_TOLERANCE: f64 = 0.002;

/// Samples that stay together.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    samples: u32,
    /// How many of the samples have each label.
    labels: [u32; COUNT],
}

/// Deals samples into parts of the given shares (which sum to 1): for each sample, its part.
///
/// Parts are as large as whole numbers permit (the largest remainders are rounded up), and each
/// label is spread over them by their shares as evenly as exchanges of two samples can make it.
/// The same labels, shares and seed give the same split.
pub fn stratified(labels: &[LabelSet], shares: &[f64], seed: u64) -> Vec<usize> {
    let alone: Vec<usize> = (0..labels.len()).collect();
    stratified_groups(labels, &alone, shares, seed)
}

/// [`stratified`] over samples of which some stay together: `group_of` has a number from 0 for each
/// sample, and samples of the same number come into the same part.
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

/// Whether these are shares of parts.
///
/// # Errors
/// Where one is not over 0, or their sum is not 1 to two thousandths.
pub fn check_shares(shares: &[f64]) -> Result<()> {
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
            .join(", ")
    );
    Ok(())
}

/// Samples and labels over all groups.
fn total(groups: &[Group]) -> Group {
    groups.iter().fold(Group::default(), |mut sum, group| {
        sum.samples += group.samples;
        for (sum, count) in sum.labels.iter_mut().zip(group.labels) {
            *sum += count;
        }
        sum
    })
}
