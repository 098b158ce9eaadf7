//! The filter and the order of the fields, in gallery and table alike.

use std::cmp::Ordering;

use crate::entry::{DeskEntry, FieldState};
use cytolens_core::{PlatePosition, Well, natural_order};

/// The labels of fields that are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Labelled {
    /// Any label, or none.
    #[default]
    Any,
    /// This label.
    Label(String),
    /// No label that reaches its threshold.
    Unlabelled,
    /// No answer.
    Unanswered,
}

/// One well of one of several plates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlateWell {
    /// The plate, as [`PlatePosition`] names it.
    pub(crate) plate: String,
    /// The well.
    pub(crate) well: Well,
}

/// The fields that are shown: those that all parts of the filter admit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Their labels.
    pub(crate) labelled: Labelled,
    /// A text in their ids, labels, remarks or reasons, in any case; empty for every field.
    pub(crate) text: String,
    /// Their well.
    pub(crate) well: Option<PlateWell>,
}

impl Filter {
    /// Whether a field is shown.
    pub(super) fn admits(&self, entry: &DeskEntry) -> bool {
        let answer = entry.answer();
        let has_labels = match &self.labelled {
            Labelled::Any => true,
            Labelled::Label(label) => answer.is_some_and(|answer| {
                let mut present = answer.present().iter();
                present.any(|class| answer.label(*class) == label)
            }),
            Labelled::Unlabelled => answer.is_some_and(|answer| answer.present().is_empty()),
            Labelled::Unanswered => answer.is_none(),
        };
        let is_in_well = self.well.as_ref().is_none_or(|wanted| {
            let position = entry.position.as_ref();
            position.is_some_and(|it| it.well == wanted.well && it.plate == wanted.plate)
        });
        has_labels && is_in_well && self.finds_text(entry)
    }

    fn finds_text(&self, entry: &DeskEntry) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let wanted = self.text.to_lowercase();
        let finds = |text: &str| text.to_lowercase().contains(&wanted);
        finds(&entry.id)
            || match &entry.state {
                FieldState::Done(answer) => {
                    let mut labels = answer.present().iter().map(|class| answer.label(*class));
                    let mut remarks = answer.prediction.remarks.iter();
                    labels.any(finds) || remarks.any(|remark| finds(remark))
                }
                FieldState::Refused(reason) => finds(reason),
                _ => false,
            }
    }
}

/// What fields are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Column {
    /// The order in which the fields came.
    #[default]
    Added,
    /// The id.
    Name,
    /// Plate, well and site.
    Well,
    /// The likeliest label that is present.
    Label,
    /// The probability of the likeliest label.
    Probability,
    /// The progress.
    State,
    /// The number of remarks.
    Remarks,
}

impl Column {
    /// All, with their names in attributes and in values of selects.
    const NAMES: [(Self, &str); 7] = [
        (Self::Added, "added"),
        (Self::Name, "name"),
        (Self::Well, "well"),
        (Self::Label, "label"),
        (Self::Probability, "probability"),
        (Self::State, "state"),
        (Self::Remarks, "remarks"),
    ];

    /// The column of this name; the order of coming for any other.
    pub(crate) fn of_name(name: &str) -> Self {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map_or(Self::Added, |(column, _)| *column)
    }

    /// The name.
    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(column, _)| *column == self);
        found.map_or("", |(_, name)| *name)
    }
}

/// The order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sort {
    /// What they are ordered by.
    pub(crate) by: Column,
    /// Whether the largest comes first.
    pub(crate) is_falling: bool,
}

/// What is compared of a field.
enum Key<'a> {
    Text(&'a str),
    Place(&'a PlatePosition),
    Number(f32),
}

impl Sort {
    /// The order by a column that the visitor chooses, after this one: the other way round where it is the same.
    pub(super) fn then_by(self, by: Column) -> Self {
        let begins_falling = matches!(by, Column::Probability | Column::Remarks);
        Self {
            by,
            is_falling: if self.by == by {
                !self.is_falling
            } else {
                begins_falling
            },
        }
    }

    /// The order of two numbered fields. Fields that have nothing to be compared come last, whichever way.
    pub(super) fn compare(self, a: (u32, &DeskEntry), b: (u32, &DeskEntry)) -> Ordering {
        let order = match (self.key(a.1), self.key(b.1)) {
            (Some(a), Some(b)) if self.is_falling => compare_keys(&b, &a),
            (Some(a), Some(b)) => compare_keys(&a, &b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        order.then(a.0.cmp(&b.0))
    }

    fn key(self, entry: &DeskEntry) -> Option<Key<'_>> {
        match self.by {
            Column::Added => None,
            Column::Name => Some(Key::Text(&entry.id)),
            Column::Well => entry.position.as_ref().map(Key::Place),
            Column::Label => {
                let answer = entry.answer()?;
                Some(Key::Text(answer.label(answer.likeliest_present()?)))
            }
            Column::Probability => {
                let probabilities = entry.answer()?.prediction.probabilities.iter();
                probabilities.copied().reduce(f32::max).map(Key::Number)
            }
            Column::State => Some(Key::Number(match entry.state {
                FieldState::Done(_) => 0.0,
                FieldState::Working => 1.0,
                FieldState::Waiting => 2.0,
                FieldState::Cancelled => 3.0,
                FieldState::Refused(_) => 4.0,
            })),
            Column::Remarks => {
                let remarks = &entry.answer()?.prediction.remarks;
                Some(Key::Number(remarks.len() as f32))
            }
        }
    }
}

fn compare_keys(a: &Key<'_>, b: &Key<'_>) -> Ordering {
    match (a, b) {
        (Key::Text(a), Key::Text(b)) => natural_order(a, b),
        (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
        (Key::Place(a), Key::Place(b)) => natural_order(&a.plate, &b.plate)
            .then(a.well.cmp(&b.well))
            .then_with(|| natural_order(&a.site, &b.site)),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples::{answer, remarked};

    fn entry(id: &str, probabilities: &[f32]) -> DeskEntry {
        let mut entry = DeskEntry::new(id.to_owned(), String::new(), None);
        if !probabilities.is_empty() {
            entry.state = FieldState::Done(answer(probabilities));
        }
        entry
    }

    fn ordered(by: Column, is_falling: bool) -> Vec<u32> {
        let sort = Sort { by, is_falling };
        let mut entries = [
            entry("c_B10", &[0.6, 0.1]),
            entry("a", &[]),
            entry("b_B02", &[0.2, 0.9]),
            entry("d_A03", &[0.3, 0.4]),
        ];
        entries[2].state = FieldState::Done(remarked(&[0.2, 0.9], "dark"));
        entries[1].state = FieldState::Refused("no image".to_owned());
        let mut numbered: Vec<_> = (0..).zip(&entries).collect();
        numbered.sort_by(|a, b| sort.compare(*a, *b));
        numbered.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn what_has_no_value_in_a_column_comes_last_whichever_way() {
        assert_eq!(ordered(Column::Added, false), [0, 1, 2, 3]);
        assert_eq!(ordered(Column::Probability, true), [2, 0, 3, 1]);
        assert_eq!(ordered(Column::Probability, false), [3, 0, 2, 1]);
        assert_eq!(ordered(Column::Name, false), [1, 2, 0, 3]);
        assert_eq!(ordered(Column::Name, true), [3, 0, 2, 1]);
        // Cytosol, Nucleoli, and none.
        assert_eq!(ordered(Column::Label, false), [2, 0, 1, 3]);
        assert_eq!(ordered(Column::Label, true), [0, 2, 1, 3]);
        assert_eq!(ordered(Column::State, true), [1, 0, 2, 3]);
        assert_eq!(ordered(Column::Remarks, true), [2, 0, 3, 1]);
    }

    #[test]
    fn plates_go_by_row_and_column_one_after_the_other() {
        let entries = ["p2_A01", "p10_A01", "p2_A10", "p2_A02_s2", "p2_A02_s10"];
        let entries = entries.map(|id| entry(id, &[]));
        let sort = Sort {
            by: Column::Well,
            is_falling: false,
        };
        let mut numbered: Vec<_> = (0..).zip(&entries).collect();
        numbered.sort_by(|a, b| sort.compare(*a, *b));
        let fields: Vec<u32> = numbered.into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, [0, 3, 4, 2, 1]);
    }

    #[test]
    fn a_column_chosen_again_turns_round() {
        let first = Sort::default().then_by(Column::Probability);
        assert!(first.is_falling);
        assert!(!first.then_by(Column::Probability).is_falling);
        assert!(!first.then_by(Column::Name).is_falling);
        for (column, name) in Column::NAMES {
            assert_eq!((Column::of_name(name), column.name()), (column, name));
        }
    }

    #[test]
    fn filters_by_label_text_and_well() {
        let (both, none, open) = (
            entry("x_B02", &[0.6, 0.9]),
            entry("y_B03", &[0.1, 0.1]),
            entry("z", &[]),
        );
        let of = |labelled: Labelled| Filter {
            labelled,
            ..Filter::default()
        };
        let cytosol = of(Labelled::Label("Cytosol".to_owned()));
        assert!(cytosol.admits(&both) && !cytosol.admits(&none));
        let unlabelled = of(Labelled::Unlabelled);
        assert!(unlabelled.admits(&none) && !unlabelled.admits(&open));
        let unanswered = of(Labelled::Unanswered);
        assert!(unanswered.admits(&open) && !unanswered.admits(&none));

        let text = |text: &str| Filter {
            text: text.to_owned(),
            ..Filter::default()
        };
        assert!(text("CYTO").admits(&both) && !text("cyto").admits(&none));
        assert!(text("y_").admits(&none) && !text("y_").admits(&open));
        let mut refused = entry("w", &[]);
        refused.state = FieldState::Refused("It is empty".to_owned());
        assert!(text("empty").admits(&refused));
        let dark = Filter {
            text: "dark".to_owned(),
            ..cytosol.clone()
        };
        let mut remarked_entry = entry("x", &[]);
        remarked_entry.state = FieldState::Done(remarked(&[0.1, 0.9], "Dark"));
        assert!(
            dark.admits(&remarked_entry) && !dark.admits(&both),
            "all of them hold"
        );

        let position = both.position.clone().expect("a well");
        let well = Filter {
            well: Some(PlateWell {
                plate: position.plate,
                well: position.well,
            }),
            ..Filter::default()
        };
        assert!(well.admits(&both) && !well.admits(&none) && !well.admits(&open));
    }
}
