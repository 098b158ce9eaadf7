//! The page's program: small, without any network, so that the page responds at once.
//!
//! The [`session`] owns everything that the page knows. [`app`] carries the visitor's and the worker's
//! events to it, and its effects to the parts of the page: the tiles of the [`gallery`], the rows of the
//! [`table`], the wells of the [`plate`], the panel of the selected field in [`detail`], the [`store`], and the [`engine`], which is a web worker. Files come from
//! the [`input`] or the [`samples`]. The page holds the pixels of the selected field alone, and computes
//! nothing.

mod adapter;
mod answer;
mod app;
mod cells;
mod detail;
mod device;
mod diagnostics;
mod dom;
mod download;
mod engine;
mod entry;
mod export;
mod facts;
mod fonts;
mod gallery;
mod input;
mod listing;
mod map;
mod models;
mod numerals;
mod offline;
mod placement;
mod plate;
mod plate_canvas;
mod quiz;
mod results;
mod samples;
mod scores;
mod session;
mod sieve;
mod similar;
mod status;
mod storage_error;
mod store;
mod stored_blob;
mod table;
mod teach;
mod text;
mod theme;
mod viewer;
mod wire;

fn main() {
    console_error_panic_hook::set_once();
    app::start();
}
