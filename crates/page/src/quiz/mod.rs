//! You against the model: a person and the model tell where the protein is, field by field, and see
//! afterwards who was right.

mod choices;
mod fields;
mod keep;
mod picture;
mod record;
mod round;
mod score;
mod truth;
mod verdict;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DragEvent, Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement};

use self::choices::Choices;
use self::fields::Sources;
use self::round::{Kind, Outcome, Round};
use super::answer::Answer;
use super::dom::{by_id, find, on, set_attribute, set_hidden};
use super::export::{now, save};
use super::input::FieldInput;
use super::text::quiz as text;
use super::viewer::Picture;
use cytolens_core::labels::{LOCATIONS, LabelSet};

/// A field of the desk, as the quiz can ask it.
#[derive(Debug, Clone)]
pub(super) struct DeskField {
    /// The page's number for it.
    pub(super) field: u32,
    /// Its id.
    pub(super) id: String,
    /// What the model said of it, if it has.
    pub(super) answer: Option<Rc<Answer>>,
}

/// What hears of a field that the engine was asked about, once.
pub(super) type Hear<T> = Box<dyn FnOnce(Result<T, String>)>;

/// A field's files, from wherever they are.
pub(super) type InputComing = Pin<Box<dyn Future<Output = Option<FieldInput>>>>;

/// What the quiz asks of the page.
pub(super) struct Host {
    /// The fields of the desk that have files.
    pub(super) desk: Box<dyn Fn() -> Vec<DeskField>>,
    /// A desk field's files.
    pub(super) input: Box<dyn Fn(u32) -> InputComing>,
    /// Classifies a field that is on no desk, with the model that is open.
    pub(super) classify: Box<dyn Fn(FieldInput, Hear<Rc<Answer>>)>,
    /// Decodes a field for the eye.
    pub(super) view: Box<dyn Fn(FieldInput, Hear<Picture>)>,
}

/// What is known of a field before its turn ends.
#[derive(Default)]
struct Prepared {
    picture: Option<Picture>,
    answer: Option<Rc<Answer>>,
}

#[derive(Default)]
struct State {
    round: Option<Round>,
    /// Counts the rounds, so that what was asked for an earlier one is not taken for this.
    rounds: u32,
    /// The field whose turn it is.
    at: usize,
    /// What the person has said, while the model is still at work.
    said: Option<LabelSet>,
    prepared: BTreeMap<usize, Prepared>,
}

/// The dialog `#quiz`.
pub(super) struct Quiz {
    host: Host,
    dialog: HtmlDialogElement,
    choices: Choices,
    sources: Sources,
    state: RefCell<State>,
}

impl Quiz {
    /// The quiz in `index.html`. It lives as long as the page.
    pub(super) fn new(host: Host) -> Rc<Self> {
        let quiz = Rc::new(Self {
            host,
            dialog: by_id("quiz"),
            choices: Choices::new(),
            sources: Sources::default(),
            state: RefCell::default(),
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
        // What is dropped here is a table of labels, and no field for the desk.
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
        self.dialog.show_modal().unwrap_or_default();
        if self.state.borrow().round.is_none() {
            self.start();
        } else {
            // The fields of the desk may be others than before.
            self.sources.refresh(&self.host);
        }
    }

    fn clicked(self: &Rc<Self>, event: &Event) {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let button = target.and_then(|target| target.closest("[data-quiz]").ok().flatten());
        let what = button.and_then(|button| button.get_attribute("data-quiz"));
        match what.as_deref() {
            Some("leave") => self.dialog.close(),
            Some("begin") => self.begin(),
            Some("resume") => {
                if let Some(round) = keep::read(self.kind()) {
                    self.play(round);
                }
            }
            Some("next") => self.next(),
            Some("again") => self.start(),
            Some(file @ ("csv" | "json")) => self.save(file),
            _ => {}
        }
    }

    fn changed(self: &Rc<Self>, event: &Event) {
        let target = event.target().and_then(|it| it.dyn_into().ok());
        let Some(input): Option<HtmlInputElement> = target else {
            return;
        };
        match input.name().as_str() {
            "location" => {
                self.choices.changed(&input);
                self.hint("");
            }
            "channel" => picture::switch(&input),
            "kind" => self.offer(),
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
        if let Some(file) = file.filter(|_| self.stage() == "start") {
            find::<HtmlInputElement>(&self.dialog, "[name=\"kind\"][value=\"desk\"]")
                .set_checked(true);
            self.take_table(file);
        }
    }

    /// Reads a table of labels.
    fn take_table(self: &Rc<Self>, file: web_sys::File) {
        let quiz = self.clone();
        spawn_local(async move {
            quiz.sources.read_table(file).await;
            quiz.offer();
        });
    }

    /// Shows how a round can begin.
    fn start(self: &Rc<Self>) {
        self.state.borrow_mut().round = None;
        self.notify("");
        self.enter("start");
        self.offer();
        let quiz = self.clone();
        spawn_local(async move {
            quiz.sources.fetch_samples().await;
            quiz.offer();
        });
    }

    /// Tells which round can begin, and which can go on.
    fn offer(&self) {
        self.sources.refresh(&self.host);
        let kind = self.kind();
        set_hidden(&by_id("quiz-table"), kind != Kind::Desk);
        set_hidden(&by_id("quiz-simulated"), kind != Kind::Samples);
        by_id::<Element>("quiz-about").set_text_content(Some(&self.sources.about(kind)));
        let begin: Element = find(&self.dialog, "[data-quiz=\"begin\"]");
        if self.sources.fields(kind).is_empty() {
            set_attribute(&begin, "aria-disabled", "true");
        } else {
            begin.remove_attribute("aria-disabled").unwrap_or_default();
        }
        let kept = keep::read(kind).filter(|round| round.next().is_some_and(|next| next > 0));
        let resume: Element = find(&self.dialog, "[data-quiz=\"resume\"]");
        set_hidden(&resume, kept.is_none());
        if let Some(round) = kept {
            let done = round.next().unwrap_or_default();
            resume.set_text_content(Some(&text::kept(done, round.turns.len())));
        }
    }

    fn kind(&self) -> Kind {
        let samples: HtmlInputElement = find(&self.dialog, "[name=\"kind\"][value=\"samples\"]");
        if samples.checked() {
            Kind::Samples
        } else {
            Kind::Desk
        }
    }

    fn begin(self: &Rc<Self>) {
        let kind = self.kind();
        let fields = self.sources.fields(kind);
        if fields.is_empty() {
            return;
        }
        let length: web_sys::HtmlSelectElement = by_id("quiz-length");
        let length = length.value().parse().unwrap_or(usize::MAX);
        self.play(Round::new(kind, fields, length, js_sys::Math::random));
    }

    fn play(self: &Rc<Self>, round: Round) {
        let mut state = self.state.borrow_mut();
        state.rounds += 1;
        state.prepared.clear();
        state.round = Some(round);
        drop(state);
        self.notify("");
        self.next();
    }

    /// Asks the next field, or shows the scores.
    fn next(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let next = state.round.as_ref().and_then(Round::next);
        state.said = None;
        state.at = next.unwrap_or(usize::MAX);
        let at = state.at;
        // What is behind is not looked at again.
        state.prepared.retain(|turn, _| *turn >= at);
        let Some(at) = next else {
            if let Some(round) = &state.round {
                keep::write(round);
                verdict::show_round(round);
            }
            drop(state);
            return self.enter("end");
        };
        let all = state.round.as_ref().map_or(0, |round| round.turns.len());
        drop(state);
        by_id::<Element>("quiz-place").set_text_content(Some(&text::place(at, all)));
        self.choices.reset();
        self.hint("");
        self.prepare(at);
        self.draw();
        self.enter("ask");
    }

    /// Shows the picture of the field whose turn it is, as far as it is there.
    fn draw(&self) {
        let state = self.state.borrow();
        let prepared = state.prepared.get(&state.at);
        picture::show(prepared.and_then(|prepared| prepared.picture.as_ref()));
    }

    /// Asks for a field's picture and for the model's answer, once.
    fn prepare(self: &Rc<Self>, at: usize) {
        let mut state = self.state.borrow_mut();
        let Some(round) = &state.round else { return };
        let Some(turn) = round.turns.get(at) else {
            return;
        };
        let (kind, id) = (round.kind, turn.id.clone());
        if state.prepared.contains_key(&at) {
            return;
        }
        state.prepared.insert(at, Prepared::default());
        let rounds = state.rounds;
        drop(state);
        let quiz = self.clone();
        spawn_local(async move {
            let (input, answer) = match quiz.sources.input(&quiz.host, kind, &id).await {
                Ok(found) => found,
                Err(reason) => return quiz.leave_out(rounds, at, &reason),
            };
            let heard = quiz.clone();
            let hear = move |picture: Result<Picture, String>| match picture {
                Ok(picture) => heard.pictured(rounds, at, picture),
                Err(reason) => heard.leave_out(rounds, at, &reason),
            };
            (quiz.host.view)(input.clone(), Box::new(hear));
            if let Some(answer) = answer {
                return quiz.answered(rounds, at, answer);
            }
            let heard = quiz.clone();
            let hear = move |answer: Result<Rc<Answer>, String>| match answer {
                Ok(answer) => heard.answered(rounds, at, answer),
                Err(reason) => heard.leave_out(rounds, at, &reason),
            };
            (quiz.host.classify)(input, Box::new(hear));
        });
    }

    fn pictured(&self, rounds: u32, at: usize, picture: Picture) {
        let mut state = self.state.borrow_mut();
        if state.rounds != rounds {
            return;
        }
        if let Some(prepared) = state.prepared.get_mut(&at) {
            prepared.picture = Some(picture);
        }
        let is_current = state.at == at;
        drop(state);
        if is_current {
            self.draw();
        }
    }

    fn answered(self: &Rc<Self>, rounds: u32, at: usize, answer: Rc<Answer>) {
        let mut state = self.state.borrow_mut();
        if state.rounds != rounds {
            return;
        }
        if let Some(prepared) = state.prepared.get_mut(&at) {
            prepared.answer = Some(answer);
        }
        let is_awaited = state.at == at && state.said.is_some();
        drop(state);
        if is_awaited {
            self.settle();
        }
    }

    /// Takes a field out of the round: nobody can tell anything of it.
    fn leave_out(self: &Rc<Self>, rounds: u32, at: usize, reason: &str) {
        let mut state = self.state.borrow_mut();
        if state.rounds != rounds {
            return;
        }
        let is_current = state.at == at;
        let Some(turn) = state
            .round
            .as_mut()
            .and_then(|round| round.turns.get_mut(at))
        else {
            return;
        };
        turn.outcome = Outcome::LeftOut(reason.to_owned());
        let notice = text::left_out(&turn.id, reason);
        drop(state);
        self.notify(&notice);
        if is_current {
            self.next();
        }
    }

    fn confirm(self: &Rc<Self>) {
        let Some(said) = self.choices.chosen() else {
            return self.hint(text::CHOOSE);
        };
        self.state.borrow_mut().said = Some(said);
        self.hint(text::THINKING);
        self.settle();
    }

    /// Ends the turn once both have told.
    fn settle(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let at = state.at;
        let answer = state.prepared.get(&at).and_then(|it| it.answer.clone());
        let Some((own, answer)) = state.said.zip(answer) else {
            return;
        };
        let Some(round) = state.round.as_mut() else {
            return;
        };
        let Some(turn) = round.turns.get_mut(at) else {
            return;
        };
        let model = told(&answer);
        turn.outcome = Outcome::Told {
            own,
            model,
            name: answer.model.name.clone(),
        };
        verdict::show_field(&turn.id, turn.truth, own, model);
        keep::write(round);
        let next = round.next();
        state.said = None;
        drop(state);
        let button: Element = find(&self.dialog, "[data-quiz=\"next\"]");
        button.set_text_content(Some(if next.is_some() {
            text::TO_NEXT
        } else {
            text::TO_SCORES
        }));
        self.enter("reveal");
        if let Some(next) = next {
            self.prepare(next);
        }
    }

    fn save(&self, kind: &str) {
        let state = self.state.borrow();
        let Some(round) = &state.round else { return };
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

    fn stage(&self) -> String {
        self.dialog.get_attribute("data-stage").unwrap_or_default()
    }

    /// Shows what belongs to a stage, and moves the focus to its heading.
    fn enter(&self, stage: &str) {
        set_attribute(&self.dialog, "data-stage", stage);
        for (part, stages) in [
            ("quiz-start", "start"),
            ("quiz-turn", "ask reveal"),
            ("quiz-form", "ask"),
            ("quiz-reveal", "reveal"),
            ("quiz-place", "ask reveal"),
            ("quiz-end", "end"),
        ] {
            let is_shown = stages.split(' ').any(|shown| shown == stage);
            set_hidden(&by_id(part), !is_shown);
        }
        let heading: HtmlElement = find(&self.dialog, &format!("[data-heads=\"{stage}\"]"));
        heading.focus().unwrap_or_default();
        self.dialog.set_scroll_top(0);
    }

    fn hint(&self, what: &str) {
        by_id::<Element>("quiz-hint").set_text_content(Some(what));
    }

    fn notify(&self, what: &str) {
        let notice: Element = by_id("quiz-notice");
        notice.set_text_content(Some(what));
        set_hidden(&notice, what.is_empty());
    }
}

/// What a model said, by the challenge's classes; its labels that are none of these are not asked.
fn told(answer: &Answer) -> LabelSet {
    let present = answer.present.iter().filter_map(|class| {
        let label = answer.label(*class);
        LOCATIONS.iter().position(|location| *location == label)
    });
    LabelSet::from_classes(present).unwrap_or_default()
}
