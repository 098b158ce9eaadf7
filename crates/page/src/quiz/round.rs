//! One round of the quiz: its fields and the answers for them.

use serde::{Deserialize, Serialize};

use super::score::ScoredField;
use cytolens_core::labels::LabelSet;

/// The source of a round's fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoundKind {
    /// The samples that come with the page.
    #[default]
    Samples,
    /// The fields of the desk that a table labels.
    Desk,
}

/// The result of a field's turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TurnResult {
    /// The turn is still to come, or is now.
    Open,
    /// Both have answered.
    #[serde(rename = "told")]
    Answered {
        /// The person's labels.
        own: LabelSet,
        /// The model's labels.
        model: LabelSet,
        /// The model's name.
        name: String,
    },
    /// The field takes no part, for this reason.
    LeftOut(String),
}

/// One field of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turn {
    /// The field's id.
    pub(super) id: String,
    /// The true labels.
    pub(super) truth: LabelSet,
    /// The result.
    pub(super) outcome: TurnResult,
}

/// A round, as it is kept between visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Round {
    /// The source of its fields.
    pub(super) kind: RoundKind,
    /// Its fields in the order in which they are asked.
    pub(super) turns: Vec<Turn>,
}

impl Round {
    /// A round over at most `length` of these fields in random order. Each call of `chance` gives a
    /// number from 0 to under 1.
    pub(super) fn new(
        kind: RoundKind,
        fields: Vec<(String, LabelSet)>,
        length: usize,
        mut chance: impl FnMut() -> f64,
    ) -> Self {
        let open = |(id, truth)| Turn {
            id,
            truth,
            outcome: TurnResult::Open,
        };
        let mut turns: Vec<Turn> = fields.into_iter().map(open).collect();
        // Fisher and Yates: every order is as likely.
        for last in (1..turns.len()).rev() {
            let at = (chance() * (last + 1) as f64) as usize;
            turns.swap(last, at.min(last));
        }
        turns.truncate(length);
        Self { kind, turns }
    }

    /// The place of the next field whose turn is still to come.
    pub(super) fn next(&self) -> Option<usize> {
        let is_open = |turn: &Turn| turn.outcome == TurnResult::Open;
        self.turns.iter().position(is_open)
    }

    /// The fields that both have answered, with the person's and the model's labels.
    pub(super) fn answered(&self) -> impl Iterator<Item = (&Turn, LabelSet, LabelSet)> {
        self.turns.iter().filter_map(|turn| match turn.outcome {
            TurnResult::Answered { own, model, .. } => Some((turn, own, model)),
            _ => None,
        })
    }

    /// The person's labels beside the true ones.
    pub(super) fn own(&self) -> Vec<ScoredField> {
        self.answered()
            .map(|(turn, own, _)| (turn.truth, own))
            .collect()
    }

    /// The model's labels beside the true ones.
    pub(super) fn model(&self) -> Vec<ScoredField> {
        self.answered()
            .map(|(turn, _, model)| (turn.truth, model))
            .collect()
    }

    /// The models that answered, each once.
    pub(super) fn models(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for turn in &self.turns {
            if let TurnResult::Answered { name, .. } = &turn.outcome
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> LabelSet {
        text.parse().expect("labels")
    }

    fn fields() -> Vec<(String, LabelSet)> {
        ["a", "b", "c", "d"]
            .map(|id| (id.to_owned(), set("1")))
            .into()
    }

    fn ids(round: &Round) -> String {
        round.turns.iter().map(|turn| turn.id.as_str()).collect()
    }

    #[test]
    fn chance_decides_the_order_and_loses_no_field() {
        assert_eq!(
            ids(&Round::new(RoundKind::Samples, fields(), 9, || 0.0)),
            "bcda"
        );
        // Even where a number is 1, which it should not be.
        assert_eq!(
            ids(&Round::new(RoundKind::Samples, fields(), 9, || 1.0)),
            "abcd"
        );
        assert_eq!(
            ids(&Round::new(RoundKind::Samples, fields(), 2, || 0.0)),
            "bc"
        );
        let mut numbers = [0.1, 0.6, 0.3].into_iter();
        let round = Round::new(RoundKind::Desk, fields(), 9, || {
            numbers.next().unwrap_or(0.0)
        });
        let mut sorted: Vec<char> = ids(&round).chars().collect();
        sorted.sort_unstable();
        assert_eq!(sorted, ['a', 'b', 'c', 'd']);
    }

    #[test]
    fn a_round_goes_on_with_its_first_open_field() {
        let mut round = Round::new(RoundKind::Samples, fields(), 9, || 1.0);
        assert_eq!(round.next(), Some(0));
        round.turns[0].outcome = TurnResult::Answered {
            own: set("1"),
            model: set("2"),
            name: "first".to_owned(),
        };
        round.turns[1].outcome = TurnResult::LeftOut("gone".to_owned());
        assert_eq!(round.next(), Some(2));
        assert_eq!(round.own(), [(set("1"), set("1"))]);
        assert_eq!(round.model(), [(set("1"), set("2"))]);
        assert_eq!(round.models(), ["first"]);
        for turn in &mut round.turns {
            turn.outcome = TurnResult::LeftOut(String::new());
        }
        assert_eq!(round.next(), None);
    }

    #[test]
    fn a_kept_round_is_the_same() {
        let mut round = Round::new(RoundKind::Desk, fields(), 9, || 0.5);
        round.turns[0].outcome = TurnResult::Answered {
            own: set(""),
            model: set("0 27"),
            name: "first".to_owned(),
        };
        let text = serde_json::to_string(&round).expect("written");
        let read: Round = serde_json::from_str(&text).expect("read");
        assert_eq!(read, round);
    }

    #[test]
    fn a_round_of_an_earlier_visit_goes_on() {
        let kept = r#"{"kind":"desk","turns":[
            {"id":"a","truth":[1],"outcome":{"told":{"own":[],"model":[0,27],"name":"first"}}},
            {"id":"b","truth":[1],"outcome":{"left_out":"gone"}},
            {"id":"c","truth":[1],"outcome":"open"}]}"#;
        let round: Round = serde_json::from_str(kept).expect("a round");
        assert_eq!((round.kind, round.next()), (RoundKind::Desk, Some(2)));
        assert_eq!(round.model(), [(set("1"), set("0 27"))]);
    }
}
