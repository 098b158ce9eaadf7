//! Zip archives: what they hold and where it lies, and what of it is refused. Only the directory and the entries' headers are read;
//! how bytes are fetched, and how they are unpacked, is the caller's.

mod listing;
mod loaded;
pub mod reasons;

pub use listing::{ArchiveEntry, Listing, list};

/// Whether a name is a zip archive's.
pub fn is_archive(name: &str) -> bool {
    name.len() > 4
        && name.is_char_boundary(name.len() - 4)
        && name[name.len() - 4..].eq_ignore_ascii_case(".zip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_known_by_name() {
        assert!(is_archive("set.zip") && is_archive("a/SET.ZIP"));
        assert!(!is_archive(".zip") && !is_archive("set.zip.png") && !is_archive("ö😀"));
    }
}
