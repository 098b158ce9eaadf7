//! Files as they come, before it is known what they are.

use super::field_input::Content;

/// A file, or an entry of an archive.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    /// Its name, behind folders and archives parted by `/`.
    pub(super) name: String,
    /// Where its bytes are.
    pub(super) content: Content,
}

/// A file that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its name, as [`SourceFile::name`].
    pub(super) name: String,
    /// Why, without its name.
    pub(super) reason: String,
    /// Whether it is only that it is none of the files that are read.
    pub(super) is_no_image: bool,
}

impl Refusal {
    /// A refusal of a file that somebody meant.
    pub(super) fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
            is_no_image: false,
        }
    }
}

/// Files and what is refused of them.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) files: Vec<SourceFile>,
    pub(super) refused: Vec<Refusal>,
}
