//! The comparison of person and model: one field's answers side by side, and a round's scores.

use web_sys::Element;

use super::record::names;
use super::round::{Round, RoundKind};
use super::score::{RoundScores, field_f1, score, without_one};
use crate::dom::{
    append, by_id, create, emptied, find, from_template, set_attribute, set_hidden, write,
};
use crate::text::quiz as text;
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet};

/// Shows one field's answers.
pub(super) fn show_field(id: &str, truth: LabelSet, own: LabelSet, model: LabelSet) {
    let heading: Element = by_id("quiz-reveal-title");
    heading.set_text_content(Some(&text::truth(&names(truth).join(", "))));
    by_id::<Element>("quiz-field").set_text_content(Some(id));
    let table: Element = by_id("quiz-verdict");
    let rows = emptied(find(&table, "tbody"));
    let said = (0..COUNT).filter(|&class| own.contains(class) || model.contains(class));
    let said = said.filter(|&class| !truth.contains(class));
    for class in truth.classes().chain(said) {
        let is_present = [truth, own, model].map(|set| set.contains(class));
        let row = from_template("quiz-verdict-template");
        write(&row, "th", LOCATIONS[class]);
        let [truth, own, model] = is_present;
        let is_there = if truth { text::THERE } else { text::NOT_THERE };
        write(&row, ".truth", is_there);
        for (part, said) in [(".own", own), (".model", model)] {
            let (mark, words) = text::agreement(truth, said);
            let part: Element = find(&row, part);
            set_attribute(&part, "data-mark", mark);
            part.set_text_content(Some(words));
        }
        append(&rows, &row);
    }
    let is_nothing = rows.child_element_count() == 0;
    set_hidden(&table, is_nothing);
    set_hidden(&by_id("quiz-nothing"), !is_nothing);
    let line = text::field_scores(field_f1((truth, own)), field_f1((truth, model)));
    by_id::<Element>("quiz-field-scores").set_text_content(Some(&line));
}

/// Shows the scores of a round.
pub(super) fn show_round(round: &Round) {
    let (own, model) = (round.own(), round.model());
    let (own_scores, model_scores) = (score(&own), score(&model));
    by_id::<Element>("quiz-outcome").set_text_content(Some(&text::outcome(
        own.len(),
        own_scores.macro_f1,
        model_scores.macro_f1,
    )));
    let exact = |scores: &RoundScores| text::of(scores.exact, own.len());
    let figures = [
        (
            text::MACRO,
            text::score(own_scores.macro_f1),
            text::score(model_scores.macro_f1),
        ),
        (
            text::MICRO,
            text::score(own_scores.micro_f1),
            text::score(model_scores.micro_f1),
        ),
        (text::EXACT, exact(&own_scores), exact(&model_scores)),
    ];
    let rows = emptied(by_id("quiz-scores"));
    for (name, own, model) in figures {
        add_row(&rows, &[name, &own, &model]);
    }
    let rows = emptied(by_id("quiz-classes"));
    for (class, location) in LOCATIONS.iter().enumerate() {
        let of = |scores: &RoundScores| {
            let found = scores.classes.iter().find(|(scored, _)| *scored == class);
            found.map(|(_, f1)| *f1)
        };
        let (own_f1, model_f1) = (of(&own_scores), of(&model_scores));
        if own_f1.or(model_f1).is_none() {
            continue;
        }
        let positives = own
            .iter()
            .filter(|(truth, _)| truth.contains(class))
            .count();
        let f1 = |score: Option<f64>| score.map_or(text::NOT_SAID.to_owned(), text::score);
        let cells = [
            *location,
            &positives.to_string(),
            &f1(own_f1),
            &f1(model_f1),
        ];
        add_row(&rows, &cells);
    }
    let models = round.models().join(", ");
    let spread = without_one(&own).zip(without_one(&model));
    let caution = text::caution(own.len(), spread, round.kind == RoundKind::Samples, &models);
    by_id::<Element>("quiz-caution").set_text_content(Some(&caution));
}

/// A row whose first cell is its heading.
fn add_row(rows: &Element, cells: &[&str]) {
    let row: Element = create("tr");
    for (at, content) in cells.iter().enumerate() {
        let name = if at == 0 { "th" } else { "td" };
        let cell: Element = create(name);
        if at == 0 {
            set_attribute(&cell, "scope", "row");
        }
        cell.set_text_content(Some(content));
        append(&row, &cell);
    }
    append(rows, &row);
}
