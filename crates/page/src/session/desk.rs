//! The fields on the desk: their order in the gallery, and the one that is selected.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Filter, Sort};
use crate::entry::DeskEntry;

/// The fields on the desk, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Desk {
    entries: BTreeMap<u32, DeskEntry>,
    /// The fields that the gallery shows, in its order.
    shown: Vec<u32>,
    sort: Sort,
    filter: Filter,
    selected: Option<u32>,
    /// The fields that the visitor has chosen to do something with all of them.
    chosen: BTreeSet<u32>,
    /// The field from which a choice of several begins.
    anchor: Option<u32>,
}

impl Desk {
    /// The fields in the order in which they came.
    pub(super) fn entries(&self) -> &BTreeMap<u32, DeskEntry> {
        &self.entries
    }

    /// The field with this number.
    pub(super) fn get(&self, field: u32) -> Option<&DeskEntry> {
        self.entries.get(&field)
    }

    /// The field with this number, to be changed.
    pub(super) fn get_mut(&mut self, field: u32) -> Option<&mut DeskEntry> {
        self.entries.get_mut(&field)
    }

    /// The fields that the gallery shows, in its order.
    pub(super) fn shown(&self) -> &[u32] {
        &self.shown
    }

    /// The selected field.
    pub(super) fn selected(&self) -> Option<u32> {
        self.selected
    }

    /// Puts a field on the desk. Its place is not decided yet.
    pub(super) fn insert(&mut self, field: u32, entry: DeskEntry) {
        self.entries.insert(field, entry);
    }

    /// Moves one field to its place among those that are shown, or out of them.
    pub(super) fn place(&mut self, field: u32) {
        self.shown.retain(|shown| *shown != field);
        let Some(entry) = self.entries.get(&field) else {
            return;
        };
        if entry.is_passed_over() || !self.filter.admits(entry) {
            return;
        }
        let at = self.shown.partition_point(|other| {
            let other = self.entries.get(other).map(|entry| (*other, entry));
            other.is_some_and(|other| self.sort.compare(other, (field, entry)).is_lt())
        });
        self.shown.insert(at, field);
    }

    /// Orders the whole gallery anew.
    pub(super) fn arrange(&mut self) {
        let admitted = self.entries.iter().map(|(field, entry)| (*field, entry));
        let mut shown: Vec<_> = admitted
            .filter(|(_, entry)| !entry.is_passed_over() && self.filter.admits(entry))
            .collect();
        shown.sort_by(|a, b| self.sort.compare(*a, *b));
        self.shown = shown.into_iter().map(|(field, _)| field).collect();
    }

    /// The order.
    pub(super) fn sort(&self) -> Sort {
        self.sort
    }

    /// The filter.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Takes another order and another filter.
    pub(super) fn set_order(&mut self, sort: Sort, filter: Filter) {
        self.sort = sort;
        self.filter = filter;
        self.arrange();
    }

    /// Selects a field; false where it is selected already, or not on the desk. Maps of the field before
    /// are let go where the store has them.
    pub(super) fn select(&mut self, field: u32) -> bool {
        let entry = self.entries.get(&field);
        if self.selected == Some(field) || entry.is_none_or(DeskEntry::is_passed_over) {
            return false;
        }
        let former = self.selected.replace(field);
        if let Some(former) = former.and_then(|former| self.entries.get_mut(&former)) {
            former.maps.take_if(|held| held.are_stored);
        }
        true
    }

    /// The field so many places from the selected one; the first where the selected one is not shown.
    pub(super) fn neighbour(&self, steps: isize) -> Option<u32> {
        let mut shown = self.shown.iter();
        let at = shown.position(|shown| Some(*shown) == self.selected);
        let to = at.map_or(Some(0), |at| at.checked_add_signed(steps))?;
        self.shown.get(to).copied()
    }

    /// Removes fields. Returns them, and the field that is selected then, or is to be in place of the one that was.
    pub(super) fn remove(
        &mut self,
        fields: &BTreeSet<u32>,
    ) -> (Vec<(u32, DeskEntry)>, Option<u32>) {
        let at = self
            .shown
            .iter()
            .position(|shown| Some(*shown) == self.selected);
        let next = at.and_then(|at| {
            let (before, after) = self.shown.split_at(at);
            let is_left = |field: &&u32| !fields.contains(field);
            let after = after.iter().find(is_left);
            after.or(before.iter().rev().find(is_left)).copied()
        });
        self.selected.take_if(|selected| fields.contains(selected));
        self.anchor.take_if(|anchor| fields.contains(anchor));
        self.chosen.retain(|field| !fields.contains(field));
        self.shown.retain(|field| !fields.contains(field));
        let is_gone = |field: &u32, _: &mut DeskEntry| fields.contains(field);
        (self.entries.extract_if(.., is_gone).collect(), next)
    }

    /// The chosen fields that the gallery shows, in its order: nothing is done with what is not seen.
    pub(super) fn chosen(&self) -> Vec<u32> {
        let shown = self.shown.iter().copied();
        shown.filter(|field| self.is_chosen(*field)).collect()
    }

    /// Whether a field is chosen.
    pub(super) fn is_chosen(&self, field: u32) -> bool {
        self.chosen.contains(&field)
    }

    /// Chooses a field, or takes that back.
    pub(super) fn toggle_chosen(&mut self, field: u32) {
        if self.entries.contains_key(&field) {
            self.anchor = Some(field);
            if !self.chosen.remove(&field) {
                self.chosen.insert(field);
            }
        }
    }

    /// Chooses a field, or takes that back; the first beside the selected one.
    pub(super) fn choose_beside(&mut self, field: u32) {
        if self.chosen().is_empty() && self.selected != Some(field) {
            self.chosen.extend(self.selected);
        }
        self.toggle_chosen(field);
    }

    /// Chooses all that are shown from one field to another. It begins where the last choice did, else at `from`.
    pub(super) fn choose_to(&mut self, field: u32, from: Option<u32>) {
        let place = |field: u32| self.shown.iter().position(|shown| *shown == field);
        let Some(to) = place(field) else { return };
        let begin = self.anchor.filter(|anchor| place(*anchor).is_some());
        let begin = begin.or(from).unwrap_or(field);
        let at = place(begin).unwrap_or(to);
        self.anchor = Some(begin);
        let all = &self.shown[at.min(to)..=at.max(to)];
        self.chosen.extend(all.iter().copied());
    }

    /// Chooses all that are shown.
    pub(super) fn choose_all(&mut self) {
        self.chosen.extend(self.shown.iter().copied());
    }

    /// Takes every choice back.
    pub(super) fn choose_none(&mut self) {
        self.chosen.clear();
        self.anchor = None;
    }

    /// Removes the files that belong to no field, and returns them.
    pub(super) fn remove_passed_over(&mut self) -> Vec<(u32, DeskEntry)> {
        let is_file = |_: &u32, entry: &mut DeskEntry| entry.is_passed_over();
        self.entries.extract_if(.., is_file).collect()
    }

    /// Removes all fields, and the filter, which may name a label that no field has any more. Returns the
    /// fields.
    pub(super) fn clear(&mut self) -> Vec<(u32, DeskEntry)> {
        let sort = self.sort;
        let former = std::mem::take(self);
        self.sort = sort;
        former.entries.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples::answer;
    use crate::entry::FieldState;
    use crate::session::order::{Column, Labelled};

    fn by(by: Column, is_falling: bool) -> Sort {
        Sort { by, is_falling }
    }

    fn desk(ids: &[&str]) -> Desk {
        let mut desk = Desk::default();
        for (field, id) in (0..).zip(ids) {
            let entry = DeskEntry::new((*id).to_owned(), String::new(), None);
            desk.insert(field, entry);
            desk.place(field);
        }
        desk
    }

    #[test]
    fn a_field_is_placed_where_a_whole_arrangement_puts_it() {
        let mut desk = desk(&["d", "b", "c", "a"]);
        assert_eq!(desk.shown(), [0, 1, 2, 3]);
        desk.set_order(by(Column::Name, false), Filter::default());
        assert_eq!(desk.shown(), [3, 1, 2, 0]);
        desk.insert(4, DeskEntry::new("bb".to_owned(), String::new(), None));
        desk.place(4);
        assert_eq!(desk.shown(), [3, 1, 4, 2, 0]);
        desk.insert(5, DeskEntry::new("e".to_owned(), String::new(), None));
        desk.place(5);
        assert_eq!(desk.shown(), [3, 1, 4, 2, 0, 5]);
        let placed = desk.shown().to_vec();
        desk.arrange();
        assert_eq!(desk.shown(), placed);
    }

    #[test]
    fn an_answer_moves_a_field_by_sort_and_filter() {
        let mut desk = desk(&["a", "b"]);
        let unanswered = Filter {
            labelled: Labelled::Unanswered,
            ..Filter::default()
        };
        let confident = by(Column::Probability, true);
        desk.set_order(confident, unanswered);
        let entry = desk.get_mut(0).expect("a field");
        entry.state = FieldState::Done(answer(&[0.9, 0.1]));
        desk.place(0);
        assert_eq!(desk.shown(), [1]);
        desk.set_order(confident, Filter::default());
        assert_eq!(desk.shown(), [0, 1]);
        desk.clear();
        assert_eq!((desk.shown(), &desk.filter), (&[][..], &Filter::default()));
        assert_eq!(desk.sort, confident, "the order is the visitor's");
    }

    #[test]
    fn the_arrows_follow_the_gallery_and_stop_at_its_ends() {
        let mut desk = desk(&["c", "a", "b"]);
        desk.set_order(by(Column::Name, false), Filter::default());
        assert_eq!(
            desk.neighbour(1),
            Some(1),
            "the first, where none is selected"
        );
        assert!(desk.select(1) && !desk.select(1) && !desk.select(9));
        assert_eq!((desk.neighbour(-1), desk.neighbour(1)), (None, Some(2)));
        assert!(desk.select(0));
        assert_eq!((desk.neighbour(-1), desk.neighbour(1)), (Some(2), None));
    }

    #[test]
    fn the_next_field_follows_a_removed_one_and_the_last_the_last() {
        let mut desk = desk(&["a", "b", "c"]);
        let mut removed = |field| {
            desk.select(field);
            let (removed, next) = desk.remove(&BTreeSet::from([field]));
            (removed.len(), next)
        };
        assert_eq!(removed(9), (0, None));
        assert_eq!(removed(1), (1, Some(2)));
        assert_eq!(removed(2), (1, Some(0)));
        assert_eq!(removed(0), (1, None));
    }

    #[test]
    fn of_several_that_go_the_next_that_stays_is_selected() {
        let mut desk = desk(&["a", "b", "c", "d", "e"]);
        desk.select(2);
        let (removed, next) = desk.remove(&BTreeSet::from([0, 2, 3]));
        let removed: Vec<u32> = removed.iter().map(|it| it.0).collect();
        assert_eq!((removed, next), (vec![0, 2, 3], Some(4)));
        assert_eq!((desk.shown(), desk.selected()), (&[1, 4][..], None));
        desk.select(1);
        assert_eq!(desk.remove(&BTreeSet::from([4])).1, Some(1), "it stays");
        assert_eq!(desk.selected(), Some(1));
    }

    #[test]
    fn fields_are_chosen_one_by_one_in_a_row_and_all() {
        let mut desk = desk(&["e", "d", "c", "b", "a"]);
        desk.select(3);
        desk.choose_beside(1);
        assert_eq!(desk.chosen(), [1, 3], "beside the selected one");
        desk.choose_beside(3);
        assert_eq!(desk.chosen(), [1]);
        desk.choose_to(4, desk.selected());
        assert_eq!(desk.chosen(), [1, 3, 4], "from where the last began");
        desk.choose_to(1, None);
        assert_eq!(desk.chosen(), [1, 2, 3, 4]);
        desk.choose_none();
        desk.choose_to(4, Some(3));
        desk.set_order(by(Column::Name, false), Filter::default());
        assert_eq!(desk.chosen(), [4, 3], "in the order of the gallery");
        let only = Filter {
            text: "a".to_owned(),
            ..Filter::default()
        };
        desk.set_order(by(Column::Name, false), only);
        assert_eq!(desk.chosen(), [4], "what is not shown takes no part");
        desk.choose_none();
        desk.choose_all();
        assert_eq!(desk.chosen(), [4]);
        desk.toggle_chosen(9);
        desk.remove(&BTreeSet::from([4]));
        assert!(desk.chosen().is_empty() && !desk.is_chosen(4) && !desk.is_chosen(9));
    }

    #[test]
    fn a_file_of_no_field_has_no_place_in_the_gallery() {
        let mut desk = desk(&["a"]);
        desk.insert(1, DeskEntry::refused("list.txt", "it is no image"));
        desk.place(1);
        assert_eq!(desk.shown(), [0]);
        desk.arrange();
        assert_eq!(desk.shown(), [0]);
        let files: Vec<u32> = desk.remove_passed_over().iter().map(|it| it.0).collect();
        assert_eq!((files, desk.entries().len()), (vec![1], 1));
    }
}
