//! What a prediction depends on, so that a break is gone on with by the same means only.

use anyhow::{Context, Result, bail};
use cytolens::package::{Manifest, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of what is written down here and in the log.
const FORMAT: u32 = 1;

/// All that decides the bytes of a table of predictions, but for the image files' contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of this account.
    pub format: u32,
    /// The program's version.
    pub program: String,
    /// The package's name.
    pub package: String,
    /// The SHA-256 of the package's manifest as the program writes it: thresholds, composition,
    /// size, and the checksum of the weights.
    pub manifest_sha256: String,
    /// The SHA-256 of the package's weights.
    pub weights_sha256: String,
    /// The share of the fields.
    pub shard: String,
    /// How many fields the share has.
    pub fields: usize,
    /// The SHA-256 of the share's ids.
    pub ids_sha256: String,
    /// The order of channels in files of several.
    pub channels: String,
    /// The bits that 16-bit samples use.
    pub bits: Option<u32>,
    /// Whether fields are classified in eight views.
    pub flips: bool,
    /// What computes.
    pub device: String,
    /// How many fields are classified at once, which may change the last digit.
    pub batch: usize,
}

/// What a user chose, see [`Provenance`].
#[derive(Debug, Clone)]
pub struct Choices {
    /// The share.
    pub shard: String,
    /// The order of channels.
    pub channels: String,
    /// The bits used.
    pub bits: Option<u32>,
    /// Eight views.
    pub flips: bool,
    /// What computes.
    pub device: String,
    /// Fields at once.
    pub batch: usize,
}

impl Provenance {
    /// The account of a prediction of these fields.
    ///
    /// # Errors
    /// Where the manifest cannot be written as JSON.
    pub fn new<'a>(
        manifest: &Manifest,
        ids: impl ExactSizeIterator<Item = &'a str>,
        choices: Choices,
    ) -> Result<Self> {
        let fields = ids.len();
        let mut hash = Sha256::new();
        for id in ids {
            // Each with its length, so that no two lists are hashed alike.
            hash.update((id.len() as u64).to_le_bytes());
            hash.update(id);
        }
        let digest = hash.finalize();
        let Choices {
            shard,
            channels,
            bits,
            flips,
            device,
            batch,
        } = choices;
        Ok(Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            package: manifest.name.clone(),
            manifest_sha256: sha256(&serde_json::to_vec(manifest)?),
            weights_sha256: manifest.weights.sha256.clone(),
            shard,
            fields,
            ids_sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            channels,
            bits,
            flips,
            device,
            batch,
        })
    }

    /// Checks that what was begun with `before`, a line of JSON, can go on.
    ///
    /// # Errors
    /// Naming everything that differs.
    pub fn check(&self, before: &str) -> Result<()> {
        let before: Value = serde_json::from_str(before).context("not the log of a prediction")?;
        let now = serde_json::to_value(self)?;
        let (Some(before), Some(now)) = (before.as_object(), now.as_object()) else {
            bail!("not the log of a prediction");
        };
        let differences: Vec<String> = now
            .iter()
            .filter(|(key, value)| before.get(*key) != Some(*value))
            .map(|(key, value)| match before.get(key) {
                Some(before) => format!("{key} was {before} and is {value}"),
                None => format!("{key} is {value} and was not known"),
            })
            .collect();
        if !differences.is_empty() {
            bail!("it was begun otherwise: {}", differences.join("; "));
        }
        Ok(())
    }
}
