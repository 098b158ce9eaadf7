//! A field on the desk: plain values, and the handles of its images.

use std::rc::Rc;

use web_sys::Blob;

use super::answer::Answer;
use super::input::FieldInput;
use cytolens_core::{Channel, PlatePosition};
use cytolens_protocol::Maps;

/// The progress of a field from its files to its answer.
#[derive(Debug, Clone)]
pub(super) enum FieldState {
    /// The field waits for its turn.
    Waiting,
    /// The engine classifies the field.
    Working,
    /// The visitor gave the field up before its turn.
    Cancelled,
    /// The field has its answer.
    Done(Rc<Answer>),
    /// The field could not be classified, for this reason.
    Refused(String),
}

impl FieldState {
    /// The state's name in the attribute `data-state`.
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

/// The activation maps of a field while the page holds them.
#[derive(Debug, Clone)]
pub(super) struct HeldMaps {
    /// The maps.
    pub(super) maps: Rc<Maps>,
    /// Whether the store has them, too.
    pub(super) are_stored: bool,
}

/// One field on the desk, or one file that belongs to no field.
#[derive(Debug, Clone)]
pub(super) struct DeskEntry {
    /// The field's id, or the file's name.
    pub(super) id: String,
    /// The well and the site that the id names.
    pub(super) position: Option<PlatePosition>,
    /// The channels, and once known size and depth, in one line.
    pub(super) source: String,
    /// The picture for the gallery, once known.
    pub(super) thumbnail: Option<Blob>,
    /// The bits with which its samples seem to have been recorded, where the files have more and the network saw them dark.
    pub(super) camera_bits: Option<u32>,
    /// Whether its cells look much larger or smaller than in training, as far as its files tell.
    pub(super) is_of_other_scale: bool,
    /// The channel at which the model looks and that the files lack, where they lack that one alone.
    pub(super) missing: Option<Channel>,
    /// Whether the visitor wants that channel painted.
    pub(super) paint: bool,
    /// The files; none where they are in the store, or nowhere.
    pub(super) input: Option<FieldInput>,
    /// The activation maps: of the selected field once they were asked for, and of every field where no
    /// store keeps them.
    pub(super) maps: Option<HeldMaps>,
    /// The progress.
    pub(super) state: FieldState,
}

impl DeskEntry {
    /// A field that waits.
    pub(super) fn new(id: String, source: String, input: Option<FieldInput>) -> Self {
        Self {
            position: PlatePosition::of(&id),
            id,
            source,
            thumbnail: None,
            camera_bits: None,
            is_of_other_scale: false,
            missing: None,
            paint: false,
            input,
            maps: None,
            state: FieldState::Waiting,
        }
    }

    /// A file or a field that is not classified, for this reason.
    pub(super) fn refused(id: &str, reason: &str) -> Self {
        Self {
            state: FieldState::Refused(reason.to_owned()),
            ..Self::new(id.to_owned(), String::new(), None)
        }
    }

    /// Whether it is a file that belongs to no field: a field has files or, read back, channels.
    pub(super) fn is_passed_over(&self) -> bool {
        self.passed_over().is_some()
    }

    /// The reason why a file belongs to no field, which names the file.
    pub(super) fn passed_over(&self) -> Option<&str> {
        match &self.state {
            FieldState::Refused(reason) if self.input.is_none() && self.source.is_empty() => {
                Some(reason)
            }
            _ => None,
        }
    }

    /// The answer, once there is one.
    pub(super) fn answer(&self) -> Option<&Rc<Answer>> {
        match &self.state {
            FieldState::Done(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether the field is still to be classified.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, FieldState::Waiting | FieldState::Working)
    }

    /// The names of the files; empty where they are not known any more.
    pub(super) fn file_names(&self) -> String {
        let names = self.input.as_ref().map(FieldInput::names);
        names.unwrap_or_default()
    }
}
