//! One file a command.

pub mod augment;
pub mod augment_device;
pub mod export;
pub mod inspect;
pub mod package;
pub mod predict;
pub mod simulate;
pub mod split;
pub mod train;
