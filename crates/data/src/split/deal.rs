//! The greedy pass of iterative stratification.

use std::cmp::Reverse;

use cytolens_core::labels::COUNT;
use sha2::{Digest, Sha256};

use super::group::{Group, total};

/// Deals groups to parts: gives the part of each group.
///
/// The label with the fewest remaining samples is dealt next: each of its groups to the part that lacks most samples of it, ties to
/// the part that lacks most samples of any kind, then to the first. Groups without labels come last. Groups with more samples of
/// the label come before others, so that small groups can even out the parts at the end.
pub(super) fn deal(groups: &[Group], shares: &[f64], seed: u64) -> Vec<usize> {
    let Group {
        samples,
        labels: mut left,
    } = total(groups);
    let mut lacking: Vec<Lacking> = shares
        .iter()
        .map(|share| Lacking {
            samples: share * f64::from(samples),
            labels: left.map(|count| share * f64::from(count)),
        })
        .collect();
    let mut waiting = by_chance(groups.len(), seed);
    let mut part_of = vec![0; groups.len()];
    while !waiting.is_empty() {
        let rarest = (0..COUNT)
            .filter(|&class| left[class] > 0)
            .min_by_key(|&class| left[class]);
        let weight = |group: usize| match rarest {
            Some(class) => groups[group].labels[class],
            None => groups[group].samples,
        };
        let mut now: Vec<usize> = waiting.extract_if(.., |group| weight(*group) > 0).collect();
        now.sort_by_key(|&group| Reverse(weight(group)));
        for group in now {
            let part = neediest(&lacking, rarest);
            part_of[group] = part;
            lacking[part].samples -= f64::from(groups[group].samples);
            for (class, &count) in groups[group].labels.iter().enumerate() {
                lacking[part].labels[class] -= f64::from(count);
                left[class] -= count;
            }
        }
    }
    part_of
}

/// The samples that a part still lacks of its share; negative where it has more.
struct Lacking {
    samples: f64,
    labels: [f64; COUNT],
}

fn neediest(lacking: &[Lacking], label: Option<usize>) -> usize {
    let need = |part: usize| label.map_or(0.0, |class| lacking[part].labels[class]);
    let by_need = |&a: &usize, &b: &usize| {
        need(a)
            .total_cmp(&need(b))
            .then(lacking[a].samples.total_cmp(&lacking[b].samples))
            .then(b.cmp(&a))
    };
    (0..lacking.len()).max_by(by_need).unwrap_or_default()
}

/// The numbers below `count` in a random order by the seed.
fn by_chance(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_cached_key(|&number| {
        Sha256::new()
            .chain_update(seed.to_le_bytes())
            .chain_update((number as u64).to_le_bytes())
            .finalize()
    });
    order
}
