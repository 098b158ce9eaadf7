//! One pass over a labelled set: every field is read once, measured and dropped.

use std::collections::{BTreeMap, BTreeSet};

use cytolens_core::Channel;
use cytolens_core::labels::COUNT;
use cytolens_field::Field;
use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rayon::prelude::*;
use serde::Serialize;

use super::correlation::{MeanAndStd, Spread, correlation};
use super::labels::LabelStatistics;
use super::levels::{Brightness, Levels, PlaneFacts, PlaneLevels};
use super::spectrum::{self, Spectrum, SpectrumSum};
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;

/// Spectra are measured of at most so many fields, drawn from the set by [`SPECTRUM_SEED`]: their
/// mean hardly changes with more, and they cost more than all the rest.
pub const MOST_SPECTRA: usize = 200;

/// The seed of the fields whose spectra are measured.
pub const SPECTRUM_SEED: u64 = 1;

/// A channel with a larger share of its pixels at the highest level is called saturated.
pub const SATURATED: f64 = 0.01;

/// A field of at least so many pixels a side is large: high resolution, in the words of the Human
/// Protein Atlas.
pub const LARGE_SIDE: u32 = 1024;

/// How many bits a 16-bit file's samples have where a 12-bit camera filled them.
const CAMERA_BITS: u32 = 12;

/// Fields measured at a time for each thread, before their numbers are summed in the set's order:
/// few, so that memory does not grow, and many, so that no thread waits long for the last.
const BATCH_PER_THREAD: usize = 16;

/// Fields of which something is to be told: how many, and the first few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// How many there are.
    pub fields: usize,
    /// The ids of the first three.
    pub first: Vec<String>,
}

impl Mention {
    fn add(&mut self, id: &str) {
        self.fields += 1;
        if self.first.len() < 3 {
            self.first.push(id.to_owned());
        }
    }
}

/// What is odd about a channel of some fields, and no fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChannelOddities {
    /// The field lacks the channel.
    pub missing: Mention,
    /// All pixels of it are equal.
    pub empty: Mention,
    /// More than [`SATURATED`] of its pixels are at the highest level.
    pub saturated: Mention,
}

/// How many fields have one size and depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of a sample, as the file stores it.
    pub bits: u32,
    /// How many.
    pub fields: usize,
}

/// The mean spectra of the fields of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeSpectra {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// By channel.
    pub channels: BTreeMap<Channel, Spectrum>,
}

/// How green goes together with another channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Correlations {
    /// Over all fields.
    pub all: Option<MeanAndStd>,
    /// Over the fields of each class.
    pub by_class: Vec<Option<MeanAndStd>>,
}

/// All that is measured of the fields of a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldStatistics {
    /// The commonest first.
    pub sizes: Vec<SizeCount>,
    /// By channel; those that any field has.
    pub brightness: BTreeMap<Channel, Brightness>,
    /// The size of most of the measured fields first.
    pub spectra: Vec<SizeSpectra>,
    /// How many fields were drawn to measure spectra of.
    pub spectrum_fields: usize,
    /// Pearson's correlation of green and blue.
    pub green_blue: Correlations,
    /// Pearson's correlation of green and red.
    pub green_red: Correlations,
    /// By channel.
    pub oddities: BTreeMap<Channel, ChannelOddities>,
    /// 16-bit fields whose samples would fit into 12 bits.
    pub shallow: Mention,
    /// How many fields are of 16 bits.
    pub sixteen_bit: usize,
}

/// What one pass over a set tells.
#[derive(Debug)]
pub struct Measured {
    /// The labels of the fields that could be read.
    pub labels: LabelStatistics,
    /// What was measured of them.
    pub fields: FieldStatistics,
    /// The fields that could not.
    pub faults: Vec<Fault>,
    /// Whether each sample could be read.
    pub is_read: Vec<bool>,
    /// The first sample of a large field.
    pub first_large: Option<usize>,
}

/// Reads and measures all fields of a set, and tells `bar` of each.
///
/// Numbers are summed in the set's order, so that they do not depend on how many threads there are.
pub fn measure(samples: &[Sample], bar: &ProgressBar) -> Measured {
    let with_spectrum = drawn(samples.len());
    let mut sums = Sums::default();
    let mut faults = Vec::new();
    let batch = BATCH_PER_THREAD * rayon::current_num_threads();
    for (number, part) in samples.chunks(batch).enumerate() {
        let start = number * batch;
        let measured: Vec<Result<OneField, ReadError>> = part
            .par_iter()
            .enumerate()
            .map(|(index, sample)| {
                let field = sample.field.read();
                let one = field
                    .map(|field| OneField::of(&field, with_spectrum.contains(&(start + index))));
                bar.inc(1);
                one
            })
            .collect();
        for (sample, one) in part.iter().zip(measured) {
            match one {
                Ok(one) => sums.add(sample, &one),
                Err(error) => {
                    sums.is_read.push(false);
                    faults.push(error.into());
                }
            }
        }
    }
    sums.told(with_spectrum.len(), faults)
}

/// The indices of the fields whose spectra are measured.
fn drawn(fields: usize) -> BTreeSet<usize> {
    let mut rng = StdRng::seed_from_u64(SPECTRUM_SEED);
    rand::seq::index::sample(&mut rng, fields, fields.min(MOST_SPECTRA))
        .into_iter()
        .collect()
}

/// What is measured of one field.
struct OneField {
    width: u32,
    height: u32,
    bits: u32,
    channels: BTreeMap<Channel, (PlaneLevels, PlaneFacts)>,
    green_blue: Option<f64>,
    green_red: Option<f64>,
    spectra: Vec<(Channel, Vec<f64>)>,
}

impl OneField {
    fn of(field: &Field, with_spectrum: bool) -> Self {
        let channels: BTreeMap<Channel, (PlaneLevels, PlaneFacts)> = field
            .channels()
            .filter_map(|channel| {
                let levels = PlaneLevels::of(field.plane(channel)?);
                let facts = levels.facts();
                Some((channel, (levels, facts)))
            })
            .collect();
        let green_with = |other| correlation(field.plane(Channel::Green)?, field.plane(other)?);
        let varied: Vec<Channel> = channels
            .iter()
            .filter(|(_, (_, facts))| with_spectrum && !facts.is_constant)
            .map(|(channel, _)| *channel)
            .collect();
        let mut spectra = Vec::with_capacity(varied.len());
        for pair in varied.chunks(2) {
            let (first, last) = (pair[0], pair[pair.len() - 1]);
            if let (Some(a), Some(b)) = (field.plane(first), field.plane(last)) {
                let powers = spectrum::power(a, b);
                spectra.extend(pair.iter().copied().zip(powers));
            }
        }
        Self {
            width: field.width(),
            height: field.height(),
            bits: field.bits(),
            green_blue: green_with(Channel::Blue),
            green_red: green_with(Channel::Red),
            channels,
            spectra,
        }
    }
}

/// The sums over the fields so far.
#[derive(Default)]
struct Sums {
    labels: LabelStatistics,
    is_read: Vec<bool>,
    first_large: Option<usize>,
    sizes: BTreeMap<(u32, u32, u32), usize>,
    levels: BTreeMap<Channel, Levels>,
    spectra: BTreeMap<(u32, u32), (usize, SpectrumSum)>,
    green_blue: CorrelationSums,
    green_red: CorrelationSums,
    oddities: BTreeMap<Channel, ChannelOddities>,
    shallow: Mention,
    sixteen_bit: usize,
}

#[derive(Default)]
struct CorrelationSums {
    all: Spread,
    by_class: [Spread; COUNT],
}

impl CorrelationSums {
    fn add(&mut self, sample: &Sample, value: Option<f64>) {
        if let Some(value) = value {
            self.all.add(value);
            for class in sample.labels.classes() {
                self.by_class[class].add(value);
            }
        }
    }

    fn told(&self) -> Correlations {
        Correlations {
            all: self.all.told(),
            by_class: self.by_class.iter().map(Spread::told).collect(),
        }
    }
}

impl Sums {
    fn add(&mut self, sample: &Sample, one: &OneField) {
        let id = &sample.field.id;
        if one.width.min(one.height) >= LARGE_SIDE && self.first_large.is_none() {
            self.first_large = Some(self.is_read.len());
        }
        self.is_read.push(true);
        self.labels.add(sample.labels);
        *self
            .sizes
            .entry((one.width, one.height, one.bits))
            .or_default() += 1;
        for channel in Channel::ALL {
            let oddities = self.oddities.entry(channel).or_default();
            let Some((levels, facts)) = one.channels.get(&channel) else {
                oddities.missing.add(id);
                continue;
            };
            self.levels.entry(channel).or_default().add(levels);
            if facts.is_constant {
                oddities.empty.add(id);
            } else if facts.saturated > SATURATED {
                oddities.saturated.add(id);
            }
        }
        if one.bits == u16::BITS {
            self.sixteen_bit += 1;
            let highest = one.channels.values().map(|(_, facts)| facts.highest).max();
            if highest.is_some_and(|highest| highest > 0 && highest < 1 << CAMERA_BITS) {
                self.shallow.add(id);
            }
        }
        self.green_blue.add(sample, one.green_blue);
        self.green_red.add(sample, one.green_red);
        if !one.spectra.is_empty() {
            let (fields, sum) = self.spectra.entry((one.width, one.height)).or_default();
            *fields += 1;
            for (channel, power) in &one.spectra {
                sum.add(*channel, power);
            }
        }
    }

    fn told(self, spectrum_fields: usize, faults: Vec<Fault>) -> Measured {
        let mut sizes: Vec<SizeCount> = self
            .sizes
            .into_iter()
            .map(|((width, height, bits), fields)| SizeCount {
                width,
                height,
                bits,
                fields,
            })
            .collect();
        sizes.sort_by_key(|size| std::cmp::Reverse(size.fields));
        let mut spectra: Vec<_> = self.spectra.into_iter().collect();
        spectra.sort_by_key(|(_, (fields, _))| std::cmp::Reverse(*fields));
        let fields = FieldStatistics {
            sizes,
            brightness: self
                .levels
                .iter()
                .filter_map(|(channel, levels)| Some((*channel, levels.brightness()?)))
                .collect(),
            spectra: spectra
                .into_iter()
                .map(|((width, height), (_, sum))| SizeSpectra {
                    width,
                    height,
                    channels: sum.means(width.min(height)),
                })
                .collect(),
            spectrum_fields,
            green_blue: self.green_blue.told(),
            green_red: self.green_red.told(),
            oddities: self.oddities,
            shallow: self.shallow,
            sixteen_bit: self.sixteen_bit,
        };
        Measured {
            labels: self.labels,
            fields,
            faults,
            is_read: self.is_read,
            first_large: self.first_large,
        }
    }
}
