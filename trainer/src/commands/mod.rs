//! One file a command.

pub mod arguments;
pub mod augment;
pub mod augment_device;
pub mod compare;
pub mod evaluate;
pub mod evaluate_model;
pub mod export;
pub mod inspect;
pub mod package;
pub mod predict;
pub mod probe;
pub mod serve;
pub mod simulate;
pub mod split;
pub mod train;
