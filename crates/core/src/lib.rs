//! Labels, channels, file names, limits, the package format and scores: the lowest crate of the workspace, small enough for the
//! page program.

mod channel;
pub mod confusion;
mod format;
mod group;
pub mod labels;
mod limits;
mod litter;
pub mod matching;
pub mod mixture;
mod order;
pub mod package;
pub mod plain;
pub mod ranking;
pub mod scores;
pub mod table;
mod well;

pub use channel::{Channel, NoSuchChannel};
pub use format::OtherFormat;
pub use group::{
    FaultKind, FieldFile, FieldFiles, FileFault, Grouping, ImageName, group, image_name,
    natural_order,
};
pub use limits::{MAX_FILE_BYTES, MAX_FILE_SIDE, MAX_SIDE, MIN_SIDE};
pub use litter::is_litter;
pub use order::{ChannelOrder, OrderError};
pub use well::{PlatePosition, Well};
