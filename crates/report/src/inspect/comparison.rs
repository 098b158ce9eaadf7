//! Numbers that compare two sets.

use std::collections::BTreeMap;

use cytolens_core::Channel;
use cytolens_core::labels::{COUNT, LOCATIONS};
use serde::Serialize;

use super::correlation::MeanAndStd;
use super::inspected::InspectedSet;
use super::levels::Brightness;
use super::set::{Correlations, FieldStatistics, SizeSpectra};
use super::spectrum::{SpectralDistance, TABLE_FREQUENCIES, decibels, distance};

/// A quantity in both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Both {
    /// The name of the quantity.
    pub quantity: &'static str,
    /// The value in the first set.
    pub first: f64,
    /// The value in the second set.
    pub second: f64,
    /// The ratio, first to second; none where that is not a number.
    pub ratio: Option<f64>,
}

/// The spectra of a channel in both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spectra {
    /// The ratio of power, first to second, in decibels at each of the frequencies; none where one has no power there.
    pub decibels: [Option<f64>; TABLE_FREQUENCIES.len()],
    /// The distance over all frequencies.
    pub distance: Option<SpectralDistance>,
}

/// The correlation of two channels in the fields of a class, in both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassCorrelation {
    /// The class's name.
    pub class: &'static str,
    /// The correlation in the first set.
    pub first: MeanAndStd,
    /// The correlation in the second set.
    pub second: MeanAndStd,
    /// The difference of the means, first less second.
    pub difference: f64,
}

/// The comparison of two sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetComparison {
    /// The brightness by channel.
    pub brightness: BTreeMap<Channel, Vec<Both>>,
    /// The frequencies of [`Spectra::decibels`], in cycles a pixel.
    pub frequencies: [f64; TABLE_FREQUENCIES.len()],
    /// The spectra by channel.
    pub spectra: BTreeMap<Channel, Spectra>,
    /// Whether the spectra are of fields of one size, so that their frequencies in cycles a pixel are comparable.
    pub spectra_of_one_size: bool,
    /// The correlations of green and blue, for classes in both sets.
    pub green_blue: Vec<ClassCorrelation>,
    /// The correlations of green and red, for classes in both sets.
    pub green_red: Vec<ClassCorrelation>,
}

/// Compares two sets of fields; none for one set, or for tables without images.
pub fn comparison(sets: &[InspectedSet]) -> Option<SetComparison> {
    let [first, second] = sets else {
        return None;
    };
    let (first, second) = (first.fields.as_ref()?, second.fields.as_ref()?);
    let (spectra, spectra_of_one_size) = match (first.spectra.first(), second.spectra.first()) {
        (Some(a), Some(b)) => (spectra(a, b), (a.width, a.height) == (b.width, b.height)),
        _ => (BTreeMap::new(), false),
    };
    Some(SetComparison {
        brightness: brightness(first, second),
        frequencies: TABLE_FREQUENCIES,
        spectra,
        spectra_of_one_size,
        green_blue: classes(&first.green_blue, &second.green_blue),
        green_red: classes(&first.green_red, &second.green_red),
    })
}

fn brightness(first: &FieldStatistics, second: &FieldStatistics) -> BTreeMap<Channel, Vec<Both>> {
    let in_both = |(channel, a): (&Channel, &Brightness)| {
        let b = second.brightness.get(channel)?;
        let both = |quantity, first: f64, second: f64| Both {
            quantity,
            first,
            second,
            ratio: (second != 0.0).then(|| first / second),
        };
        let percentile =
            |quantity, index: usize| both(quantity, a.percentiles[index], b.percentiles[index]);
        let rows = vec![
            both("mean", a.mean, b.mean),
            both("standard deviation", a.std, b.std),
            percentile("median", 0),
            percentile("90th percentile", 1),
            percentile("99th percentile", 2),
            percentile("99.9th percentile", 3),
            both("share of black pixels", a.black, b.black),
        ];
        Some((*channel, rows))
    };
    first.brightness.iter().filter_map(in_both).collect()
}

fn spectra(first: &SizeSpectra, second: &SizeSpectra) -> BTreeMap<Channel, Spectra> {
    first
        .channels
        .iter()
        .filter_map(|(channel, a)| {
            let b = second.channels.get(channel)?;
            let spectra = Spectra {
                decibels: TABLE_FREQUENCIES.map(|at| Some(decibels(a.at(at)?, b.at(at)?))),
                distance: distance(a, b),
            };
            Some((*channel, spectra))
        })
        .collect()
}

fn classes(first: &Correlations, second: &Correlations) -> Vec<ClassCorrelation> {
    (0..COUNT)
        .filter_map(|class| {
            let (first, second) = (first.by_class[class]?, second.by_class[class]?);
            Some(ClassCorrelation {
                class: LOCATIONS[class],
                first,
                second,
                difference: first.mean - second.mean,
            })
        })
        .collect()
}
