//! The trainer's commands as users run them.

mod augment;
mod cells;
mod commands;
mod ensemble;
mod evaluate;
mod export;
mod folds;
mod neighbours;
mod painter;
mod predict;
mod remote;
mod repaint;
mod stack;
mod support;
mod train;
