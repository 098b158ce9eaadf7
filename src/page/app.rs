//! The page as a whole: what its parts tell each other.

mod fields;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event};

use self::fields::FieldInput;
use super::cards::{Card, State};
use super::device::DevicePanel;
use super::dom::{by_id, on};
use super::download::{self, Assets};
use super::drop_zone;
use super::engine::{Engine, Heard};
use super::queue::Queue;
use super::status::StatusPanel;
use super::{samples, text};
use crate::protocol::{DeviceChoice, DeviceReport, ModelSummary, Reply, Request};

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
            let assets =
                download::assets(|engine, weights| app.status.downloaded(engine, weights)).await;
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
        for card in state
            .cards
            .values_mut()
            .filter(|card| card.state() == State::Working)
        {
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
            Heard::Reply(Reply::Preview {
                field,
                width,
                height,
                rgba,
                description,
            }) => {
                self.preview(field, (width, height), &rgba, &description);
            }
            Heard::Reply(Reply::Classified {
                field,
                probabilities,
                present,
                decode_ms,
                network_ms,
            }) => {
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
        let Some(Assets {
            manifest, weights, ..
        }) = state.assets.clone()
        else {
            return;
        };
        let device = if state.avoids_gpu {
            DeviceChoice::Cpu
        } else {
            self.device.choice()
        };
        drop(state);
        if let Err(error) = self.engine.send(&Request::Open {
            manifest,
            weights,
            device,
        }) {
            self.fail(&text::not_started(&error));
        }
    }

    fn opened(&self, model: ModelSummary, device: DeviceReport) {
        self.status.ready(&model);
        let mut state = self.state.borrow_mut();
        self.device.show(
            &device,
            if state.avoids_gpu {
                text::GPU_CRASHED
            } else {
                ""
            },
        );
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
        if state.opened.is_none() && !state.avoids_gpu && self.device.choice() != DeviceChoice::Cpu
        {
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
}
