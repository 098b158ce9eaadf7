//! Labels, channels, file names, limits, the package format and scores: the lowest crate of the workspace, small enough for the
//! page program.

mod channel;
mod group;
pub mod labels;
mod limits;
mod order;
pub mod package;
pub mod plain;
pub mod ranking;
pub mod scores;

pub use channel::{Channel, NoSuchChannel};
pub use group::{FaultKind, FieldFile, FieldFiles, FileFault, Grouping, group, natural_order};
pub use limits::{MAX_FILE_BYTES, MAX_SIDE, MIN_SIDE};
pub use order::{ChannelOrder, OrderError};
