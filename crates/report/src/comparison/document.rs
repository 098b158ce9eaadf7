//! The comparison as a page.

use maud::{Markup, html};

use super::published::CAUTION;
use super::runs::{ComparedRun, Comparison};
use super::scores::Difference;
use super::tables::Grid;
use crate::evaluation::Estimate;
use crate::page::{Page, Section, figure, table};
use crate::plots::{Axis, Form, Mark, Plot, Row, Rows, Scale, count};

/// The plots of a comparison.
#[derive(Debug)]
pub struct ComparisonPlots {
    /// Macro-F1 over all 28 locations, a row for each run.
    pub all: Plot,
    /// Macro-F1 over the first 9 labels, a row for each run.
    pub first_nine: Plot,
    /// Our scores and published ones.
    pub published: Plot,
}

impl ComparisonPlots {
    /// Draws the plots.
    pub fn of(comparison: &Comparison) -> Self {
        Self {
            all: runs(
                comparison,
                "macro-f1",
                "macro-F1 over all 28 locations, percent",
                |run| run.reached.scores.macro_f1,
            ),
            first_nine: runs(
                comparison,
                "first-nine",
                "macro-F1 over the first 9 labels, percent",
                |run| run.reached.scores.first_nine,
            ),
            published: beside(comparison),
        }
    }

    /// All plots.
    pub fn all(&self) -> impl Iterator<Item = &Plot> {
        [&self.all, &self.first_nine, &self.published].into_iter()
    }
}

fn mark(estimate: Estimate) -> Mark {
    Mark {
        value: estimate.value * 100.0,
        spread: Some([estimate.low * 100.0, estimate.high * 100.0]),
        note: format!("{:.2}", estimate.value * 100.0),
    }
}

fn axis(title: &str, rows: &[Row]) -> Axis {
    let ends = rows.iter().flat_map(|row| row.marks.iter().flatten());
    let ends = ends.map(|mark| mark.spread.map_or(mark.value, |[_, high]| high));
    Axis {
        title: title.to_owned(),
        scale: Scale::from_zero(ends),
    }
}

fn runs(
    comparison: &Comparison,
    name: &str,
    title: &str,
    score: fn(&ComparedRun) -> Estimate,
) -> Plot {
    let rows: Vec<Row> = comparison
        .runs
        .iter()
        .map(|run| Row {
            name: format!("{}, {} px", run.architecture, run.size),
            marks: vec![Some(mark(score(run)))],
        })
        .collect();
    Rows {
        name,
        description: format!("Dots: {title}, for each run"),
        axis: axis(title, &rows),
        sets: &["ours".to_owned()],
        rows: &rows,
        form: Form::Dots,
    }
    .draw()
}

fn beside(comparison: &Comparison) -> Plot {
    let rows: Vec<Row> = comparison
        .beside()
        .iter()
        .map(|beside| Row {
            name: match beside.published.and_then(|published| published.resolution) {
                Some(resolution) => format!("{}, {}", short(&beside.name()), resolution.name()),
                None => beside.name(),
            },
            marks: vec![
                beside.ours().map(mark),
                beside.published.map(|published| Mark {
                    value: published.macro_f1,
                    spread: None,
                    note: format!("{:.2}", published.macro_f1),
                }),
            ],
        })
        .collect();
    Rows {
        name: "published",
        description: "Dots: our macro-F1 and the published one, for each network".to_owned(),
        axis: axis("macro-F1, percent", &rows),
        sets: &["ours".to_owned(), "published".to_owned()],
        rows: &rows,
        form: Form::Dots,
    }
    .draw()
}

/// A name shortened to leave space for the resolution.
fn short(name: &str) -> String {
    name.replace(", first 9 labels", ", first 9")
}

/// Renders the page.
pub fn document(comparison: &Comparison, figures: &ComparisonPlots) -> String {
    let section = |id, title, body| Section { id, title, body };
    let mut sections = vec![
        section(
            "scores",
            "Scores",
            html! {
                div.dense { (grid("Scores in percent, with intervals of 95 % over redrawn sets of the samples. LRAP: label ranking average \
                                   precision.", &comparison.scores())) }
                (differences(comparison, &comparison.differences))
                (figure(&[&figures.all], &html! {
                    "Macro-F1 over all 28 locations with its interval. Runs were scored on the same samples: intervals that overlap a little \
                     may still hide a sure difference, for chance falls on both alike."
                }))
                (figure(&[&figures.first_nine], &html! { "Macro-F1 over the first 9 labels with its interval." }))
            },
        ),
        section(
            "cost",
            "What it took",
            grid("Training, run by run.", &comparison.cost()),
        ),
        section(
            "published",
            "Beside published figures",
            html! {
                p { b { (CAUTION) } }
                (figure(&[&figures.published], &html! {
                    "Ours (disc, with its interval) and published (square). The published figure for people does not say what it was measured over."
                }))
                (grid("Macro-F1 in percent. A dash stands where there is no such run or no such figure.", &comparison.beside_published()))
                p {
                    "Where the source says low or high, our runs of up to 512 px stand beside low, larger ones beside high; the source names no pixels."
                }
            },
        ),
    ];
    if !comparison.further.is_empty() {
        let body = further(comparison);
        sections.insert(1, section("further", "Further test sets", body));
    }
    Page {
        title: "Networks beside each other".to_owned(),
        lead: html! {
            p {
                (count(comparison.runs.len() as u64)) @if comparison.runs.len() == 1 { " run" } @else { " runs" }
                ", all scored on " (comparison.data) "."
            }
        },
        sections,
    }
    .document()
}

/// The scores on further sets.
fn further(comparison: &Comparison) -> Markup {
    html! {
        p { "No run was trained on any of these samples, and neither epochs nor thresholds were chosen by them." }
        @for test in &comparison.further {
            h3 { (test.data) }
            div.dense { (grid("Scores in percent, with intervals of 95 %. Samples that a run could not read are left out.",
                              &comparison.further_scores(test))) }
            (differences(comparison, &test.differences))
        }
    }
}

/// The differences of the other runs from the first; nothing where there are none.
fn differences(comparison: &Comparison, differences: &[Difference]) -> Markup {
    let table = comparison.difference_table(differences);
    html! {
        @if let Some((heading, differences)) = table {
            div.dense { (grid(&format!("{heading}. Where an interval excludes 0, the choice of samples alone does not explain the \
                                        difference; another training may still give another."), &differences)) }
        }
    }
}

fn grid(caption: &str, grid: &Grid) -> Markup {
    let columns: Vec<String> = grid.columns.iter().map(|name| (*name).to_owned()).collect();
    table(caption, &columns, &grid.rows)
}
