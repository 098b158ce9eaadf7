//! The page of the report.

use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::bootstrap::Estimate;
use super::figures::EvaluationPlots;
use super::mistakes::{Mistake, Wrong};
use super::results::{ClassEvaluation, Evaluation};
use crate::page::{Page, Section, figure, table};
use crate::plots::{Plot, count, hundredths, percent};
use cytolens_data::fault::Fault;

/// The number of curves shown at first; the others unfold.
const CURVES_OPEN: usize = 6;
/// The most pairs in the table of confusions.
const MOST_PAIRS: usize = 15;
/// The number of samples below which a location's F1 is hardly more than chance.
const FEW: usize = 5;
/// The most faults on the page; all are in evaluation.json.
const MOST_FAULTS: usize = 200;

/// The model and the samples of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// The model's name.
    pub model: String,
    /// The network and its input, in words.
    pub network: String,
    /// The set of the samples.
    pub data: String,
    /// The tested part of the set, in words.
    pub part: String,
    /// The origin of the thresholds, in words.
    pub thresholds: String,
    /// Cautions that precede the scores.
    pub notes: Vec<String>,
}

/// Renders the page on an evaluation; for `pictures` see [`super::write`].
pub fn document(
    tested: &Tested,
    evaluation: &Evaluation,
    figures: &EvaluationPlots,
    pictures: &[Vec<(String, String)>],
    faults: &[Fault],
) -> String {
    let mut sections = vec![
        section("overview", "Overview", overview(tested, evaluation, faults)),
        section("locations", "Locations", locations(evaluation, figures)),
        section("curves", "Precision and recall", curves(figures)),
        section(
            "calibration",
            "Calibration",
            calibration(evaluation, figures),
        ),
        section(
            "confusion",
            "What is taken for what",
            confusion(evaluation, figures),
        ),
    ];
    if !evaluation.worst.is_empty() {
        sections.push(section(
            "mistakes",
            "The worst mistakes",
            mistakes(evaluation, pictures),
        ));
    }
    sections.push(section("method", "How it was counted", method(evaluation)));
    if !faults.is_empty() {
        sections.push(section("faults", "Faults", fault_table(faults)));
    }
    Page {
        title: format!("Evaluation of {}", tested.model),
        lead: html! {
            p {
                (count(evaluation.scores.samples as u64)) " samples of " code { (tested.data) } ", " (tested.part)
                ". Each score stands with the interval that " (confidence(evaluation)) " of redrawn sets of these samples fall into."
            }
        },
        sections,
    }
    .document()
}

fn section(id: &'static str, title: &'static str, body: Markup) -> Section {
    Section { id, title, body }
}

fn confidence(evaluation: &Evaluation) -> String {
    percent(evaluation.choice.confidence)
}

fn percent_points(value: f64) -> String {
    format!("{:.1}", value * 100.0).replace('-', "−")
}

fn interval(estimate: Estimate) -> String {
    format!(
        "{} to {}",
        percent_points(estimate.low),
        percent_points(estimate.high)
    )
}

fn overview(tested: &Tested, evaluation: &Evaluation, faults: &[Fault]) -> Markup {
    html! {
        dl.facts {
            @for (name, estimate) in evaluation.estimates.named() {
                (fact(name, &format!("{} %", percent_points(estimate.value)), Some(&interval(estimate))))
            }
            (fact("samples", &count(evaluation.scores.samples as u64), None))
            (fact("locations present", &format!("{} of {COUNT}", evaluation.scores.classes_present), None))
            @if !faults.is_empty() {
                div.fault { dt { "faults" } dd { a href="#faults" { (count(faults.len() as u64)) } } }
            }
        }
        @let notes: Vec<String> = tested.notes.iter().cloned().chain(notes(evaluation)).collect();
        @if !notes.is_empty() {
            ul.notes { @for note in notes { li { (note) } } }
        }
        dl.facts {
            dt { "Model" } dd { (tested.model) ": " (tested.network) }
            dt { "Data" } dd { code { (tested.data) } }
            dt { "Tested" } dd { (tested.part) }
            dt { "Thresholds" } dd { (tested.thresholds) }
        }
        (score_table(evaluation))
        (ranking_table(evaluation))
    }
}

fn fact(name: &str, value: &str, small: Option<&str>) -> Markup {
    html! { div { dt { (name) } dd { (value) @if let Some(small) = small { small { (small) } } } } }
}

/// The limits of the numbers.
fn notes(evaluation: &Evaluation) -> Vec<String> {
    let named = |is_meant: &dyn Fn(&ClassEvaluation) -> bool| -> Vec<&str> {
        let classes = evaluation.classes.iter().filter(|one| is_meant(one));
        classes.map(|one| one.name).collect()
    };
    let mut notes = Vec::new();
    let absent = named(&|one| one.scores.positives == 0);
    if !absent.is_empty() {
        notes.push(format!(
            "No sample shows {}: what a model knows of {} cannot be seen here, and the macro-F1 over all {COUNT} counts 0 for {}.",
            listed(&absent),
            if absent.len() == 1 { "it" } else { "them" },
            if absent.len() == 1 { "it" } else { "each" },
        ));
    }
    let few = named(&|one| (1..FEW).contains(&one.scores.positives));
    if !few.is_empty() {
        notes.push(format!(
            "Fewer than {FEW} samples show {}: the scores of {} are little more than chance.",
            listed(&few),
            if few.len() == 1 {
                "this location"
            } else {
                "these locations"
            },
        ));
    }
    let gain = evaluation.gain.macro_f1;
    if evaluation.choice.bootstrap > 0
        && gain.low <= 0.0
        && gain.high >= 0.0
        && gain.low < gain.high
    {
        notes.push(
            "Whether the thresholds are better than 0.5 for all cannot be told by these samples: the interval of the macro-F1's \
             difference holds 0."
                .to_owned(),
        );
    }
    if evaluation.without_label > 0 {
        notes.push(format!(
            "{} of {} samples are said to show no location at all.",
            count(evaluation.without_label as u64),
            count(evaluation.scores.samples as u64)
        ));
    }
    notes
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn score_table(evaluation: &Evaluation) -> Markup {
    let gains = evaluation.gain.named();
    let plain = evaluation.plain_estimates.named();
    let rows: Vec<Vec<String>> = evaluation
        .estimates
        .named()
        .into_iter()
        .zip(plain)
        .zip(gains)
        .map(|(((name, tuned), (_, plain)), (_, gain))| {
            let signed = |value: f64| format!("{:+.1}", value * 100.0).replace('-', "−");
            vec![
                name.to_owned(),
                percent_points(tuned.value),
                interval(tuned),
                percent_points(plain.value),
                interval(plain),
                signed(gain.value),
                format!("{} to {}", signed(gain.low), signed(gain.high)),
            ]
        })
        .collect();
    table(
        &format!(
            "Scores in percent, each with its interval of {}: at the model's own thresholds, at the threshold 0.5 for every location, \
             and what the first are better by.",
            confidence(evaluation)
        ),
        &columns(&[
            "score",
            "own thresholds",
            "interval",
            "0.5",
            "interval",
            "difference",
            "interval",
        ]),
        &rows,
    )
}

/// The ends of an interval of a score from 0 to 1.
fn ends(estimate: Estimate) -> String {
    format!("{:.4} to {:.4}", estimate.low, estimate.high)
}

fn ranking_table(evaluation: &Evaluation) -> Markup {
    let score =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    let defined = |of: fn(&ClassEvaluation) -> Option<f64>| {
        let classes = evaluation.classes.iter().filter(|one| of(one).is_some());
        format!("mean over {} locations", classes.count())
    };
    let rows = [
        (
            "average precision",
            score(evaluation.mean_average_precision),
            defined(|one| one.average_precision),
        ),
        (
            "area under the ROC curve",
            score(evaluation.mean_area_under_roc),
            defined(|one| one.area_under_roc),
        ),
        (
            "label ranking average precision",
            score(Some(evaluation.label_ranking_average_precision.value)),
            format!(
                "mean over samples; {}",
                ends(evaluation.label_ranking_average_precision)
            ),
        ),
        (
            "expected calibration error",
            score(Some(evaluation.expected_calibration_error)),
            "over all decisions; 0 is best".to_owned(),
        ),
    ]
    .map(|(name, value, of)| vec![name.to_owned(), value, of]);
    let mut rows = rows.to_vec();
    if let Some(error) = evaluation.class_calibration_error {
        rows.push(vec![
            "the same of each location alone".to_owned(),
            score(Some(error.value)),
            format!("mean over the locations present; {}", ends(error)),
        ]);
    }
    if let Some(other) = evaluation.frequencies {
        for (name, estimate) in [
            (
                "label ranking average precision of the labels' frequencies",
                other.label_ranking_average_precision,
            ),
            ("gain over these, sample by sample", other.gain),
        ] {
            let (value, of) = (score(Some(estimate.value)), ends(estimate));
            rows.push(vec![name.to_owned(), value, of]);
        }
    }
    table(
        "What the probabilities are worth before any threshold, from 0 to 1.",
        &columns(&["score", "value", "of"]),
        &rows,
    )
}

fn locations(evaluation: &Evaluation, figures: &EvaluationPlots) -> Markup {
    let or_dash = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), hundredths);
    let rows: Vec<Vec<String>> = evaluation
        .classes
        .iter()
        .enumerate()
        .map(|(class, one)| {
            let scores = &one.scores;
            let is_there = scores.positives > 0;
            vec![
                // A name must not break over lines.
                format!("{class} {}", one.name).replace(' ', "\u{a0}"),
                count(scores.positives as u64),
                count(scores.predicted as u64),
                format!("{:.3}", one.threshold),
                if scores.predicted > 0 {
                    hundredths(scores.precision)
                } else {
                    "–".to_owned()
                },
                if is_there {
                    hundredths(scores.recall)
                } else {
                    "–".to_owned()
                },
                if is_there || scores.predicted > 0 {
                    hundredths(scores.f1)
                } else {
                    "–".to_owned()
                },
                one.f1_estimate.map_or_else(
                    || "–".to_owned(),
                    |f1| format!("{} to {}", hundredths(f1.low), hundredths(f1.high)),
                ),
                if is_there {
                    hundredths(one.plain_f1)
                } else {
                    "–".to_owned()
                },
                or_dash(one.average_precision),
                or_dash(one.area_under_roc),
            ]
        })
        .collect();
    html! {
        (figure(&[&figures.classes], &html! {
            "F1 of each location at its own threshold, with the interval of " (confidence(evaluation)) " over the draws that have the location; \
             the number of samples that show it in brackets. The most frequent stand first. Locations that no sample shows are left out."
        }))
        (figure(&[&figures.thresholds], &html! {
            "What the thresholds give: F1 at each location's own threshold (disc) and at 0.5 (square). The thresholds appear when the pointer \
             rests on a mark."
        }))
        div.dense {
        (table(
            "Every location. A dash stands where a score would be divided by 0; in the means it counts as How it was counted says.",
            &columns(&[
                "location", "samples", "predicted", "threshold", "precision", "recall", "F1", "interval", "F1 at 0.5",
                "average precision", "area under ROC",
            ]),
            &rows,
        ))
        }
    }
}

fn curves(figures: &EvaluationPlots) -> Markup {
    let panels: Vec<&Plot> = figures.curves.iter().collect();
    let (open, folded) = panels.split_at(panels.len().min(CURVES_OPEN));
    html! {
        @if open.is_empty() { p { "No sample shows any location." } } @else {
            (figure(open, &html! {
                "Precision over recall as the threshold falls, with the average precision (the area under the steps) and the number of samples \
                 that show the location. The square is where its threshold lies. Of all locations the most frequent."
            }))
        }
        @if !folded.is_empty() {
            details {
                summary { "The other " (folded.len()) " locations" }
                (figure(folded, &html! { "As above, the more frequent first." }))
            }
        }
    }
}

fn calibration(evaluation: &Evaluation, figures: &EvaluationPlots) -> Markup {
    let rows: Vec<Vec<String>> = evaluation
        .reliability
        .iter()
        .enumerate()
        .filter(|(_, bin)| bin.decisions > 0)
        .map(|(index, bin)| {
            let edge =
                |index: usize| format!("{:.3}", index as f64 / evaluation.reliability.len() as f64);
            vec![
                format!("{} to {}", edge(index), edge(index + 1)),
                count(bin.decisions as u64),
                format!("{:.3}", bin.confidence),
                format!("{:.3}", bin.frequency),
            ]
        })
        .collect();
    let classes = evaluation.classes.iter();
    let errors: Vec<Vec<String>> = classes
        .filter_map(|one| {
            let error = one.calibration_error?;
            Some(vec![
                one.name.to_owned(),
                count(one.scores.positives as u64),
                format!("{:.4}", error.value),
                ends(error),
            ])
        })
        .collect();
    html! {
        p {
            "Of the labels that get a probability of 0.7, seven in ten should be there. The expected calibration error, by how much that is \
             missed on average, is " b { (format!("{:.4}", evaluation.expected_calibration_error)) } ". Most of the 28 decisions about a \
             sample are easy ones near 0, which keep it small: look at the curve too."
        }
        (figure(&[&figures.reliability, &figures.decisions], &html! {
            "Left: the share of labels that are there, by the mean probability of each bin; the dashed line is what the probabilities say. \
             Under it they promise too much, over it too little. Right: how many labels fall into each bin, those that are there and those \
             that are not, on a logarithmic axis. Where few fall, the curve is chance."
        }))
        details {
            summary { "The bins in numbers" }
            (table("All decisions by probability.", &columns(&["probability", "decisions", "mean probability", "share there"]), &rows))
        }
        @if !errors.is_empty() {
            details {
                summary { "Location by location" }
                (table(
                    &format!(
                        "The expected calibration error of each location that occurs, with its interval of {}. Few samples make it larger than it \
                         is: where a bin holds one, its share there is 0 or 1.",
                        confidence(evaluation)
                    ),
                    &columns(&["location", "samples", "calibration error", "interval"]),
                    &errors,
                ))
            }
        }
    }
}

fn confusion(evaluation: &Evaluation, figures: &EvaluationPlots) -> Markup {
    let confusion = &evaluation.confusion;
    let pairs = confusion.pairs();
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .take(MOST_PAIRS)
        .map(|pair| {
            vec![
                LOCATIONS[pair.missed].to_owned(),
                LOCATIONS[pair.given].to_owned(),
                count(pair.samples as u64),
                count(confusion.missed[pair.missed] as u64),
                count(confusion.positives[pair.missed] as u64),
                confusion
                    .share(pair.missed, pair.given)
                    .map_or_else(|| "–".to_owned(), percent),
            ]
        })
        .collect();
    html! {
        (figure(&[&figures.confusion], &html! {
            "Of the samples that show the row's location, the share in percent for which it was missed while the column's was given and is not \
             there. Rows are normalised by all samples that show the location, found or missed, and need not add up: a sample may count \
             in several columns or, where nothing wrong was given, in none. Shares under 5 % are tinted only; a dot stands where no sample \
             shows the row's location. The counts appear when the pointer rests on a cell."
        }))
        @if rows.is_empty() { p { "No label was given in place of another." } } @else {
            (table(
                "The most frequent pairs.",
                &columns(&["missed", "given", "samples", "missed in all", "samples with it", "share"]),
                &rows,
            ))
        }
    }
}

fn mistakes(evaluation: &Evaluation, pictures: &[Vec<(String, String)>]) -> Markup {
    html! {
        p {
            "The " (evaluation.worst.len()) " samples that the network is most surely wrong about: those whose predicted labels are not the \
             true ones, by the mean binary cross-entropy of their 28 probabilities. Some may be the labels' mistakes and not the model's. \
             Each channel is brightened on its own, so brightness cannot be compared between pictures."
        }
        div.mistakes {
            @for (index, mistake) in evaluation.worst.iter().enumerate() {
                (card(index, mistake, pictures.get(index).map_or(&[], Vec::as_slice)))
            }
        }
    }
}

fn card(index: usize, mistake: &Mistake, pictures: &[(String, String)]) -> Markup {
    let rows: Vec<Vec<String>> = mistake
        .wrong
        .iter()
        .map(|wrong: &Wrong| {
            vec![
                LOCATIONS[wrong.class].to_owned(),
                if wrong.is_true { "missed" } else { "given" }.to_owned(),
                format!("{:.3}", wrong.probability),
                format!("{:.3}", wrong.threshold),
            ]
        })
        .collect();
    html! {
        article.mistake {
            h3 { (index + 1) ". " code { (mistake.id) } }
            @if !pictures.is_empty() {
                div.pair {
                    @for (what, file) in pictures {
                        div {
                            img src=(file) width="256" height="256" loading="lazy" alt=(format!("{}: {what}", mistake.id));
                            span { (what) }
                        }
                    }
                }
            }
            p { "Shows " b { (names(mistake.truth)) } "; said to show " b { (names(mistake.predicted)) } "." }
            (table(
                &format!("Cross-entropy {:.3}", mistake.loss),
                &columns(&["wrong about", "mistake", "probability", "threshold"]),
                &rows,
            ))
        }
    }
}

fn names(labels: LabelSet) -> String {
    if labels.is_empty() {
        return "no location".to_owned();
    }
    let names: Vec<&str> = labels.classes().map(|class| LOCATIONS[class]).collect();
    names.join(", ")
}

fn method(evaluation: &Evaluation) -> Markup {
    html! {
        ul.notes {
            li { b { "Decision. " } "A label counts as present from its threshold on; where the thresholds are from stands in the overview." }
            li {
                b { "F1 " } "is 2 TP / (2 TP + FP + FN) of a location, and 0 where that would be divided by 0, as scikit-learn's f1_score \
                 with zero_division=0."
            }
            li { b { "Macro-F1 over all 28 locations " } "is the mean of the 28, those that no sample shows included; " b { "over the locations present" } " of those that occur in the truth." }
            li { b { "Macro-F1 of the first 9 labels " } "is the mean F1 of the classes 0 to 8 (" (LOCATIONS[0]) " to " (LOCATIONS[8]) ") over all tested samples; a sample that has none of the nine counts as well." }
            li { b { "Micro-F1 " } "is the F1 of all decisions together; " b { "exact match" } " is the share of samples with just the true labels." }
            li { b { "Average precision, area under the ROC curve, label ranking average precision " } "count as scikit-learn's functions do, ties included; none is counted for a location that it is not defined for." }
            li {
                b { "Calibration. " } "All decisions in " (evaluation.reliability.len()) " bins of equal width; the expected calibration error is the mean gap between probability \
                 and share, weighted by the bins' decisions (Naeini and others, 2015)."
            }
            @if evaluation.choice.bootstrap > 0 {
                li {
                    b { "Intervals " } "hold the middle " (confidence(evaluation)) " of the scores of " (count(evaluation.choice.bootstrap as u64))
                    " sets of as many samples, drawn with replacement with seed " (evaluation.choice.seed) " (percentile bootstrap). They tell how far the choice of samples moves a score, and \
                     nothing of other data, of another training, or of wrong labels. A draw that lacks a location \
                     tells nothing of it, so there it keeps its observed F1; its own interval is over the draws that have it."
                }
            } @else {
                li { b { "Intervals " } "were not asked for: each is the score itself." }
            }
        }
    }
}

fn fault_table(faults: &[Fault]) -> Markup {
    let rows: Vec<Vec<String>> = faults
        .iter()
        .take(MOST_FAULTS)
        .map(|fault| vec![fault.subject.clone(), fault.reason.clone()])
        .collect();
    html! {
        p { "What is listed here was left out of everything above. The whole list is in " a href="evaluation.json" { "evaluation.json" } "." }
        div.words { (table("Left out.", &columns(&["subject", "reason"]), &rows)) }
        @if faults.len() > rows.len() { p { (count((faults.len() - rows.len()) as u64)) " more are in evaluation.json." } }
    }
}
