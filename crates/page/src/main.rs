//! The page's program: small, without any network, so that the page responds at once.
//!
//! The [`session`] owns everything that the page knows. [`app`] carries the visitor's and the worker's
//! events to it, and its effects to the parts of the page: the tiles of the [`gallery`], the panel of the
//! selected field in [`detail`], the [`store`], and the [`engine`], which is a web worker. Files come from
//! the [`input`] or the [`samples`]. The page holds the pixels of the selected field alone, and computes
//! nothing.

mod adapter;
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
mod facts;
mod gallery;
mod input;
mod models;
mod offline;
mod placement;
mod quiz;
mod results;
mod samples;
mod session;
mod status;
mod storage_error;
mod store;
mod stored_blob;
mod text;
mod theme;
mod viewer;
mod wire;

fn main() {
    console_error_panic_hook::set_once();
    app::start();
}
