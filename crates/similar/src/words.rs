//! Words out of foreign files, which are shown beside words of our own.

/// The most bytes of one.
const LONGEST: usize = 4096;

/// Whether a text can be shown beside others: not endless, and without control characters and marks that turn the direction of writing.
/// The rule is `plain::is_name` of `cytolens-core`, which this crate stands beside and not upon; `crates/fuzzing` holds both together.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_unruly = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.len() <= LONGEST && !text.contains(is_unruly)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misleads_or_has_no_end_is_not_plain() {
        for text in ["a\u{202e}b", "a\u{2069}b", "a\nb", "\0", &"W".repeat(4097)] {
            assert!(!is_plain(text), "{text:?}");
        }
        for text in ["", "<script>", "خلية", &"W".repeat(4096)] {
            assert!(is_plain(text), "{text:?}");
        }
    }
}
