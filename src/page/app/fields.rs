//! The fields of the page: from files to cards, to the engine, and back.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::{App, Shared};
use crate::field::group;
use crate::page::cards::{self, Card, Prediction, State};
use crate::page::dom::{set_hidden, window};
use crate::page::drop_zone::NamedFile;
use crate::page::text;
use crate::protocol::{InputFile, Request};

/// How many cards are made before the browser may paint and react.
const CARDS_AT_ONCE: usize = 32;

/// With more cards than this, previews are kept small: each canvas holds four bytes a pixel.
const CROWD: usize = 40;

/// The longest side of a preview among many, in pixels.
const SIDE_IN_CROWD: u32 = 320;

/// The files of one field, ready to be sent; cloning clones handles.
#[derive(Clone)]
pub(super) struct FieldInput {
    id: String,
    files: Vec<InputFile>,
}

impl FieldInput {
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        names.join(", ")
    }
}

impl App {
    /// Makes a field of each group of files that belong together, and a card of each fault.
    pub(super) async fn accept(self: Rc<Self>, files: Vec<NamedFile>) {
        let grouping = group(files.iter().map(|(name, _)| name));
        let clearings = self.state.borrow().clearings;
        let fields = grouping.fields.len();
        if fields == 0 && grouping.faults.is_empty() {
            self.add_refused(text::NOTHING_FOUND, text::NO_IMAGES);
        }
        for fault in &grouping.faults {
            self.add_refused(&fault.name, &fault.to_string());
        }
        for (position, found) in grouping.fields.into_iter().enumerate() {
            if position % CARDS_AT_ONCE == CARDS_AT_ONCE - 1 {
                pause().await;
            }
            if self.state.borrow().clearings != clearings {
                return;
            }
            let blob = |index: usize| {
                files
                    .get(index)
                    .map(|(_, blob): &(String, Blob)| blob.clone())
            };
            let inputs = found.files.into_iter().filter_map(|file| {
                let blob = blob(file.index)?;
                Some(InputFile {
                    name: file.name,
                    channel: file.channel,
                    blob,
                })
            });
            self.add(
                FieldInput {
                    id: found.id,
                    files: inputs.collect(),
                },
                fields == 1,
            );
            self.feed();
        }
    }

    fn add(&self, input: FieldInput, is_alone: bool) {
        let channels: Vec<&str> = input
            .files
            .iter()
            .map(|file| text::channel(file.channel))
            .collect();
        let card = Card::new(&self.list, &input.id, &channels.join(", "));
        if is_alone {
            card.open();
        }
        let mut state = self.state.borrow_mut();
        let field = state.keep(card);
        state.queue.push(field, input);
        drop(state);
        self.count();
    }

    /// A card for what never reaches the engine.
    pub(super) fn add_refused(&self, id: &str, reason: &str) {
        let card = Card::new(&self.list, id, "");
        let field = self.state.borrow_mut().keep(card);
        self.refuse(field, reason);
    }

    /// Shows a field in colour: small, where there are many.
    pub(super) fn preview(&self, field: u32, size: (u32, u32), rgba: &JsValue, description: &str) {
        let state = self.state.borrow();
        let side = if state.cards.len() > CROWD {
            SIDE_IN_CROWD
        } else {
            u32::MAX
        };
        if let Some(card) = state.cards.get(&field) {
            card.show_preview(size, rgba, side, description);
        }
    }

    /// Sends the engine what it should have, and shows what it works on.
    pub(super) fn feed(&self) {
        loop {
            let mut state = self.state.borrow_mut();
            if state.opened.is_none() {
                return;
            }
            let Some((field, input)) = state.queue.next() else {
                break;
            };
            drop(state);
            let names = input.names();
            let FieldInput { id, files } = input;
            if let Err(error) = self.engine.send(&Request::Classify { field, id, files }) {
                self.state.borrow_mut().queue.finish(field);
                self.refuse(field, &text::not_sent(&names, &error));
            }
        }
        let mut state = self.state.borrow_mut();
        let current = state.queue.current();
        if let Some(card) = current.and_then(|field| state.cards.get_mut(&field))
            && card.state() == State::Waiting
        {
            card.enter(State::Working);
        }
    }

    pub(super) fn classified(
        &self,
        field: u32,
        probabilities: Vec<f32>,
        present: Vec<usize>,
        (decode_ms, network_ms): (f64, f64),
    ) {
        let mut state = self.state.borrow_mut();
        let Some(opened) = state.opened.clone() else {
            return;
        };
        let Some(card) = state.cards.get_mut(&field) else {
            return;
        };
        let device = text::device(&opened.device);
        let prediction = Prediction {
            probabilities,
            present,
            decode_ms,
            network_ms,
            device,
        };
        card.show_prediction(&prediction, &opened.model);
        let said = text::said_done(card.id(), &cards::names(&prediction.present, &opened.model));
        drop(state);
        self.say(&said);
    }

    pub(super) fn refuse(&self, field: u32, reason: &str) {
        let mut state = self.state.borrow_mut();
        let Some(card) = state.cards.get_mut(&field) else {
            return;
        };
        card.refuse(reason);
        let said = text::said_refused(card.id(), reason);
        drop(state);
        self.say(&said);
    }

    pub(super) fn answered(&self, field: u32) {
        let mut state = self.state.borrow_mut();
        state.crashes_in_a_row = 0;
        state.queue.finish(field);
        drop(state);
        self.feed();
    }

    /// Removes all cards. What the engine still works on ends unseen.
    pub(super) fn clear(&self) {
        let mut state = self.state.borrow_mut();
        state.queue.clear();
        state.cards.clear();
        state.clearings += 1;
        drop(state);
        self.list.set_text_content(None);
        self.announcer.set_text_content(None);
        self.count();
    }

    /// Says aloud what happened, and counts again.
    fn say(&self, what: &str) {
        self.announcer.set_text_content(Some(what));
        self.count();
    }

    fn count(&self) {
        let state = self.state.borrow();
        let in_state = |wanted| {
            state
                .cards
                .values()
                .filter(|card| card.state() == wanted)
                .count()
        };
        let tally = text::tally(
            in_state(State::Done),
            in_state(State::Error),
            state.cards.len(),
        );
        self.tally.set_text_content(Some(&tally));
        set_hidden(&self.results, state.cards.is_empty());
    }
}

impl Shared {
    /// Numbers a card and keeps it.
    fn keep(&mut self, card: Card) -> u32 {
        let field = self.next_field;
        self.next_field += 1;
        self.cards.insert(field, card);
        field
    }
}

/// Lets the browser paint and react.
async fn pause() {
    let later = Promise::new(&mut |resolve, _| {
        window()
            .set_timeout_with_callback(&resolve)
            .map(drop)
            .unwrap_or_default();
    });
    // The promise never rejects.
    JsFuture::from(later).await.map(drop).unwrap_or_default();
}
