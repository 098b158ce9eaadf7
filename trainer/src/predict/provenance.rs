//! The provenance of a prediction: all that it depends on, so that only the same prediction is resumed.

use anyhow::{Context, Result, bail};
use cytolens::package::{ModelManifest, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of the provenance and the log.
const FORMAT: u32 = 1;

/// The provenance of a table of predictions: everything that its bytes depend on but the images' contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the provenance.
    pub format: u32,
    /// The program's version.
    pub program: String,
    /// The package's name.
    pub package: String,
    /// The SHA-256 of the package's manifest as the program writes it, with thresholds, composition, size
    /// and the checksum of the weights.
    pub manifest_sha256: String,
    /// The SHA-256 of the package's weights.
    pub weights_sha256: String,
    /// The share of the fields.
    pub shard: String,
    /// The number of fields in the share.
    pub fields: usize,
    /// The SHA-256 of the share's ids.
    pub ids_sha256: String,
    /// The order of channels in files with several.
    pub channels: String,
    /// The bits that 16-bit samples use.
    pub bits: Option<u32>,
    /// Whether fields of another scale are brought to the training's.
    #[serde(default)]
    pub to_scale: bool,
    /// Whether fields are classified in eight views.
    pub flips: bool,
    /// Whether rows have their pooled features.
    #[serde(default)]
    pub features: bool,
    /// The SHA-256 of the manifest of the painter that paints a channel where it is missing; none where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub painter: Option<String>,
    /// The device.
    pub device: String,
    /// The number of fields classified at once, on which the last digit may depend.
    pub batch: usize,
}

/// The user's choices in a [`Provenance`].
#[derive(Debug, Clone)]
pub struct Choices {
    /// The share of the fields.
    pub shard: String,
    /// The order of channels in files with several.
    pub channels: String,
    /// The bits that 16-bit samples use.
    pub bits: Option<u32>,
    /// Whether fields of another scale are brought to the training's.
    pub to_scale: bool,
    /// Whether fields are classified in eight views.
    pub flips: bool,
    /// Whether rows have their pooled features.
    pub features: bool,
    /// The SHA-256 of a painter's manifest.
    pub painter: Option<String>,
    /// The device.
    pub device: String,
    /// The number of fields classified at once.
    pub batch: usize,
}

impl Provenance {
    /// The provenance of a prediction of these fields.
    ///
    /// # Errors
    /// If the manifest cannot be written as JSON.
    pub fn new<'a>(
        manifest: &ModelManifest,
        ids: impl ExactSizeIterator<Item = &'a str>,
        choices: Choices,
    ) -> Result<Self> {
        let fields = ids.len();
        let Choices {
            shard,
            channels,
            bits,
            to_scale,
            flips,
            features,
            painter,
            device,
            batch,
        } = choices;
        Ok(Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            package: manifest.name().to_owned(),
            manifest_sha256: sha256(&serde_json::to_vec(manifest)?),
            weights_sha256: manifest.weights().sha256.clone(),
            shard,
            fields,
            ids_sha256: ids_sha256(ids),
            channels,
            bits,
            to_scale,
            flips,
            features,
            painter,
            device,
            batch,
        })
    }

    /// Checks that a prediction of the provenance `before`, a line of JSON, can be resumed.
    ///
    /// # Errors
    /// If it differs, naming every difference.
    pub fn check(&self, before: &str) -> Result<()> {
        check_same(self, before)
    }
}

/// Checks that work of the provenance `before`, a line of JSON, is that of `now` and can be resumed.
///
/// # Errors
/// If it differs, naming every difference.
pub fn check_same(now: &impl Serialize, before: &str) -> Result<()> {
    let before: Value = serde_json::from_str(before).context("not the log of a prediction")?;
    let now = serde_json::to_value(now)?;
    let (Some(before), Some(now)) = (before.as_object(), now.as_object()) else {
        bail!("not the log of a prediction");
    };
    let changed = now
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value))
        .map(|(key, value)| match before.get(key) {
            Some(before) => format!("{key} was {before} and is {value}"),
            None => format!("{key} is {value} and was not known"),
        });
    let gone = before
        .iter()
        .filter(|(key, _)| !now.contains_key(*key))
        .map(|(key, before)| format!("{key} was {before} and is not given"));
    let differences: Vec<String> = changed.chain(gone).collect();
    if !differences.is_empty() {
        bail!("it was begun otherwise: {}", differences.join("; "));
    }
    Ok(())
}

/// The SHA-256 of a list of ids.
pub fn ids_sha256<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for id in ids {
        // Each with its length, so that no two lists are hashed alike.
        hash.update((id.len() as u64).to_le_bytes());
        hash.update(id);
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::provenance;
    use super::*;

    #[test]
    fn a_painter_that_comes_or_goes_is_a_difference() {
        let without = provenance();
        let with = Provenance {
            painter: Some("cdef".to_owned()),
            ..provenance()
        };
        let [text_without, text_with] =
            [&without, &with].map(|one| serde_json::to_string(one).expect("JSON"));
        assert!(!text_without.contains("painter"), "{text_without}");
        with.check(&text_with).expect("the same");
        let came = with.check(&text_without).expect_err("a refusal");
        assert!(came.to_string().contains("painter is \"cdef\""), "{came}");
        let gone = without.check(&text_with).expect_err("a refusal");
        assert!(
            gone.to_string()
                .contains("painter was \"cdef\" and is not given"),
            "{gone}"
        );
    }
}
