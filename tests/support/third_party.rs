//! Where tests find real fields, real labels and ImageNet weights, which are not part of the project.

use std::path::{Path, PathBuf};

/// What lies at `path` in the folder `CYTOLENS_DATA`, or in `shared/data` beside the project; none,
/// after a line that says so, where it is absent and the test must skip.
pub fn third_party(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CYTOLENS_DATA").map_or_else(
        || {
            let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
            folders
                .map(|folder| folder.join("shared/data"))
                .find(|folder| folder.is_dir())
                .unwrap_or_else(|| PathBuf::from("shared/data"))
        },
        PathBuf::from,
    );
    let path = folder.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}
