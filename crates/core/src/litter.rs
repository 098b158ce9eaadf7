//! Files that systems leave beside people's own.

/// Whether nobody means this file: a hidden one, one of a hidden folder, or a system's.
pub fn is_litter(path: &str) -> bool {
    let mut parts = path.split(['/', '\\']);
    parts.any(|part| {
        part.starts_with('.')
            || ["__MACOSX", "thumbs.db", "desktop.ini"]
                .iter()
                .any(|litter| part.eq_ignore_ascii_case(litter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systems_leave_is_litter() {
        for path in [
            ".DS_Store",
            "set/.git/x.png",
            "__MACOSX/a/._x.png",
            "a/Thumbs.db",
            "desktop.ini",
        ] {
            assert!(is_litter(path), "{path}");
        }
        for path in ["x.png", "a.b/x.png", "set/thumbs.db.png"] {
            assert!(!is_litter(path), "{path}");
        }
    }
}
