//! The record in plots and on a page.

use std::fs;
use std::path::Path;

use anyhow::Result;
use maud::html;

use super::records::{EpochRecord, Plan, StepRecord};
use cytolens_data::whole_file::write_whole;
use cytolens_report::page::{Page, Section, figure, table};
use cytolens_report::plots::{Axis, LineChart, Plot, Scale, Series, number};

/// The largest number of points of a curve: more than the plot has pixels would not show.
const POINTS: usize = 400;

/// Writes `plots/` and `index.html`.
pub fn write(
    folder: &Path,
    plan: &Plan,
    steps: &[StepRecord],
    epochs: &[EpochRecord],
) -> Result<()> {
    let plots = draw(plan, steps, epochs);
    let plots_folder = folder.join("plots");
    fs::create_dir_all(&plots_folder)?;
    for plot in &plots {
        write_whole(
            &plots_folder.join(format!("{}.svg", plot.name)),
            plot.file(),
        )?;
    }
    write_whole(&folder.join("index.html"), page(plan, &plots, epochs))
}

/// Loss, learning rate and macro-F1 over the epochs.
fn draw(plan: &Plan, steps: &[StepRecord], epochs: &[EpochRecord]) -> [Plot; 3] {
    let of_steps = |value: fn(&StepRecord) -> f64| {
        thinned(
            steps
                .iter()
                .map(|record| (plan.epochs_at(record.step), value(record))),
        )
    };
    let of_epochs = |value: fn(&EpochRecord) -> f64| {
        level(
            epochs
                .iter()
                .map(|record| (record.epoch as f64, value(record))),
        )
    };
    [
        chart(
            plan,
            "loss",
            "Loss",
            "loss",
            &[
                ("training", of_steps(|record| record.loss)),
                ("validation", of_epochs(|record| record.validation_loss)),
            ],
        ),
        chart(
            plan,
            "learning-rate",
            "Learning rate",
            "learning rate × 1000",
            &[(
                "learning rate",
                of_steps(|record| 1000.0 * record.learning_rate),
            )],
        ),
        chart(
            plan,
            "macro-f1",
            "Macro-F1",
            "macro-F1",
            &[
                ("tuned thresholds", of_epochs(|record| record.macro_f1)),
                (
                    "thresholds of 0.5",
                    of_epochs(|record| record.macro_f1_at_half),
                ),
            ],
        ),
    ]
}

fn chart(
    plan: &Plan,
    name: &str,
    title: &str,
    measure: &str,
    curves: &[(&str, Vec<(f64, f64)>)],
) -> Plot {
    let series: Vec<Series> = curves
        .iter()
        .map(|(name, points)| Series {
            name: (*name).to_owned(),
            points: points.clone(),
        })
        .collect();
    let values = curves
        .iter()
        .flat_map(|(_, points)| points.iter().map(|point| point.1));
    let names: Vec<&str> = curves.iter().map(|(name, _)| *name).collect();
    LineChart {
        name: name.to_owned(),
        title: title.to_owned(),
        spot: "",
        description: format!("{title} over the epochs: {}", names.join(" and ")),
        x: Axis {
            title: "epoch".to_owned(),
            scale: Scale::Linear {
                low: 0.0,
                high: plan.epochs.max(1) as f64,
            },
        },
        y: Axis {
            title: measure.to_owned(),
            scale: Scale::from_zero(values),
        },
        series: &series,
        filled: false,
    }
    .draw()
}

/// Reduces a curve to at most [`POINTS`] points, each the mean of equally many neighbours; NaN and
/// infinity are left out.
fn thinned(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = points.filter(|point| point.1.is_finite()).collect();
    points
        .chunks(points.len().div_ceil(POINTS).max(1))
        .map(|chunk| {
            let mean =
                |of: fn(&(f64, f64)) -> f64| chunk.iter().map(of).sum::<f64>() / chunk.len() as f64;
            (mean(|point| point.0), mean(|point| point.1))
        })
        .collect()
}

/// A value of each epoch. A single point would not show, so it is drawn over its whole epoch.
fn level(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = points.filter(|point| point.1.is_finite()).collect();
    if let [(epoch, value)] = points[..] {
        points.insert(0, (epoch - 1.0, value));
    }
    points
}

fn page(plan: &Plan, plots: &[Plot; 3], epochs: &[EpochRecord]) -> String {
    let best = epochs
        .iter()
        .max_by(|a, b| a.macro_f1.total_cmp(&b.macro_f1));
    let fact = |name: &str, value: &str| html! { div { dt { (name) } dd { (value) } } };
    let facts = html! {
        dl.facts {
            (fact("epochs ended", &format!("{} of {}", epochs.last().map_or(0, |last| last.epoch), plan.epochs)))
            @if let Some(best) = best {
                (fact("best macro-F1", &score(best.macro_f1)))
                (fact("in epoch", &best.epoch.to_string()))
            }
            @if let Some(last) = epochs.last() {
                (fact("last macro-F1", &score(last.macro_f1)))
                (fact("last validation loss", &number(last.validation_loss)))
            }
        }
    };
    let [loss, learning_rate, macro_f1] = plots;
    let columns = [
        "Epoch",
        "Steps",
        "Training loss",
        "Validation loss",
        "Macro-F1",
        "Macro-F1 at 0.5",
        "Micro-F1",
        "Seconds",
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<String>> = epochs
        .iter()
        .map(|epoch| {
            vec![
                epoch.epoch.to_string(),
                epoch.step.to_string(),
                number(epoch.training_loss),
                number(epoch.validation_loss),
                score(epoch.macro_f1),
                score(epoch.macro_f1_at_half),
                score(epoch.micro_f1),
                format!("{:.1}", epoch.seconds),
            ]
        })
        .collect();
    Page {
        title: format!("A training by the recipe {}", plan.recipe),
        lead: html! {
            p { "All scores are those on the validation part, at thresholds tuned there unless it says otherwise. Numbers for programs are in " code { "metrics.jsonl" } ", " code { "metrics.csv" } " (epochs) and " code { "steps.csv" } "." }
        },
        sections: vec![
            Section {
                id: "state",
                title: "State",
                body: facts,
            },
            Section {
                id: "curves",
                title: "Curves",
                body: figure(
                    &[loss, macro_f1, learning_rate],
                    &html! { "The loss of the training batches, whole, and of the validation part after each epoch, dashed. The macro-F1 over all 28 classes at thresholds tuned class by class, whole, and at 0.5 for all, dashed. The learning rate of each step." },
                ),
            },
            Section {
                id: "epochs",
                title: "Epochs",
                body: table("What each epoch reached", &columns, &rows),
            },
        ],
    }
    .document()
}

fn score(value: f64) -> String {
    format!("{value:.4}")
}
