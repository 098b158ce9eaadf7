//! A finished round as a file: a person's scores beside a model's on the same fields.

use super::round::{Round, RoundKind};
use super::score::{ScoredField, score};
use crate::export::json::{list, object, text, texts};
use crate::export::tables::{Dialect, write};
use cytolens_core::labels::{LOCATIONS, LabelSet};

/// The names of a set's locations.
pub(super) fn names(set: LabelSet) -> Vec<&'static str> {
    set.classes().map(|class| LOCATIONS[class]).collect()
}

/// The round as JSON: its scores and every field that both have answered.
pub(super) fn document(round: &Round, created: &str) -> String {
    let fields = round.answered().map(|(turn, own, model)| {
        let list = |set| texts(names(set).into_iter());
        object(&[
            ("id", text(&turn.id)),
            ("truth", list(turn.truth)),
            ("person", list(own)),
            ("model", list(model)),
        ])
    });
    let fields_are = match round.kind {
        RoundKind::Samples => "simulated samples of the page",
        RoundKind::Desk => "fields of the visitor, labelled by a table",
    };
    object(&[
        ("format", text("cytolens-quiz")),
        ("version", 1.to_string()),
        ("cytolens", text(env!("CARGO_PKG_VERSION"))),
        ("created", text(created)),
        ("fields_are", text(fields_are)),
        ("models", texts(round.models().into_iter())),
        ("person", figures(&round.own())),
        ("model", figures(&round.model())),
        ("fields", list(fields)),
    ])
}

fn figures(fields: &[ScoredField]) -> String {
    let scores = score(fields);
    object(&[
        ("macro_f1", scores.macro_f1.to_string()),
        ("micro_f1", scores.micro_f1.to_string()),
        ("exact", scores.exact.to_string()),
        ("fields", fields.len().to_string()),
    ])
}

/// The round as CSV with the columns `Id`, and as class numbers `Target` for the true labels, `Person`
/// and `Model`.
pub(super) fn table(round: &Round) -> String {
    let rows = round.answered().map(|(turn, own, model)| {
        let sets = [turn.truth, own, model].map(|set| set.to_string());
        [turn.id.clone()].into_iter().chain(sets).collect()
    });
    let columns = ["Id", "Target", "Person", "Model"].into_iter();
    write(columns, rows, Dialect::default())
}

#[cfg(test)]
mod tests {
    use super::super::round::TurnResult;
    use super::*;

    fn round() -> Round {
        let set = |text: &str| text.parse::<LabelSet>().expect("labels");
        let fields = [("a", "2 25"), ("b", "7"), ("c", "0")];
        let fields = fields.map(|(id, truth)| (id.to_owned(), set(truth)));
        let mut round = Round::new(RoundKind::Samples, fields.into(), 9, || 1.0);
        let answered = |own, model| TurnResult::Answered {
            own: set(own),
            model: set(model),
            name: "first".to_owned(),
        };
        round.turns[0].outcome = answered("25 2", "2");
        round.turns[1].outcome = answered("", "7");
        round.turns[2].outcome = TurnResult::LeftOut("gone".to_owned());
        round
    }

    #[test]
    fn tables_hold_the_fields_that_both_have_answered() {
        assert_eq!(
            table(&round()),
            "Id,Target,Person,Model\na,2 25,2 25,2\nb,7,,7\n"
        );
    }

    #[test]
    fn documents_hold_scores_and_names() {
        let text = document(&round(), "2026-01-02T03:04:05Z");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["models"], serde_json::json!(["first"]));
        assert_eq!(read["person"]["exact"], 1);
        assert_eq!(read["person"]["fields"], 2);
        // Two of three labels that occur.
        assert!((read["model"]["macro_f1"].as_f64().expect("a number") - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(
            read["fields"][0]["person"],
            serde_json::json!(["Nucleoli", "Cytosol"])
        );
        assert_eq!(read["fields"][1]["person"], serde_json::json!([]));
    }
}
