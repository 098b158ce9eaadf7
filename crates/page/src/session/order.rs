//! The gallery's filter and its order.

use std::cmp::Ordering;

use crate::entry::DeskEntry;

/// The fields that the gallery shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Filter {
    /// All fields.
    #[default]
    All,
    /// The fields with this label.
    Label(String),
    /// The fields of which no label reaches its threshold.
    Unlabelled,
    /// The fields without an answer.
    Unanswered,
}

impl Filter {
    /// Whether the gallery shows a field.
    pub(super) fn admits(&self, entry: &DeskEntry) -> bool {
        let answer = entry.answer();
        match self {
            Self::All => true,
            Self::Label(label) => answer.is_some_and(|answer| {
                let mut present = answer.present().iter();
                present.any(|class| answer.label(*class) == label)
            }),
            Self::Unlabelled => answer.is_some_and(|answer| answer.present().is_empty()),
            Self::Unanswered => answer.is_none(),
        }
    }
}

/// The order of the gallery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The order in which the fields came.
    #[default]
    Added,
    /// By falling probability of the likeliest label.
    Confident,
    /// By rising probability of the likeliest label.
    Doubtful,
    /// By id.
    Name,
}

impl Sort {
    /// The order of two numbered fields. Fields without an answer come last where it matters.
    pub(super) fn compare(self, a: (u32, &DeskEntry), b: (u32, &DeskEntry)) -> Ordering {
        let best = |entry: &DeskEntry| {
            let probabilities = &entry.answer()?.prediction.probabilities;
            probabilities.iter().copied().reduce(f32::max)
        };
        let by_probability = |falling: bool| match (best(a.1), best(b.1)) {
            (Some(a), Some(b)) if falling => b.total_cmp(&a),
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        let order = match self {
            Self::Added => Ordering::Equal,
            Self::Confident => by_probability(true),
            Self::Doubtful => by_probability(false),
            Self::Name => a.1.id.cmp(&b.1.id),
        };
        order.then(a.0.cmp(&b.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples::answer;
    use crate::entry::FieldState;

    fn entry(id: &str, probabilities: &[f32]) -> DeskEntry {
        let mut entry = DeskEntry::new(id.to_owned(), String::new(), None);
        if !probabilities.is_empty() {
            entry.state = FieldState::Done(answer(probabilities));
        }
        entry
    }

    fn ordered(sort: Sort) -> Vec<u32> {
        let entries = [
            entry("c", &[0.6, 0.1]),
            entry("a", &[]),
            entry("b", &[0.2, 0.9]),
            entry("d", &[0.3, 0.4]),
        ];
        let mut numbered: Vec<_> = (0..).zip(&entries).collect();
        numbered.sort_by(|a, b| sort.compare(*a, *b));
        numbered.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn sorts_by_the_likeliest_label_and_puts_the_unanswered_last() {
        assert_eq!(ordered(Sort::Added), [0, 1, 2, 3]);
        assert_eq!(ordered(Sort::Confident), [2, 0, 3, 1]);
        assert_eq!(ordered(Sort::Doubtful), [3, 0, 2, 1]);
        assert_eq!(ordered(Sort::Name), [1, 2, 0, 3]);
    }

    #[test]
    fn filters_by_label() {
        let (both, none, open) = (
            entry("x", &[0.6, 0.9]),
            entry("y", &[0.1, 0.1]),
            entry("z", &[]),
        );
        let label = |label: &str| Filter::Label(label.to_owned());
        assert!(label("Cytosol").admits(&both) && !label("Cytosol").admits(&none));
        assert!(Filter::Unlabelled.admits(&none) && !Filter::Unlabelled.admits(&open));
        assert!(Filter::Unanswered.admits(&open) && !Filter::Unanswered.admits(&none));
    }
}
