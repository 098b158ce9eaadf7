//! The tables of a comparison, as text and as Markdown.

use super::published::Resolution;
use super::runs::Comparison;
use super::scores::{Difference, FurtherTest, TestScores};
use crate::evaluation::Estimate;
use crate::plots::count;

/// A table of a comparison.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Grid {
    /// Renders the table as text in columns.
    pub(super) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.fold(self.columns[column].chars().count(), usize::max)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let padded: Vec<String> = cells
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:<width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned() + "\n"
        };
        let mut text = line(&mut self.columns.iter().copied());
        for row in &self.rows {
            text += &line(&mut row.iter().map(String::as_str));
        }
        text
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            // A bar in a name would begin a cell.
            let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = line(&mut self.columns.iter().copied());
        text += &format!("|{}\n", "---|".repeat(self.columns.len()));
        for row in &self.rows {
            text += &line(&mut row.iter().map(String::as_str));
        }
        text
    }
}

impl Comparison {
    /// The scores on the samples that the runs kept for their test.
    pub(super) fn scores(&self) -> Grid {
        self.scored(self.runs.iter().map(|run| &run.reached))
    }

    /// The scores on a further set.
    pub(super) fn further_scores(&self, test: &FurtherTest) -> Grid {
        let mut grid = self.scored(test.scores.iter());
        grid.columns.push("samples scored");
        for (row, reached) in grid.rows.iter_mut().zip(&test.scores) {
            row.push(count(reached.samples as u64));
        }
        grid
    }

    /// The scores of each run on a set of samples; dashes where none was scored.
    fn scored<'a>(&self, reached: impl Iterator<Item = &'a TestScores>) -> Grid {
        let rows = self.runs.iter().zip(reached).map(|(run, reached)| {
            let scores = &reached.scores;
            let shown = |estimate| match reached.samples {
                0 => dash(),
                _ => with_interval(estimate),
            };
            let mut row = vec![
                run.name.clone(),
                format!("{}, {} px", run.architecture, run.size),
            ];
            row.extend(
                [
                    scores.macro_f1,
                    scores.macro_f1_present,
                    scores.first_nine,
                    scores.micro_f1,
                    scores.exact_match,
                    reached.label_ranking_average_precision,
                ]
                .map(shown),
            );
            row
        });
        Grid {
            columns: vec![
                "run",
                "network",
                "macro-F1",
                "present only",
                "first 9 labels",
                "micro-F1",
                "exact match",
                "LRAP",
            ],
            rows: rows.collect(),
        }
    }

    /// What the other runs are better by than the first, and the heading of that table; none where there are no other runs.
    pub(super) fn difference_table(&self, differences: &[Difference]) -> Option<(String, Grid)> {
        let first = self.runs.first().filter(|_| !differences.is_empty())?;
        let heading = format!(
            "Differences from {} in percentage points, with intervals of 95 % over the same draws of samples for both",
            first.name
        );
        let rows = differences.iter().map(|difference| {
            let mut row = vec![difference.run.clone()];
            match &difference.gains {
                Some(gains) => {
                    for gain in [
                        gains.scores.macro_f1_present,
                        gains.label_ranking_average_precision,
                    ] {
                        let is_sure = if gain.excludes_zero() { "yes" } else { "no" };
                        row.extend([signed(gain), is_sure.to_owned()]);
                    }
                }
                None => {
                    row.push("not scored on the same samples".to_owned());
                    row.extend([dash(), dash(), dash()]);
                }
            }
            row
        });
        let grid = Grid {
            columns: vec![
                "run",
                "macro-F1, present only",
                "excludes 0",
                "LRAP",
                "excludes 0",
            ],
            rows: rows.collect(),
        };
        Some((heading, grid))
    }

    pub(super) fn cost(&self) -> Grid {
        let rows = self.runs.iter().map(|run| {
            vec![
                run.name.clone(),
                run.recipe.clone(),
                run.start.clone(),
                run.composition.clone(),
                count(run.parameters as u64),
                run.epochs.to_string(),
                count(run.images_seen),
                format!("{:.1}", run.minutes),
                count(run.reached.samples as u64),
            ]
        });
        Grid {
            columns: vec![
                "run",
                "recipe",
                "start",
                "composition",
                "parameters",
                "epochs",
                "images seen",
                "minutes",
                "samples scored",
            ],
            rows: rows.collect(),
        }
    }

    pub(super) fn beside_published(&self) -> Grid {
        let rows = self.beside().into_iter().map(|beside| {
            let resolution = match (beside.published, beside.run) {
                (Some(published), _) => published.resolution.map(Resolution::name),
                (None, Some(run)) => Some(self.resolution(run).name()),
                (None, None) => None,
            };
            vec![
                beside.name(),
                resolution.map_or_else(dash, str::to_owned),
                beside
                    .published
                    .map_or_else(dash, |published| format!("{:.2}", published.macro_f1)),
                beside.ours().map_or_else(dash, with_interval),
                beside.run.map_or_else(dash, |run| run.size.to_string()),
                beside.run.map_or_else(dash, |run| run.name.clone()),
            ]
        });
        Grid {
            columns: vec!["network", "resolution", "published", "ours", "px", "run"],
            rows: rows.collect(),
        }
    }
}

/// What stands where there is no number.
fn dash() -> String {
    "–".to_owned()
}

/// A difference in percentage points with its interval.
fn signed(difference: Estimate) -> String {
    let points = |value: f64| format!("{:+.2}", value * 100.0).replace('-', "−");
    let [value, low, high] = [difference.value, difference.low, difference.high].map(points);
    format!("{value} ({low} to {high})")
}

/// A score in percent with its interval.
fn with_interval(estimate: Estimate) -> String {
    format!(
        "{:.2} ({:.1}–{:.1})",
        estimate.value * 100.0,
        estimate.low * 100.0,
        estimate.high * 100.0
    )
}
