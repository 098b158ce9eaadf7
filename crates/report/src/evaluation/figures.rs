//! The evaluation's plots.

use cytolens_core::labels::{COUNT, LOCATIONS};

use super::predicted::Predicted;
use super::results::{Evaluation, PLAIN};
use crate::calibration::{BINS, Bin};
use crate::plots::{
    Axis, Cell, Form, HeatMap, LineChart, Mark, Plot, Row, Rows, Scale, Series, count, hundredths,
};
use cytolens_core::ranking::precision_recall_curve;

/// The most points of a drawn curve of precision and recall: one for each two pixels.
const CURVE_POINTS: f64 = 200.0;

/// All plots of an evaluation.
#[derive(Debug)]
pub struct EvaluationPlots {
    /// F1 with its interval, one row for each class that occurs.
    pub classes: Plot,
    /// F1 at the given thresholds and at 0.5.
    pub thresholds: Plot,
    /// Precision over recall for each class that occurs, the most frequent first.
    pub curves: Vec<Plot>,
    /// The share of positives by probability.
    pub reliability: Plot,
    /// The number of decisions by probability.
    pub decisions: Plot,
    /// The confusion of labels.
    pub confusion: Plot,
}

impl EvaluationPlots {
    /// Draws the plots.
    pub fn of(evaluation: &Evaluation, test: &Predicted) -> Self {
        let mut occurring: Vec<usize> = (0..COUNT)
            .filter(|&class| evaluation.classes[class].scores.positives > 0)
            .collect();
        occurring
            .sort_by_key(|&class| std::cmp::Reverse(evaluation.classes[class].scores.positives));
        Self {
            classes: classes(evaluation, &occurring),
            thresholds: thresholds(evaluation, &occurring),
            curves: occurring
                .iter()
                .map(|&class| curve(evaluation, test, class))
                .collect(),
            reliability: reliability(&evaluation.reliability),
            decisions: decisions(&evaluation.reliability),
            confusion: confusion(evaluation),
        }
    }

    /// All plots.
    pub fn all(&self) -> impl Iterator<Item = &Plot> {
        [
            &self.classes,
            &self.thresholds,
            &self.reliability,
            &self.decisions,
            &self.confusion,
        ]
        .into_iter()
        .chain(&self.curves)
    }
}

fn from_0_to_1(title: &str) -> Axis {
    Axis {
        title: title.to_owned(),
        scale: Scale::Linear {
            low: 0.0,
            high: 1.0,
        },
    }
}

fn classes(evaluation: &Evaluation, occurring: &[usize]) -> Plot {
    let rows: Vec<Row> = occurring
        .iter()
        .map(|&class| {
            let one = &evaluation.classes[class];
            let mark = one.f1_estimate.map(|f1| Mark {
                value: f1.value,
                spread: Some([f1.low, f1.high]),
                note: format!(
                    "{} ({})",
                    hundredths(f1.value),
                    count(one.scores.positives as u64)
                ),
            });
            Row {
                name: one.name.to_owned(),
                marks: vec![mark],
            }
        })
        .collect();
    Rows {
        name: "f1-by-location",
        description: "Dots: the F1 of each location, with its interval".to_owned(),
        axis: from_0_to_1("F1"),
        sets: &["F1".to_owned()],
        rows: &rows,
        form: Form::Dots,
    }
    .draw()
}

fn thresholds(evaluation: &Evaluation, occurring: &[usize]) -> Plot {
    let rows: Vec<Row> = occurring
        .iter()
        .map(|&class| {
            let one = &evaluation.classes[class];
            let mark = |f1: f64, threshold: f32| {
                Some(Mark {
                    value: f1,
                    spread: None,
                    note: format!("F1 {} at {threshold:.3}", hundredths(f1)),
                })
            };
            Row {
                name: one.name.to_owned(),
                marks: vec![
                    mark(one.scores.f1, one.threshold),
                    mark(one.plain_f1, PLAIN),
                ],
            }
        })
        .collect();
    Rows {
        name: "f1-by-threshold",
        description: "Dots: the F1 of each location at its threshold and at 0.5".to_owned(),
        axis: from_0_to_1("F1"),
        sets: &["own threshold".to_owned(), "0.5".to_owned()],
        rows: &rows,
        form: Form::Dots,
    }
    .draw()
}

fn curve(evaluation: &Evaluation, test: &Predicted, class: usize) -> Plot {
    let one = &evaluation.classes[class];
    let (truth, probabilities) = test.of_class(class);
    let mut points = precision_recall_curve(&truth, &probabilities);
    // The average precision is the area under these steps: each recall has the highest precision, that of the threshold at
    // which the recall is reached.
    points.dedup_by(|later, first| later.0 == first.0);
    let mut steps = Vec::new();
    let mut reached = 0.0;
    for near in points.chunk_by(|a, b| column(a.0) == column(b.0)) {
        if let Some(&(recall, precision, _)) = near.last() {
            steps.extend([(reached, precision), (recall, precision)]);
            reached = recall;
        }
    }
    let mut series = vec![Series {
        name: "any threshold".to_owned(),
        points: steps,
    }];
    if one.scores.predicted > 0 {
        series.push(Series {
            name: format!("at {:.3}", one.threshold),
            points: vec![(one.scores.recall, one.scores.precision)],
        });
    }
    LineChart {
        name: format!("precision-recall-{class:02}"),
        title: format!(
            "{} · {} ({})",
            one.name,
            one.average_precision.map_or_else(String::new, hundredths),
            count(one.scores.positives as u64)
        ),
        spot: "series",
        description: format!("Precision of {} over its recall", one.name),
        x: from_0_to_1("recall"),
        y: from_0_to_1("precision"),
        series: &series,
        filled: true,
    }
    .draw()
}

/// The column of the drawing at a recall.
fn column(recall: f64) -> i64 {
    (recall * CURVE_POINTS).round() as i64
}

fn reliability(bins: &[Bin]) -> Plot {
    let used = bins.iter().filter(|bin| bin.decisions > 0);
    let series = [
        Series {
            name: "observed".to_owned(),
            points: used.map(|bin| (bin.confidence, bin.frequency)).collect(),
        },
        Series {
            name: "as it says".to_owned(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        },
    ];
    LineChart {
        name: "reliability".to_owned(),
        title: "Reliability".to_owned(),
        spot: "series",
        description: "The share of true labels over their probability".to_owned(),
        x: from_0_to_1("mean probability"),
        y: from_0_to_1("share of labels that are there"),
        series: &series,
        filled: false,
    }
    .draw()
}

fn decisions(bins: &[Bin]) -> Plot {
    let steps = |of: &dyn Fn(&Bin) -> f64| -> Vec<(f64, f64)> {
        let width = 1.0 / BINS as f64;
        bins.iter()
            .enumerate()
            .flat_map(|(index, bin)| {
                let left = index as f64 * width;
                [(left, of(bin)), (left + width, of(bin))]
            })
            .collect()
    };
    let series = [
        Series {
            name: "labels there".to_owned(),
            points: steps(&|bin| bin.decisions as f64 * bin.frequency),
        },
        Series {
            name: "not there".to_owned(),
            points: steps(&|bin| bin.decisions as f64 * (1.0 - bin.frequency)),
        },
    ];
    // One decision is above the axis, none is on it.
    let counts = series
        .iter()
        .flat_map(|one| &one.points)
        .map(|point| point.1);
    LineChart {
        name: "decisions".to_owned(),
        title: "Decisions".to_owned(),
        spot: "series",
        description: "How many labels have which probability".to_owned(),
        x: from_0_to_1("probability"),
        y: Axis {
            title: "labels".to_owned(),
            scale: Scale::decades(counts.chain([0.5]), 8),
        },
        series: &series,
        filled: true,
    }
    .draw()
}

fn confusion(evaluation: &Evaluation) -> Plot {
    let confusion = &evaluation.confusion;
    let cells: Vec<Vec<Cell>> = (0..COUNT)
        .map(|missed| {
            (0..COUNT)
                .map(|given| Cell {
                    share: confusion.share(missed, given),
                    title: match confusion.positives[missed] {
                        0 => format!("no sample shows {}", LOCATIONS[missed]),
                        _ if missed == given => confusion.describe_positives(missed),
                        _ => confusion.describe_pair(missed, given),
                    },
                })
                .collect()
        })
        .collect();
    HeatMap {
        name: "confusion",
        description: "Matrix: of the samples with the row's location, the share for which it was missed and the column's given"
            .to_owned(),
        names: &LOCATIONS,
        title: "of the row's samples: row missed, column given",
        cells: &cells,
    }
    .draw()
}
