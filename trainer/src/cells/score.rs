//! Scores of found cells against masks: those of a network beside those of a classical method.

use std::fmt::Write;

use anyhow::{Result, ensure};
use cytolens_cells::scores::{Comparison, Counts, THRESHOLDS};
use cytolens_cells::{Cells, CellsNetwork, Options, classical, instances, planes};
use cytolens_data::fault::Fault;
use cytolens_data::files::FieldOnDisk;
use cytolens_data::masked::{Mask, MaskedField};
use cytolens_field::Field;
use serde::Serialize;

use crate::unet::fields::each;

/// The scores of one method in finding one thing.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// The method.
    pub method: &'static str,
    /// What it finds: cells or nuclei.
    pub what: &'static str,
    /// The number of fields.
    pub fields: usize,
    /// The number of true things.
    pub truths: usize,
    /// The number found.
    pub found: usize,
    /// TP / (TP + FP + FN) over all fields at each of the thresholds 0.5, 0.6, 0.7, 0.8 and 0.9 of the intersection over union.
    pub average_precision: Vec<f64>,
    /// Their mean.
    pub mean_average_precision: f64,
    /// The mean over the fields of the number found less the true one, without its sign.
    pub count_error: f64,
    /// The same as a share of the true number.
    pub relative_count_error: f64,
}

/// The methods.
const METHODS: [&str; 2] = ["network", "classical"];
/// What they find.
const WHAT: [&str; 2] = ["cells", "nuclei"];

/// A field's comparisons: of each method, cells and nuclei.
type OfField = [[Option<Comparison>; 2]; 2];

/// Compares what both methods find in fields with their masks, at the fields' own size. Also gives the faults of fields that cannot
/// be read.
///
/// # Errors
/// If no field can be read.
pub fn scores(
    network: &CellsNetwork,
    fields: &[MaskedField],
    options: &Options,
    workers: usize,
    done: impl Fn() + Sync,
) -> Result<(Vec<Score>, Vec<Fault>)> {
    let compare = |field: &MaskedField| -> Result<OfField, Fault> {
        let (both, [cells, nuclei]) = field.read_with(|field| found(network, field, options))?;
        let truths = [cells, nuclei];
        Ok(both.map(|cells| {
            let masks = |mask: &Mask| cells.scaled(mask.width, mask.height);
            [0, 1].map(|what| {
                let truth = truths[what].as_ref()?;
                Some(Comparison::new(&truth.numbers, &masks(truth)[what]))
            })
        }))
    };
    let (comparisons, faults) = each(fields, workers, compare, done);
    ensure!(!comparisons.is_empty(), "no field can be read");
    let mut scores = Vec::new();
    for (what, name) in WHAT.into_iter().enumerate() {
        for (number, method) in METHODS.into_iter().enumerate() {
            let comparisons = comparisons
                .iter()
                .filter_map(|field| field[number][what].as_ref());
            let comparisons: Vec<&Comparison> = comparisons.collect();
            if !comparisons.is_empty() {
                scores.push(Score::of(method, name, &comparisons));
            }
        }
    }
    Ok((scores, faults))
}

/// Compares the nuclei that both methods find in fields without masks, those of the classical method as if they were true. Also
/// gives the faults of fields that cannot be read.
///
/// # Errors
/// If no field can be read.
pub fn agreement(
    network: &CellsNetwork,
    fields: &[FieldOnDisk],
    options: &Options,
    workers: usize,
    done: impl Fn() + Sync,
) -> Result<(Score, Vec<Fault>)> {
    let compare = |field: &FieldOnDisk| -> Result<Comparison, Fault> {
        let [ours, classical] = found(network, &field.read()?, options);
        Ok(Comparison::new(classical.nuclei(), ours.nuclei()))
    };
    let (comparisons, faults) = each(fields, workers, compare, done);
    ensure!(!comparisons.is_empty(), "no field can be read");
    let comparisons: Vec<&Comparison> = comparisons.iter().collect();
    let score = Score::of(
        "network",
        "nuclei, the classical method's as true",
        &comparisons,
    );
    Ok((score, faults))
}

/// The cells that each method finds.
fn found(network: &CellsNetwork, field: &Field, options: &Options) -> [Cells; 2] {
    let planes = planes(field, network.manifest().network.size);
    [network.maps(&planes), classical(&planes)].map(|maps| instances(&maps, options))
}

impl Score {
    fn of(method: &'static str, what: &'static str, comparisons: &[&Comparison]) -> Self {
        let average_precision: Vec<f64> = THRESHOLDS
            .iter()
            .map(|&threshold| {
                let mut sum = Counts::default();
                for comparison in comparisons {
                    sum += comparison.counts(threshold);
                }
                sum.average_precision()
            })
            .collect();
        let fields = comparisons.len();
        let truths: usize = comparisons.iter().map(|one| one.truths.len()).sum();
        let errors: u64 = comparisons
            .iter()
            .map(|one| one.count_error().unsigned_abs())
            .sum();
        Self {
            method,
            what,
            fields,
            truths,
            found: comparisons.iter().map(|one| one.found.len()).sum(),
            mean_average_precision: average_precision.iter().sum::<f64>() / THRESHOLDS.len() as f64,
            average_precision,
            count_error: errors as f64 / fields as f64,
            relative_count_error: errors as f64 / truths.max(1) as f64,
        }
    }
}

/// A table of scores, as Markdown.
pub fn table(scores: &[Score]) -> String {
    let mut text = String::from("| what | method | fields | true | found |");
    let thresholds = THRESHOLDS.map(|threshold| format!(" AP {threshold} |"));
    text += &thresholds.concat();
    text += " mean | error of the count | of the true number |\n";
    text += &format!("|{}\n", "---|".repeat(5 + THRESHOLDS.len() + 3));
    for score in scores {
        let precisions: String = score
            .average_precision
            .iter()
            .map(|value| format!(" {value:.3} |"))
            .collect();
        _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |{precisions} {:.3} | {:.2} | {:.1} % |",
            score.what,
            score.method,
            score.fields,
            score.truths,
            score.found,
            score.mean_average_precision,
            score.count_error,
            100.0 * score.relative_count_error
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_counts() {
        let truth = [1, 1, 1, 1, 2, 2, 2, 2, 0, 0];
        let found = [5, 5, 5, 0, 6, 6, 6, 6, 0, 7];
        let one = Comparison::new(&truth, &found);
        let none = Comparison::new(&[1, 1], &[0, 0]);
        let score = Score::of("network", "cells", &[&one, &none]);
        assert_eq!((score.fields, score.truths, score.found), (2, 3, 3));
        // Two hits, one that is none, one missed; from 0.75 on one hit.
        assert_eq!(score.average_precision[0], 0.5);
        assert_eq!(score.average_precision[4], 1.0 / 5.0);
        assert_eq!(score.count_error, 1.0);
        let table = table(&[score]);
        assert!(
            table.contains("| cells | network | 2 | 3 | 3 | 0.500 |"),
            "{table}"
        );
        let columns = |line: &str| line.matches('|').count();
        let lines: Vec<usize> = table.lines().map(columns).collect();
        assert_eq!(lines, [14, 14, 14]);
    }
}
