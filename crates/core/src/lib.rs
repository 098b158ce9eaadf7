//! Labels, channels, file names, limits, the package format and scores: the lowest crate of the workspace, small enough for the
//! page program.

mod channel;
mod format;
mod group;
pub mod labels;
mod limits;
mod litter;
pub mod matching;
mod order;
pub mod package;
pub mod plain;
pub mod ranking;
pub mod scores;
pub mod table;

pub use channel::{Channel, NoSuchChannel};
pub use format::OtherFormat;
pub use group::{
    FaultKind, FieldFile, FieldFiles, FileFault, Grouping, group, natural_order, without_copy_mark,
};
pub use limits::{MAX_FILE_BYTES, MAX_FILE_SIDE, MAX_SIDE, MIN_SIDE};
pub use litter::is_litter;
pub use order::{ChannelOrder, OrderError};
