//! Fields of view: their channels, their files, and how they become a network's input.

use serde::{Deserialize, Serialize};

/// A fluorescence channel of a Human Protein Atlas field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Microtubules.
    Red,
    /// The protein of interest.
    Green,
    /// The nucleus.
    Blue,
    /// The endoplasmic reticulum.
    Yellow,
}
