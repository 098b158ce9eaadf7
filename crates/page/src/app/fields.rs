//! The fields of the page: from files to tiles, to the engine, and back.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::asides::Hearer;
use super::desk::Count;
use super::records::record_of;
use super::{App, Shared};
use crate::answer::Answer;
use crate::dom::pause;
use crate::entry::{Entry, Outcome};
use crate::input::{FieldInput, Lot};
use crate::text;
use cytolens_protocol::{Maps, Request};

/// How many tiles are made before the browser may paint and react.
const TILES_AT_ONCE: usize = 8;

/// With more open fields than this, only their end is said aloud.
const SPOKEN_ONE_BY_ONE: usize = 3;

impl App {
    /// Brings back what was kept from an earlier visit.
    pub(super) async fn restore(self: Rc<Self>) {
        let kept = self.store.open().await;
        {
            let mut state = self.state.borrow_mut();
            state.next_field = kept.last().map_or(0, |(field, _)| field + 1);
            state.is_restored = true;
        }
        for (position, (field, record)) in kept.into_iter().enumerate() {
            if position % TILES_AT_ONCE == TILES_AT_ONCE - 1 {
                pause().await;
            }
            let entry = self.state.borrow_mut().entry_of(record);
            let is_open = entry.is_open();
            self.show_entry(field, entry);
            if is_open {
                self.state.borrow_mut().queue.push(field);
            }
        }
        self.count();
        let first = self.state.borrow().shown.first().copied();
        if let Some(field) = first {
            self.select(field);
        }
        self.feed();
    }

    /// Makes a tile of each field and of each refusal.
    pub(super) async fn accept(self: Rc<Self>, lot: Lot) {
        while !self.state.borrow().is_restored {
            pause().await;
        }
        let clearings = self.state.borrow().clearings;
        for (name, reason) in &lot.refused {
            self.add_refused(name, reason);
        }
        for package in lot.packages {
            self.models.add(package);
        }
        let is_alone = lot.fields.len() == 1;
        for (position, input) in lot.fields.into_iter().enumerate() {
            if position % TILES_AT_ONCE == TILES_AT_ONCE - 1 {
                pause().await;
            }
            if self.state.borrow().clearings != clearings {
                return;
            }
            let field = self.add(input);
            if is_alone {
                self.select(field);
            }
            if position == 0 {
                self.desk.reveal();
            }
            self.feed();
        }
    }

    fn add(self: &Rc<Self>, input: FieldInput) -> u32 {
        let channels: Vec<&str> = input
            .files
            .iter()
            .map(|file| text::channel(file.channel))
            .collect();
        let field = self.state.borrow_mut().number();
        // What will be refused takes no room.
        if !input.files.iter().any(|file| file.content.is_too_large()) {
            self.store.keep_input(field, &input);
        }
        let entry = Entry::new(input.id.clone(), channels.join(", "), Some(input));
        self.keep(field, &entry);
        self.show_entry(field, entry);
        let mut state = self.state.borrow_mut();
        if state.queue.len() == 0 {
            state.pace.start(self.desk.now());
        }
        state.queue.push(field);
        drop(state);
        self.count();
        field
    }

    /// A tile for what never reaches the engine.
    pub(super) fn add_refused(self: &Rc<Self>, id: &str, reason: &str) {
        let field = self.state.borrow_mut().number();
        let mut entry = Entry::new(id.to_owned(), String::new(), None);
        entry.outcome = Outcome::Refused(reason.to_owned());
        self.keep(field, &entry);
        self.show_entry(field, entry);
        self.desk.announce(&text::said_refused(id, reason));
        self.count();
    }

    /// Puts a field onto the desk, and selects it where none is.
    fn show_entry(self: &Rc<Self>, field: u32, entry: Entry) {
        self.gallery.add(field, &entry);
        let mut state = self.state.borrow_mut();
        state.entries.insert(field, entry);
        let is_first = state.selected.is_none();
        drop(state);
        self.place(field);
        if is_first {
            self.select(field);
        }
    }

    /// Writes a field to the store.
    pub(super) fn keep(&self, field: u32, entry: &Entry) {
        self.store.keep(field, &record_of(entry));
    }

    /// Sends the engine what it should have, and shows what it works on.
    pub(super) fn feed(self: &Rc<Self>) {
        loop {
            let mut state = self.state.borrow_mut();
            if state.opened.is_none() {
                return;
            }
            let Some(field) = state.queue.next() else {
                break;
            };
            let worker = state.worker;
            drop(state);
            spawn_local(self.clone().dispatch(field, worker));
        }
        let mut state = self.state.borrow_mut();
        let current = state.queue.current();
        let Some((field, entry)) = current
            .and_then(|field| Some((field, state.entries.get_mut(&field)?)))
            .filter(|(_, entry)| matches!(entry.outcome, Outcome::Waiting))
        else {
            return;
        };
        entry.outcome = Outcome::Working;
        drop(state);
        self.show(field);
    }

    /// Sends one field to the worker that ran when it was its turn.
    async fn dispatch(self: Rc<Self>, field: u32, worker: u32) {
        let Some(input) = self.input(field).await else {
            return self.refused(field, text::IMAGES_GONE.to_owned());
        };
        let files = input.unpacked().await;
        let state = self.state.borrow();
        if state.worker != worker || !state.queue.holds(field) {
            return;
        }
        drop(state);
        let sent = files.and_then(|files| {
            let request = Request::Classify {
                field,
                id: input.id.clone(),
                files,
                order: input.order.clone(),
            };
            let names = input.names();
            let sent = self.engine.send(&request);
            sent.map_err(|error| text::not_sent(&names, &error))
        });
        if let Err(reason) = sent {
            self.refused(field, reason);
        }
    }

    /// A field's files, from the page or from the store.
    pub(super) async fn input(&self, field: u32) -> Option<FieldInput> {
        let input = self.state.borrow().entries.get(&field)?.input.clone();
        match input {
            Some(input) => Some(input),
            None => self.store.input(field).await,
        }
    }

    pub(super) fn preview(&self, field: u32, thumbnail: Blob, description: String) {
        let mut state = self.state.borrow_mut();
        let is_selected = state.selected == Some(field);
        let Some(entry) = state.entries.get_mut(&field) else {
            return;
        };
        entry.source = description;
        self.gallery.show_thumbnail(field, &thumbnail);
        entry.thumbnail = Some(thumbnail);
        if is_selected {
            self.detail.show(entry);
        }
    }

    pub(super) fn classified(
        self: &Rc<Self>,
        field: u32,
        probabilities: Vec<f32>,
        present: Vec<usize>,
        [decode_ms, network_ms, map_ms]: [f64; 3],
        maps: Maps,
    ) {
        let Some(opened) = self.state.borrow().opened.clone() else {
            return;
        };
        let answer = Rc::new(Answer {
            model: opened.model.clone(),
            device: text::device(&opened.device),
            probabilities,
            present,
            decode_ms,
            network_ms,
            map_ms,
        });
        if let Some(Hearer::Answer(hear)) = self.take_aside(field) {
            return hear(Ok(answer));
        }
        self.keep_maps(field, maps);
        let labels: Vec<&str> = answer
            .present_ranked()
            .into_iter()
            .map(|class| answer.label(class))
            .collect();
        let said = self.id(field).map(|id| text::said_done(&id, &labels));
        self.settle(field, Outcome::Done(answer.clone()), said);
    }

    pub(super) fn refused(self: &Rc<Self>, field: u32, reason: String) {
        let said = self.id(field).map(|id| text::said_refused(&id, &reason));
        self.settle(field, Outcome::Refused(reason), said);
    }

    /// Refuses a field that was with the engine whenever it broke.
    pub(super) fn refuse_for_crashes(self: &Rc<Self>, field: u32) {
        let names = {
            let state = self.state.borrow();
            let entry = state.entries.get(&field);
            entry.map(|entry| match &entry.input {
                Some(input) => input.names(),
                None => entry.id.clone(),
            })
        };
        if let Some(names) = names {
            self.refused(field, text::field_crashed(&names));
        }
    }

    fn id(&self, field: u32) -> Option<String> {
        let state = self.state.borrow();
        state.entries.get(&field).map(|entry| entry.id.clone())
    }

    /// The end of a field's turn.
    fn settle(self: &Rc<Self>, field: u32, outcome: Outcome, said: Option<String>) {
        let mut state = self.state.borrow_mut();
        state.crashes_in_a_row = 0;
        state.queue.forget(field);
        state.pace.answer(self.desk.now());
        let open = state.queue.len();
        let Some(entry) = state.entries.get_mut(&field) else {
            drop(state);
            return self.feed();
        };
        entry.outcome = outcome;
        self.keep(field, entry);
        drop(state);
        self.show(field);
        self.place(field);
        self.count();
        if open == 0 {
            let (done, all) = self.totals();
            let said = if all > SPOKEN_ONE_BY_ONE {
                Some(text::said_finished(done, all))
            } else {
                said
            };
            self.desk.announce(&said.unwrap_or_default());
        } else if open < SPOKEN_ONE_BY_ONE {
            self.desk.announce(&said.unwrap_or_default());
        }
        self.feed();
    }

    /// Shows on tile and panel how far a field is.
    pub(super) fn show(&self, field: u32) {
        let state = self.state.borrow();
        let Some(entry) = state.entries.get(&field) else {
            return;
        };
        self.gallery.show(field, entry);
        if state.selected == Some(field) {
            self.detail.show(entry);
        }
    }

    /// Fields that a worker held, and holds no more, wait again.
    pub(super) fn wait_again(&self) {
        let mut state = self.state.borrow_mut();
        let mut waiting = Vec::new();
        for (field, entry) in &mut state.entries {
            if matches!(entry.outcome, Outcome::Working) {
                entry.outcome = Outcome::Waiting;
                waiting.push(*field);
            }
        }
        drop(state);
        for field in waiting {
            self.show(field);
        }
    }

    /// How many fields have an answer, and how many there are.
    fn totals(&self) -> (usize, usize) {
        let state = self.state.borrow();
        let answered = state.entries.values().filter(|it| it.answer().is_some());
        (answered.count(), state.entries.len())
    }

    /// Counts the fields and shows it.
    pub(super) fn count(&self) {
        let state = self.state.borrow();
        let mut count = Count {
            all: state.entries.len(),
            is_paused: state.queue.is_paused(),
            left: state.pace.left(state.queue.len()),
            ..Count::default()
        };
        for entry in state.entries.values() {
            *match entry.outcome {
                Outcome::Done(_) => &mut count.done,
                Outcome::Refused(_) => &mut count.refused,
                Outcome::Cancelled => &mut count.cancelled,
                Outcome::Waiting | Outcome::Working => &mut count.open,
            } += 1;
            count.stale += usize::from(state.is_stale(entry));
        }
        self.desk.show(count);
    }
}

impl Shared {
    /// The next field's number.
    fn number(&mut self) -> u32 {
        let field = self.next_field;
        self.next_field += 1;
        field
    }
}
