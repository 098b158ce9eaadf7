//! Answers for single cells, beside the labels that each cell truly shows.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, ensure};
use cytolens::package::{Classifier, CpuNetwork};
use cytolens_cells::export::{challenge_classes, challenge_confidences};
use cytolens_cells::scores::{CHALLENGE_THRESHOLD, Comparison, Labelled};
use cytolens_cells::{Calibration, CellsNetwork, Options};
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};
use cytolens_data::fault::Fault;
use cytolens_data::masked::MaskedField;
use serde::Serialize;

use super::answering::{answers_of, answers_of_crops, cells_of};
use crate::unet::fields::each;

/// The overlap that a found cell must exceed to be a true one: none can exceed it with two.
const SAME: f32 = 0.5;

/// The cells that are found in a field, and how surely each shows what, beside the true ones.
#[derive(Debug)]
pub struct AnsweredField {
    comparison: Comparison,
    /// The labels of the true cells.
    truths: BTreeMap<u16, LabelSet>,
    /// The field's probabilities.
    probabilities: Vec<f32>,
    /// The shares of the found cells in each class, from 0 to 1, where they have an answer.
    shares: BTreeMap<u16, Vec<f32>>,
    /// The probabilities of the same cells, each shown to the classifier alone; empty unless they are asked for.
    crops: BTreeMap<u16, Vec<f32>>,
}

/// Whether a found cell that is a true one shows a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// The field's probability of the class.
    pub field: f32,
    /// The cell's share in it.
    pub share: f32,
    /// Whether the cell truly shows it.
    pub is_true: bool,
    /// Whether any cell of the field does.
    pub in_field: bool,
}

/// Answers for the cells of fields with masks and labels of their cells; with `crops` also for each cell alone, for [`approaches`],
/// which costs one classification a cell. Also gives the faults of fields that cannot be read or lack these labels.
///
/// # Errors
/// If the classifier has other labels than the 28 locations, or no field can be answered for.
pub fn answered(
    network: &CellsNetwork,
    classifier: &Classifier<CpuNetwork>,
    fields: &[MaskedField],
    crops: bool,
    workers: usize,
    done: impl Fn() + Sync,
) -> Result<(Vec<AnsweredField>, Vec<Fault>)> {
    ensure!(
        classifier.manifest().labels == LOCATIONS,
        "cells' labels are the atlas's 28 locations, and the model package has others"
    );
    let options = Options::default();
    let answer =
        |field: &MaskedField| AnsweredField::new(network, classifier, field, crops, &options);
    let (answered, faults) = each(fields, workers, answer, done);
    let first = faults
        .first()
        .map_or_else(String::new, |fault| format!(": {fault}"));
    ensure!(!answered.is_empty(), "no field can be scored{first}");
    Ok((answered, faults))
}

impl AnsweredField {
    fn new(
        network: &CellsNetwork,
        classifier: &Classifier<CpuNetwork>,
        field: &MaskedField,
        crops: bool,
        options: &Options,
    ) -> Result<Self, Fault> {
        let id = field.field.id.as_str();
        let Some(truths) = field.labels()? else {
            return Err(Fault::new(id, "there is no table of the cells' labels"));
        };
        let (answer, [mask, _]) = field.read_with(|field| {
            let cells = cells_of(network, field, options)?;
            let plain = Calibration::IDENTITY;
            let (probabilities, answers) = answers_of(classifier, field, &cells, &plain)?;
            let crops = if crops {
                let is_wanted = |cell| answers.of(cell).is_some();
                answers_of_crops(classifier, field, &cells, is_wanted)?
            } else {
                BTreeMap::new()
            };
            Ok::<_, Fault>((cells, probabilities, answers, crops))
        })?;
        let (cells, probabilities, answers, crops) = answer?;
        let Some(mask) = mask else {
            return Err(Fault::new(id, "there is no mask of the field's cells"));
        };
        let [found, _] = cells.scaled(mask.width, mask.height);
        let comparison = Comparison::new(&mask.numbers, &found);
        let mut numbers = comparison.truths.iter();
        if let Some(number) = numbers.find(|number| !truths.contains_key(*number)) {
            return Err(Fault::new(
                format!("{id}, cell {number}"),
                "the table of labels lacks a cell of the mask",
            ));
        }
        let mut shares = BTreeMap::new();
        for cell in cells.list() {
            if let Some(own) = answers.of(cell.number) {
                shares.insert(cell.number, shares_of(own, &probabilities));
            }
        }
        Ok(Self {
            comparison,
            truths,
            probabilities,
            shares,
            crops,
        })
    }

    /// The labels of a true cell.
    fn labels(&self, cell: u16) -> LabelSet {
        self.truths.get(&cell).copied().unwrap_or_default()
    }

    /// The probabilities of each found cell.
    fn answers(&self, calibration: &Calibration) -> BTreeMap<u16, Vec<f32>> {
        let answer = |shares: &Vec<f32>| -> Vec<f32> {
            let both = shares.iter().zip(&self.probabilities);
            both.map(|(share, field)| field * calibration.of(*share))
                .collect()
        };
        let cells = self.shares.iter();
        cells
            .map(|(cell, shares)| (*cell, answer(shares)))
            .collect()
    }

    /// The probabilities of each found cell that was also shown to the classifier alone, mixed from those by the map and
    /// those by the crop.
    fn mixed(
        &self,
        calibration: &Calibration,
        mix: fn(f32, f32) -> f32,
    ) -> BTreeMap<u16, Vec<f32>> {
        let answers = self.answers(calibration).into_iter();
        let mixed = answers.filter_map(|(cell, answer)| {
            let both = answer.iter().zip(self.crops.get(&cell)?);
            let mixed: Vec<f32> = both.map(|(map, crop)| mix(*map, *crop)).collect();
            Some((cell, mixed))
        });
        mixed.collect()
    }

    /// Every class of every found cell that is a true one.
    pub fn decisions(&self) -> Vec<Decision> {
        let in_field = |class: usize| {
            let mut cells = self.comparison.truths.iter();
            cells.any(|cell| self.labels(*cell).contains(class))
        };
        let in_field: Vec<bool> = (0..COUNT).map(in_field).collect();
        let mut decisions = Vec::new();
        for (truth, found, overlap) in &self.comparison.overlaps {
            let Some(shares) = self.shares.get(found).filter(|_| *overlap > SAME) else {
                continue;
            };
            let labels = self.labels(*truth);
            decisions.extend((0..COUNT).map(|class| Decision {
                field: self.probabilities[class],
                share: shares[class],
                is_true: labels.contains(class),
                in_field: in_field[class],
            }));
        }
        decisions
    }
}

/// The shares of a cell by its uncalibrated probabilities and the field's.
fn shares_of(own: &[f32], of_field: &[f32]) -> Vec<f32> {
    let both = own.iter().zip(of_field);
    both.map(|(own, field)| match *field > 0.0 {
        true => (own / field).min(1.0),
        false => 0.0,
    })
    .collect()
}

/// The score of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelScore {
    /// Its name.
    pub label: &'static str,
    /// The number of true cells that show it.
    pub truths: usize,
    /// The area under precision by recall; none where no true cell shows it.
    pub average_precision: Option<f64>,
}

/// The scores of answers for single cells, by masks that overlap by [`CHALLENGE_THRESHOLD`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelScores {
    /// The number of fields.
    pub fields: usize,
    /// The number of true cells.
    pub truths: usize,
    /// The number of found cells.
    pub found: usize,
    /// Each label's.
    pub labels: Vec<LabelScore>,
    /// The mean over the labels that true cells show.
    pub mean_average_precision: Option<f64>,
    /// The same over the classes of the challenge of 2021, which join several labels, with that of the cells that show none.
    pub challenge_mean_average_precision: Option<f64>,
}

impl LabelScores {
    /// Scores answers by a calibration.
    pub fn of(fields: &[AnsweredField], calibration: &Calibration) -> Self {
        Self::by(fields, |field| field.answers(calibration))
    }

    /// Scores the probabilities that `answers` gives of each found cell of a field.
    fn by(
        fields: &[AnsweredField],
        answers: impl Fn(&AnsweredField) -> BTreeMap<u16, Vec<f32>>,
    ) -> Self {
        let classes = challenge_classes(&LOCATIONS.map(str::to_owned));
        let mut labelled = Labelled::new(COUNT, CHALLENGE_THRESHOLD);
        let mut challenge = Labelled::new(classes.len(), CHALLENGE_THRESHOLD);
        let mut truths = [0; COUNT];
        for field in fields {
            let answers = answers(field);
            labelled.add(
                &field.comparison,
                |cell, class| field.labels(cell).contains(class),
                |cell, class| Some(answers.get(&cell)?[class]),
            );
            let confidences: BTreeMap<u16, Vec<f32>> = answers
                .iter()
                .map(|(cell, answer)| (*cell, challenge_confidences(&classes, answer)))
                .collect();
            challenge.add(
                &field.comparison,
                |cell, place| {
                    let shown = field.labels(cell);
                    // The class without labels is the lack of all of them.
                    match classes[place].labels.as_slice() {
                        [] => shown.is_empty(),
                        labels => labels.iter().any(|label| shown.contains(*label)),
                    }
                },
                |cell, place| Some(confidences.get(&cell)?[place]),
            );
            for cell in &field.comparison.truths {
                for class in field.labels(*cell).classes() {
                    truths[class] += 1;
                }
            }
        }
        let precisions = labelled.average_precisions();
        let labels = LOCATIONS.into_iter().zip(truths).zip(precisions);
        Self {
            fields: fields.len(),
            truths: fields.iter().map(|one| one.comparison.truths.len()).sum(),
            found: fields.iter().map(|one| one.comparison.found.len()).sum(),
            labels: labels
                .map(|((label, truths), average_precision)| LabelScore {
                    label,
                    truths,
                    average_precision,
                })
                .collect(),
            mean_average_precision: labelled.mean(),
            challenge_mean_average_precision: challenge.mean(),
        }
    }

    /// The scores as Markdown.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{} fields, {} true cells, {} found\n\n| label | true cells | AP {CHALLENGE_THRESHOLD} |\n|---|---|---|\n",
            self.fields, self.truths, self.found
        );
        for score in &self.labels {
            let precision = shown(score.average_precision);
            _ = writeln!(text, "| {} | {} | {precision} |", score.label, score.truths);
        }
        let [mean, challenge] = [
            self.mean_average_precision,
            self.challenge_mean_average_precision,
        ]
        .map(shown);
        _ = writeln!(text, "| mean | | {mean} |");
        _ = writeln!(
            text,
            "| mean over the classes of the challenge | | {challenge} |"
        );
        text
    }
}

/// A way to answer for a cell: its name, and what is made of the cell's probability by the activation map and of that of its crop.
type Mixture = (&'static str, fn(f32, f32) -> f32);

/// The ways to answer for a cell.
const APPROACHES: [Mixture; 4] = [
    ("activation map within the mask", |map, _| map),
    ("crop of the cell alone", |_, crop| crop),
    ("mean of both", |map, crop| (map + crop) / 2.0),
    ("product of both", |map, crop| map * crop),
];

/// The scores of one way to answer for cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Approach {
    /// What the answers are made of.
    pub answers: &'static str,
    /// Their scores.
    pub scores: LabelScores,
}

/// Scores each way to answer for the cells of fields that were answered with crops.
pub fn approaches(fields: &[AnsweredField], calibration: &Calibration) -> Vec<Approach> {
    let approaches = APPROACHES.into_iter().map(|(answers, mix)| Approach {
        answers,
        scores: LabelScores::by(fields, |field| field.mixed(calibration, mix)),
    });
    approaches.collect()
}

/// A table of the ways to answer, as Markdown.
pub fn approaches_table(approaches: &[Approach]) -> String {
    let mut text = String::new();
    if let Some(Approach { scores, .. }) = approaches.first() {
        _ = writeln!(
            text,
            "{} fields, {} true cells, {} found\n",
            scores.fields, scores.truths, scores.found
        );
    }
    text += "| answers | mAP, 28 locations | mAP, classes of the challenge |\n|---|---|---|\n";
    for Approach { answers, scores } in approaches {
        _ = writeln!(
            text,
            "| {answers} | {} | {} |",
            shown(scores.mean_average_precision),
            shown(scores.challenge_mean_average_precision),
        );
    }
    text
}

/// A score, or a dash where there is none.
pub fn shown(score: Option<f64>) -> String {
    score.map_or_else(|| "–".to_owned(), |score| format!("{score:.3}"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A field of four true cells in a row, of 4 px each, of which the second is found only in part, and the shares of those that
    /// are found in classes 0 and 17; no other class has any evidence.
    pub fn field(labels: [&str; 4], shares: [[f32; 2]; 4]) -> AnsweredField {
        let truth: Vec<u16> = (1..=4).flat_map(|number| [number; 4]).collect();
        let mut found: Vec<u16> = (11..=14).flat_map(|number| [number; 4]).collect();
        found[4..6].fill(0);
        let numbers = 1_u16..=4;
        let truths = numbers.clone().zip(labels);
        let mut probabilities = vec![0.0; COUNT];
        (probabilities[0], probabilities[17]) = (0.9, 0.5);
        let all = |[first, second]: [f32; 2]| {
            let mut all = vec![0.0; COUNT];
            (all[0], all[17]) = (first, second);
            all
        };
        AnsweredField {
            comparison: Comparison::new(&truth, &found),
            truths: truths
                .map(|(number, labels)| (number, labels.parse().expect("labels")))
                .collect(),
            probabilities,
            shares: numbers
                .zip(shares)
                .map(|(number, shares)| (10 + number, all(shares)))
                .collect(),
            crops: BTreeMap::new(),
        }
    }

    #[test]
    fn labels_are_scored_by_cells_that_overlap_enough() {
        let field = field(
            ["0", "0", "17", ""],
            [[1.0, 0.1], [0.9, 0.1], [0.2, 1.0], [0.1, 0.3]],
        );
        let scores = LabelScores::of(&[field], &Calibration::IDENTITY);
        assert_eq!((scores.fields, scores.truths, scores.found), (1, 4, 4));
        let of = |class: usize| {
            let score = &scores.labels[class];
            (score.truths, score.average_precision)
        };
        // The second cell's overlap is a half: it is missed, and what is found there is wrong.
        assert_eq!(of(0), (2, Some(0.5)));
        assert_eq!(of(17), (1, Some(1.0)));
        assert_eq!(of(1), (0, None));
        assert_eq!(scores.mean_average_precision, Some(0.75));
        // Nucleoplasm, mitotic spindle, and the cell that shows nothing: it is the surest of that.
        let challenge = scores.challenge_mean_average_precision.expect("a score");
        assert!((challenge - (0.5 + 1.0 + 1.0) / 3.0).abs() < 1e-9);
        let table = scores.table();
        assert!(
            table.contains("| Nucleoplasm | 2 | 0.500 |") && table.contains("| mean | | 0.750 |"),
            "{table}"
        );
    }

    #[test]
    fn crops_tell_apart_what_maps_do_not() {
        let mut field = field(["0", "0", "17", ""], [[1.0, 0.1]; 4]);
        let alone = [[0.9, 0.1], [0.2, 0.1], [0.1, 0.9], [0.1, 0.2]];
        for (cell, [first, second]) in (11_u16..).zip(alone) {
            let mut all = vec![0.0; COUNT];
            (all[0], all[17]) = (first, second);
            field.crops.insert(cell, all);
        }
        let fields = [field];
        let approaches = approaches(&fields, &Calibration::IDENTITY);
        let by_map = LabelScores::of(&fields, &Calibration::IDENTITY);
        assert_eq!(approaches[0].scores, by_map);
        let means = approaches
            .iter()
            .map(|approach| approach.scores.mean_average_precision.expect("a score"));
        let means: Vec<f64> = means.collect();
        // To the map all cells look alike, and the mitotic spindle is in the third of four.
        assert!(
            (means[0] - (0.5 + 1.0 / 3.0) / 2.0).abs() < 1e-9,
            "{means:?}"
        );
        assert_eq!(means[1..], [0.75; 3]);
        let table = approaches_table(&approaches);
        assert!(
            table.contains("| crop of the cell alone | 0.750 |"),
            "{table}"
        );
        let rows = table.lines().filter(|line| line.starts_with('|'));
        let columns: Vec<usize> = rows.map(|line| line.matches('|').count()).collect();
        assert_eq!(columns, [4; 6]);
    }

    #[test]
    fn decisions_are_those_of_found_cells_that_are_true_ones() {
        let decisions = field(["0", "0", "17", ""], [[1.0, 0.1]; 4]).decisions();
        assert_eq!(decisions.len(), 3 * COUNT);
        let expected = Decision {
            field: 0.9,
            share: 1.0,
            is_true: true,
            in_field: true,
        };
        assert_eq!(decisions[0], expected);
        let shown = decisions.iter().filter(|one| one.in_field);
        assert_eq!(shown.count(), 3 * 2);
        assert_eq!(decisions.iter().filter(|one| one.is_true).count(), 2);
    }

    #[test]
    fn shares_are_told_from_probabilities() {
        assert_eq!(
            shares_of(&[0.4, 0.8, 0.0], &[0.8, 0.8, 0.0]),
            [0.5, 1.0, 0.0]
        );
    }
}
