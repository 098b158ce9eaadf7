//! Labelled fields on disk: sets, views and splits.

pub mod arguments;
pub mod dataset;
pub mod fault;
pub mod files;
pub mod moments;
pub mod split;
pub mod table;
pub mod views;
