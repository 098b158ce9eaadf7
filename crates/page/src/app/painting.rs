//! Painted channels: offered where a field lacks one, and painted where the visitor asks for it alone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::App;
use crate::dom::pause;
use crate::download::{self, PackageBytes};
use crate::entry::DeskEntry;
use crate::models::PainterFacts;
use crate::session::Subject;
use crate::text;
use cytolens_protocol::Request;

/// The painter that comes with the page, as far as it is here.
#[derive(Debug, Default)]
pub(super) struct PagePainter {
    /// Whether its manifest was asked for.
    is_asked: Cell<bool>,
    /// What its manifest says; none before that is here, and where the page comes without a painter.
    facts: Cell<Option<PainterFacts>>,
    /// Whether its package is on its way.
    is_coming: Cell<bool>,
    package: RefCell<Option<PackageBytes>>,
    /// The number of the worker that has it.
    worker: Cell<Option<u32>>,
}

impl App {
    /// Offers to have the channel painted that the selected field lacks, or to take the paint away. The painter's manifest is
    /// fetched for the first such field.
    pub(super) fn offer_paint(self: &Rc<Self>, entry: &DeskEntry) {
        if entry.missing.is_some() && !self.painter.is_asked.replace(true) {
            spawn_local(self.clone().look_for_painter());
        }
        let facts = self.painter.facts.get();
        let facts = facts.filter(|facts| entry.missing == Some(facts.paints));
        let missing = entry.missing.filter(|_| facts.is_some() || entry.paint);
        let is_better = facts.is_some_and(|facts| facts.is_better);
        self.detail.offer_paint(entry, missing, is_better);
    }

    async fn look_for_painter(self: Rc<Self>) {
        let manifest = download::manifest(download::PAINTER).await.ok();
        let facts = manifest.and_then(|manifest| PainterFacts::parse(&manifest));
        self.painter.facts.set(facts);
        let selected = self.session.borrow().selected_entry().cloned();
        if let Some(entry) = selected {
            self.offer_paint(&entry);
        }
    }

    /// Has the channel painted that the selected field lacks, or no longer.
    pub(super) fn switch_paint(self: &Rc<Self>) {
        let app = self.clone();
        spawn_local(async move {
            let Some(field) = app.session.borrow().selected() else {
                return;
            };
            // Without its images the field would lose the answer that it has.
            match app.input(Subject::Field(field)).await {
                Some(_) => app.change(|session| session.switch_paint(field)),
                None => app.desk.notify(&text::not_classified_again(1)),
            }
        });
    }

    /// Fetches the painter when it is needed for the first time.
    ///
    /// # Errors
    /// The reason, for visitors.
    pub(super) async fn fetch_painter(&self) -> Result<(), String> {
        let painter = &self.painter;
        while painter.is_coming.get() {
            pause().await;
        }
        if painter.package.borrow().is_none() {
            painter.is_coming.set(true);
            let package = download::small_package(download::PAINTER).await;
            painter.is_coming.set(false);
            let package = package.map_err(|error| error.to_string())?;
            *painter.package.borrow_mut() = Some(package);
        }
        Ok(())
    }

    /// Hands the painter to the worker with this number, unless it has it.
    ///
    /// # Errors
    /// The browser's reason.
    pub(super) fn hand_out_painter(&self, worker: u32) -> Result<(), String> {
        let package = self.painter.package.borrow().clone();
        let is_new = self.painter.worker.replace(Some(worker)) != Some(worker);
        match package.filter(|_| is_new) {
            Some(PackageBytes { manifest, weights }) => {
                let request = Request::OpenPainter { manifest, weights };
                self.engine.send(&request)
            }
            None => Ok(()),
        }
    }
}
