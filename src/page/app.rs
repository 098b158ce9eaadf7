//! The page as a whole: what its parts tell each other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Element, Event};

use super::cards::{self, Card, Prediction, State};
use super::device::DevicePanel;
use super::dom::{by_id, on, set_hidden, window};
use super::download::{self, Assets};
use super::drop_zone::{self, NamedFile};
use super::engine::{Engine, Heard};
use super::queue::Queue;
use super::status::StatusPanel;
use super::{samples, text};
use crate::field::group;
use crate::protocol::{DeviceChoice, DeviceReport, InputFile, ModelSummary, Reply, Request};

/// How many cards are made before the browser may paint and react.
const CARDS_AT_ONCE: usize = 32;

/// With more cards than this, previews are kept small: each canvas holds four bytes a pixel.
const CROWD: usize = 40;

/// The longest side of a preview among many, in pixels.
const SIDE_IN_CROWD: u32 = 320;

/// How often in a row, without one answer between, the engine may break before it is given up.
const CRASHES_IN_A_ROW: u32 = 5;

/// Starts the page.
pub fn start() {
    let app = Rc::new_cyclic(|app: &std::rc::Weak<App>| {
        let app = app.clone();
        App {
            engine: Engine::new(move |heard| {
                if let Some(app) = app.upgrade() {
                    app.hear(heard);
                }
            }),
            status: StatusPanel::new(),
            device: DevicePanel::new(),
            list: by_id("fields"),
            results: by_id("results"),
            tally: by_id("tally"),
            announcer: by_id("announcer"),
            state: RefCell::default(),
        }
    });
    let accept = |app: &Rc<App>| {
        let app = app.clone();
        move |files| spawn_local(app.clone().accept(files))
    };
    drop_zone::listen(accept(&app));
    let refuse = {
        let app = app.clone();
        move |id: &str, reason: &str| app.add_refused(id, reason)
    };
    spawn_local(samples::show(accept(&app), refuse));
    on(&app.device.select, "change", {
        let app = app.clone();
        move |_: Event| app.reopen()
    });
    on(&by_id::<Element>("retry"), "click", {
        let app = app.clone();
        move |_: Event| app.reopen()
    });
    on(&by_id::<Element>("clear"), "click", {
        let app = app.clone();
        move |_: Event| app.clear()
    });
    // The page lives as long as its window; its listeners hold it.
    app.reopen();
}

/// The files of one field, ready to be sent; cloning clones handles.
#[derive(Clone)]
struct FieldInput {
    id: String,
    files: Vec<InputFile>,
}

impl FieldInput {
    fn names(&self) -> String {
        let names: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        names.join(", ")
    }
}

/// A model and the device it runs on.
struct Opened {
    model: ModelSummary,
    device: DeviceReport,
}

#[derive(Default)]
struct Shared {
    /// What is downloaded once and serves every worker.
    assets: Option<Assets>,
    is_downloading: bool,
    /// The model, while fields can be classified.
    opened: Option<Rc<Opened>>,
    /// Set where the engine broke while it opened a GPU: then the CPU is asked for instead.
    avoids_gpu: bool,
    crashes_in_a_row: u32,
    queue: Queue<FieldInput>,
    cards: BTreeMap<u32, Card>,
    next_field: u32,
    /// Grows with each clearing, so that a lot being added meanwhile is dropped.
    clearings: u32,
}

/// The parts of the page and what they share.
struct App {
    engine: Engine,
    status: StatusPanel,
    device: DevicePanel,
    list: Element,
    results: Element,
    tally: Element,
    announcer: Element,
    state: RefCell<Shared>,
}

impl App {
    /// Opens the model on the device the visitor asks for, after downloading what is missing.
    fn reopen(self: &Rc<Self>) {
        {
            let mut state = self.state.borrow_mut();
            state.avoids_gpu = false;
            state.crashes_in_a_row = 0;
            if state.is_downloading {
                // The choice is read again when all is there.
                return;
            }
        }
        if self.state.borrow().assets.is_some() {
            return self.start_engine(text::STARTING);
        }
        self.state.borrow_mut().is_downloading = true;
        self.status.loading(text::DOWNLOADING);
        let app = self.clone();
        spawn_local(async move {
            let assets = download::assets(|engine, weights| app.status.downloaded(engine, weights)).await;
            app.state.borrow_mut().is_downloading = false;
            match assets {
                Ok(assets) => {
                    app.state.borrow_mut().assets = Some(assets);
                    app.start_engine(text::STARTING);
                }
                Err(error) => app.fail(&error.to_string()),
            }
        });
    }

    /// Starts a fresh worker with what was downloaded; fields that the old one held wait again.
    fn start_engine(&self, step: &str) {
        let mut state = self.state.borrow_mut();
        state.opened = None;
        state.queue.restart();
        let module = state.assets.as_ref().map(|assets| assets.module.clone());
        for card in state.cards.values_mut().filter(|card| card.state() == State::Working) {
            card.enter(State::Waiting);
        }
        drop(state);
        self.device.clear();
        self.status.loading(step);
        self.status.busy();
        if let Some(Err(error)) = module.map(|module| self.engine.start(&module)) {
            self.fail(&text::not_started(&error));
        }
    }

    /// Gives the engine up until the visitor asks again. Waiting fields go on waiting.
    fn fail(&self, reason: &str) {
        self.engine.stop();
        let mut state = self.state.borrow_mut();
        state.opened = None;
        state.queue.restart();
        drop(state);
        self.device.clear();
        self.status.failed(reason);
    }

    fn hear(&self, heard: Heard) {
        match heard {
            Heard::Crash(cause) => self.crashed(&cause),
            Heard::Reply(Reply::Started) => self.open(),
            Heard::Reply(Reply::Opening { step }) => self.status.loading(&step),
            Heard::Reply(Reply::Opened { model, device }) => self.opened(model, device),
            Heard::Reply(Reply::OpenFailed { reason }) => self.fail(&reason),
            Heard::Reply(Reply::Preview { field, width, height, rgba, description }) => {
                let state = self.state.borrow();
                let side = if state.cards.len() > CROWD { SIDE_IN_CROWD } else { u32::MAX };
                if let Some(card) = state.cards.get(&field) {
                    card.show_preview((width, height), &rgba, side, &description);
                }
            }
            Heard::Reply(Reply::Classified { field, probabilities, present, decode_ms, network_ms }) => {
                self.classified(field, probabilities, present, (decode_ms, network_ms));
                self.answered(field);
            }
            Heard::Reply(Reply::Refused { field, reason }) => {
                self.refuse(field, &reason);
                self.answered(field);
            }
            // Only tests probe, and they do so without this page.
            Heard::Reply(Reply::Probed { .. }) => {}
        }
    }

    /// Hands the package to a worker that has started.
    fn open(&self) {
        let state = self.state.borrow();
        let Some(Assets { manifest, weights, .. }) = state.assets.clone() else {
            return;
        };
        let device = if state.avoids_gpu { DeviceChoice::Cpu } else { self.device.choice() };
        drop(state);
        if let Err(error) = self.engine.send(&Request::Open { manifest, weights, device }) {
            self.fail(&text::not_started(&error));
        }
    }

    fn opened(&self, model: ModelSummary, device: DeviceReport) {
        self.status.ready(&model);
        let mut state = self.state.borrow_mut();
        self.device.show(&device, if state.avoids_gpu { text::GPU_CRASHED } else { "" });
        state.opened = Some(Rc::new(Opened { model, device }));
        drop(state);
        self.feed();
    }

    /// Starts a broken engine again, unless that is hopeless.
    fn crashed(&self, cause: &str) {
        self.engine.stop();
        let mut state = self.state.borrow_mut();
        state.crashes_in_a_row += 1;
        let is_hopeless = state.crashes_in_a_row >= CRASHES_IN_A_ROW;
        if state.opened.is_none() && !state.avoids_gpu && self.device.choice() != DeviceChoice::Cpu {
            state.avoids_gpu = true;
        }
        let refused = state.queue.crash();
        drop(state);
        for (field, input) in refused {
            self.refuse(field, &text::field_crashed(&input.names()));
        }
        if is_hopeless {
            self.fail(&text::kept_crashing(cause));
        } else {
            self.start_engine(&text::restarting(cause));
        }
    }

    /// Makes a field of each group of files that belong together, and a card of each fault.
    async fn accept(self: Rc<Self>, files: Vec<NamedFile>) {
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
            let blob = |index: usize| files.get(index).map(|(_, blob): &(String, Blob)| blob.clone());
            let inputs = found.files.into_iter().filter_map(|file| {
                let blob = blob(file.index)?;
                Some(InputFile { name: file.name, channel: file.channel, blob })
            });
            self.add(FieldInput { id: found.id, files: inputs.collect() }, fields == 1);
            self.feed();
        }
    }

    fn add(&self, input: FieldInput, is_alone: bool) {
        let channels: Vec<&str> = input.files.iter().map(|file| text::channel(file.channel)).collect();
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
    fn add_refused(&self, id: &str, reason: &str) {
        let card = Card::new(&self.list, id, "");
        let field = self.state.borrow_mut().keep(card);
        self.refuse(field, reason);
    }

    /// Sends the engine what it should have, and shows what it works on.
    fn feed(&self) {
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

    fn classified(
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
        let prediction = Prediction { probabilities, present, decode_ms, network_ms, device };
        card.show_prediction(&prediction, &opened.model);
        let said = text::said_done(card.id(), &cards::names(&prediction.present, &opened.model));
        drop(state);
        self.say(&said);
    }

    fn refuse(&self, field: u32, reason: &str) {
        let mut state = self.state.borrow_mut();
        let Some(card) = state.cards.get_mut(&field) else {
            return;
        };
        card.refuse(reason);
        let said = text::said_refused(card.id(), reason);
        drop(state);
        self.say(&said);
    }

    fn answered(&self, field: u32) {
        let mut state = self.state.borrow_mut();
        state.crashes_in_a_row = 0;
        state.queue.finish(field);
        drop(state);
        self.feed();
    }

    /// Removes all cards. What the engine still works on ends unseen.
    fn clear(&self) {
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
        let in_state = |wanted| state.cards.values().filter(|card| card.state() == wanted).count();
        let tally = text::tally(in_state(State::Done), in_state(State::Error), state.cards.len());
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
        window().set_timeout_with_callback(&resolve).map(drop).unwrap_or_default();
    });
    // The promise never rejects.
    JsFuture::from(later).await.map(drop).unwrap_or_default();
}
