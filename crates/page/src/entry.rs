//! The fields on the desk, as the page knows them: plain values, and the handles of their images.

use std::cmp::Ordering;
use std::rc::Rc;

use web_sys::Blob;

use super::answer::Answer;
use super::input::FieldInput;

/// How far a field is.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Before its turn.
    Waiting,
    /// The engine has it.
    Working,
    /// The visitor gave it up before its turn.
    Cancelled,
    /// With its answer.
    Done(Rc<Answer>),
    /// With its fault.
    Refused(String),
}

impl Outcome {
    /// The name that `data-state` has in the page.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Cancelled => "cancelled",
            Self::Done(_) => "done",
            Self::Refused(_) => "error",
        }
    }
}

/// One field, or one file that belongs to none.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The field's id, or the file's name.
    pub(super) id: String,
    /// One line: which channels, then size and depth once known.
    pub(super) source: String,
    /// The picture for the gallery, once known.
    pub(super) thumbnail: Option<Blob>,
    /// Its files; none where they are in the store, or nowhere.
    pub(super) input: Option<FieldInput>,
    /// How far it is.
    pub(super) outcome: Outcome,
}

impl Entry {
    /// A field that waits.
    pub(super) fn new(id: String, source: String, input: Option<FieldInput>) -> Self {
        Self {
            id,
            source,
            thumbnail: None,
            input,
            outcome: Outcome::Waiting,
        }
    }

    /// The answer, once there is one.
    pub(super) fn answer(&self) -> Option<&Rc<Answer>> {
        match &self.outcome {
            Outcome::Done(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether it is still to be answered.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Waiting | Outcome::Working)
    }
}

/// Which fields the gallery shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Filter {
    /// All.
    #[default]
    All,
    /// Those with this label.
    Label(String),
    /// Those over no threshold.
    Unlabelled,
    /// Those without an answer.
    Unanswered,
}

impl Filter {
    /// Whether the filter lets a field through.
    pub(super) fn admits(&self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Label(label) => entry.answer().is_some_and(|answer| {
                let mut present = answer.present.iter();
                present.any(|class| answer.label(*class) == label)
            }),
            Self::Unlabelled => entry
                .answer()
                .is_some_and(|answer| answer.present.is_empty()),
            Self::Unanswered => entry.answer().is_none(),
        }
    }
}

/// The order of the gallery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// As the fields came.
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
    /// The order that the page's select names.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "confident" => Self::Confident,
            "doubtful" => Self::Doubtful,
            "name" => Self::Name,
            _ => Self::Added,
        }
    }

    /// Which of two numbered fields comes first. Those without an answer come last.
    pub(super) fn compare(self, a: (u32, &Entry), b: (u32, &Entry)) -> Ordering {
        let best = |entry: &Entry| {
            let answer = entry.answer()?;
            answer.probabilities.iter().copied().reduce(f32::max)
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
    use cytolens_protocol::ModelSummary;

    fn entry(id: &str, probabilities: &[f32]) -> Entry {
        let mut entry = Entry::new(id.to_owned(), String::new(), None);
        if !probabilities.is_empty() {
            let over = |&class: &usize| probabilities[class] >= 0.5;
            entry.outcome = Outcome::Done(Rc::new(Answer {
                model: Rc::new(ModelSummary {
                    name: String::new(),
                    limits: String::new(),
                    labels: ["Nucleoli", "Cytosol"].map(str::to_owned).to_vec(),
                    thresholds: vec![0.5; 2],
                    size: 64,
                    composition: "rgb".to_owned(),
                    architecture: String::new(),
                    licence: String::new(),
                    weights_sha256: String::new(),
                }),
                device: String::new(),
                probabilities: probabilities.to_vec(),
                present: (0..probabilities.len()).filter(over).collect(),
                decode_ms: 0.0,
                network_ms: 0.0,
                map_ms: 0.0,
            }));
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
