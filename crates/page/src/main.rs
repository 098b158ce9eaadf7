//! The page's program: small, without any network, so that the page is alive at once.
//!
//! [`app::start`] wires its parts: files come from the [`input`] or the [`samples`], become tiles of the
//! [`gallery`] and wait in the [`queue`] until the [`engine`], a web worker, takes them. The selected
//! one is in the [`detail`]. The page never holds an image's bytes, but for the one that is looked at,
//! and computes nothing.

mod answer;
mod app;
mod detail;
mod device;
mod diagnostics;
mod dom;
mod download;
mod engine;
mod entry;
mod export;
mod gallery;
mod input;
mod models;
mod offline;
mod pace;
mod queue;
mod quiz;
mod results;
mod samples;
mod status;
mod store;
mod text;
mod theme;
mod viewer;
mod wire;

fn main() {
    console_error_panic_hook::set_once();
    app::start();
}
