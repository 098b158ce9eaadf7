//! Published scores of the described networks, to stand beside ours.

use serde::Serialize;

/// At which size a published network saw its images, as the source calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// Low.
    Low,
    /// High.
    High,
}

/// Which of our scores is beside a published one.
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
    /// What reached it.
    pub name: &'static str,
    /// The network's title as papers write it; none for people.
    pub architecture: Option<&'static str>,
    /// None where the source names none.
    pub resolution: Option<Resolution>,
    /// What was measured; none where the source does not say.
    pub measure: Option<Measure>,
    /// In percent.
    pub macro_f1: f64,
}

/// All published scores, as the description of the networks gives them.
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
    /// What a side in pixels counts as. The source names no pixels: up to 512, the size of the
    /// challenge's smaller pictures, is low.
    pub fn of(size: usize) -> Self {
        if size <= 512 { Self::Low } else { Self::High }
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::High => "high",
        }
    }
}
