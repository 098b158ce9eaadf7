//! Labelled fields on disk: sets, views and splits.

pub mod dataset;
pub mod duplicates;
pub mod files;
pub mod moments;
pub mod split;
pub mod views;
