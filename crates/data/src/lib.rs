//! Labelled fields on disk: sets, views, splits, augmentation and batches.

pub mod augmentation;
pub mod batches;
pub mod dataset;
pub mod duplicates;
pub mod fault;
pub mod files;
pub mod moments;
pub mod random;
pub mod repeats;
pub mod split;
pub mod table;
pub mod views;
pub mod whole_file;
