//! The recipe's table `[metric]`.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// The value of `by` with which the samples of one exact label set are a group.
const LABEL_SET: &str = "label set";

/// The metric term: a recipe's table `[metric]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MetricChoice {
    /// None: the classifier's loss alone.
    // With braces, for serde refuses unknown keys only so.
    None {},
    /// The cross-entropy of the cosines to a centre for each group, the own one's angle widened by a margin (ArcFace, Deng et al.
    /// 2019).
    #[serde(rename = "arcface")]
    ArcFace {
        /// What the samples of a group have in common: the label set, or their text in this column of the table.
        by: String,
        /// The term's weight beside the classifier's loss.
        weight: f32,
        /// Whether the backbone learns from this term alone; the head then learns from the features as they come.
        alone: bool,
        /// The factor of the cosines.
        scale: f32,
        /// The margin in radians.
        margin: f32,
    },
    /// The supervised contrastive loss (Khosla et al. 2020): of all samples of a batch, those of the own group are to be the
    /// nearest.
    Contrastive {
        /// What the samples of a group have in common: the label set, or their text in this column of the table.
        by: String,
        /// The term's weight beside the classifier's loss.
        weight: f32,
        /// Whether the backbone learns from this term alone; the head then learns from the features as they come.
        alone: bool,
        /// The divisor of the cosines.
        temperature: f32,
    },
}

impl MetricChoice {
    /// Checks every value.
    ///
    /// # Errors
    /// Naming the key of the table `[metric]`, its range and its value.
    pub fn check(&self) -> Result<()> {
        let over_0 = |key: &str, value: f32, most: f32| {
            ensure!(
                value > 0.0 && value <= most,
                "metric.{key} must be over 0 and {most} at most, not {value}"
            );
            Ok(())
        };
        let (by, weight) = match self {
            Self::None {} => return Ok(()),
            Self::ArcFace {
                by,
                weight,
                scale,
                margin,
                ..
            } => {
                over_0("scale", *scale, 1000.0)?;
                ensure!(
                    (0.0..=1.5).contains(margin),
                    "metric.margin must be from 0 to 1.5, not {margin}"
                );
                (by, weight)
            }
            Self::Contrastive {
                by,
                weight,
                temperature,
                ..
            } => {
                over_0("temperature", *temperature, 10.0)?;
                (by, weight)
            }
        };
        ensure!(
            !by.trim().is_empty(),
            "metric.by must be \"{LABEL_SET}\" or the name of a column of the table"
        );
        over_0("weight", *weight, 1000.0)
    }

    /// What the samples of a group have in common; none without a term.
    pub fn by(&self) -> Option<&str> {
        match self {
            Self::None {} => None,
            Self::ArcFace { by, .. } | Self::Contrastive { by, .. } => Some(by),
        }
    }

    /// The column of the table that tells groups, where one does.
    pub fn column(&self) -> Option<&str> {
        self.by().filter(|by| *by != LABEL_SET)
    }

    /// Whether the backbone learns from the term alone.
    pub fn is_alone(&self) -> bool {
        match *self {
            Self::None {} => false,
            Self::ArcFace { alone, .. } | Self::Contrastive { alone, .. } => alone,
        }
    }

    /// Whether the term has a centre for each group.
    pub fn has_centres(&self) -> bool {
        matches!(self, Self::ArcFace { .. })
    }
}
