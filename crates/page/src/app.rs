//! The page as a whole: what its parts tell each other.

mod asides;
mod desk;
mod diagnosis;
mod fields;
mod picture;
mod records;
mod taking;
mod whole;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use js_sys::WebAssembly;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event};

use self::asides::Asides;
use self::desk::Desk;
use super::detail::Detail;
use super::device::DevicePanel;
use super::diagnostics::Diagnostics;
use super::dom::{by_id, on};
use super::download::PackageBytes;
use super::engine::{Engine, Heard};
use super::entry::Entry;
use super::gallery::Gallery;
use super::models::Models;
use super::pace::Pace;
use super::queue::Queue;
use super::status::StatusPanel;
use super::store::Store;
use super::{input, offline, samples, text, theme};
use cytolens_protocol::{
    DeviceChoice, DeviceKind, DeviceReport, Maps, ModelSummary, Reply, Request,
};

/// How often in a row, without one answer between, the engine may break before it is given up.
const CRASHES_IN_A_ROW: u32 = 5;

/// How often in a row the engine may break on a GPU before the CPU takes over.
const CRASHES_ON_GPU: u32 = 2;

/// Starts the page.
pub fn start() {
    let app = Rc::new_cyclic(|app: &Weak<App>| App {
        engine: Engine::new(calling(app, App::hear)),
        status: StatusPanel::new(),
        device: DevicePanel::new(),
        gallery: Gallery::new(calling(app, App::select), {
            let rearrange = calling(app, |app, ()| app.arrange());
            move || rearrange(())
        }),
        detail: Detail::new(calling(app, App::show_evidence)),
        store: Store::new({
            let tell = calling(app, |app, what: String| app.desk.notify(&what));
            move |what| tell(what.to_owned())
        }),
        desk: Desk::new(),
        models: Models::new({
            let switch = calling(app, |app, ()| app.switch());
            move || switch(())
        }),
        diagnostics: Diagnostics::new({
            let diagnose = calling(app, |app, ()| app.diagnose());
            move || diagnose(())
        }),
        state: RefCell::default(),
    });
    theme::listen();
    offline::start();
    listen(&app);
    app.open_export();
    app.open_quiz();
    spawn_local(app.clone().restore());
    // The page lives as long as its window; its listeners hold it.
    app.reopen();
}

/// A handler that calls the page's method for as long as the page is there.
fn calling<T>(
    app: &Weak<App>,
    method: impl Fn(&Rc<App>, T) + Clone + 'static,
) -> impl Fn(T) + Clone + 'static {
    let app = app.clone();
    move |value| {
        if let Some(app) = app.upgrade() {
            method(&app, value);
        }
    }
}

/// What a click calls.
type Handle = fn(&Rc<App>);

/// Connects the page's controls.
fn listen(app: &Rc<App>) {
    let accept = |app: &Rc<App>| {
        let app = app.clone();
        move |lot| spawn_local(app.clone().accept(lot))
    };
    input::listen(accept(app));
    let tell = {
        let app = app.clone();
        move |id: &str, reason: &str| app.desk.notify(&text::said_refused(id, reason))
    };
    spawn_local(samples::show(accept(app), tell));
    on(&app.device.select, "change", {
        let app = app.clone();
        move |_: Event| app.reopen()
    });
    let clicks: [(&str, Handle); 8] = [
        ("retry", App::reopen),
        ("clear", App::clear),
        ("pause", App::toggle_pause),
        ("cancel", App::cancel),
        ("rerun", App::rerun),
        ("remove", App::remove_selected),
        ("previous", |app| app.turn(-1)),
        ("next", |app| app.turn(1)),
    ];
    for (id, handle) in clicks {
        let app = app.clone();
        on(&by_id::<Element>(id), "click", move |_: Event| handle(&app));
    }
}

/// A model and the device it runs on.
struct Opened {
    model: Rc<ModelSummary>,
    device: DeviceReport,
}

#[derive(Default)]
struct Shared {
    /// The compiled engine, which serves every worker.
    module: Option<WebAssembly::Module>,
    /// The chosen package, which serves every worker until another is chosen.
    package: Option<PackageBytes>,
    is_fetching: bool,
    /// Counts the workers, so that what was meant for an earlier one is not sent to the next.
    worker: u32,
    /// Whether the worker listens.
    is_listening: bool,
    /// The model, while fields can be classified.
    opened: Option<Rc<Opened>>,
    /// Set where the engine broke on a GPU: then the CPU is asked for instead.
    avoids_gpu: bool,
    crashes_in_a_row: u32,
    queue: Queue,
    pace: Pace,
    entries: BTreeMap<u32, Entry>,
    /// The fields that the gallery shows, in its order.
    shown: Vec<u32>,
    selected: Option<u32>,
    /// The field whose picture the engine was asked for and has not sent.
    viewing: Option<u32>,
    /// The last field with whose picture the engine broke, and how often.
    view_crashes: (Option<u32>, u32),
    /// The maps of the selected field, once they were asked for.
    maps: Option<(u32, Rc<Maps>)>,
    /// All maps, where there is no store to keep them.
    unkept_maps: BTreeMap<u32, Rc<Maps>>,
    /// Every model that answered, once.
    models: Vec<Rc<ModelSummary>>,
    /// Whether what was kept is read, and with it which numbers are free.
    is_restored: bool,
    next_field: u32,
    /// Questions about fields that are on no desk.
    asides: Asides,
    /// Grows with each clearing, so that a lot being added meanwhile is dropped.
    clearings: u32,
}

/// The parts of the page and what they share.
struct App {
    engine: Engine,
    status: StatusPanel,
    device: DevicePanel,
    gallery: Gallery,
    detail: Detail,
    store: Rc<Store>,
    desk: Desk,
    models: Rc<Models>,
    diagnostics: Rc<Diagnostics>,
    state: RefCell<Shared>,
}

impl App {
    /// Opens the model on the device the visitor asks for, after getting what is missing.
    fn reopen(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        state.avoids_gpu = false;
        state.crashes_in_a_row = 0;
        if state.is_fetching {
            // The choice is read again when all is there.
            return;
        }
        let module = state.module.clone();
        if module.is_some() && state.package.is_some() {
            drop(state);
            return self.start_engine(text::STARTING);
        }
        state.is_fetching = true;
        drop(state);
        self.status.loading(text::DOWNLOADING);
        let app = self.clone();
        spawn_local(async move {
            let found = app.models.fetch_with(module, |engine, weights| {
                app.status.downloaded(engine, weights);
            });
            let found = found.await;
            let mut state = app.state.borrow_mut();
            state.is_fetching = false;
            match found {
                Ok((module, package)) => {
                    state.module = Some(module);
                    state.package = Some(package);
                    drop(state);
                    app.start_engine(text::STARTING);
                }
                Err(error) => {
                    drop(state);
                    app.fail(&error.to_string());
                }
            }
        });
    }

    /// Opens another model.
    fn switch(self: &Rc<Self>) {
        self.engine.stop();
        self.take_back();
        self.state.borrow_mut().package = None;
        self.reopen();
    }

    /// Goes back to the model before one that does not open.
    fn give_model_up(self: &Rc<Self>, reason: &str) {
        if self.models.refused(reason) {
            self.switch();
        } else {
            self.fail(reason);
        }
    }

    /// Starts a fresh worker with what was downloaded; fields that the old one held wait again.
    fn start_engine(&self, step: &str) {
        self.take_back();
        self.status.loading(step);
        self.status.busy();
        let module = self.state.borrow().module.clone();
        if let Some(Err(error)) = module.map(|module| self.engine.start(&module)) {
            self.fail(&text::not_started(&error));
        }
    }

    /// Gives the engine up until the visitor asks again. Waiting fields go on waiting.
    fn fail(&self, reason: &str) {
        self.engine.stop();
        self.take_back();
        self.status.failed(reason);
        offline::keep();
    }

    /// Takes the engine's fields back: its worker is gone.
    fn take_back(&self) {
        let mut state = self.state.borrow_mut();
        state.opened = None;
        state.is_listening = false;
        state.worker += 1;
        state.queue.restart();
        drop(state);
        self.wait_again();
        self.take_asides_back();
        self.device.clear();
    }

    fn hear(self: &Rc<Self>, heard: Heard) {
        match heard {
            Heard::Crash(cause) => self.crashed(&cause, true),
            Heard::Reply(Reply::DeviceLost { reason }) => self.crashed(&reason, false),
            Heard::Reply(Reply::Started) => self.open(),
            Heard::Reply(Reply::Opening { step }) => self.status.loading(&step),
            Heard::Reply(Reply::Opened { model, device }) => self.opened(model, device),
            Heard::Reply(Reply::OpenFailed { reason }) => self.give_model_up(&reason),
            Heard::Reply(Reply::Preview {
                field,
                thumbnail,
                description,
            }) => self.preview(field, thumbnail, description),
            Heard::Reply(Reply::Classified {
                field,
                probabilities,
                present,
                decode_ms,
                network_ms,
                maps,
                map_ms,
            }) => {
                let times = [decode_ms, network_ms, map_ms];
                self.classified(field, probabilities, present, times, maps);
            }
            Heard::Reply(Reply::Refused { field, reason }) => {
                if !self.refuse_aside(field, &reason) {
                    self.refused(field, reason);
                }
            }
            Heard::Reply(Reply::Viewed {
                field,
                width,
                height,
                full_width,
                full_height,
                bits,
                plates,
            }) => self.viewed(
                field,
                (width, height),
                (full_width, full_height),
                bits,
                plates,
            ),
            Heard::Reply(Reply::NotViewed { field, reason }) => {
                if !self.refuse_aside(field, &reason) {
                    self.not_viewed(field, &reason);
                }
            }
            Heard::Reply(Reply::Diagnosed { memory_bytes }) => {
                self.diagnostics.engine_told(memory_bytes);
            }
            // Only tests probe, and they do so without this page.
            Heard::Reply(Reply::Probed { .. }) => {}
        }
    }

    /// Hands the package to a worker that has started.
    fn open(self: &Rc<Self>) {
        self.state.borrow_mut().is_listening = true;
        let state = self.state.borrow();
        let Some(PackageBytes { manifest, weights }) = state.package.clone() else {
            return;
        };
        let device = if state.avoids_gpu {
            DeviceChoice::Cpu
        } else {
            self.device.choice()
        };
        drop(state);
        // Pictures first: they need no model.
        self.view();
        self.send_asides();
        if let Err(error) = self.engine.send(&Request::Open {
            manifest,
            weights,
            device,
        }) {
            self.fail(&text::not_started(&error));
        }
    }

    fn opened(self: &Rc<Self>, model: ModelSummary, device: DeviceReport) {
        self.status.ready(&model);
        self.models.opened();
        offline::keep();
        let mut state = self.state.borrow_mut();
        self.device.show(
            &device,
            if state.avoids_gpu {
                text::GPU_CRASHED
            } else {
                ""
            },
        );
        let model = state.shared(model);
        state.opened = Some(Rc::new(Opened { model, device }));
        state.pace.start(self.desk.now());
        drop(state);
        self.count();
        self.feed();
        self.send_asides();
    }

    /// Starts a broken engine again, unless that is hopeless. A field is blamed only where it may
    /// have broken the engine: a device is lost for reasons of its own.
    fn crashed(self: &Rc<Self>, cause: &str, may_be_a_field: bool) {
        self.engine.stop();
        let mut state = self.state.borrow_mut();
        state.crashes_in_a_row += 1;
        if may_be_a_field {
            state.blame_view();
        }
        let is_hopeless = state.crashes_in_a_row >= CRASHES_IN_A_ROW;
        let used_gpu = match &state.opened {
            Some(opened) => {
                opened.device.kind == DeviceKind::Gpu && state.crashes_in_a_row >= CRASHES_ON_GPU
            }
            None => self.device.choice() != DeviceChoice::Cpu,
        };
        state.avoids_gpu |= used_gpu;
        let refused = if may_be_a_field {
            state.queue.crash()
        } else {
            state.queue.restart();
            Vec::new()
        };
        drop(state);
        for field in refused {
            self.refuse_for_crashes(field);
        }
        if is_hopeless {
            self.give_model_up(&text::kept_crashing(cause));
        } else {
            self.start_engine(&text::restarting(cause));
        }
    }
}
