//! One file a command.

pub mod package;
pub mod predict;
pub mod simulate;
pub mod train;

use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar with its rate and the time left; in a pipe it stays silent.
fn progress(length: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{prefix} {wide_bar} {pos}/{len}, {per_sec}, {eta} left {msg}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64)
        .with_style(style)
        .with_prefix(what)
}

/// Makes a folder for output, or refuses one that holds something.
pub(crate) fn new_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        let mut entries = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        if entries.next().is_some() {
            bail!(
                "{} holds something already; nothing was written",
                folder.display()
            );
        }
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
