//! Helpers for the tests of several crates.

use std::path::{Path, PathBuf};

/// The path of third-party data (real fields, labels, ImageNet weights), which are not part of the project: `path` in the folder
/// `CYTOLENS_DATA`, or in `shared/data` beside the project.
///
/// Tests that call this are `#[ignore]`d, so that they count as ignored where the data are absent;
/// `cargo test -- --include-ignored` runs them.
///
/// # Panics
/// If nothing is at that path.
pub fn third_party(path: &str) -> PathBuf {
    let folder = std::env::var_os("CYTOLENS_DATA").map_or_else(beside_the_project, PathBuf::from);
    let path = folder.join(path);
    assert!(
        path.exists(),
        "this test needs {}: set CYTOLENS_DATA to the folder of third-party data",
        path.display()
    );
    path
}

fn beside_the_project() -> PathBuf {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders
        .map(|folder| folder.join("shared/data"))
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| PathBuf::from("shared/data"))
}
