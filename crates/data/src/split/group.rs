//! Groups of samples that stay together in a split.

use cytolens_core::labels::COUNT;

/// The counts of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) samples: u32,
    /// The number of samples with each label.
    pub(super) labels: [u32; COUNT],
}

/// The counts over all groups.
pub(super) fn total(groups: &[Group]) -> Group {
    groups.iter().fold(Group::default(), |mut sum, group| {
        sum.samples += group.samples;
        for (sum, count) in sum.labels.iter_mut().zip(group.labels) {
            *sum += count;
        }
        sum
    })
}
