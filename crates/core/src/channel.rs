//! The four fluorescence channels of a field.

use std::fmt;
use std::str::FromStr;

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

/// The error for a text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channels are red, green, blue and yellow, not {0:?}")]
pub struct NoSuchChannel(String);

impl Channel {
    /// All channels, in the order of a network's input planes.
    pub const ALL: [Self; 4] = [Self::Red, Self::Green, Self::Blue, Self::Yellow];

    /// The structure that the channel shows.
    pub fn structure(self) -> &'static str {
        match self {
            Self::Red => "microtubules",
            Self::Green => "the protein",
            Self::Blue => "nucleus",
            Self::Yellow => "endoplasmic reticulum",
        }
    }

    /// The channel's name, as in file names: `red`, `green`, `blue` or `yellow`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
        }
    }

    /// The channel's colour in a picture of all channels: red, green and blue, from 0 to 1. Yellow has half strength: the
    /// reticulum, which fills the cell, would else hide the protein and the microtubules.
    pub fn tint(self) -> [f32; 3] {
        match self {
            Self::Red => [1.0, 0.0, 0.0],
            Self::Green => [0.0, 1.0, 0.0],
            Self::Blue => [0.0, 0.0, 1.0],
            Self::Yellow => [0.5, 0.5, 0.0],
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Channel {
    type Err = NoSuchChannel;

    /// Reads what [`Channel::name`] gives, in small or capital letters.
    fn from_str(text: &str) -> Result<Self, NoSuchChannel> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| NoSuchChannel(text.to_owned()))
    }
}
