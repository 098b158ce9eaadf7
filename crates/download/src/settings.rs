//! The choices of one download.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use cytolens_core::{Channel, MAX_SIDE, MIN_SIDE};

use crate::base::Base;

/// The choices of one download.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The table of ids and labels.
    pub table: PathBuf,
    /// The folder: new, empty or of an earlier download.
    pub out: PathBuf,
    /// The host.
    pub base: Base,
    /// The channels to fetch.
    pub channels: Vec<Channel>,
    /// The side in pixels to which images are resized; none to keep them as they are.
    pub size: Option<u32>,
    /// The most connections at once.
    pub connections: usize,
    /// The most requests a second, over all connections.
    pub rate: f64,
    /// The number of first rows to fetch; none for all.
    pub limit: Option<usize>,
    /// The times after which something is given up.
    pub patience: Patience,
}

/// The times after which something is given up.
#[derive(Debug, Clone)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// Without a byte from the host.
    pub read: Duration,
    /// For one image, redirects and all.
    pub total: Duration,
    /// The number of times that an image is tried.
    pub attempts: u32,
    /// Before the second attempt; each later wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait that a host may ask for; one that asks for more ends the download.
    pub longest_wait: Duration,
    /// The number of fields, one after the other, for which a host has no answer, after which the download ends.
    pub fields: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            read: Duration::from_secs(30),
            total: Duration::from_secs(300),
            attempts: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(600),
            fields: 12,
        }
    }
}

impl Settings {
    /// The usual choices: everything from release 18, four connections, eight requests a second.
    pub fn new(table: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        Self {
            table: table.into(),
            out: out.into(),
            base: Base::default(),
            channels: Channel::ALL.to_vec(),
            size: None,
            connections: 4,
            rate: 8.0,
            limit: None,
            patience: Patience::default(),
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// Naming the value and its range.
    pub fn check(&self) -> Result<()> {
        ensure!(
            (1..=32).contains(&self.connections),
            "connections must be from 1 to 32, not {}: the host serves others too",
            self.connections
        );
        ensure!(
            (0.01..=100.0).contains(&self.rate),
            "the rate must be from 0.01 to 100 requests a second, not {}",
            self.rate
        );
        if let Some(size) = self.size {
            ensure!(
                (MIN_SIDE..=MAX_SIDE).contains(&size),
                "the size must be from {MIN_SIDE} to {MAX_SIDE} px, not {size}"
            );
        }
        ensure!(!self.channels.is_empty(), "there must be a channel");
        for (position, channel) in self.channels.iter().enumerate() {
            ensure!(
                !self.channels[..position].contains(channel),
                "the channel {channel} is named twice"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let usual = || Settings::new("table.csv", "out");
        usual().check().expect("the usual choices");
        type Change = fn(&mut Settings);
        let changes: [(Change, &str); 6] = [
            (|it| it.connections = 0, "from 1 to 32, not 0"),
            (|it| it.rate = f64::NAN, "not NaN"),
            (|it| it.rate = 0.0, "a second, not 0"),
            (|it| it.size = Some(9), "px, not 9"),
            (|it| it.channels.clear(), "a channel"),
            (|it| it.channels.push(Channel::Red), "red is named twice"),
        ];
        for (change, expected) in changes {
            let mut settings = usual();
            change(&mut settings);
            let error = settings.check().expect_err("a refusal").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
