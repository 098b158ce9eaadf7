//! Published scores of the described networks.

use serde::Serialize;

/// The class of image size of a published network, as the source calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// Low resolution.
    Low,
    /// High resolution.
    High,
}

/// The measure of a published score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The macro-F1 over all 28 locations.
    All,
    /// The macro-F1 over the first 9 labels.
    FirstNine,
}

/// A published score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Published {
    /// The name of the network or the people with the score.
    pub name: &'static str,
    /// The network's title as papers write it; none for people.
    pub architecture: Option<&'static str>,
    /// The resolution; none where the source names none.
    pub resolution: Option<Resolution>,
    /// The measure; none where the source does not say.
    pub measure: Option<Measure>,
    /// The macro-F1 in percent.
    pub macro_f1: f64,
}

/// The caution that every form of the comparison has.
pub const CAUTION: &str = "Published figures were measured on the test set of the challenge, ours on the data named here. Other data \
                           give other scores: the two stand beside each other for orientation, and no difference between them says \
                           which network is better.";

/// The published scores, from the description of the networks.
pub const PUBLISHED: [Published; 8] = [
    network("All-CNN", "All-CNN", None, Measure::All, 1.62),
    network(
        "Inception-ResNet-v2",
        "Inception-ResNet-v2",
        None,
        Measure::All,
        33.54,
    ),
    network("DenseNet-201", "DenseNet-201", None, Measure::All, 38.25),
    network(
        "DenseNet-121",
        "DenseNet-121",
        Some(Resolution::Low),
        Measure::All,
        39.87,
    ),
    network(
        "DenseNet-121",
        "DenseNet-121",
        Some(Resolution::High),
        Measure::All,
        40.25,
    ),
    network(
        "DenseNet-121, first 9 labels",
        "DenseNet-121",
        Some(Resolution::Low),
        Measure::FirstNine,
        60.12,
    ),
    network(
        "DenseNet-121, first 9 labels",
        "DenseNet-121",
        Some(Resolution::High),
        Measure::FirstNine,
        61.39,
    ),
    Published {
        name: "human",
        architecture: None,
        resolution: None,
        measure: None,
        macro_f1: 71.0,
    },
];

const fn network(
    name: &'static str,
    architecture: &'static str,
    resolution: Option<Resolution>,
    measure: Measure,
    macro_f1: f64,
) -> Published {
    Published {
        name,
        architecture: Some(architecture),
        resolution,
        measure: Some(measure),
        macro_f1,
    }
}

impl Resolution {
    /// The class of a side in pixels. The source names no pixels: up to 512, the size of the challenge's smaller images, is low.
    pub fn of(size: usize) -> Self {
        if size <= 512 { Self::Low } else { Self::High }
    }

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }
}
