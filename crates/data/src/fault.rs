//! What is wrong with one part of a set, so that it is left out.

use std::fmt;

use cytolens_core::FileFault;
use cytolens_field::FieldError;
use serde::{Deserialize, Serialize};

use super::files::ReadError;

/// Why a file, a field or a row of a table is left out. Equal reasons can be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which one: a file, a field's id, a row.
    pub subject: String,
    /// Why.
    pub reason: String,
}

impl Fault {
    /// The fault of this subject.
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

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::File { path, source } => Self::new(
                path.display().to_string(),
                format!("the file cannot be read ({source})"),
            ),
            ReadError::Field(error) => error.into(),
        }
    }
}

impl From<FieldError> for Fault {
    /// What differs from field to field goes into the subject.
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
                "all channels of a field must have the same depth",
            ),
            FieldError::MissingChannel {
                composition,
                channel,
                id,
                ..
            } => Self::new(
                id,
                format!("the composition {composition} needs the channel {channel}"),
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
                format!("a composite is a whole field, but {id} has other files"),
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
