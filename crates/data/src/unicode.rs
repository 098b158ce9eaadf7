//! Unicode's forms: a Mac writes `ä` into names of files as `a` with a mark, spreadsheets as one letter.

use icu_normalizer::ComposingNormalizerBorrowed;

/// The text with its letters and marks composed (NFC).
pub fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}
