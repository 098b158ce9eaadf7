//! The parts of the page.
//!
//! [`start`] wires them: files come from the [`drop_zone`] or the [`samples`], become [`cards`] and
//! wait in the [`queue`] until the [`engine`], a web worker, takes them. The page never holds an
//! image's bytes, and computes nothing.

mod app;
mod cards;
mod device;
mod dom;
mod download;
mod drop_zone;
mod engine;
mod queue;
mod samples;
mod status;
mod text;
mod wire;

pub use app::start;
