//! The trainer's commands as users run them.

mod augment;
mod cells;
mod commands;
mod ensemble;
mod evaluate;
mod export;
mod folds;
mod predict;
mod remote;
mod support;
mod train;
