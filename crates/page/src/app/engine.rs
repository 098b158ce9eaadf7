//! The engine's life: downloads, start, opening of a model, crashes, and its messages.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::WebAssembly;
use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::cells::Network;
use crate::dom::{body, pause, set_attribute};
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
    /// Whether the engine is given up until the visitor asks again: what comes meanwhile starts nothing.
    is_given_up: bool,
    /// The worker that runs, if one does.
    worker: Option<RunningWorker>,
}

/// The worker that runs.
#[derive(Debug, Clone, Copy)]
struct RunningWorker {
    /// The kind of device that its program is for.
    kind: DeviceKind,
    /// Whether it listens.
    listens: bool,
}

impl Supplies {
    fn program(&self, kind: DeviceKind) -> Option<WebAssembly::Module> {
        let mut programs = self.programs.iter();
        let (_, program) = programs.find(|(of, _)| *of == kind)?;
        Some(program.clone())
    }

    /// The program to start with what is there: the chosen device's or, while that is on its way, the CPU's, which shows
    /// fields meanwhile.
    fn startable(&self) -> Option<(DeviceKind, WebAssembly::Module)> {
        let chosen = self.placement.as_ref()?.kind;
        let mut kinds = [chosen, DeviceKind::Cpu].into_iter();
        kinds.find_map(|kind| Some((kind, self.program(kind)?)))
    }

    /// Whether everything is there.
    fn are_complete(&self) -> bool {
        let placement = self.placement.as_ref();
        let program = placement.and_then(|placement| self.program(placement.kind));
        self.package.is_some() && program.is_some()
    }
}

impl App {
    /// Opens the chosen model on the chosen device, after the downloads that are missing.
    pub(super) fn reopen(self: &Rc<Self>) {
        self.change(|session| session.start_over());
        let mut supplies = self.supplies.borrow_mut();
        supplies.placement = None;
        supplies.is_given_up = false;
        drop(supplies);
        self.start_engine(text::STARTING);
    }

    /// Starts a fresh worker. It shows fields while the downloads that are missing come; then it opens the model. The
    /// fields of the worker before wait for it.
    fn start_engine(self: &Rc<Self>, step: &str) {
        self.stop_engine();
        if self.supplies.borrow().are_complete() {
            self.status.loading(step);
            self.status.busy();
        } else {
            self.status.loading(text::DOWNLOADING);
            // Of what is on its way already, what is wanted is read again when all is there.
            if !std::mem::replace(&mut self.supplies.borrow_mut().are_coming, true) {
                spawn_local(self.clone().fetch_supplies(step.to_owned()));
            }
        }
        self.start_worker();
    }

    /// Starts a worker, if there is a program for it.
    fn start_worker(self: &Rc<Self>) {
        let startable = self.supplies.borrow().startable();
        let Some((kind, program)) = startable else {
            return;
        };
        match self.engine.start(kind, &program) {
            Ok(()) => {
                let listens = false;
                self.supplies.borrow_mut().worker = Some(RunningWorker { kind, listens });
            }
            Err(error) => self.fail(&text::not_started(&error)),
        }
    }

    async fn fetch_supplies(self: Rc<Self>, step: String) {
        let fetched = self.fetch_missing().await;
        self.supplies.borrow_mut().are_coming = false;
        // What is less urgent may be fetched from now on.
        set_attribute(&body(), "data-supplied", "");
        if self.supplies.borrow().is_given_up {
            return;
        }
        match fetched {
            Ok(()) => self.supplied(&step),
            Err(error) => self.fail(&error.to_string()),
        }
    }

    /// Opens the model, in the worker that has shown fields meanwhile if it is the right one.
    fn supplied(self: &Rc<Self>, step: &str) {
        let is_right = {
            let supplies = self.supplies.borrow();
            let chosen = supplies.placement.as_ref().map(|placement| placement.kind);
            supplies.are_complete() && supplies.worker.map(|worker| worker.kind) == chosen
        };
        if is_right {
            self.status.loading(step);
            self.status.busy();
            self.open_model();
        } else {
            self.start_engine(step);
        }
    }

    /// Fetches what is missing of the programs and the package. The CPU's program comes first, whatever computes: it is
    /// small, and shows fields while the rest comes.
    async fn fetch_missing(self: &Rc<Self>) -> Result<(), DownloadError> {
        let so_far = Cell::new((Progress::default(), Progress::default()));
        let report = |now: (Progress, Progress)| {
            so_far.set(now);
            self.status.downloaded(now.0, now.1);
        };
        let known = self.supplies.borrow().placement.clone();
        let placement = match known {
            Some(placement) => placement,
            None => self.find_placement().await,
        };
        let programs = |now| report((now, so_far.get().1));
        self.fetch_program(DeviceKind::Cpu, programs).await?;
        if self.supplies.borrow().worker.is_none() {
            self.start_worker();
        }
        let program = self.fetch_program(placement.kind, programs);
        let package = self.fetch_package(|now| report((so_far.get().0, now)));
        download::both(program, package).await?;
        Ok(())
    }

    /// Fetches the program for a kind of device, unless it is there.
    async fn fetch_program(
        &self,
        kind: DeviceKind,
        progress: impl Fn(Progress),
    ) -> Result<(), DownloadError> {
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
        self.supplies.borrow_mut().worker = None;
        self.device.clear();
        self.change(|session| session.worker_stopped());
    }

    /// Gives the engine up until the visitor asks again. Waiting fields go on waiting.
    fn fail(self: &Rc<Self>, reason: &str) {
        self.stop_engine();
        self.supplies.borrow_mut().is_given_up = true;
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
            Reply::Started => self.listens(),
            Reply::Opening { step } => self.status.loading(&step),
            Reply::Opened { model, device } => self.opened(*model, device),
            Reply::OpenFailed { reason } => self.give_model_up(&reason),
            Reply::DeviceUnfit { reason } => self.give_device_up(&reason),
            Reply::Preview {
                field,
                thumbnail,
                description,
                camera_bits,
                is_of_other_scale,
                missing,
            } => self.change(|session| {
                session.preview(
                    field,
                    thumbnail,
                    description,
                    camera_bits,
                    is_of_other_scale,
                    missing,
                );
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
            Reply::CellsOpened { .. } => {}
            Reply::CellsUnfit { reason } => self.cells.set_network(Network::Unfit(reason)),
            Reply::CellsFound { field, masks } => self.cells_found(field, &masks),
            Reply::CellsNotFound { field, reason } => {
                self.refused(Job::find_cells(Subject::of_message(field)), reason);
            }
            Reply::Diagnosed { memory_bytes } => self.diagnostics.show_memory(memory_bytes),
            // Only tests probe, and they do so without this page.
            Reply::Probed { .. } => {}
        }
    }

    /// The worker listens: it shows fields from now on, and opens the model if that is there.
    fn listens(self: &Rc<Self>) {
        if let Some(worker) = &mut self.supplies.borrow_mut().worker {
            worker.listens = true;
        }
        self.change(|session| session.worker_listens());
        self.open_model();
    }

    /// Hands the package to the worker, if there is one, it listens, and is for the chosen device.
    fn open_model(self: &Rc<Self>) {
        let (package, placement, worker) = {
            let supplies = self.supplies.borrow();
            let Supplies {
                package,
                placement,
                worker,
                ..
            } = &*supplies;
            (package.clone(), placement.clone(), *worker)
        };
        let Some((PackageBytes { manifest, weights }, Placement { kind, device })) =
            package.zip(placement)
        else {
            return;
        };
        if !worker.is_some_and(|worker| worker.listens && worker.kind == kind) {
            return;
        }
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
        self.hand_out_cells_network();
        self.change(|session| session.model_opened(model, device));
        spawn_local(async {
            pause().await;
            text::number::prepare();
        });
    }

    /// Starts a crashed engine again, unless that is hopeless.
    fn crashed(self: &Rc<Self>, crash: Crash, cause: &str) {
        self.engine.stop();
        let worker = self.supplies.borrow_mut().worker.take();
        let kind = worker.map_or(DeviceKind::Cpu, |worker| worker.kind);
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

    /// The kind of the chosen device.
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
