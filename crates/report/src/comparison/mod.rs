//! Several runs beside each other, and beside published figures: at the terminal, as Markdown, as
//! JSON and as a page.

mod document;
mod published;

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::evaluation::{Estimate, Estimates};
use super::plots::count;
use cytolens_data::whole_file::write_whole;
use published::{Measure, PUBLISHED, Published, Resolution};

/// What no reader must miss.
pub const CAUTION: &str = "Published figures were measured on the test set of the challenge, ours on the data named here. Other data \
                           give other scores: the two stand beside each other for orientation, and no difference between them says \
                           which network is better.";

/// Runs that were scored on the same samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// On which samples, in words.
    pub data: String,
    /// In the order they are told.
    pub runs: Vec<ComparedRun>,
}

/// A run, what it took and what it reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The run's name.
    pub name: String,
    /// The network's title as papers write it, such as `DenseNet-121`.
    pub architecture: String,
    /// The recipe's name.
    pub recipe: String,
    /// The weights it started from: `ImageNet` or `random`.
    pub start: String,
    /// The side of the network's input in pixels.
    pub size: usize,
    /// How channels become planes.
    pub composition: String,
    /// How many numbers were learned.
    pub parameters: usize,
    /// How often each sample was shown.
    pub epochs: usize,
    /// How many pictures were shown in all.
    pub images_seen: u64,
    /// How long the training took, in minutes.
    pub minutes: f64,
    /// How many samples were scored.
    pub samples: usize,
    /// What it reached on them, with intervals.
    #[serde(flatten)]
    pub scores: Estimates,
    /// The mean average precision over the locations present; none where none is.
    pub mean_average_precision: Option<f64>,
}

/// A table that every form of the comparison shows.
#[derive(Debug)]
struct Grid {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// A published score and the run of ours that it stands beside; either may be missing.
#[derive(Debug)]
struct Beside<'a> {
    published: Option<&'static Published>,
    run: Option<&'a ComparedRun>,
}

impl Comparison {
    /// The comparison for a terminal.
    pub fn text(&self) -> String {
        format!(
            "On {}:\n\n{}\n{}\nBeside published figures, macro-F1 in percent:\n\n{}\n{CAUTION}\n",
            self.data,
            self.scores().text(),
            self.cost().text(),
            self.beside_published().text()
        )
    }

    /// The comparison for a document.
    pub fn markdown(&self) -> String {
        format!(
            "Scores in percent on {}, with intervals of 95 %:\n\n{}\n{}\nBeside published figures, macro-F1 in percent:\n\n{}\n{CAUTION}\n",
            self.data,
            self.scores().markdown(),
            self.cost().markdown(),
            self.beside_published().markdown()
        )
    }

    /// Writes `index.html`, `comparison.json`, `comparison.md` and the folder `plots`.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        let plots = out.join("plots");
        std::fs::create_dir_all(&plots)
            .with_context(|| format!("cannot make the folder {}", plots.display()))?;
        let figures = document::Figures::of(self);
        for plot in figures.all() {
            write_whole(&plots.join(format!("{}.svg", plot.name)), plot.file())?;
        }
        let json = serde_json::to_string_pretty(self)? + "\n";
        write_whole(&out.join("comparison.json"), json)?;
        write_whole(&out.join("comparison.md"), self.markdown())?;
        write_whole(&out.join("index.html"), document::document(self, &figures))
    }

    fn scores(&self) -> Grid {
        let rows = self.runs.iter().map(|run| {
            let scores = &run.scores;
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
                ]
                .map(with_interval),
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
            ],
            rows: rows.collect(),
        }
    }

    fn cost(&self) -> Grid {
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
                count(run.samples as u64),
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

    fn beside_published(&self) -> Grid {
        let dash = || "–".to_owned();
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

    /// Every published score with each run of the same network and resolution, then the runs of
    /// networks that nothing was published of. Where a source names no resolution, every one fits.
    fn beside(&self) -> Vec<Beside<'_>> {
        let mut rows = Vec::new();
        for published in &PUBLISHED {
            let runs: Vec<&ComparedRun> = self
                .runs
                .iter()
                .filter(|run| self.fits(published, run))
                .collect();
            if runs.is_empty() {
                rows.push(Beside {
                    published: Some(published),
                    run: None,
                });
            }
            rows.extend(runs.into_iter().map(|run| Beside {
                published: Some(published),
                run: Some(run),
            }));
        }
        let others = self
            .runs
            .iter()
            .filter(|run| !PUBLISHED.iter().any(|published| self.fits(published, run)));
        rows.extend(others.map(|run| Beside {
            published: None,
            run: Some(run),
        }));
        rows
    }

    fn fits(&self, published: &Published, run: &ComparedRun) -> bool {
        let resolution = published.resolution;
        published.architecture == Some(run.architecture.as_str())
            && resolution.is_none_or(|resolution| resolution == self.resolution(run))
    }

    /// What a run's size counts as: of several sizes the largest is high.
    fn resolution(&self, run: &ComparedRun) -> Resolution {
        let sizes = || self.runs.iter().map(|run| run.size);
        let (least, most) = (sizes().min(), sizes().max());
        if least == most {
            Resolution::of(run.size)
        } else if Some(run.size) == most {
            Resolution::High
        } else {
            Resolution::Low
        }
    }
}

impl Beside<'_> {
    fn name(&self) -> String {
        match (self.published, self.run) {
            (Some(published), _) => published.name.to_owned(),
            (None, Some(run)) => run.architecture.clone(),
            (None, None) => String::new(),
        }
    }

    /// Our score of the same measure.
    fn ours(&self) -> Option<Estimate> {
        let scores = &self.run?.scores;
        Some(
            match self.published.and_then(|published| published.measure) {
                Some(Measure::FirstNine) => scores.first_nine,
                Some(Measure::All) | None => scores.macro_f1,
            },
        )
    }
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

impl Grid {
    /// Columns of equal width.
    fn text(&self) -> String {
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

    fn markdown(&self) -> String {
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

#[cfg(test)]
mod tests;
