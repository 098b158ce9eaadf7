//! What visitors bring: from files to fields that can be sent to the engine.

mod drop_zone;
mod field_input;

pub(super) use drop_zone::{NamedFile, listen};
pub(super) use field_input::{FieldInput, FieldSource};
