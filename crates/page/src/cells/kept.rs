//! The cells of fields that were looked at, in little memory.

use std::collections::VecDeque;

use cytolens_cells::{Cells, Packed};

/// The fields whose cells are kept though nobody corrected them. The engine finds those of others again.
const KEPT: usize = 32;

/// A field's cells with their corrections.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// The cells as they are now.
    pub(super) now: Packed,
    /// As they were before each correction.
    pub(super) before: Vec<Packed>,
    /// The field's width and height in pixels.
    pub(super) full: [u32; 2],
}

impl Found {
    /// Takes other cells in place of these.
    pub(super) fn correct(&mut self, cells: &Cells) {
        let former = std::mem::replace(&mut self.now, Packed::new(cells));
        self.before.push(former);
    }

    /// The masks before each correction and after the last one; none where nobody corrected them.
    pub(super) fn history(&self) -> Option<Vec<Packed>> {
        let is_corrected = !self.before.is_empty();
        is_corrected.then(|| self.before.iter().chain([&self.now]).cloned().collect())
    }

    /// The cells with these masks before each correction and after the last one; none where they are no masks.
    pub(super) fn of_history(mut history: Vec<Packed>, full: [u32; 2]) -> Option<Self> {
        let are_masks = history.iter().all(|masks| masks.cells().is_ok());
        let now = history.pop().filter(|_| are_masks)?;
        Some(Self {
            now,
            before: history,
            full,
        })
    }

    /// Takes the last correction back. Returns whether there was one.
    pub(super) fn undo(&mut self) -> bool {
        let former = self.before.pop();
        let has_former = former.is_some();
        self.now = former.unwrap_or_else(|| self.now.clone());
        has_former
    }
}

/// The cells of fields, those looked at last at the end.
#[derive(Debug, Default)]
pub(super) struct Kept(VecDeque<(u32, Found)>);

impl Kept {
    /// Keeps a field's cells, and lets others go that nobody corrected.
    pub(super) fn put(&mut self, field: u32, found: Found) {
        self.forget(&[field]);
        self.0.push_back((field, found));
        let is_plain = |entry: &(u32, Found)| entry.1.before.is_empty();
        if self.0.iter().filter(|entry| is_plain(entry)).count() > KEPT
            && let Some(oldest) = self.0.iter().position(is_plain)
        {
            self.0.remove(oldest);
        }
    }

    /// A field's cells.
    pub(super) fn get(&self, field: u32) -> Option<&Found> {
        let mut all = self.0.iter();
        all.find(|(other, _)| *other == field)
            .map(|(_, found)| found)
    }

    /// Whether somebody corrected a field's cells.
    pub(super) fn is_corrected(&self, field: u32) -> bool {
        self.get(field)
            .is_some_and(|found| !found.before.is_empty())
    }

    /// A field's cells, to be corrected.
    pub(super) fn get_mut(&mut self, field: u32) -> Option<&mut Found> {
        let mut all = self.0.iter_mut();
        all.find(|(other, _)| *other == field)
            .map(|(_, found)| found)
    }

    /// Forgets the cells of fields.
    pub(super) fn forget(&mut self, fields: &[u32]) {
        self.0.retain(|(field, _)| !fields.contains(field));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(number: u16) -> Found {
        let mask = vec![number; 4];
        let cells = Cells::of_masks(2, 2, mask.clone(), mask).expect("masks");
        Found {
            now: Packed::new(&cells),
            before: Vec::new(),
            full: [20, 20],
        }
    }

    #[test]
    fn corrections_are_taken_back_one_by_one() {
        let mut found = found(1);
        let original = found.clone();
        found.correct(&Cells::none(2, 2));
        assert_ne!(found.now, original.now);
        assert!(found.undo());
        assert_eq!(found, original);
        assert!(!found.undo());
        assert_eq!(found, original);
    }

    #[test]
    fn corrections_come_back_from_their_history() {
        let mut corrected = found(1);
        assert_eq!(corrected.history(), None);
        corrected.correct(&Cells::none(2, 2));
        let history = corrected.history().expect("a history");
        assert_eq!(history.len(), 2);
        let again = Found::of_history(history.clone(), [20, 20]);
        assert_eq!(again, Some(corrected));
        let broken = vec![history[0].clone(), Packed::of_parts([2, 2], vec![1])];
        assert_eq!(Found::of_history(broken, [20, 20]), None);
        assert_eq!(Found::of_history(Vec::new(), [20, 20]), None);
    }

    #[test]
    fn the_oldest_go_but_for_corrected_ones() {
        let mut kept = Kept::default();
        let mut corrected = found(1);
        corrected.correct(&Cells::none(2, 2));
        kept.put(0, corrected);
        for field in 1..=(KEPT as u32 + 3) {
            kept.put(field, found(2));
        }
        assert!(kept.get(0).is_some());
        assert!(kept.is_corrected(0) && !kept.is_corrected(4));
        assert!(kept.get(3).is_none());
        assert!(kept.get(4).is_some());
        assert_eq!(kept.0.len(), KEPT + 1);
        kept.forget(&[4]);
        assert!(kept.get(4).is_none());
    }
}
