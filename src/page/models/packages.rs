//! Packages among the files that a visitor brings.

use super::PackageFiles;
use crate::page::input::NamedFile;
use crate::page::text::models as text;

const MANIFEST: &str = "manifest.json";
const WEIGHTS: &str = "weights.safetensors";

/// The packages, and the files that belong to none. A package is a manifest and weights in one folder.
pub(crate) fn packages(files: Vec<NamedFile>) -> (Vec<PackageFiles>, Vec<NamedFile>) {
    let pairs = pairs(files.iter().map(|(name, _)| name.as_str()));
    let content = |at: usize| files.get(at).map(|(_, blob)| blob.clone().into());
    let packages = pairs.iter().filter_map(|(folder, manifest, weights)| {
        Some(PackageFiles {
            name: text::package_in(folder),
            manifest: content(*manifest)?,
            weights: content(*weights)?,
        })
    });
    let packages = packages.collect();
    let is_used = |at: usize| pairs.iter().any(|pair| pair.1 == at || pair.2 == at);
    let rest = files.iter().enumerate().filter(|(at, _)| !is_used(*at));
    let rest = rest.map(|(_, file)| file.clone()).collect();
    (packages, rest)
}

/// The folders that hold a package, with the places of their manifest and their weights.
fn pairs<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, usize, usize)> {
    let names: Vec<(&str, &str)> = names
        .map(|name| name.rsplit_once('/').unwrap_or(("", name)))
        .collect();
    let place = |folder: &str, file: &str| {
        names
            .iter()
            .position(|(other, name)| *other == folder && *name == file)
    };
    let manifests = names
        .iter()
        .enumerate()
        .filter(|(_, (_, name))| *name == MANIFEST);
    manifests
        .filter_map(|(at, (folder, _))| Some((*folder, at, place(folder, WEIGHTS)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_two_files_of_one_folder() {
        let names = [
            "a/x_green.png",
            "a/manifest.json",
            "b/manifest.json",
            "b/weights.safetensors",
            "weights.safetensors",
            "manifest.json",
        ];
        assert_eq!(pairs(names.into_iter()), [("b", 2, 3), ("", 5, 4)]);
        assert_eq!(pairs(names[..3].iter().copied()), []);
    }
}
