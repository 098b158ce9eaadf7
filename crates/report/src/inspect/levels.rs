//! The brightness of a channel over a set, exact by counts of each level.
//!
//! Levels go from 0 to 65535, which 8-bit samples fill exactly (`255 * 257`). Brightness is a share, from 0 (black) to 1 (the brightest
//! that the samples' depth can hold), as in a network's input.

use cytolens_field::{Plane, Samples};
use serde::Serialize;

const LEVELS: usize = 1 << 16;
/// The number of bins of equal width in the report's histograms.
pub const BINS: usize = 256;
/// The number of bins of equal width for the means of fields: fine enough to be merged for drawing.
const MEAN_BINS: usize = 1024;
/// The percentiles of brightness in the report, with their names.
pub const PERCENTILES: [(&str, f64); 4] = [
    ("50th", 0.5),
    ("90th", 0.9),
    ("99th", 0.99),
    ("99.9th", 0.999),
];

/// The counts of each level in one plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneLevels {
    /// The counts by level: 256 for a plane of 8 bit, 65536 for one of 16 bit.
    counts: Vec<u32>,
}

/// The statistics of one plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneFacts {
    /// The mean, from 0 to 1.
    pub mean: f64,
    /// Whether all samples are equal.
    pub is_constant: bool,
    /// The share of pixels at the depth's highest level.
    pub saturated: f64,
    /// The highest level in the samples' own range, at most 255 or 65535.
    pub highest: usize,
}

impl PlaneLevels {
    /// Counts the levels of a plane.
    pub fn of(plane: &Plane) -> Self {
        let counts = match plane.samples() {
            Samples::Eight(values) => {
                // Four tables: with one, each of several equal pixels would wait for the count before.
                let mut tables = [[0_u32; 256]; 4];
                for four in values.chunks(4) {
                    for (table, value) in tables.iter_mut().zip(four) {
                        table[usize::from(*value)] += 1;
                    }
                }
                (0..256)
                    .map(|level| tables.iter().map(|table| table[level]).sum())
                    .collect()
            }
            Samples::Sixteen(values) => {
                let mut counts = vec![0_u32; LEVELS];
                for value in values {
                    counts[usize::from(*value)] += 1;
                }
                counts
            }
        };
        Self { counts }
    }

    /// The statistics of the plane.
    pub fn facts(&self) -> PlaneFacts {
        let pixels: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let sum: u64 = self.each().map(|(level, count)| level * count).sum();
        let top = self.counts.len() - 1;
        PlaneFacts {
            mean: sum as f64 / (pixels as f64 * (LEVELS - 1) as f64),
            is_constant: self.each().count() == 1,
            saturated: f64::from(self.counts[top]) / pixels as f64,
            highest: self
                .counts
                .iter()
                .rposition(|count| *count > 0)
                .unwrap_or_default(),
        }
    }

    /// The levels that occur, in 16 bits, with their counts.
    fn each(&self) -> impl Iterator<Item = (u64, u64)> {
        let step = ((LEVELS - 1) / (self.counts.len() - 1)) as u64;
        (0..)
            .zip(&self.counts)
            .filter(|(_, count)| **count > 0)
            .map(move |(level, count)| (level * step, u64::from(*count)))
    }
}

/// The levels of a channel over all fields of a set.
#[derive(Debug, Clone)]
pub struct Levels {
    counts: Vec<u64>,
    field_means: Vec<usize>,
    fields: usize,
}

/// The brightness of a channel, from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Brightness {
    /// The number of fields with the channel.
    pub fields: usize,
    /// The mean over all pixels.
    pub mean: f64,
    /// The standard deviation over all pixels.
    pub std: f64,
    /// The 50th, 90th, 99th and 99.9th percentile over all pixels.
    pub percentiles: [f64; 4],
    /// The share of black pixels.
    pub black: f64,
    /// The share of pixels in each of 256 bins of equal width.
    pub histogram: Vec<f64>,
    /// The number of fields with a mean in each of 1024 bins of equal width.
    pub field_means: Vec<usize>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            counts: vec![0; LEVELS],
            field_means: vec![0; MEAN_BINS],
            fields: 0,
        }
    }
}

impl Levels {
    /// Adds a field's plane.
    pub fn add(&mut self, plane: &PlaneLevels) {
        for (level, count) in plane.each() {
            self.counts[level as usize] += count;
        }
        let bin = (plane.facts().mean * MEAN_BINS as f64) as usize;
        self.field_means[bin.min(MEAN_BINS - 1)] += 1;
        self.fields += 1;
    }

    /// The channel's brightness; none where no field has it.
    pub fn brightness(&self) -> Option<Brightness> {
        let pixels: u64 = self.counts.iter().sum();
        if pixels == 0 {
            return None;
        }
        let share = |part: u64| part as f64 / pixels as f64;
        let level = |level: usize| level as f64 / (LEVELS - 1) as f64;
        let weighted = |value: &dyn Fn(f64) -> f64| -> f64 {
            let all = self.counts.iter().enumerate();
            all.map(|(at, count)| value(level(at)) * *count as f64)
                .sum::<f64>()
                / pixels as f64
        };
        let mean = weighted(&|value| value);
        let variance = weighted(&|value| (value - mean).powi(2));
        let percentiles = PERCENTILES.map(|(_, wanted)| {
            let mut seen = 0;
            let reached = self.counts.iter().position(|count| {
                seen += count;
                share(seen) >= wanted
            });
            level(reached.unwrap_or(LEVELS - 1))
        });
        Some(Brightness {
            fields: self.fields,
            mean,
            std: variance.sqrt(),
            percentiles,
            black: share(self.counts[0]),
            histogram: self
                .counts
                .chunks(LEVELS / BINS)
                .map(|bin| share(bin.iter().sum()))
                .collect(),
            field_means: self.field_means.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eight(values: &[u8]) -> PlaneLevels {
        let plane = Plane::new(values.len() as u32, 1, Samples::Eight(values.to_vec()));
        PlaneLevels::of(&plane.expect("a row of pixels"))
    }

    #[test]
    fn a_known_image_gives_exact_numbers() {
        let mut levels = Levels::default();
        levels.add(&eight(&[0, 0, 51, 255, 204]));
        let brightness = levels.brightness().expect("pixels");
        // 0, 0, 0.2, 1 and 0.8.
        assert!((brightness.mean - 0.4).abs() < 1e-12);
        assert!((brightness.std - 0.176_f64.sqrt()).abs() < 1e-12);
        assert_eq!(brightness.black, 0.4);
        assert_eq!(brightness.percentiles, [0.2, 1.0, 1.0, 1.0]);
        let bins: Vec<(usize, f64)> = brightness
            .histogram
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, share)| *share > 0.0)
            .collect();
        assert_eq!(bins, [(0, 0.4), (51, 0.2), (204, 0.2), (255, 0.2)]);
        assert_eq!(brightness.field_means[409], 1, "0.4 of 1024 bins");
    }

    #[test]
    fn depths_meet_on_one_scale() {
        let values = [0, 257 * 51, u16::MAX, 257 * 204];
        let plane = Plane::new(2, 2, Samples::Sixteen(values.to_vec())).expect("four pixels");
        let (mut deep, mut shallow) = (Levels::default(), Levels::default());
        deep.add(&PlaneLevels::of(&plane));
        shallow.add(&eight(&[0, 51, 255, 204]));
        assert_eq!(deep.brightness(), shallow.brightness());
    }

    #[test]
    fn a_plane_tells_what_is_odd_about_it() {
        let facts = eight(&[255, 255, 7, 0]).facts();
        assert_eq!((facts.saturated, facts.highest), (0.5, 255));
        assert!(!facts.is_constant);
        assert!(eight(&[7, 7, 7]).facts().is_constant);
        assert_eq!(eight(&[7, 7, 7]).facts().highest, 7);
    }

    #[test]
    fn a_channel_that_no_field_has_has_no_brightness() {
        assert_eq!(Levels::default().brightness(), None);
    }
}
