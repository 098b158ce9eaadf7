//! Model packages among files: `manifest.json` with `weights.safetensors` beside it.

use std::collections::BTreeMap;

use super::archive::is_archive;
use cytolens_core::package::{MANIFEST, WEIGHTS};

/// A package, by positions among the names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FoundPackage {
    /// The name of its folder or archive; empty where the two files came alone.
    pub(super) name: String,
    pub(super) manifest: usize,
    pub(super) weights: usize,
}

/// The packages among names, and the files of half ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Packages {
    pub(super) found: Vec<FoundPackage>,
    /// Weights without a manifest.
    pub(super) lone_weights: Vec<usize>,
    /// Manifests without weights; other programs, too, use the name.
    pub(super) lone_manifests: Vec<usize>,
    /// For each name, whether it belongs to a package or lies in its folder: then it is no field's.
    pub(super) is_taken: Vec<bool>,
}

/// Finds the packages among names.
pub(super) fn find<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Packages {
    let mut halves: BTreeMap<&str, [Option<usize>; 2]> = BTreeMap::new();
    for (index, name) in names.clone().enumerate() {
        let (folder, file) = split(name);
        for (half, wanted) in [MANIFEST, WEIGHTS].into_iter().enumerate() {
            if file.eq_ignore_ascii_case(wanted) {
                halves.entry(folder).or_default()[half].get_or_insert(index);
            }
        }
    }
    let mut packages = Packages::default();
    let mut folders = Vec::new();
    for (folder, half) in halves {
        match half {
            [Some(manifest), Some(weights)] => {
                packages.found.push(FoundPackage {
                    name: short(folder),
                    manifest,
                    weights,
                });
                folders.push(folder);
            }
            [Some(manifest), None] => packages.lone_manifests.push(manifest),
            [None, Some(weights)] => packages.lone_weights.push(weights),
            [None, None] => {}
        }
    }
    let is_half = |index: usize| {
        let weights = packages.lone_weights.contains(&index);
        weights || packages.found.iter().any(|found| found.has(index))
    };
    packages.is_taken = names
        .enumerate()
        .map(|(index, name)| {
            let folder = split(name).0;
            is_half(index) || !folder.is_empty() && folders.contains(&folder)
        })
        .collect();
    packages
}

impl FoundPackage {
    fn has(&self, index: usize) -> bool {
        self.manifest == index || self.weights == index
    }
}

fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

/// The last folder's name, an archive's without its ending.
fn short(folder: &str) -> String {
    let name = split(folder).1;
    if is_archive(name) {
        name[..name.len() - 4].to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Packages {
        find(names.iter().copied())
    }

    #[test]
    fn a_folder_an_archive_and_two_files_are_packages() {
        for (names, name) in [
            (
                &["mine/manifest.json", "mine/weights.safetensors"][..],
                "mine",
            ),
            (&["a.zip/weights.safetensors", "a.zip/manifest.json"], "a"),
            (
                &["a.zip/in/manifest.json", "a.zip/in/weights.safetensors"],
                "in",
            ),
            (&["manifest.json", "weights.safetensors"], ""),
        ] {
            let packages = found(names);
            assert_eq!(packages.found[0].name, name);
            assert_eq!(packages.is_taken, [true, true]);
        }
    }

    #[test]
    fn fields_beside_a_package_stay_fields() {
        let packages = found(&[
            "manifest.json",
            "x_red.png",
            "weights.safetensors",
            "other/y.png",
        ]);
        assert_eq!(packages.is_taken, [true, false, true, false]);
        let packages = found(&[
            "p/manifest.json",
            "p/loss.png",
            "p/weights.safetensors",
            "q/y.png",
        ]);
        assert_eq!(packages.is_taken, [true, true, true, false]);
    }

    #[test]
    fn halves_are_no_package() {
        let packages = found(&["a/manifest.json", "b/weights.safetensors", "x.png"]);
        assert!(packages.found.is_empty());
        assert_eq!(packages.lone_weights, [1]);
        assert_eq!(packages.lone_manifests, [0]);
        assert_eq!(packages.is_taken, [false, true, false]);
    }
}
