//! One round of the quiz: its fields, what is told of them, and how it goes on.

use serde::{Deserialize, Serialize};

use super::score::Told;
use cytolens_core::labels::LabelSet;

/// Where a round's fields come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The samples that come with the page.
    Samples,
    /// Fields on the desk that a table labels.
    Desk,
}

/// What became of a field in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Its turn is yet to come, or is now.
    Open,
    /// Both have told.
    Told {
        /// What the person said.
        own: LabelSet,
        /// What the model said.
        model: LabelSet,
        /// The model's name.
        name: String,
    },
    /// It takes no part, for this reason.
    LeftOut(String),
}

/// One field of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turn {
    /// The field's id.
    pub(super) id: String,
    /// What is there.
    pub(super) truth: LabelSet,
    /// What became of it.
    pub(super) outcome: Outcome,
}

/// A round, as it is kept between visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Round {
    /// Where its fields come from.
    pub(super) kind: Kind,
    /// In the order in which they are asked.
    pub(super) turns: Vec<Turn>,
}

impl Round {
    /// A round over these fields, at most `length` of them, in an order that `chance` decides: each
    /// call gives a number from 0 to under 1.
    pub(super) fn new(
        kind: Kind,
        fields: Vec<(String, LabelSet)>,
        length: usize,
        mut chance: impl FnMut() -> f64,
    ) -> Self {
        let open = |(id, truth)| Turn {
            id,
            truth,
            outcome: Outcome::Open,
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

    /// The place of the next field whose turn is yet to come.
    pub(super) fn next(&self) -> Option<usize> {
        let is_open = |turn: &Turn| turn.outcome == Outcome::Open;
        self.turns.iter().position(is_open)
    }

    /// The fields that both have told.
    pub(super) fn told(&self) -> impl Iterator<Item = (&Turn, LabelSet, LabelSet)> {
        self.turns.iter().filter_map(|turn| match turn.outcome {
            Outcome::Told { own, model, .. } => Some((turn, own, model)),
            _ => None,
        })
    }

    /// What the person said.
    pub(super) fn own(&self) -> Vec<Told> {
        self.told()
            .map(|(turn, own, _)| (turn.truth, own))
            .collect()
    }

    /// What the model said.
    pub(super) fn model(&self) -> Vec<Told> {
        self.told()
            .map(|(turn, _, model)| (turn.truth, model))
            .collect()
    }

    /// The models that answered, each once.
    pub(super) fn models(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for turn in &self.turns {
            if let Outcome::Told { name, .. } = &turn.outcome
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
        assert_eq!(ids(&Round::new(Kind::Samples, fields(), 9, || 0.0)), "bcda");
        // Even where a number is 1, which it should not be.
        assert_eq!(ids(&Round::new(Kind::Samples, fields(), 9, || 1.0)), "abcd");
        assert_eq!(ids(&Round::new(Kind::Samples, fields(), 2, || 0.0)), "bc");
        let mut numbers = [0.1, 0.6, 0.3].into_iter();
        let round = Round::new(Kind::Desk, fields(), 9, || numbers.next().unwrap_or(0.0));
        let mut sorted: Vec<char> = ids(&round).chars().collect();
        sorted.sort_unstable();
        assert_eq!(sorted, ['a', 'b', 'c', 'd']);
    }

    #[test]
    fn a_round_goes_on_with_its_first_open_field() {
        let mut round = Round::new(Kind::Samples, fields(), 9, || 1.0);
        assert_eq!(round.next(), Some(0));
        round.turns[0].outcome = Outcome::Told {
            own: set("1"),
            model: set("2"),
            name: "first".to_owned(),
        };
        round.turns[1].outcome = Outcome::LeftOut("gone".to_owned());
        assert_eq!(round.next(), Some(2));
        assert_eq!(round.own(), [(set("1"), set("1"))]);
        assert_eq!(round.model(), [(set("1"), set("2"))]);
        assert_eq!(round.models(), ["first"]);
        for turn in &mut round.turns {
            turn.outcome = Outcome::LeftOut(String::new());
        }
        assert_eq!(round.next(), None);
    }

    #[test]
    fn a_kept_round_is_the_same() {
        let mut round = Round::new(Kind::Desk, fields(), 9, || 0.5);
        round.turns[0].outcome = Outcome::Told {
            own: set(""),
            model: set("0 27"),
            name: "first".to_owned(),
        };
        let text = serde_json::to_string(&round).expect("written");
        let read: Round = serde_json::from_str(&text).expect("read");
        assert_eq!(read, round);
    }
}
