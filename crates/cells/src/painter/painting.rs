//! The channels that a painter reads, and the one that it paints.

use std::fmt;

use cytolens_core::Channel;
use cytolens_field::Field;
use serde::{Deserialize, Serialize};

use crate::maps::probabilities;
use crate::planes::Planes;
use crate::unet::UNetNetwork;

/// The channels that a painter reads, and the one that it paints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Painting {
    /// The channels that are read, in the order of the network's planes.
    pub from: Vec<Channel>,
    /// The channel that is painted.
    pub paint: Channel,
}

impl Painting {
    /// The reason why nothing can be painted so.
    pub fn contradiction(&self) -> Option<String> {
        let Self { from, paint } = self;
        let mut places = from.iter().enumerate();
        let twice = places.find(|(at, channel)| from[..*at].contains(channel));
        if from.is_empty() {
            Some("a painter reads one channel at least".to_owned())
        } else if let Some((_, channel)) = twice {
            Some(format!("a painter reads {channel} once, not twice"))
        } else if from.contains(paint) {
            Some(format!("a painter cannot read {paint}, which it paints"))
        } else {
            None
        }
    }

    /// The channels of these, read or painted, that a field lacks.
    pub fn missing(&self, field: &Field) -> Vec<Channel> {
        let all = self.from.iter().chain([&self.paint]).copied();
        all.filter(|channel| field.plane(*channel).is_none())
            .collect()
    }

    /// Whether a field has all that is read, and lacks what is painted.
    pub fn is_wanted(&self, field: &Field) -> bool {
        self.missing(field) == [self.paint]
    }

    /// The levels from 0 to 1 that a network paints, of a field's stretched planes and of their size.
    ///
    /// # Panics
    /// If the network has not a plane for each channel that is read.
    pub fn levels(&self, network: &UNetNetwork, planes: &Planes) -> Vec<f32> {
        let (padded, [_, rows, columns]) = planes.padded(network.config().unit());
        let pixels = rows * columns;
        let plane = |channel: &Channel| padded[*channel as usize * pixels..][..pixels].iter();
        let read: Vec<f32> = self.from.iter().flat_map(plane).copied().collect();
        let logits = network.logits(&read, [self.from.len(), rows, columns]);
        probabilities(&logits, columns, planes.width, planes.height)
    }

    /// The true levels of the painted channel in stretched planes, 1 at most.
    pub fn truth(&self, planes: &Planes) -> Vec<f32> {
        let levels = planes.channel(self.paint).iter();
        levels.map(|level| level.min(1.0)).collect()
    }
}

impl fmt::Display for Painting {
    /// Writes `yellow from red, green, blue`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from: Vec<&str> = self.from.iter().map(|channel| channel.name()).collect();
        write!(f, "{} from {}", self.paint, from.join(", "))
    }
}
