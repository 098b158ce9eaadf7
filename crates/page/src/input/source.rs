//! Files of any kind, before they are sorted.

use super::field_input::Content;
use cytolens_core::plain::plain;

/// A file, or an entry of an archive.
#[derive(Debug, Clone)]
pub(super) struct SourceFile {
    /// The file's name, behind its folders and archives, separated by `/`.
    pub(super) name: String,
    /// The file's bytes.
    pub(super) content: Content,
}

/// A file that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The file's name, as [`SourceFile::name`].
    pub(super) name: String,
    /// The reason, without the file's name.
    pub(super) reason: String,
    /// Whether the reason is only that the file is no image: then it may have been brought by chance.
    pub(super) is_no_image: bool,
}

impl Refusal {
    /// A refusal of a file that is more than no image.
    pub(super) fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            reason: reason.into(),
            is_no_image: false,
        }
    }
}

/// Files and those of them that are refused.
#[derive(Debug, Default)]
pub(super) struct SourceFiles {
    pub(super) files: Vec<SourceFile>,
    pub(super) refused: Vec<Refusal>,
}

impl SourceFiles {
    /// The same files by names that can be shown beside other words.
    pub(super) fn plainly_named(mut self) -> Self {
        let names = self.files.iter_mut().map(|file| &mut file.name);
        let refused = self.refused.iter_mut().map(|refusal| &mut refusal.name);
        for name in names.chain(refused) {
            *name = plain(name);
        }
        self
    }
}
