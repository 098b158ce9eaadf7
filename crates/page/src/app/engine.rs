//! The engine's life: downloads, start, opening of a model, crashes, and its messages.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::WebAssembly;
use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::download::{self, DownloadError, PackageBytes, Progress};
use crate::engine::EngineEvent;
use crate::placement::Placement;
use crate::session::{Crash, Job, Subject};
use crate::text;
use cytolens_protocol::{DeviceKind, DeviceReport, ModelSummary, Reply, Request};

/// What every worker needs.
#[derive(Default)]
pub(super) struct Supplies {
    /// The device, once the browser has told what it offers.
    placement: Option<Placement>,
    /// The compiled programs so far, by their kind of device.
    programs: Vec<(DeviceKind, WebAssembly::Module)>,
    /// The chosen package.
    package: Option<PackageBytes>,
    /// Whether supplies are on their way.
    are_coming: bool,
}

impl Supplies {
    fn program(&self, kind: DeviceKind) -> Option<WebAssembly::Module> {
        let mut programs = self.programs.iter();
        let (_, program) = programs.find(|(of, _)| *of == kind)?;
        Some(program.clone())
    }

    /// The program to start, once everything is there.
    fn complete(&self) -> Option<(DeviceKind, WebAssembly::Module)> {
        self.package.as_ref()?;
        let kind = self.placement.as_ref()?.kind;
        Some((kind, self.program(kind)?))
    }
}

impl App {
    /// Opens the chosen model on the chosen device, after the downloads that are missing.
    pub(super) fn reopen(self: &Rc<Self>) {
        self.change(|session| session.start_over());
        self.supplies.borrow_mut().placement = None;
        self.start_engine(text::STARTING);
    }

    /// Starts a fresh worker, after the downloads that are missing. The fields of the one before wait for it.
    fn start_engine(self: &Rc<Self>, step: &str) {
        self.stop_engine();
        if self.supplies.borrow().are_coming {
            // What is wanted is read again when all is there.
            return;
        }
        let complete = self.supplies.borrow().complete();
        let Some((kind, program)) = complete else {
            self.supplies.borrow_mut().are_coming = true;
            self.status.loading(text::DOWNLOADING);
            spawn_local(self.clone().fetch_supplies(step.to_owned()));
            return;
        };
        self.status.loading(step);
        self.status.busy();
        if let Err(error) = self.engine.start(kind, &program) {
            self.fail(&text::not_started(&error));
        }
    }

    async fn fetch_supplies(self: Rc<Self>, step: String) {
        let fetched = self.fetch_missing().await;
        self.supplies.borrow_mut().are_coming = false;
        match fetched {
            Ok(()) => self.start_engine(&step),
            Err(error) => self.fail(&error.to_string()),
        }
    }

    /// Fetches the program for the device and the package, together, unless they are there.
    async fn fetch_missing(self: &Rc<Self>) -> Result<(), DownloadError> {
        let so_far = Cell::new((Progress::default(), Progress::default()));
        let report = |now: (Progress, Progress)| {
            so_far.set(now);
            self.status.downloaded(now.0, now.1);
        };
        let program = self.fetch_program(|now| report((now, so_far.get().1)));
        let package = self.fetch_package(|now| report((so_far.get().0, now)));
        download::both(program, package).await?;
        Ok(())
    }

    /// Finds the device and fetches its program.
    async fn fetch_program(&self, progress: impl Fn(Progress)) -> Result<(), DownloadError> {
        let known = self.supplies.borrow().placement.clone();
        let placement = match known {
            Some(placement) => placement,
            None => self.find_placement().await,
        };
        let kind = placement.kind;
        if self.supplies.borrow().program(kind).is_some() {
            progress(Progress::ALL_OF_NOTHING);
            return Ok(());
        }
        let program = download::engine(kind, progress).await?;
        self.supplies.borrow_mut().programs.push((kind, program));
        Ok(())
    }

    /// Finds the device for the visitor's choice, who may choose again meanwhile.
    async fn find_placement(&self) -> Placement {
        loop {
            let choice = self.session.borrow().device_choice();
            let placement = Placement::find(choice).await;
            if self.session.borrow().device_choice() == choice {
                self.supplies.borrow_mut().placement = Some(placement.clone());
                return placement;
            }
        }
    }

    async fn fetch_package(&self, progress: impl Fn(Progress)) -> Result<(), DownloadError> {
        if self.supplies.borrow().package.is_some() {
            progress(Progress::ALL_OF_NOTHING);
            return Ok(());
        }
        let package = self.models.fetch(progress).await?;
        self.supplies.borrow_mut().package = Some(package);
        Ok(())
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
            Reply::DeviceUnfit { reason } => self.give_device_up(&reason),
            Reply::Preview {
                field,
                thumbnail,
                description,
                camera_bits,
            } => self.change(|session| {
                session.preview(field, thumbnail, description, camera_bits);
            }),
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
        let (package, placement) = {
            let supplies = self.supplies.borrow();
            (supplies.package.clone(), supplies.placement.clone())
        };
        let Some((PackageBytes { manifest, weights }, Placement { device, .. })) =
            package.zip(placement)
        else {
            return;
        };
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
        self.device.show(&device);
        self.change(|session| session.model_opened(model, device));
    }

    /// Starts a crashed engine again, unless that is hopeless.
    fn crashed(self: &Rc<Self>, crash: Crash, cause: &str) {
        self.engine.stop();
        let kind = self.kind();
        let is_hopeless = self.change(|session| session.crashed(crash, kind));
        if kind == DeviceKind::Gpu && self.session.borrow().avoids_gpu() {
            self.place_on_cpu(text::devices::GPU_CRASHED.to_owned());
        }
        if is_hopeless {
            self.give_model_up(&text::kept_crashing(cause));
        } else {
            self.start_engine(&text::restarting(cause));
        }
    }

    /// The kind of the device that the worker computes on.
    fn kind(&self) -> DeviceKind {
        let supplies = self.supplies.borrow();
        let placement = supplies.placement.as_ref();
        placement.map_or(DeviceKind::Cpu, |placement| placement.kind)
    }

    /// Goes on without a device that does not start or computes wrongly: on the CPU, if it is not the CPU.
    fn give_device_up(self: &Rc<Self>, reason: &str) {
        if self.kind() == DeviceKind::Cpu {
            return self.give_model_up(reason);
        }
        let name = |placement: &Placement| text::devices::unfit(&placement.device.name, reason);
        let reason = self.supplies.borrow().placement.as_ref().map(name);
        self.place_on_cpu(reason.unwrap_or_default());
        self.start_engine(text::STARTING);
    }

    fn place_on_cpu(&self, reason: String) {
        let mut supplies = self.supplies.borrow_mut();
        let placement = supplies.placement.take();
        supplies.placement = placement.map(|placement| placement.given_up(reason));
    }
}
