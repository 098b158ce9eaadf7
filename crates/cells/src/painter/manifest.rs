//! The manifest of a painter's package.

use cytolens_package::{Golden, PackageError, WeightsEntry};
use serde::{Deserialize, Serialize};

use super::baselines::Baselines;
use super::painting::Painting;
use crate::package::{Statements, UNetManifest, UNetPackage, read_manifest};
use crate::unet::UNetConfig;

/// What a painter's manifest says that it is of.
pub const KIND: &str = "painter";

/// The most bytes of a painter's weights, so that a page can load them beside a model.
pub const MOST_BYTES: u64 = 2_000_000;

/// A painter's package: a manifest and the weights it describes, both checked.
pub type PainterPackage = UNetPackage<PainterManifest>;

/// The manifest of a painter's package: everything about the network but its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PainterManifest {
    /// What the package is of: [`KIND`].
    pub kind: String,
    /// The version of the format: [`FORMAT`](cytolens_core::package::FORMAT).
    pub format: u32,
    /// A short name for people.
    pub name: String,
    /// The network's limits, in a sentence or two.
    pub limits: String,
    /// The licence of the package, for people; "not stated" where nobody stated it.
    pub licence: String,
    /// The people and projects to name when using it.
    pub attribution: Vec<String>,
    /// The channels that are read, and the one that is painted.
    pub channels: Painting,
    /// The network's shape. A plane is a channel that is read, stretched as [`planes`](crate::planes()) does it; the one output's
    /// sigmoid is the painted channel, stretched likewise, 1 at most.
    pub network: UNetConfig,
    /// The levels of samples, as shares of the brightest, that 0 and 1 of the painted channel become: those of the median field
    /// that the painter learnt from.
    pub levels: [f32; 2],
    /// What the painter has to beat.
    pub baselines: Baselines,
    /// The checksum and length of the weights' file.
    pub weights: WeightsEntry,
    /// Known inputs with the network's logits at the places of [`golden_logits`](crate::golden_logits()), smallest first.
    pub goldens: Vec<Golden>,
    /// The network's origin: data, recipe, seed, program.
    pub provenance: serde_json::Value,
    /// The network's scores, by the samples they were measured on.
    pub metrics: serde_json::Value,
}

impl PainterManifest {
    /// Reads a manifest's text and checks it.
    ///
    /// # Errors
    /// [`PackageError`] for a package of another kind or format, and a manifest that is malformed or contradicts itself.
    pub fn read(text: &str) -> Result<Self, PackageError> {
        read_manifest(text)
    }

    /// Whether the painter was better than the linear mix wherever that was measured: `beats_linear_mix` of each of the scores that
    /// the package states. None where it states none.
    pub fn beats_mix(&self) -> Option<bool> {
        let scores = self.metrics.as_object()?.values();
        let verdicts = scores.filter_map(|scores| scores.get("beats_linear_mix")?.as_bool());
        verdicts.reduce(|all, one| all && one)
    }
}

impl UNetManifest for PainterManifest {
    const KIND: &'static str = KIND;

    fn statements(&self) -> Statements<'_> {
        Statements {
            kind: &self.kind,
            format: self.format,
            name: &self.name,
            network: &self.network,
            weights: &self.weights,
            goldens: &self.goldens,
        }
    }

    fn weights_mut(&mut self) -> &mut WeightsEntry {
        &mut self.weights
    }

    fn contradiction(&self) -> Option<String> {
        let read = self.channels.from.len();
        let [black, white] = self.levels;
        let Baselines {
            mean,
            weights,
            intercept,
        } = &self.baselines;
        let mut numbers = weights.iter().chain([mean, intercept]);
        let rise = 0.0 <= black && black < white && white <= 1.0;
        if let Some(reason) = self.channels.contradiction() {
            Some(reason)
        } else if self.network.planes != read || self.network.outputs != 1 {
            Some(format!(
                "a painter of {} has {read} planes and one output, the network {} and {}",
                self.channels, self.network.planes, self.network.outputs
            ))
        } else if !rise {
            Some(format!(
                "levels must rise from 0 at least to 1 at most, not [{black}, {white}]"
            ))
        } else if weights.len() != read || !numbers.all(|number| number.is_finite()) {
            Some(format!(
                "the baselines must have a mean, an intercept and {read} weights, all of them numbers"
            ))
        } else if self.weights.bytes > MOST_BYTES {
            Some(format!(
                "a painter's weights have {MOST_BYTES} bytes at most, not {}",
                self.weights.bytes
            ))
        } else {
            None
        }
    }
}
