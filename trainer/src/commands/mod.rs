//! The commands, one a file, and the parts that several share.

pub mod adapt;
pub mod arguments;
pub mod augment;
pub mod augment_device;
pub mod calibrate_cells;
pub mod cells;
pub mod compare;
pub mod download;
pub mod embed;
pub mod ensemble;
pub mod evaluate;
pub mod export;
pub mod familiar;
pub mod index;
pub mod inspect;
pub mod merge;
pub mod package;
pub mod predict;
pub mod probe;
pub mod score_cells;
pub mod scored_model;
pub mod serve;
pub mod simulate;
pub mod split;
pub mod train;
pub mod train_cells;
