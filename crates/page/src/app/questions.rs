//! The quiz's questions to the engine, about fields that have no tile.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::App;
use crate::answer::Answer;
use crate::input::FieldInput;
use crate::quiz::{DeskField, Host, InputComing, Quiz, Receive};
use crate::session::{Job, Subject};
use cytolens_protocol::Picture;

/// The receiver of a question's answer.
enum Receiver {
    Answer(Receive<Rc<Answer>>),
    Picture(Receive<Picture>),
}

/// The receivers of the answers that are still to come, by the numbers of their questions.
#[derive(Default)]
pub(super) struct Receivers {
    waiting: RefCell<BTreeMap<u32, Receiver>>,
    asked: Cell<u32>,
}

impl Receivers {
    /// Adds a receiver. Returns the number of its question.
    fn add(&self, receiver: Receiver) -> u32 {
        let question = self.asked.get();
        self.asked.set(question + 1);
        self.waiting.borrow_mut().insert(question, receiver);
        question
    }

    fn take(&self, question: u32) -> Option<Receiver> {
        self.waiting.borrow_mut().remove(&question)
    }

    /// Hands over the model's answer.
    pub(super) fn answer(&self, question: u32, answer: Rc<Answer>) {
        if let Some(Receiver::Answer(receive)) = self.take(question) {
            receive(Ok(answer));
        }
    }

    /// Hands over a picture.
    pub(super) fn show(&self, question: u32, picture: Picture) {
        if let Some(Receiver::Picture(receive)) = self.take(question) {
            receive(Ok(picture));
        }
    }

    /// Hands over the reason why there is no answer.
    pub(super) fn refuse(&self, question: u32, reason: String) {
        match self.take(question) {
            Some(Receiver::Answer(receive)) => receive(Err(reason)),
            Some(Receiver::Picture(receive)) => receive(Err(reason)),
            None => {}
        }
    }
}

impl App {
    /// Opens the quiz, with all that it asks of the page.
    pub(super) fn open_quiz(self: &Rc<Self>) {
        let (desk, input) = (self.clone(), self.clone());
        let (classify, view) = (self.clone(), self.clone());
        Quiz::new(Host {
            desk: Box::new(move || desk.quiz_fields()),
            input: Box::new(move |field| {
                let app = input.clone();
                Box::pin(async move { app.input(Subject::Field(field)).await }) as InputComing
            }),
            classify: Box::new(move |input, receive| {
                classify.ask(input, Receiver::Answer(receive), Job::classify);
            }),
            view: Box::new(move |input, receive| {
                view.ask(input, Receiver::Picture(receive), Job::view);
            }),
        });
    }

    fn quiz_fields(&self) -> Vec<DeskField> {
        let session = self.session.borrow();
        let fields = session.entries().iter();
        fields
            .map(|(field, entry)| DeskField {
                field: *field,
                id: entry.id.clone(),
                answer: entry.answer().cloned(),
            })
            .collect()
    }

    /// Has a field decoded that is on no desk, and hands its picture over; one that cannot be decoded has none.
    pub(super) fn look(self: &Rc<Self>, input: FieldInput, show: Box<dyn FnOnce(Picture)>) {
        let receive: Receive<Picture> = Box::new(move |picture| {
            if let Ok(picture) = picture {
                show(picture);
            }
        });
        self.ask(input, Receiver::Picture(receive), Job::view);
    }

    fn ask(self: &Rc<Self>, input: FieldInput, receiver: Receiver, job: fn(Subject) -> Job) {
        let question = Subject::Question(self.receivers.add(receiver));
        self.change(|session| session.ask(job(question), input));
    }
}
