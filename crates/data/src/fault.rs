//! Faults: reasons to leave out a part of a set.

use std::fmt;

use cytolens_core::FileFault;
use cytolens_field::{FieldError, described};
use serde::{Deserialize, Serialize};

/// A file, a field or a row of a table that is left out, and the reason. Equal reasons can be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The file's name, the field's id or the row.
    pub subject: String,
    /// The reason, the same for all subjects of its kind.
    pub reason: String,
}

impl Fault {
    /// Makes the fault of a subject.
    pub fn new(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.subject)
    }
}

impl From<FileFault> for Fault {
    fn from(fault: FileFault) -> Self {
        Self::new(fault.name, fault.kind.to_string())
    }
}

impl From<FieldError> for Fault {
    /// Puts the details that differ from field to field into the subject.
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::File { file, fault } => Self::new(file, fault.to_string()),
            FieldError::SizesDiffer {
                first,
                first_size,
                second,
                second_size,
            } => Self::new(
                format!(
                    "{first} ({} × {} px), {second} ({} × {} px)",
                    first_size.0, first_size.1, second_size.0, second_size.1
                ),
                "all channels of a field must have the same size",
            ),
            FieldError::DepthsDiffer {
                first,
                first_bits,
                second,
                second_bits,
            } => Self::new(
                format!("{first} ({first_bits} bit), {second} ({second_bits} bit)"),
                "all channels of a field must have the same bit depth",
            ),
            FieldError::MissingChannels { missing, id, .. } => Self::new(
                id,
                format!("missing: {}, which the model needs", described(&missing)),
            ),
            FieldError::MoreBits {
                claimed,
                brightest,
                id,
                ..
            } => Self::new(
                format!("{id} ({brightest})"),
                format!("a sample needs more than {claimed} bits"),
            ),
            FieldError::CompositeNotAlone { id, file } => Self::new(
                file,
                format!("a file of all channels is a whole field, but {id} has other files"),
            ),
            FieldError::ChannelTwice { channel, second } => Self::new(
                second,
                format!("the field has its {channel} channel already"),
            ),
            FieldError::NoFiles { id } => Self::new(id, "the field has no channel"),
            FieldError::NoSuchBits { .. } | FieldError::SampleCount { .. } => {
                Self::new("the field", error.to_string())
            }
        }
    }
}
