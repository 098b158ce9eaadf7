//! A job of the engine: a task and its subject.

/// The first number of a question in messages. No desk holds that many fields.
const FIRST_QUESTION: u32 = 1 << 31;

/// The number of priorities of jobs.
pub(super) const PRIORITIES: usize = 4;

/// The task of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// To decode a field for display.
    View,
    /// To classify a field.
    Classify,
    /// To find a field's cells.
    FindCells,
}

/// The subject of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A field of the desk, by its number.
    Field(u32),
    /// A field that the quiz asks about, by the number of the question.
    Question(u32),
}

impl Subject {
    /// The subject with this number in messages.
    pub(crate) fn of_message(number: u32) -> Self {
        match number.checked_sub(FIRST_QUESTION) {
            Some(question) => Self::Question(question),
            None => Self::Field(number),
        }
    }

    /// The subject's number in messages.
    pub(crate) fn in_message(self) -> u32 {
        match self {
            Self::Field(field) => field,
            Self::Question(question) => FIRST_QUESTION + question,
        }
    }
}

/// One job of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Job {
    /// The task.
    pub(crate) task: Task,
    /// The subject.
    pub(crate) subject: Subject,
}

impl Job {
    /// The job to decode a subject for display.
    pub(crate) fn view(subject: Subject) -> Self {
        let task = Task::View;
        Self { task, subject }
    }

    /// The job to classify a subject.
    pub(crate) fn classify(subject: Subject) -> Self {
        let task = Task::Classify;
        Self { task, subject }
    }

    /// The job to find the cells of a subject.
    pub(crate) fn find_cells(subject: Subject) -> Self {
        let task = Task::FindCells;
        Self { task, subject }
    }

    /// The priority, from 0, the most urgent: somebody waits to see a picture, a person at the quiz waits
    /// for the model's answer, and cells are asked for only of fields that have theirs.
    pub(super) fn priority(self) -> usize {
        match self {
            Self {
                task: Task::View, ..
            } => 0,
            Self {
                subject: Subject::Question(_),
                ..
            } => 1,
            Self {
                task: Task::FindCells,
                ..
            } => 2,
            Self { .. } => PRIORITIES - 1,
        }
    }

    /// Whether the subject is a field of the desk.
    pub(super) fn is_of_desk(self) -> bool {
        matches!(self.subject, Subject::Field(_))
    }
}
