//! Measurement of a labelled set in one pass: every field is read once, measured and dropped.

use std::collections::{BTreeMap, BTreeSet};

use cytolens_core::Channel;
use cytolens_core::labels::COUNT;
use cytolens_field::Field;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

use super::correlation::{MeanAndStd, Spread, correlation};
use super::labels::LabelStatistics;
use super::levels::{Brightness, Levels, PlaneFacts, PlaneLevels};
use super::spectrum::{self, Spectrum, SpectrumSum};
use cytolens_data::dataset::Sample;
use cytolens_data::fault::Fault;
use cytolens_data::files::ReadError;
use cytolens_data::noticed::Noticed;
use cytolens_data::random::{Purpose, Stream};

/// The most fields whose spectra are measured, drawn from the set by [`SPECTRUM_SEED`]: the mean hardly changes with more, and
/// spectra cost more than all other measurements.
pub const MOST_SPECTRA: usize = 200;

/// The seed of the fields whose spectra are measured.
pub const SPECTRUM_SEED: u64 = 1;

/// The share of pixels at the highest level above which a channel is called saturated.
pub const SATURATED: f64 = 0.01;

/// The least pixels a side of a large field: high resolution, in the words of the Human Protein Atlas.
pub const LARGE_SIDE: u32 = 1024;

/// The bits of a sample from a 12-bit camera.
const CAMERA_BITS: u32 = 12;

/// The number of fields that a thread measures before the results are summed in the set's order: few, to bound memory, and many, so
/// that no thread waits long for the last.
const BATCH_PER_THREAD: usize = 16;

/// The fields with some property: their number, and the first few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// The number of fields.
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

/// Oddities of a channel that are no faults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChannelOddities {
    /// The fields without the channel.
    pub missing: Mention,
    /// The fields in which all pixels of the channel are equal.
    pub empty: Mention,
    /// The fields in which more than [`SATURATED`] of the channel's pixels are at the highest level.
    pub saturated: Mention,
}

/// The number of fields of one size and depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The bits of a sample in the file.
    pub bits: u32,
    /// The number of fields.
    pub fields: usize,
}

/// The mean spectra of the fields of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeSpectra {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The spectra by channel.
    pub channels: BTreeMap<Channel, Spectrum>,
}

/// The correlation of green and another channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Correlations {
    /// The correlation over all fields.
    pub all: Option<MeanAndStd>,
    /// The correlation over the fields of each class.
    pub by_class: Vec<Option<MeanAndStd>>,
}

/// The statistics of the fields of a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldStatistics {
    /// The sizes of fields, the most frequent first.
    pub sizes: Vec<SizeCount>,
    /// The brightness by channel, for channels that any field has.
    pub brightness: BTreeMap<Channel, Brightness>,
    /// The spectra by size, the most frequent size first.
    pub spectra: Vec<SizeSpectra>,
    /// The number of fields whose spectra were measured.
    pub spectrum_fields: usize,
    /// Pearson's correlation of green and blue.
    pub green_blue: Correlations,
    /// Pearson's correlation of green and red.
    pub green_red: Correlations,
    /// The oddities by channel.
    pub oddities: BTreeMap<Channel, ChannelOddities>,
    /// The 16-bit fields whose samples fit into 12 bits.
    pub shallow: Mention,
    /// The number of 16-bit fields.
    pub sixteen_bit: usize,
    /// What was decided in reading the fields, a sentence for each kind with an example.
    pub decided: Vec<String>,
}

/// The result of one pass over a set.
#[derive(Debug)]
pub struct Measured {
    /// The labels of the fields that could be read.
    pub labels: LabelStatistics,
    /// The statistics of these fields.
    pub fields: FieldStatistics,
    /// The fields that could not be read.
    pub faults: Vec<Fault>,
    /// Whether each sample could be read.
    pub is_read: Vec<bool>,
    /// The first sample of a large field.
    pub first_large: Option<usize>,
}

/// Reads and measures all fields of a set, and advances `bar` by each.
///
/// Numbers are summed in the set's order, so that they do not depend on the number of threads.
pub fn measure(samples: &[Sample], bar: &ProgressBar) -> Measured {
    let with_spectrum = drawn(samples.len());
    let mut sums = Sums::default();
    let mut faults = Vec::new();
    let noticed = Noticed::default();
    let batch = BATCH_PER_THREAD * rayon::current_num_threads();
    for (number, part) in samples.chunks(batch).enumerate() {
        let start = number * batch;
        let measured: Vec<Result<OneField, ReadError>> = part
            .par_iter()
            .enumerate()
            .map(|(index, sample)| {
                let field = sample.field.read();
                let one = field.map(|field| {
                    noticed.look_at(&field);
                    OneField::of(&field, with_spectrum.contains(&(start + index)))
                });
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
    sums.measured(with_spectrum.len(), noticed.but_for_brightness(), faults)
}

/// The indices of the fields whose spectra are measured.
fn drawn(fields: usize) -> BTreeSet<usize> {
    let mut order: Vec<usize> = (0..fields).collect();
    Stream::new(Purpose::Spectra, &[SPECTRUM_SEED]).shuffle(&mut order);
    order.into_iter().take(MOST_SPECTRA).collect()
}

/// The measurements of one field.
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

    fn correlations(&self) -> Correlations {
        Correlations {
            all: self.all.mean_and_std(),
            by_class: self.by_class.iter().map(Spread::mean_and_std).collect(),
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

    fn measured(
        self,
        spectrum_fields: usize,
        decided: Vec<String>,
        faults: Vec<Fault>,
    ) -> Measured {
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
            green_blue: self.green_blue.correlations(),
            green_red: self.green_red.correlations(),
            oddities: self.oddities,
            shallow: self.shallow,
            sixteen_bit: self.sixteen_bit,
            decided,
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
