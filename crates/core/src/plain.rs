//! Words out of foreign files, which are shown beside words of our own.

/// The most bytes of a name, of a model or of a label for example. Every answer that is kept has them all.
pub const LONGEST_NAME: usize = 4096;

/// Whether a letter changes how those beside it are shown: a control character, or a mark that turns the direction of writing
/// (Unicode's embeddings, overrides and isolates).
fn is_unruly(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with U+FFFD for every letter that would change how those beside it are shown.
pub fn plain(text: &str) -> String {
    text.replace(is_unruly, "\u{fffd}")
}

/// The most bytes of a reason that quotes a file.
const LONGEST_REASON: usize = 500;

/// A reason that may quote a file's words: [`plain`], and no longer than a line or a few.
pub fn reason(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_REASON);
    let more = if end < text.len() { " ..." } else { "" };
    plain(&text[..end]) + more
}

/// Whether a text can be a name, of a model or of a label for example, or an id in an index: at most [`LONGEST_NAME`] bytes, and plain.
pub fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && !text.contains(is_unruly)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_writing_is_replaced_and_no_name() {
        // Shown as it stands, this reads as "Cytosol 0.52" with its number turned round.
        for text in [
            "Cytosol\u{202e}25.0",
            "a\u{2067}b",
            "a\u{2069}b",
            "a\nb",
            "a\0",
        ] {
            assert!(!is_name(text), "{text:?}");
            assert!(is_name(&plain(text)), "{text:?}");
        }
        assert_eq!(plain("x\u{202e}y"), "x\u{fffd}y");
        for text in ["Zellkörper", "細胞", "خلية", "<b>", "<script>", "🧬 2", ""] {
            assert_eq!(plain(text), text);
            assert!(is_name(text), "{text}");
        }
    }

    #[test]
    fn a_reason_quotes_not_all_of_a_file() {
        assert_eq!(reason("expected a number"), "expected a number");
        assert_eq!(reason("x\u{202e}\u{1b}y"), "x\u{fffd}\u{fffd}y");
        let long = reason(&"細".repeat(10_000));
        assert!(long.len() <= 504 && long.ends_with("細 ..."), "{long}");
    }

    #[test]
    fn endless_words_are_no_name() {
        assert!(is_name(&"W".repeat(LONGEST_NAME)));
        assert!(!is_name(&"W".repeat(LONGEST_NAME + 1)));
    }
}
