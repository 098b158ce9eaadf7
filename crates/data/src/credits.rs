//! The attribution and the licence of a set's images.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::whole_file::write_whole;

/// The file with a set's [`Credits`], inside its folder. A set need not have one.
pub const CREDITS_FILE: &str = "set.toml";

/// The attribution and the licence of a set's images, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credits {
    /// The people or the project to be named wherever the images, or what was made from them, are passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// The licence, by its SPDX expression where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

impl Credits {
    /// The credits of this set and another together: all names, and all licences, as an SPDX expression joins them.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let joined = |one: Option<String>, other: Option<String>, between: &str| match (one, other)
        {
            (Some(one), Some(other)) if one != other => Some(format!("{one}{between}{other}")),
            (one, other) => one.or(other),
        };
        Self {
            attribution: joined(self.attribution, other.attribution, "; "),
            licence: joined(self.licence, other.licence, " AND "),
        }
    }

    /// Reads the credits of the set in a folder: none where it lacks [`CREDITS_FILE`].
    ///
    /// # Errors
    /// If the file cannot be read, has other keys or an empty text.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(CREDITS_FILE);
        let read = || -> Result<Self> {
            let text = match std::fs::read_to_string(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
                text => text?,
            };
            Self::parse(&text)
        };
        read().with_context(|| format!("cannot read {}", path.display()))
    }

    /// Reads the text of a [`CREDITS_FILE`].
    ///
    /// # Errors
    /// If it has other keys or an empty text.
    pub fn parse(text: &str) -> Result<Self> {
        let credits: Self = toml::from_str(text)?;
        for (key, value) in [
            ("attribution", &credits.attribution),
            ("licence", &credits.licence),
        ] {
            let is_empty = value.as_ref().is_some_and(|text| text.trim().is_empty());
            ensure!(!is_empty, "{key} is empty; leave out what is not known");
        }
        Ok(credits)
    }

    /// Writes [`CREDITS_FILE`] into the folder of a set, unless nothing is known.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        if *self == Self::default() {
            return Ok(());
        }
        write_whole(&folder.join(CREDITS_FILE), toml::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Credits> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(CREDITS_FILE), text).expect("a written file");
        Credits::read(folder.path())
    }

    #[test]
    fn a_set_has_the_credits_of_its_file() {
        let credits = read("attribution = \"A. Nobody\"\nlicence = \"CC-BY-4.0\"\n");
        let expected = Credits {
            attribution: Some("A. Nobody".to_owned()),
            licence: Some("CC-BY-4.0".to_owned()),
        };
        assert_eq!(credits.expect("credits"), expected);
        let half = read("licence = \"CC0-1.0\"").expect("credits");
        assert_eq!(half.attribution, None);
        assert_eq!(half.licence.as_deref(), Some("CC0-1.0"));
    }

    #[test]
    fn a_set_without_the_file_has_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let credits = Credits::read(folder.path()).expect("no credits");
        assert_eq!(credits, Credits::default());
    }

    #[test]
    fn two_sets_credits_name_both() {
        let credits = |attribution: &str, licence: &str| Credits {
            attribution: Some(attribution.to_owned()),
            licence: Some(licence.to_owned()),
        };
        let (one, other) = (credits("A", "CC-BY-4.0"), credits("B", "CC0-1.0"));
        let both = one.clone().and(other);
        assert_eq!(both, credits("A; B", "CC-BY-4.0 AND CC0-1.0"));
        assert_eq!(one.clone().and(one.clone()), one);
        assert_eq!(one.clone().and(Credits::default()), one);
        assert_eq!(Credits::default().and(one.clone()), one);
    }

    #[test]
    fn faults_are_named() {
        for (text, expected) in [
            ("license = \"MIT\"", "license"),
            ("licence = \" \"", "licence is empty"),
            ("attribution = 3", "attribution"),
        ] {
            let error = format!("{:#}", read(text).expect_err("a refusal"));
            assert!(
                error.contains(CREDITS_FILE) && error.contains(expected),
                "{error}"
            );
        }
    }
}
