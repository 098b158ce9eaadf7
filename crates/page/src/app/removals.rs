//! Removed fields that the store has still.

use std::collections::BTreeSet;

/// The numbers of removed fields that the store has still, and that the next visit is to be without.
#[derive(Debug, Default)]
pub(super) struct Removals {
    /// What can be taken back.
    offered: BTreeSet<u32>,
    /// What the store is about to remove.
    leaving: BTreeSet<u32>,
}

impl Removals {
    /// Offers these fields to be taken back, in place of those before.
    pub(super) fn offer(&mut self, fields: &[u32]) {
        self.offered = fields.iter().copied().collect();
    }

    /// Gives up those of these fields that could be taken back: the store is about to remove them.
    pub(super) fn give_up(&mut self, fields: &[u32]) {
        let offered = fields.iter().filter(|field| self.offered.contains(field));
        self.leaving.extend(offered);
    }

    /// The store has removed all that it was about to.
    pub(super) fn settle(&mut self) {
        self.leaving.clear();
    }

    /// All numbers, with spaces between them.
    pub(super) fn written(&self) -> String {
        let all = self.offered.union(&self.leaving);
        all.map(u32::to_string).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_remembered_until_it_is_gone_and_what_is_taken_back_is_not() {
        let mut removals = Removals::default();
        assert_eq!(removals.written(), "");
        removals.offer(&[3, 1]);
        removals.give_up(&[3, 1, 9]);
        removals.offer(&[4]);
        assert_eq!(removals.written(), "1 3 4", "9 was never removed");
        removals.offer(&[]);
        assert_eq!(removals.written(), "1 3", "4 was taken back");
        removals.settle();
        assert_eq!(removals.written(), "");
    }
}
