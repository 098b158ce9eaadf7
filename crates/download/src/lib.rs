//! Download of the Human Protein Atlas's public images, by a table of ids and labels, into a folder that training can read.
//!
//! From low to high: `id`, `base`, `settings`, `halt`; `pace` (how often the host is asked) and `client` (one request); `folder`
//! (where files lie) and `failures`; `field` (one field, until it is whole); `plan` (which rows are to be fetched); `download`.

mod base;
mod client;
mod download;
mod failures;
mod field;
mod folder;
mod halt;
mod id;
mod pace;
mod plan;
mod settings;
mod verify;

pub use base::{Base, NoSuchBase};
pub use download::{Download, Summary};
pub use failures::FAILURES_FILE;
pub use halt::stop_on_signals;
pub use settings::{Patience, Settings};

#[cfg(test)]
mod tests;
