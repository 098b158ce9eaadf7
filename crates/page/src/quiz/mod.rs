//! The quiz, a person against the model: both name the locations of the protein, field by field, and see
//! afterwards who was right.

mod choices;
mod fields;
mod game;
mod keep;
mod picture;
mod record;
mod round;
mod score;
pub(super) mod truth;
mod verdict;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    DragEvent, Element, Event, File, HtmlDialogElement, HtmlElement, HtmlInputElement,
    HtmlSelectElement,
};

use self::choices::Choices;
use self::fields::QuestionSources;
use self::game::{Game, Stage, TurnNumber, WantedField};
use self::round::{Round, RoundKind, TurnResult};
use super::answer::Answer;
use super::dom::{
    around, attribute, by_id, find, focus, on, open_dialog, remove_attribute, set_attribute,
    set_hidden, set_line, target,
};
use super::export::{now, save};
use super::input::FieldInput;
use super::text::quiz as text;
use cytolens_protocol::Picture;

/// A field of the desk that the quiz can ask.
#[derive(Debug, Clone)]
pub(super) struct DeskField {
    /// The page's number for it.
    pub(super) field: u32,
    /// Its id.
    pub(super) id: String,
    /// The model's answer, once there is one.
    pub(super) answer: Option<Rc<Answer>>,
}

/// Receives the result of one question to the engine, or the reason why there is none.
pub(super) type Receive<T> = Box<dyn FnOnce(Result<T, String>)>;

/// A field's files, on their way.
pub(super) type InputComing = Pin<Box<dyn Future<Output = Option<FieldInput>>>>;

/// The calls by which the quiz asks the page.
pub(super) struct Host {
    /// The fields of the desk.
    pub(super) desk: Box<dyn Fn() -> Vec<DeskField>>,
    /// A desk field's files.
    pub(super) input: Box<dyn Fn(u32) -> InputComing>,
    /// Classifies a field that is on no desk with the model that is open.
    pub(super) classify: Box<dyn Fn(FieldInput, Receive<Rc<Answer>>)>,
    /// Decodes a field for display.
    pub(super) view: Box<dyn Fn(FieldInput, Receive<Picture>)>,
}

/// The dialog `#quiz`. It is written from its [`Game`].
pub(super) struct Quiz {
    host: Host,
    dialog: HtmlDialogElement,
    choices: Choices,
    sources: QuestionSources,
    game: RefCell<Game>,
}

impl Quiz {
    /// The quiz in `index.html`. It lives as long as the page.
    pub(super) fn new(host: Host) -> Rc<Self> {
        let quiz = Rc::new(Self {
            host,
            dialog: by_id("quiz"),
            choices: Choices::new(),
            sources: QuestionSources::default(),
            game: RefCell::default(),
        });
        let handle = |target: &Element, event: &str, method: fn(&Rc<Self>, &Event)| {
            let quiz = quiz.clone();
            on(target, event, move |event: Event| method(&quiz, &event));
        };
        handle(&by_id("open-quiz"), "click", |quiz, _| quiz.open());
        handle(&quiz.dialog, "click", Self::clicked);
        handle(&quiz.dialog, "change", Self::changed);
        handle(&by_id("quiz-form"), "submit", |quiz, event| {
            event.prevent_default();
            quiz.confirm();
        });
        // A file that is dropped here is a table of labels, and no field for the desk.
        for event in ["dragenter", "dragleave", "dragover", "drop"] {
            handle(&quiz.dialog, event, |quiz, event| {
                event.prevent_default();
                event.stop_propagation();
                if event.type_() == "drop" {
                    quiz.dropped(event.unchecked_ref());
                }
            });
        }
        quiz
    }

    fn open(self: &Rc<Self>) {
        open_dialog(&self.dialog);
        if self.game.borrow().round().is_none() {
            self.start();
        } else {
            // The fields of the desk may be others than before.
            self.sources.refresh(&self.host);
        }
    }

    fn clicked(self: &Rc<Self>, event: &Event) {
        let Some(button) = around(event, "[data-quiz]") else {
            return;
        };
        match attribute(&button, "data-quiz").as_str() {
            "leave" => self.dialog.close(),
            "begin" => self.begin(),
            "resume" => {
                let kind = self.game.borrow().kind();
                if let Some(round) = keep::read(kind) {
                    self.play(round);
                }
            }
            "next" => self.next(),
            "again" => self.start(),
            file @ ("csv" | "json") => self.save(file),
            _ => {}
        }
    }

    fn changed(self: &Rc<Self>, event: &Event) {
        let Some(input) = target::<HtmlInputElement>(event) else {
            return;
        };
        match input.name().as_str() {
            "location" => {
                self.choices.changed(&input);
                self.hint("");
            }
            "channel" => picture::switch(&input),
            "kind" => {
                let is_desk = input.value() == "desk";
                self.choose(if is_desk {
                    RoundKind::Desk
                } else {
                    RoundKind::Samples
                });
            }
            "table" => {
                let file = input.files().and_then(|files| files.get(0));
                if let Some(file) = file {
                    self.take_table(file);
                }
                // Else picking the same file again would be no change.
                input.set_value("");
            }
            _ => {}
        }
    }

    fn dropped(self: &Rc<Self>, event: &DragEvent) {
        let files = event.data_transfer().and_then(|data| data.files());
        let file = files.and_then(|files| files.get(0));
        let is_start = self.game.borrow().stage() == Stage::Start;
        if let Some(file) = file.filter(|_| is_start) {
            self.choose(RoundKind::Desk);
            self.take_table(file);
        }
    }

    fn choose(&self, kind: RoundKind) {
        self.game.borrow_mut().choose(kind);
        self.offer();
    }

    /// Reads a table of labels.
    fn take_table(self: &Rc<Self>, file: File) {
        let quiz = self.clone();
        spawn_local(async move {
            quiz.sources.read_table(file).await;
            quiz.offer();
        });
    }

    /// Goes back to the choice of a round.
    fn start(self: &Rc<Self>) {
        self.game.borrow_mut().start_over();
        self.notify("");
        self.enter();
        self.offer();
        let quiz = self.clone();
        spawn_local(async move {
            quiz.sources.fetch_samples().await;
            quiz.offer();
        });
    }

    /// Shows which round can begin, and which can go on.
    fn offer(&self) {
        self.sources.refresh(&self.host);
        let kind = self.game.borrow().kind();
        let is_desk = kind == RoundKind::Desk;
        let radio = if is_desk {
            "[name=\"kind\"][value=\"desk\"]"
        } else {
            "[name=\"kind\"][value=\"samples\"]"
        };
        find::<HtmlInputElement>(&self.dialog, radio).set_checked(true);
        set_hidden(&by_id("quiz-table"), !is_desk);
        set_hidden(&by_id("quiz-simulated"), is_desk);
        by_id::<Element>("quiz-about").set_text_content(Some(&self.sources.about(kind)));
        let begin: Element = find(&self.dialog, "[data-quiz=\"begin\"]");
        if self.sources.fields(kind).is_empty() {
            set_attribute(&begin, "aria-disabled", "true");
        } else {
            remove_attribute(&begin, "aria-disabled");
        }
        let kept = keep::read(kind).filter(|round| round.next().is_some_and(|next| next > 0));
        let resume: Element = find(&self.dialog, "[data-quiz=\"resume\"]");
        set_hidden(&resume, kept.is_none());
        if let Some(round) = kept {
            let done = round.next().unwrap_or_default();
            resume.set_text_content(Some(&text::kept(done, round.turns.len())));
        }
    }

    fn begin(self: &Rc<Self>) {
        let kind = self.game.borrow().kind();
        let fields = self.sources.fields(kind);
        if fields.is_empty() {
            return;
        }
        let length: HtmlSelectElement = by_id("quiz-length");
        let length = length.value().parse().unwrap_or(usize::MAX);
        self.play(Round::new(kind, fields, length, js_sys::Math::random));
    }

    fn play(self: &Rc<Self>, round: Round) {
        self.notify("");
        let wanted = self.game.borrow_mut().play(round);
        self.show_turn(wanted);
    }

    fn next(self: &Rc<Self>) {
        let wanted = self.game.borrow_mut().advance();
        self.show_turn(wanted);
    }

    /// Shows the field that is asked, or the scores.
    fn show_turn(self: &Rc<Self>, wanted: Option<WantedField>) {
        {
            let game = self.game.borrow();
            if game.stage() == Stage::Ask {
                let (at, all) = game.place();
                by_id::<Element>("quiz-place").set_text_content(Some(&text::place(at, all)));
                self.choices.reset();
                self.hint("");
                picture::show(game.picture());
            } else if let Some(round) = game.round() {
                keep::write(round);
                verdict::show_round(round);
            }
        }
        self.enter();
        self.prepare(wanted);
    }

    /// Asks for a field's picture and for the model's answer.
    fn prepare(self: &Rc<Self>, wanted: Option<WantedField>) {
        let Some(WantedField { turn, kind, id }) = wanted else {
            return;
        };
        let quiz = self.clone();
        spawn_local(async move {
            let (input, answer) = match quiz.sources.input(&quiz.host, kind, &id).await {
                Ok(found) => found,
                Err(reason) => return quiz.leave_out(turn, &reason),
            };
            let receiver = quiz.clone();
            let receive = move |picture: Result<Picture, String>| match picture {
                Ok(picture) => receiver.pictured(turn, picture),
                Err(reason) => receiver.leave_out(turn, &reason),
            };
            (quiz.host.view)(input.clone(), Box::new(receive));
            if let Some(answer) = answer {
                return quiz.answered(turn, answer);
            }
            let receiver = quiz.clone();
            let receive = move |answer: Result<Rc<Answer>, String>| match answer {
                Ok(answer) => receiver.answered(turn, answer),
                Err(reason) => receiver.leave_out(turn, &reason),
            };
            (quiz.host.classify)(input, Box::new(receive));
        });
    }

    fn pictured(&self, turn: TurnNumber, picture: Picture) {
        let is_shown = self.game.borrow_mut().pictured(turn, picture);
        if is_shown {
            picture::show(self.game.borrow().picture());
        }
    }

    fn answered(self: &Rc<Self>, turn: TurnNumber, answer: Rc<Answer>) {
        let is_over = self.game.borrow_mut().answered(turn, answer);
        if is_over {
            self.reveal();
        }
    }

    /// Leaves a field that cannot be asked out of the round.
    fn leave_out(self: &Rc<Self>, turn: TurnNumber, reason: &str) {
        let left_out = self.game.borrow_mut().leave_out(turn, reason);
        if let Some((id, is_asked)) = left_out {
            self.notify(&text::left_out(&id, reason));
            if is_asked {
                self.next();
            }
        }
    }

    fn confirm(self: &Rc<Self>) {
        let Some(given) = self.choices.chosen() else {
            return self.hint(text::CHOOSE);
        };
        self.hint(text::THINKING);
        let is_over = self.game.borrow_mut().confirm(given);
        if is_over {
            self.reveal();
        }
    }

    /// Compares the answers of person and model.
    fn reveal(self: &Rc<Self>) {
        {
            let game = self.game.borrow();
            let (Some(round), Some(turn)) = (game.round(), game.turn()) else {
                return;
            };
            if let TurnResult::Answered { own, model, .. } = turn.outcome {
                verdict::show_field(&turn.id, turn.truth, own, model);
            }
            keep::write(round);
            let button: Element = find(&self.dialog, "[data-quiz=\"next\"]");
            button.set_text_content(Some(if round.next().is_some() {
                text::TO_NEXT
            } else {
                text::TO_SCORES
            }));
        }
        self.enter();
        let wanted = self.game.borrow_mut().prepare();
        self.prepare(wanted);
    }

    fn save(&self, kind: &str) {
        let game = self.game.borrow();
        let Some(round) = game.round() else { return };
        let saved = if kind == "csv" {
            save::save_text("cytolens-quiz.csv", &record::table(round), save::CSV)
        } else {
            let text = record::document(round, &now());
            save::save_text("cytolens-quiz.json", &text, save::JSON)
        };
        if let Err(error) = saved {
            self.notify(&error);
        }
    }

    /// Shows the parts of the game's stage, and moves the focus to its heading.
    fn enter(&self) {
        let stage = self.game.borrow().stage();
        set_attribute(&self.dialog, "data-stage", stage.name());
        let is_turn = matches!(stage, Stage::Ask | Stage::Reveal);
        set_hidden(&by_id("quiz-start"), stage != Stage::Start);
        set_hidden(&by_id("quiz-turn"), !is_turn);
        set_hidden(&by_id("quiz-form"), stage != Stage::Ask);
        set_hidden(&by_id("quiz-reveal"), stage != Stage::Reveal);
        set_hidden(&by_id("quiz-place"), !is_turn);
        set_hidden(&by_id("quiz-end"), stage != Stage::End);
        let heading = ["[data-heads=\"", stage.name(), "\"]"].concat();
        focus(&find::<HtmlElement>(&self.dialog, &heading));
        self.dialog.set_scroll_top(0);
    }

    fn hint(&self, hint: &str) {
        by_id::<Element>("quiz-hint").set_text_content(Some(hint));
    }

    fn notify(&self, notice: &str) {
        set_line(&by_id("quiz-notice"), notice);
    }
}
