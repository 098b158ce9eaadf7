//! Texts of the copy for offline use.

use super::number;

/// For browsers that offer no way to keep a copy.
pub(crate) const IMPOSSIBLE: &str =
    "Offline use needs https or localhost and a window that is not private.";

/// The offer of a newer version that is kept and waits.
pub(crate) const NEWER: &str = "A new version is ready.";

/// The reason why the newer version cannot take over yet.
pub(crate) const CROWDED: &str =
    "A new version is ready. Close the other windows of Cytolens, then reload.";

/// The progress of the copy, in bytes.
pub(crate) fn keeping(kept: f64, total: f64) -> String {
    format!(
        "Keeping a copy for offline use: {} of {} MB",
        number::decimal(kept / 1e6, 0),
        number::decimal(total / 1e6, 0)
    )
}

/// The size of the complete copy, in bytes.
pub(crate) fn ready(total: f64) -> String {
    format!(
        "Ready for offline use ({} MB)",
        number::decimal(total / 1e6, 0)
    )
}

/// The reason why there is no complete copy: a file that did not come as it was built.
pub(crate) fn refused(file: &str, cause: &str) -> String {
    format!("There is no copy for offline use ({file}: {cause}). The next visit tries again.")
}

/// The reason why the copy stays at an older version.
pub(crate) fn newer_refused(file: &str, cause: &str) -> String {
    format!("Ready for offline use. The newer version could not be kept ({file}: {cause}).")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_whole_megabytes() {
        assert_eq!(
            keeping(12_400_000.0, 28_200_000.0),
            "Keeping a copy for offline use: 12 of 28 MB"
        );
        assert_eq!(ready(28_200_000.0), "Ready for offline use (28 MB)");
    }
}
