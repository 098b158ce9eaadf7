//! Questions to the engine beside the desk: about fields that have no tile.
//!
//! A question waits until the engine can answer it, and outlives a restart; one that takes part in two
//! crashes is given up, as a field of the desk is.

use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::answer::Answer;
use crate::input::FieldInput;
use crate::quiz::{DeskField, Hear, Host, InputComing, Quiz};
use crate::text;
use crate::viewer::Picture;
use cytolens_protocol::Request;

/// The first number of these questions: no desk has so many fields.
const FIRST: u32 = 1 << 31;

/// How many crashes a question may take part in before it is given up.
const CRASHES: u8 = 2;

/// The longest side of a picture that is looked at as a whole, in pixels.
const SIDE: u32 = 1024;

/// Who hears the answer.
pub(super) enum Hearer {
    Answer(Hear<Rc<Answer>>),
    Picture(Hear<Picture>),
}

impl Hearer {
    /// Tells why there is no answer.
    fn refuse(self, reason: String) {
        match self {
            Self::Answer(hear) => hear(Err(reason)),
            Self::Picture(hear) => hear(Err(reason)),
        }
    }
}

struct Aside {
    input: FieldInput,
    hearer: Hearer,
    is_sent: bool,
    crashes: u8,
}

/// The questions that are not answered yet.
#[derive(Default)]
pub(super) struct Asides {
    waiting: BTreeMap<u32, Aside>,
    asked: u32,
}

impl App {
    /// The quiz, with all that it asks of the page.
    pub(super) fn open_quiz(self: &Rc<Self>) {
        let (desk, input) = (self.clone(), self.clone());
        let (classify, view) = (self.clone(), self.clone());
        Quiz::new(Host {
            desk: Box::new(move || desk.quiz_fields()),
            input: Box::new(move |field| {
                let app = input.clone();
                Box::pin(async move { app.input(field).await }) as InputComing
            }),
            classify: Box::new(move |input, hear| classify.ask(input, Hearer::Answer(hear))),
            view: Box::new(move |input, hear| view.ask(input, Hearer::Picture(hear))),
        });
    }

    fn quiz_fields(&self) -> Vec<DeskField> {
        let state = self.state.borrow();
        let fields = state.entries.iter();
        fields
            .map(|(field, entry)| DeskField {
                field: *field,
                id: entry.id.clone(),
                answer: entry.answer().cloned(),
            })
            .collect()
    }

    fn ask(self: &Rc<Self>, input: FieldInput, hearer: Hearer) {
        let mut state = self.state.borrow_mut();
        let number = FIRST + state.asides.asked;
        state.asides.asked += 1;
        let aside = Aside {
            input,
            hearer,
            is_sent: false,
            crashes: 0,
        };
        state.asides.waiting.insert(number, aside);
        drop(state);
        self.send_asides();
    }

    /// Sends the questions that the engine can answer by now.
    pub(super) fn send_asides(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let (is_listening, is_opened) = (state.is_listening, state.opened.is_some());
        let worker = state.worker;
        for (number, aside) in &mut state.asides.waiting {
            let can_answer = match aside.hearer {
                Hearer::Answer(_) => is_opened,
                Hearer::Picture(_) => is_listening,
            };
            if can_answer && !aside.is_sent {
                aside.is_sent = true;
                let (number, input) = (*number, aside.input.clone());
                spawn_local(self.clone().send_aside(number, input, worker));
            }
        }
    }

    async fn send_aside(self: Rc<Self>, number: u32, input: FieldInput, worker: u32) {
        let files = input.unpacked().await;
        let state = self.state.borrow();
        // After a restart the question was sent again.
        let aside = state.asides.waiting.get(&number);
        let Some(aside) = aside.filter(|_| state.worker == worker) else {
            return;
        };
        let is_picture = matches!(aside.hearer, Hearer::Picture(_));
        drop(state);
        let names = input.names();
        let FieldInput { id, order, .. } = input;
        let sent = files.and_then(|files| {
            let request = if is_picture {
                Request::View {
                    field: number,
                    id,
                    files,
                    order,
                    side: SIDE,
                }
            } else {
                Request::Classify {
                    field: number,
                    id,
                    files,
                    order,
                }
            };
            let sent = self.engine.send(&request);
            sent.map_err(|error| text::not_sent(&names, &error))
        });
        if let Err(reason) = sent {
            self.refuse_aside(number, &reason);
        }
    }

    /// Who asked under this number, unless it is a field's of the desk.
    pub(super) fn take_aside(&self, number: u32) -> Option<Hearer> {
        let mut state = self.state.borrow_mut();
        Some(state.asides.waiting.remove(&number)?.hearer)
    }

    /// Tells that a question has no answer; false where the number is a field's of the desk.
    pub(super) fn refuse_aside(&self, number: u32, reason: &str) -> bool {
        let hearer = self.take_aside(number);
        let is_aside = hearer.is_some();
        if let Some(hearer) = hearer {
            hearer.refuse(reason.to_owned());
        }
        is_aside
    }

    /// Takes the questions back that a worker held, which is gone.
    pub(super) fn take_asides_back(&self) {
        let mut state = self.state.borrow_mut();
        let mut given_up = Vec::new();
        for (number, aside) in &mut state.asides.waiting {
            aside.crashes += u8::from(aside.is_sent);
            aside.is_sent = false;
            if aside.crashes >= CRASHES {
                given_up.push((*number, aside.input.names()));
            }
        }
        drop(state);
        for (number, names) in given_up {
            self.refuse_aside(number, &text::field_crashed(&names));
        }
    }
}
