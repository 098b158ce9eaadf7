//! The trainer as a person runs it.

mod augment;
mod commands;
mod evaluate;
mod export;
mod predict;
mod remote;
mod support;
mod train;
