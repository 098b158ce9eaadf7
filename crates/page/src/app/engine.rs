//! The engine's life: downloads, start, opening of a model, crashes, and its messages.

use std::rc::Rc;

use js_sys::WebAssembly;
use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::download::PackageBytes;
use crate::engine::EngineEvent;
use crate::session::{Crash, Job, Subject};
use crate::text;
use cytolens_protocol::{DeviceReport, ModelSummary, Reply, Request};

/// The downloads that every worker needs.
#[derive(Default)]
pub(super) struct Supplies {
    /// The compiled engine.
    module: Option<WebAssembly::Module>,
    /// The chosen package.
    package: Option<PackageBytes>,
    /// Whether downloads are on their way.
    are_coming: bool,
}

impl App {
    /// Opens the chosen model on the chosen device, after the downloads that are missing.
    pub(super) fn reopen(self: &Rc<Self>) {
        self.change(|session| session.start_over());
        let (module, is_complete) = {
            let mut supplies = self.supplies.borrow_mut();
            if supplies.are_coming {
                // The choice is read again when all is there.
                return;
            }
            let is_complete = supplies.module.is_some() && supplies.package.is_some();
            supplies.are_coming = !is_complete;
            (supplies.module.clone(), is_complete)
        };
        if is_complete {
            self.start_engine(text::STARTING);
        } else {
            self.status.loading(text::DOWNLOADING);
            spawn_local(self.clone().download(module));
        }
    }

    async fn download(self: Rc<Self>, module: Option<WebAssembly::Module>) {
        let downloads = self.models.fetch_with(module, |engine, weights| {
            self.status.downloaded(engine, weights);
        });
        match downloads.await {
            Ok((module, package)) => {
                self.supplies.replace(Supplies {
                    module: Some(module),
                    package: Some(package),
                    are_coming: false,
                });
                self.start_engine(text::STARTING);
            }
            Err(error) => {
                self.supplies.borrow_mut().are_coming = false;
                self.fail(&error.to_string());
            }
        }
    }

    /// Opens another model.
    pub(super) fn switch_model(self: &Rc<Self>) {
        self.stop_engine();
        self.supplies.borrow_mut().package = None;
        self.reopen();
    }

    /// Goes back to the model before one that does not open.
    fn give_model_up(self: &Rc<Self>, reason: &str) {
        if self.models.refused(reason) {
            self.switch_model();
        } else {
            self.fail(reason);
        }
    }

    /// Starts a fresh worker with the downloads. The fields of the one before wait for it.
    fn start_engine(self: &Rc<Self>, step: &str) {
        self.stop_engine();
        self.status.loading(step);
        self.status.busy();
        let module = self.supplies.borrow().module.clone();
        if let Some(Err(error)) = module.map(|module| self.engine.start(&module)) {
            self.fail(&text::not_started(&error));
        }
    }

    /// Stops the worker that runs, if any. Its fields wait again.
    fn stop_engine(self: &Rc<Self>) {
        self.engine.stop();
        self.device.clear();
        self.change(|session| session.worker_stopped());
    }

    /// Gives the engine up until the visitor asks again. Waiting fields go on waiting.
    fn fail(self: &Rc<Self>, reason: &str) {
        self.stop_engine();
        self.status.failed(reason);
        self.offline.keep();
    }

    /// Handles a message or a crash of the worker.
    pub(super) fn hear(self: &Rc<Self>, event: EngineEvent) {
        let reply = match event {
            EngineEvent::Reply(reply) => reply,
            EngineEvent::Crash(cause) => return self.crashed(Crash::Broken, &cause),
        };
        match reply {
            Reply::DeviceLost { reason } => self.crashed(Crash::DeviceLost, &reason),
            Reply::Started => self.open_model(),
            Reply::Opening { step } => self.status.loading(&step),
            Reply::Opened { model, device } => self.opened(*model, device),
            Reply::OpenFailed { reason } => self.give_model_up(&reason),
            Reply::Preview {
                field,
                thumbnail,
                description,
            } => self.change(|session| session.preview(field, thumbnail, description)),
            Reply::Classified {
                field,
                prediction,
                maps,
            } => self.classified(Subject::of_message(field), prediction, maps),
            Reply::Viewed { field, picture } => self.viewed(Subject::of_message(field), picture),
            Reply::Refused { field, reason } => {
                self.refused(Job::classify(Subject::of_message(field)), reason);
            }
            Reply::NotViewed { field, reason } => {
                self.refused(Job::view(Subject::of_message(field)), reason);
            }
            Reply::Diagnosed { memory_bytes } => self.diagnostics.show_memory(memory_bytes),
            // Only tests probe, and they do so without this page.
            Reply::Probed { .. } => {}
        }
    }

    /// Hands the package to a worker that listens.
    fn open_model(self: &Rc<Self>) {
        self.change(|session| session.worker_listens());
        let Some(PackageBytes { manifest, weights }) = self.supplies.borrow().package.clone()
        else {
            return;
        };
        let device = self.session.borrow().device_choice();
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
        self.offline.keep();
        let note = if self.session.borrow().avoids_gpu() {
            text::GPU_CRASHED
        } else {
            ""
        };
        self.device.show(&device, note);
        self.change(|session| session.model_opened(model, device));
    }

    /// Starts a crashed engine again, unless that is hopeless.
    fn crashed(self: &Rc<Self>, crash: Crash, cause: &str) {
        self.engine.stop();
        if self.change(|session| session.crashed(crash)) {
            self.give_model_up(&text::kept_crashing(cause));
        } else {
            self.start_engine(&text::restarting(cause));
        }
    }
}
