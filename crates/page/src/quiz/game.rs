//! The quiz as a game: its stage, its round, and what is known of the fields that are asked. Plain Rust,
//! without a browser; the dialog is written from it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::round::{Round, RoundKind, Turn, TurnResult};
use crate::answer::Answer;
use cytolens_core::labels::{LOCATIONS, LabelSet};
use cytolens_protocol::Picture;

/// The stage of the quiz.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// A round can be chosen.
    #[default]
    Start,
    /// A field is asked.
    Ask,
    /// The answers for a field are compared.
    Reveal,
    /// The round is over.
    End,
}

impl Stage {
    /// The stage's name in the dialog's attribute `data-stage`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Ask => "ask",
            Self::Reveal => "reveal",
            Self::End => "end",
        }
    }
}

/// One turn of one round, so that an answer for an earlier round is not taken for this one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TurnNumber {
    round: u32,
    at: usize,
}

/// A field whose picture and answer are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WantedField {
    /// The field's turn.
    pub(super) turn: TurnNumber,
    /// The source of the round's fields.
    pub(super) kind: RoundKind,
    /// The field's id.
    pub(super) id: String,
}

/// The picture and the answer of a field before its turn ends.
#[derive(Debug, Default)]
struct Prepared {
    picture: Option<Picture>,
    answer: Option<Rc<Answer>>,
}

/// The state of the quiz.
#[derive(Debug, Default)]
pub(super) struct Game {
    stage: Stage,
    /// The kind of round that the visitor chooses.
    kind: RoundKind,
    round: Option<Round>,
    /// The number of rounds so far.
    rounds: u32,
    /// The turn of the field that is asked.
    at: usize,
    /// The person's labels, while the model is still at work.
    given: Option<LabelSet>,
    prepared: BTreeMap<usize, Prepared>,
}

impl Game {
    /// The stage.
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// The kind of round that the visitor chooses.
    pub(super) fn kind(&self) -> RoundKind {
        self.kind
    }

    /// The visitor chooses a kind of round.
    pub(super) fn choose(&mut self, kind: RoundKind) {
        self.kind = kind;
    }

    /// The round that is played, or was.
    pub(super) fn round(&self) -> Option<&Round> {
        self.round.as_ref()
    }

    /// The field that is asked.
    pub(super) fn turn(&self) -> Option<&Turn> {
        self.round.as_ref()?.turns.get(self.at)
    }

    /// The place of the field that is asked among the round's fields, from 0, and the number of these.
    pub(super) fn place(&self) -> (usize, usize) {
        let all = self.round.as_ref().map_or(0, |round| round.turns.len());
        (self.at, all)
    }

    /// The picture of the field that is asked, once it is there.
    pub(super) fn picture(&self) -> Option<&Picture> {
        self.prepared.get(&self.at)?.picture.as_ref()
    }

    /// Goes back to the choice of a round.
    pub(super) fn start_over(&mut self) {
        *self = Self {
            kind: self.kind,
            rounds: self.rounds + 1,
            ..Self::default()
        };
    }

    /// Begins a round, or goes on with one that was kept. Returns the field to prepare.
    pub(super) fn play(&mut self, round: Round) -> Option<WantedField> {
        self.start_over();
        self.round = Some(round);
        self.advance()
    }

    /// Asks the next field, or ends the round. Returns the field to prepare, unless that is done already.
    pub(super) fn advance(&mut self) -> Option<WantedField> {
        let next = self.round.as_ref().and_then(Round::next);
        self.given = None;
        self.at = next.unwrap_or(usize::MAX);
        self.stage = if next.is_some() {
            Stage::Ask
        } else {
            Stage::End
        };
        // Earlier fields are not looked at again.
        self.prepared.retain(|turn, _| *turn >= self.at);
        self.prepare()
    }

    /// The next field that is still to be asked, where its picture and answer are not asked for yet.
    pub(super) fn prepare(&mut self) -> Option<WantedField> {
        let round = self.round.as_ref()?;
        let at = round.next()?;
        if self.prepared.contains_key(&at) {
            return None;
        }
        self.prepared.insert(at, Prepared::default());
        Some(WantedField {
            turn: TurnNumber {
                round: self.rounds,
                at,
            },
            kind: round.kind,
            id: round.turns[at].id.clone(),
        })
    }

    /// Takes a picture. Returns whether it is that of the field that is asked.
    pub(super) fn pictured(&mut self, turn: TurnNumber, picture: Picture) -> bool {
        let prepared = self.prepared_at(turn);
        let is_wanted = prepared.map(|it| it.picture = Some(picture)).is_some();
        is_wanted && turn.at == self.at
    }

    /// Takes the model's answer. Returns whether the turn ends by it.
    pub(super) fn answered(&mut self, turn: TurnNumber, answer: Rc<Answer>) -> bool {
        let prepared = self.prepared_at(turn);
        let is_wanted = prepared.map(|it| it.answer = Some(answer)).is_some();
        is_wanted && self.settle()
    }

    /// Takes the person's labels. Returns whether the turn ends by them: else the model is still at work.
    pub(super) fn confirm(&mut self, given: LabelSet) -> bool {
        self.given = Some(given);
        self.settle()
    }

    /// Leaves a field out of the round, for this reason. Returns its id, and whether it is the one that is
    /// asked.
    pub(super) fn leave_out(&mut self, turn: TurnNumber, reason: &str) -> Option<(String, bool)> {
        let round = self.round.as_mut();
        let round = round.filter(|_| turn.round == self.rounds)?;
        let left_out = round.turns.get_mut(turn.at)?;
        left_out.outcome = TurnResult::LeftOut(reason.to_owned());
        Some((left_out.id.clone(), turn.at == self.at))
    }

    fn prepared_at(&mut self, turn: TurnNumber) -> Option<&mut Prepared> {
        let prepared = self.prepared.get_mut(&turn.at);
        prepared.filter(|_| turn.round == self.rounds)
    }

    /// Ends the turn once both have answered.
    fn settle(&mut self) -> bool {
        let prepared = self.prepared.get(&self.at);
        let answer = prepared.and_then(|prepared| prepared.answer.as_ref());
        let round = self.round.as_mut();
        let turn = round.and_then(|round| round.turns.get_mut(self.at));
        let (Some(own), Some(answer), Some(turn)) = (self.given, answer, turn) else {
            return false;
        };
        turn.outcome = TurnResult::Answered {
            own,
            model: labels_of(answer),
            name: answer.model.name.clone(),
        };
        self.given = None;
        self.stage = Stage::Reveal;
        true
    }
}

/// The labels of an answer that are among the 28 locations; a model's other labels are not asked.
fn labels_of(answer: &Answer) -> LabelSet {
    let present = answer.present().iter().filter_map(|class| {
        let label = answer.label(*class);
        LOCATIONS.iter().position(|location| *location == label)
    });
    LabelSet::from_classes(present).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples;

    fn set(text: &str) -> LabelSet {
        text.parse().expect("labels")
    }

    fn round(ids: &[&str]) -> Round {
        let fields = ids.iter().map(|id| ((*id).to_owned(), set("2"))).collect();
        Round::new(RoundKind::Samples, fields, 9, || 1.0)
    }

    fn picture() -> Picture {
        Picture {
            width: 1,
            height: 1,
            full_width: 1,
            full_height: 1,
            bits: 8,
            pixel_size: None,
            painted: None,
            plates: Vec::new(),
        }
    }

    /// Nucleoli, which is class 2, and no Cytosol.
    fn answer() -> Rc<Answer> {
        examples::answer(&[0.9, 0.1])
    }

    fn stage(game: &Game) -> &'static str {
        game.stage().name()
    }

    #[test]
    fn a_turn_ends_once_both_have_answered_whoever_is_first() {
        let mut game = Game::default();
        assert_eq!(stage(&game), "start");
        let first = game.play(round(&["a", "b"])).expect("a field");
        assert_eq!((first.id.as_str(), game.place()), ("a", (0, 2)));
        assert_eq!(stage(&game), "ask");
        assert!(game.pictured(first.turn, picture()));
        assert!(game.picture().is_some());
        assert!(!game.confirm(set("25")), "the model is at work");
        assert!(game.answered(first.turn, answer()));
        assert_eq!(stage(&game), "reveal");
        let result = &game.turn().expect("a turn").outcome;
        assert!(matches!(result, TurnResult::Answered { own, model, .. }
            if *own == set("25") && *model == set("2")));

        // The next field comes while the answers are compared.
        let second = game.prepare().expect("a field");
        assert_eq!(second.id, "b");
        assert!(game.prepare().is_none(), "it is asked for once");
        assert!(!game.answered(second.turn, answer()));
        assert!(!game.pictured(second.turn, picture()), "another is asked");
        assert_eq!(game.advance(), None);
        assert_eq!((stage(&game), game.place()), ("ask", (1, 2)));
        assert!(game.picture().is_some());
        assert!(game.confirm(set("2")));
        assert_eq!(game.advance(), None);
        assert_eq!(stage(&game), "end");
    }

    #[test]
    fn answers_of_an_earlier_round_are_not_taken() {
        let mut game = Game::default();
        let former = game.play(round(&["a"])).expect("a field").turn;
        let turn = game.play(round(&["b"])).expect("a field").turn;
        assert!(!game.pictured(former, picture()));
        assert_eq!(game.leave_out(former, "late"), None);
        game.confirm(set("2"));
        assert!(!game.answered(former, answer()));
        assert!(game.answered(turn, answer()));
        game.start_over();
        assert_eq!(stage(&game), "start");
        assert!(!game.answered(turn, answer()));
    }

    #[test]
    fn a_field_that_cannot_be_asked_is_left_out() {
        let mut game = Game::default();
        let first = game.play(round(&["a", "b"])).expect("a field");
        let left_out = game.leave_out(first.turn, "broken");
        assert_eq!(left_out, Some(("a".to_owned(), true)));
        let second = game.advance().expect("a field");
        assert_eq!(second.id, "b");
        assert_eq!(
            game.leave_out(first.turn, "broken").map(|it| it.1),
            Some(false)
        );
        game.leave_out(second.turn, "broken");
        assert_eq!(game.advance(), None);
        assert_eq!(stage(&game), "end");
    }
}
