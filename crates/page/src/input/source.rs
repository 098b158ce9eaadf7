//! Files of any kind, before they are sorted.

use std::collections::BTreeMap;

use super::field_input::Content;
use cytolens_core::OtherFormat;
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
    /// The same files without those that only together are something that is not read: each such folder or archive is one refusal.
    pub(super) fn without_zarr(mut self) -> Self {
        let names = self.files.iter().map(|file| &file.name);
        let names = names.chain(self.refused.iter().map(|refusal| &refusal.name));
        let found = names.filter_map(|name| OtherFormat::of_folder(name));
        let found: BTreeMap<String, OtherFormat> = found
            .map(|(folder, format)| (folder.to_owned(), format))
            .collect();
        for (folder, format) in found {
            let is_inside = |name: &str| {
                let rest = name.strip_prefix(&*folder);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let count = self.files.len() + self.refused.len();
            self.files.retain(|file| !is_inside(&file.name));
            self.refused.retain(|refusal| !is_inside(&refusal.name));
            // Else it lies inside of another.
            if self.files.len() + self.refused.len() < count {
                let refusal = Refusal::new(folder, format.to_string());
                self.refused.push(refusal);
            }
        }
        self
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zarr_is_one_refusal() {
        let names = [
            "set/x.ome.zarr/0/zarr.json",
            "set/x.ome.zarr/0/c/0/0",
            "set/a_green.png",
            "plain/zarr.json",
            "plain/0/zarr.json",
        ];
        let sources = SourceFiles {
            refused: names.iter().map(|name| Refusal::new(*name, "")).collect(),
            ..SourceFiles::default()
        };
        let left: Vec<String> = sources
            .without_zarr()
            .refused
            .into_iter()
            .map(|refusal| refusal.name)
            .collect();
        assert_eq!(left, ["set/a_green.png", "plain", "set/x.ome.zarr"]);
    }
}
