//! The order of the channels inside one file.

use std::fmt;
use std::str::FromStr;

use super::channel::Channel;

/// The text for an image that is skipped.
const SKIPPED: &str = "-";

/// The order of the channels inside a TIFF file that holds all of a field's.
///
/// As text, the channels in the order of the file's pages, or of a pixel's samples, separated by commas, with `-` for an image to
/// skip: `blue,red,-,green`. The default, `auto`, takes the names in the file, and where it has none, red, green, blue, yellow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ChannelOrder(Option<Vec<Option<Channel>>>);

/// The error for a text that is no order of channels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// A part of the text that names no channel.
    #[error(
        "an order of channels is auto, or names such as blue,red,-,green with - for what is skipped; {0:?} is none of red, green, blue and yellow"
    )]
    NoSuchChannel(String),
    /// A channel given twice.
    #[error("an order of channels has each at most once, but {0} comes twice")]
    Twice(Channel),
    /// An order that skips every image.
    #[error("an order of channels must name one at least")]
    NoChannel,
}

impl ChannelOrder {
    const AUTO: &str = "auto";

    /// Makes an order of one channel for each page or sample, none where it is skipped.
    ///
    /// # Errors
    /// If a channel comes twice, or none at all.
    pub fn of(channels: impl IntoIterator<Item = Option<Channel>>) -> Result<Self, OrderError> {
        let channels: Vec<_> = channels.into_iter().collect();
        let named: Vec<Channel> = channels.iter().copied().flatten().collect();
        if named.is_empty() {
            return Err(OrderError::NoChannel);
        }
        for (position, channel) in named.iter().enumerate() {
            if named[..position].contains(channel) {
                return Err(OrderError::Twice(*channel));
            }
        }
        Ok(Self(Some(channels)))
    }

    /// The channels in the order given; none for `auto`.
    pub fn given(&self) -> Option<&[Option<Channel>]> {
        self.0.as_deref()
    }
}

impl fmt::Display for ChannelOrder {
    /// Writes what [`ChannelOrder::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.given() {
            None => f.pad(Self::AUTO),
            Some(channels) => {
                let names: Vec<&str> = channels
                    .iter()
                    .map(|channel| channel.map_or(SKIPPED, Channel::name))
                    .collect();
                f.pad(&names.join(","))
            }
        }
    }
}

impl FromStr for ChannelOrder {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        if text.trim().eq_ignore_ascii_case(Self::AUTO) {
            return Ok(Self::default());
        }
        let channels = text.split(',').map(str::trim).map(|name| {
            if name == SKIPPED {
                return Ok(None);
            }
            name.parse()
                .map(Some)
                .map_err(|_| OrderError::NoSuchChannel(name.to_owned()))
        });
        Self::of(channels.collect::<Result<Vec<_>, _>>()?)
    }
}
