//! The plots of the report.

use cytolens_core::Channel;
use cytolens_core::labels::{COUNT, LOCATIONS};

use super::inspected::InspectedSet;
use super::levels::{BINS, Brightness};
use super::set::{Correlations, FieldStatistics};
use crate::plots::{
    Axis, Cell, Form, HeatMap, LineChart, Mark, Plot, Row, Rows, Scale, Series, count, percent,
};

/// All plots of a report, on one set or on two.
#[derive(Debug)]
pub struct InspectionPlots {
    /// The number of fields of each class.
    pub frequencies: Plot,
    /// The number of fields by their number of labels.
    pub labels_per_field: Plot,
    /// The co-occurrence of classes, one plot a set.
    pub together: Vec<Plot>,
    /// The histograms of brightness, one plot a channel.
    pub histograms: Vec<Plot>,
    /// The distributions of the fields' mean brightness, one plot a channel.
    pub field_means: Vec<Plot>,
    /// The power spectra, one plot a channel.
    pub spectra: Vec<Plot>,
    /// The correlations of green and blue, by class.
    pub green_blue: Option<Plot>,
    /// The correlations of green and red, by class.
    pub green_red: Option<Plot>,
}

impl InspectionPlots {
    /// Draws the plots.
    pub fn of(sets: &[InspectedSet]) -> Self {
        let names: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
        let has_fields = sets.iter().any(|set| !brightness_of(set).is_empty());
        let panels = |draw: &dyn Fn(Channel) -> Option<Plot>| -> Vec<Plot> {
            Channel::ALL.into_iter().filter_map(draw).collect()
        };
        let correlations = |name, other, of: &dyn Fn(&FieldStatistics) -> &Correlations| {
            has_fields.then(|| correlations(sets, &names, name, other, of))
        };
        Self {
            frequencies: frequencies(sets, &names),
            labels_per_field: labels_per_field(sets, &names),
            together: sets
                .iter()
                .enumerate()
                .map(|(index, set)| together(set, index))
                .collect(),
            histograms: panels(&|channel| histogram(sets, channel)),
            field_means: panels(&|channel| field_means(sets, channel)),
            spectra: panels(&|channel| spectra(sets, channel)),
            green_blue: correlations("green-blue", "blue", &|fields| &fields.green_blue),
            green_red: correlations("green-red", "red", &|fields| &fields.green_red),
        }
    }

    /// All plots.
    pub fn all(&self) -> impl Iterator<Item = &Plot> {
        [&self.frequencies, &self.labels_per_field]
            .into_iter()
            .chain(&self.together)
            .chain(&self.histograms)
            .chain(&self.field_means)
            .chain(&self.spectra)
            .chain(&self.green_blue)
            .chain(&self.green_red)
    }
}

/// The structure that a channel stains.
pub fn stain(channel: Channel) -> &'static str {
    match channel {
        Channel::Red => "microtubules",
        Channel::Green => "the protein",
        Channel::Blue => "nucleus",
        Channel::Yellow => "endoplasmic reticulum",
    }
}

fn heading(channel: Channel) -> String {
    let name = match channel {
        Channel::Red => "Red",
        Channel::Green => "Green",
        Channel::Blue => "Blue",
        Channel::Yellow => "Yellow",
    };
    format!("{name}: {}", stain(channel))
}

fn brightness_of(set: &InspectedSet) -> Vec<&Brightness> {
    set.fields
        .iter()
        .flat_map(|fields| fields.brightness.values())
        .collect()
}

fn brightness(set: &InspectedSet, channel: Channel) -> Option<&Brightness> {
    set.fields.as_ref()?.brightness.get(&channel)
}

fn frequencies(sets: &[InspectedSet], names: &[String]) -> Plot {
    let rows: Vec<Row> = (0..COUNT)
        .map(|class| Row {
            name: LOCATIONS[class].to_owned(),
            marks: sets
                .iter()
                .map(|set| {
                    let fields = set.labels.counts[class];
                    Some(Mark {
                        value: set.labels.share(class),
                        spread: None,
                        note: if fields == 0 {
                            "none".to_owned()
                        } else {
                            format!(
                                "{} · {}",
                                count(fields as u64),
                                percent(set.labels.share(class))
                            )
                        },
                    })
                })
                .collect(),
        })
        .collect();
    let shares = sets
        .iter()
        .flat_map(|set| (0..COUNT).map(|class| set.labels.share(class)));
    let rarest = shares.filter(|share| *share > 0.0).fold(1.0, f64::min);
    Rows {
        name: "label-frequencies",
        description: "Bars: how many fields show each of the 28 locations".to_owned(),
        axis: Axis {
            title: "share of fields, logarithmic".to_owned(),
            // The axis starts at half the rarest's share, so that its bar has a length.
            scale: Scale::Logarithmic {
                low: rarest / 2.0,
                high: 1.0,
            },
        },
        sets: names,
        rows: &rows,
        form: Form::Bars,
    }
    .draw()
}

fn labels_per_field(sets: &[InspectedSet], names: &[String]) -> Plot {
    let share = |set: &InspectedSet, labels: usize| {
        let fields = set.labels.fields_by_labels.get(labels).copied();
        let fields = fields.unwrap_or_default();
        (fields, fields as f64 / set.labels.fields.max(1) as f64)
    };
    let most = sets
        .iter()
        .map(|set| set.labels.fields_by_labels.len())
        .max()
        .unwrap_or_default();
    let rows: Vec<Row> = (0..most)
        .map(|labels| Row {
            name: match labels {
                0 => "no label".to_owned(),
                1 => "1 label".to_owned(),
                _ => format!("{labels} labels"),
            },
            marks: sets
                .iter()
                .map(|set| {
                    let (fields, value) = share(set, labels);
                    Some(Mark {
                        value,
                        spread: None,
                        note: format!("{} · {}", count(fields as u64), percent(value)),
                    })
                })
                .collect(),
        })
        .collect();
    let shares = sets
        .iter()
        .flat_map(|set| (0..most).map(|labels| share(set, labels).1));
    Rows {
        name: "labels-per-field",
        description: "Bars: how many fields have how many labels".to_owned(),
        axis: Axis {
            title: "share of fields".to_owned(),
            scale: Scale::from_zero(shares),
        },
        sets: names,
        rows: &rows,
        form: Form::Bars,
    }
    .draw()
}

fn together(set: &InspectedSet, index: usize) -> Plot {
    let cells: Vec<Vec<Cell>> = (0..COUNT)
        .map(|given| {
            (0..COUNT)
                .map(|class| {
                    let share = set.labels.conditional(class, given);
                    let both = count(set.labels.together[given][class] as u64);
                    let all = count(set.labels.counts[given] as u64);
                    let title = match share {
                        None => format!("no field shows {}", LOCATIONS[given]),
                        Some(_) if given == class => {
                            format!("{}: {all} fields", LOCATIONS[given])
                        }
                        Some(share) => format!(
                            "{} given {}: {}, {both} of {all} fields",
                            LOCATIONS[class],
                            LOCATIONS[given],
                            percent(share)
                        ),
                    };
                    Cell { share, title }
                })
                .collect()
        })
        .collect();
    HeatMap {
        name: ["labels-together", "labels-together-beside"][index.min(1)],
        description: format!(
            "Matrix: for the fields of {} with the row's location, the share that have the column's too",
            set.name
        ),
        names: &LOCATIONS,
        title: "share of the row's fields that show the column's location too",
        cells: &cells,
    }
    .draw()
}

fn histogram(sets: &[InspectedSet], channel: Channel) -> Option<Plot> {
    let series: Vec<Series> = sets
        .iter()
        .filter_map(|set| {
            let bins = &brightness(set, channel)?.histogram;
            Some(Series {
                name: set.name.clone(),
                points: steps(bins, 1.0 / BINS as f64),
            })
        })
        .collect();
    // One scale for all channels, so that they can be compared.
    let shares = sets
        .iter()
        .flat_map(brightness_of)
        .flat_map(|one| one.histogram.iter().copied());
    let scale = Scale::decades(shares.chain([1.0]), 8);
    (!series.is_empty()).then(|| {
        LineChart {
            name: format!("histogram-{channel}"),
            title: heading(channel),
            spot: channel.name(),
            description: format!("Histogram of the brightness of the channel {channel}"),
            x: Axis {
                title: "brightness, share of the highest level".to_owned(),
                scale: Scale::Linear {
                    low: 0.0,
                    high: 1.0,
                },
            },
            y: Axis {
                title: "share of pixels".to_owned(),
                scale,
            },
            series: &series,
            filled: true,
        }
        .draw()
    })
}

/// The outline of bins of equal width, in steps.
fn steps(bins: &[f64], width: f64) -> Vec<(f64, f64)> {
    bins.iter()
        .enumerate()
        .flat_map(|(index, value)| {
            let left = index as f64 * width;
            [(left, *value), (left + width, *value)]
        })
        .collect()
}

/// Draws the distribution of the fields' mean brightness in some thirty bins between the dimmest and the brightest field.
fn field_means(sets: &[InspectedSet], channel: Channel) -> Option<Plot> {
    let of: Vec<(&InspectedSet, &Brightness)> = sets
        .iter()
        .filter_map(|set| Some((set, brightness(set, channel)?)))
        .collect();
    let fine = of.first()?.1.field_means.len();
    let used = of
        .iter()
        .filter_map(|(_, one)| one.field_means.iter().rposition(|fields| *fields > 0))
        .max()?
        + 1;
    let merged = used.div_ceil(30).max(1);
    let shown = used.div_ceil(merged) + 1;
    let width = merged as f64 / fine as f64;
    let series: Vec<Series> = of
        .iter()
        .map(|(set, one)| {
            let mut bins: Vec<f64> = one
                .field_means
                .chunks(merged)
                .map(|part| part.iter().sum::<usize>() as f64 / one.fields as f64)
                .collect();
            bins.resize(shown, 0.0);
            Series {
                name: set.name.clone(),
                points: steps(&bins, width),
            }
        })
        .collect();
    let shares = series
        .iter()
        .flat_map(|one| one.points.iter().map(|point| point.1));
    let scale = Scale::from_zero(shares);
    Some(
        LineChart {
            name: format!("field-means-{channel}"),
            title: heading(channel),
            spot: channel.name(),
            description: format!("Distribution of the fields' mean brightness in {channel}"),
            x: Axis {
                title: "mean brightness of a field, share of the highest level".to_owned(),
                scale: Scale::Linear {
                    low: 0.0,
                    high: shown as f64 * width,
                },
            },
            y: Axis {
                title: "share of fields".to_owned(),
                scale,
            },
            series: &series,
            filled: true,
        }
        .draw(),
    )
}

fn spectra(sets: &[InspectedSet], channel: Channel) -> Option<Plot> {
    let series: Vec<Series> = sets
        .iter()
        .filter_map(|set| {
            // The first is the most frequent size of the set's fields.
            let main = set.fields.as_ref()?.spectra.first()?;
            Some(Series {
                name: set.name.clone(),
                points: main.channels.get(&channel)?.points(),
            })
        })
        .collect();
    // One scale for all channels, so that they can be compared.
    let all = || {
        let main = sets
            .iter()
            .filter_map(|set| set.fields.as_ref()?.spectra.first());
        main.flat_map(|main| main.channels.values())
    };
    let lowest = all().map(|one| one.ring).fold(0.5, f64::min);
    let scale = Scale::decades(all().flat_map(|one| one.power.iter().copied()), 10);
    (!series.is_empty()).then(|| {
        LineChart {
            name: format!("spectrum-{channel}"),
            title: heading(channel),
            spot: channel.name(),
            description: format!("Power spectrum of the channel {channel}"),
            x: Axis {
                title: "frequency, cycles a pixel".to_owned(),
                scale: Scale::Logarithmic {
                    low: lowest,
                    high: 0.5,
                },
            },
            y: Axis {
                title: "power".to_owned(),
                scale,
            },
            series: &series,
            filled: false,
        }
        .draw()
    })
}

fn correlations(
    sets: &[InspectedSet],
    names: &[String],
    name: &str,
    other: &str,
    of: &dyn Fn(&FieldStatistics) -> &Correlations,
) -> Plot {
    let rows: Vec<Row> = (0..COUNT)
        .map(|class| Row {
            name: LOCATIONS[class].to_owned(),
            marks: sets
                .iter()
                .map(|set| {
                    let spread = of(set.fields.as_ref()?).by_class[class]?;
                    Some(Mark {
                        value: spread.mean,
                        spread: Some([spread.mean - spread.std, spread.mean + spread.std]),
                        note: format!("{spread} ({})", count(spread.count as u64)),
                    })
                })
                .collect(),
        })
        .collect();
    let marks = rows.iter().flat_map(|row| row.marks.iter().flatten());
    let lowest = marks
        .map(|mark| mark.spread.map_or(mark.value, |[low, _]| low))
        .fold(0.0, f64::min);
    Rows {
        name,
        description: format!(
            "Dots: the mean correlation of green and {other} in the fields of each location"
        ),
        axis: Axis {
            title: format!("Pearson's correlation of green and {other}"),
            scale: Scale::Linear {
                low: (lowest * 5.0).floor() / 5.0,
                high: 1.0,
            },
        },
        sets: names,
        rows: &rows,
        form: Form::Dots,
    }
    .draw()
}
