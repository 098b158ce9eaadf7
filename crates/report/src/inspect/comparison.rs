//! Two sets beside each other, in numbers.

use std::collections::BTreeMap;

use cytolens_core::Channel;
use cytolens_core::labels::{COUNT, LOCATIONS};
use serde::Serialize;

use super::InspectedSet;
use super::correlation::MeanAndStd;
use super::set::{Correlations, FieldStatistics, SizeSpectra};
use super::spectrum::{SpectralDistance, TOLD, decibels, distance};

/// A quantity in both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Both {
    /// What it is.
    pub quantity: &'static str,
    /// In the first set.
    pub first: f64,
    /// In the second.
    pub second: f64,
    /// First by second; none where that is not a number.
    pub ratio: Option<f64>,
}

/// The spectra of a channel in both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spectra {
    /// First by second in decibels, at each of the told frequencies; none where one has no power there.
    pub decibels: [Option<f64>; TOLD.len()],
    /// Over all frequencies.
    pub distance: Option<SpectralDistance>,
}

/// The correlation of two channels in the fields of a class, in both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassCorrelation {
    /// The class.
    pub class: &'static str,
    /// In the first set.
    pub first: MeanAndStd,
    /// In the second.
    pub second: MeanAndStd,
    /// First mean less second.
    pub difference: f64,
}

/// All numbers of two sets beside each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// By channel.
    pub brightness: BTreeMap<Channel, Vec<Both>>,
    /// The frequencies that the spectra tell, in cycles a pixel.
    pub frequencies: [f64; TOLD.len()],
    /// By channel.
    pub spectra: BTreeMap<Channel, Spectra>,
    /// Whether the spectra are of fields of one size, so that a pixel of one means a pixel of the other.
    pub spectra_of_one_size: bool,
    /// Classes that both sets have.
    pub green_blue: Vec<ClassCorrelation>,
    /// Classes that both sets have.
    pub green_red: Vec<ClassCorrelation>,
}

/// The comparison of two sets of fields; none for one set, or for tables without images.
pub fn comparison(sets: &[InspectedSet]) -> Option<Comparison> {
    let [first, second] = sets else {
        return None;
    };
    let (first, second) = (first.fields.as_ref()?, second.fields.as_ref()?);
    let (spectra, spectra_of_one_size) = match (first.spectra.first(), second.spectra.first()) {
        (Some(a), Some(b)) => (spectra(a, b), (a.width, a.height) == (b.width, b.height)),
        _ => (BTreeMap::new(), false),
    };
    Some(Comparison {
        brightness: brightness(first, second),
        frequencies: TOLD,
        spectra,
        spectra_of_one_size,
        green_blue: classes(&first.green_blue, &second.green_blue),
        green_red: classes(&first.green_red, &second.green_red),
    })
}

fn brightness(first: &FieldStatistics, second: &FieldStatistics) -> BTreeMap<Channel, Vec<Both>> {
    let in_both = |(channel, a): (&Channel, &super::levels::Brightness)| {
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
                decibels: TOLD.map(|at| Some(decibels(a.at(at)?, b.at(at)?))),
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
