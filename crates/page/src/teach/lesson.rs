//! What the visitor teaches: classes of one's own and the fields that belong to them, and the labels that the visitor corrects.
//! Plain values; every change can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use cytolens_core::plain::is_name;
use serde::{Deserialize, Serialize};

/// The changes that can be taken back.
const KEPT: usize = 30;
/// The most classes, and the longest name of one in bytes.
pub(super) const MOST_CLASSES: usize = 20;
pub(super) const LONGEST_NAME: usize = 80;

/// The reason why a class is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has no name.
    Nameless,
    /// Its name is too long.
    Long,
    /// There is one of this name.
    Known,
    /// There are as many as there can be.
    Many,
}

/// What is taught now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    /// The names of the classes.
    pub(super) classes: Vec<String>,
    /// The fields with a class, by number, rising.
    given: Vec<(u32, usize)>,
    /// The fields whose labels were corrected, with their class numbers, rising.
    corrected: Vec<(u32, Vec<usize>)>,
    /// The lead from which an answer counts as sure.
    pub(super) sure: f32,
}

/// What is taught, and what was taught before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Lesson {
    now: Content,
    past: Vec<Content>,
}

impl Lesson {
    /// What is taught now.
    pub(super) fn now(&self) -> &Content {
        &self.now
    }

    /// Whether all of it fits together: a browser's memory can be written by others.
    pub(super) fn is_sound(&self) -> bool {
        self.past.iter().chain([&self.now]).all(Content::is_sound)
    }

    /// Whether there is something to take back.
    pub(super) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Takes the last change back.
    pub(super) fn undo(&mut self) {
        if let Some(before) = self.past.pop() {
            self.now = before;
        }
    }

    /// Adds a class.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn add_class(&mut self, name: &str) -> Result<(), Refusal> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let refusal = match &*name {
            "" => Some(Refusal::Nameless),
            _ if name.len() > LONGEST_NAME || !is_name(&name) => Some(Refusal::Long),
            _ if self.now.classes.contains(&name) => Some(Refusal::Known),
            _ if self.now.classes.len() >= MOST_CLASSES => Some(Refusal::Many),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        self.change(|now| now.classes.push(name));
        Ok(())
    }

    /// Removes a class; its fields have none then.
    pub(super) fn remove_class(&mut self, class: usize) {
        if class < self.now.classes.len() {
            self.change(|now| {
                now.classes.remove(class);
                now.given.retain(|(_, given)| *given != class);
                for (_, given) in &mut now.given {
                    *given -= usize::from(*given > class);
                }
            });
        }
    }

    /// Gives fields a class, or takes theirs.
    pub(super) fn give(&mut self, fields: &[u32], class: Option<usize>) {
        if class.is_some_and(|class| class >= self.now.classes.len()) {
            return;
        }
        self.change(|now| {
            let mut given: BTreeMap<u32, usize> = now.given.drain(..).collect();
            for field in fields {
                match class {
                    Some(class) => given.insert(*field, class),
                    None => given.remove(field),
                };
            }
            now.given = given.into_iter().collect();
        });
    }

    /// Notes the labels that a field has, whatever the model says; none to leave it to the model.
    pub(super) fn correct(&mut self, field: u32, labels: Option<Vec<usize>>) {
        self.change(|now| {
            let mut corrected: BTreeMap<u32, Vec<usize>> = now.corrected.drain(..).collect();
            match labels {
                Some(labels) => corrected.insert(field, labels),
                None => corrected.remove(&field),
            };
            now.corrected = corrected.into_iter().collect();
        });
    }

    /// Moves the lead from which an answer counts as sure. Moves one after the other are one change.
    pub(super) fn set_sure(&mut self, sure: f32) {
        let is_moving = self.past.last().is_some_and(|before| {
            Content {
                sure: self.now.sure,
                ..before.clone()
            } == self.now
        });
        if is_moving {
            self.now.sure = sure;
        } else {
            self.change(|now| now.sure = sure);
        }
    }

    /// Forgets the fields that are not among these, also in what can be taken back: another field may have their number one day.
    pub(super) fn forget_others(&mut self, fields: &BTreeSet<u32>) {
        for content in self.all_mut() {
            content.given.retain(|(field, _)| fields.contains(field));
            content
                .corrected
                .retain(|(field, _)| fields.contains(field));
        }
    }

    /// Gives a field another number, also in what can be taken back.
    pub(super) fn renumber(&mut self, from: u32, to: u32) {
        let renumbered = |field: &mut u32| {
            if *field == from {
                *field = to;
            }
        };
        for content in self.all_mut() {
            content
                .given
                .iter_mut()
                .for_each(|(field, _)| renumbered(field));
            content.given.sort_unstable();
            content
                .corrected
                .iter_mut()
                .for_each(|(field, _)| renumbered(field));
            content.corrected.sort_unstable();
        }
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Content> {
        std::iter::once(&mut self.now).chain(&mut self.past)
    }

    fn change(&mut self, change: impl FnOnce(&mut Content)) {
        let before = self.now.clone();
        change(&mut self.now);
        if self.now != before {
            self.past.push(before);
            if self.past.len() > KEPT {
                self.past.remove(0);
            }
        }
    }
}

impl Content {
    fn is_sound(&self) -> bool {
        self.given.is_sorted_by(|a, b| a.0 < b.0)
            && self.corrected.is_sorted_by(|a, b| a.0 < b.0)
            && self
                .given
                .iter()
                .all(|(_, class)| *class < self.classes.len())
            && self.sure.is_finite()
    }

    /// The class that a field was given.
    pub(super) fn class_of(&self, field: u32) -> Option<usize> {
        let at = self
            .given
            .binary_search_by_key(&field, |(field, _)| *field)
            .ok()?;
        Some(self.given[at].1)
    }

    /// The labels that a field was given in place of the model's.
    pub(super) fn corrected(&self, field: u32) -> Option<&[usize]> {
        let at = self
            .corrected
            .binary_search_by_key(&field, |(field, _)| *field)
            .ok()?;
        Some(&self.corrected[at].1)
    }

    /// The number of these fields that have each class.
    pub(super) fn counts(&self, fields: impl Iterator<Item = u32>) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for class in fields.filter_map(|field| self.class_of(field)) {
            counts[class] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson() -> Lesson {
        let mut lesson = Lesson::default();
        assert_eq!(lesson.add_class(" round  one "), Ok(()));
        assert_eq!(lesson.add_class("long"), Ok(()));
        lesson.give(&[4, 2, 9], Some(0));
        lesson.give(&[3], Some(1));
        lesson
    }

    #[test]
    fn fields_have_a_class_until_it_is_taken_or_removed() {
        let mut lesson = lesson();
        assert_eq!(lesson.now().classes, ["round one", "long"]);
        assert_eq!(lesson.now().counts([2, 3, 4].into_iter()), [2, 1]);
        lesson.give(&[2], Some(1));
        lesson.give(&[4], None);
        lesson.give(&[7], Some(5));
        assert_eq!(lesson.now().counts(0..10), [1, 2]);
        lesson.remove_class(0);
        assert_eq!(lesson.now().classes, ["long"]);
        assert_eq!(
            [2, 3, 9].map(|field| lesson.now().class_of(field)),
            [Some(0), Some(0), None]
        );
    }

    #[test]
    fn fields_that_are_gone_are_forgotten_and_renumbered_ones_keep_their_class() {
        let mut lesson = lesson();
        lesson.correct(4, Some(vec![7]));
        lesson.renumber(4, 11);
        lesson.forget_others(&BTreeSet::from([2, 3, 11]));
        let class_of = |lesson: &Lesson, field| lesson.now().class_of(field);
        assert_eq!(
            [2, 3, 4, 9, 11].map(|field| class_of(&lesson, field)),
            [Some(0), Some(1), None, None, Some(0)]
        );
        assert_eq!(lesson.now().corrected(11), Some([7].as_slice()));
        lesson.undo();
        assert_eq!(lesson.now().corrected(11), None);
        assert_eq!(class_of(&lesson, 11), Some(0), "also in what was before");
    }

    #[test]
    fn classes_have_names_of_their_own() {
        let mut lesson = lesson();
        assert_eq!(lesson.add_class("  "), Err(Refusal::Nameless));
        assert_eq!(lesson.add_class("long "), Err(Refusal::Known));
        assert_eq!(lesson.add_class(&"x".repeat(81)), Err(Refusal::Long));
        // A head with such a class would not be opened.
        assert_eq!(lesson.add_class("a\u{202e}b"), Err(Refusal::Long));
        for number in 2..MOST_CLASSES {
            assert_eq!(lesson.add_class(&number.to_string()), Ok(()));
        }
        assert_eq!(lesson.add_class("one more"), Err(Refusal::Many));
    }

    #[test]
    fn fields_that_are_gone_are_forgotten_in_the_past_too() {
        let mut lesson = lesson();
        lesson.correct(9, Some(vec![1]));
        lesson.give(&[4], None);
        assert!(lesson.is_sound());
        lesson.forget_others(&BTreeSet::from([2, 3]));
        assert_eq!(lesson.now().counts(0..10), [1, 1]);
        assert_eq!(lesson.now().corrected(9), None);
        lesson.undo();
        assert_eq!(lesson.now().class_of(4), None);
        assert!(lesson.is_sound());
    }

    #[test]
    fn what_does_not_fit_together_is_not_sound() {
        let mut lesson = lesson();
        lesson.now.given.push((1, 0));
        assert!(!lesson.is_sound());
        lesson.now.given = vec![(1, 2)];
        assert!(!lesson.is_sound());
        lesson.now.given = vec![(1, 1)];
        assert!(lesson.is_sound());
        lesson.past[0].sure = f32::NAN;
        assert!(!lesson.is_sound());
    }

    #[test]
    fn every_change_is_taken_back_step_by_step() {
        let mut lesson = lesson();
        let before = lesson.now().clone();
        lesson.correct(2, Some(vec![0, 25]));
        assert_eq!(lesson.now().corrected(2), Some([0, 25].as_slice()));
        // Nothing changes, so there is nothing to take back.
        lesson.correct(5, None);
        lesson.set_sure(0.25);
        lesson.set_sure(0.5);
        lesson.undo();
        assert_eq!(lesson.now().sure, 0.0);
        lesson.undo();
        assert_eq!(*lesson.now(), before);
        for _ in 0..4 {
            assert!(lesson.can_undo());
            lesson.undo();
        }
        assert_eq!(lesson, Lesson::default());
        lesson.undo();
        let written = serde_json::to_string(&self::lesson()).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Lesson>(&written).expect("a lesson"),
            self::lesson()
        );
    }
}
