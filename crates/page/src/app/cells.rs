//! The cells of the selected field: asked for, shown over its picture and beside its labels, and corrected.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::App;
use super::records::{history_of, record_of_cells};
use crate::answer::Answer;
use crate::cells::{Deed, FieldCells, Network};
use crate::dom::pause;
use crate::download;
use crate::session::{Job, Subject};
use crate::text::cells as text;
use crate::viewer::AtPlace;
use cytolens_protocol::{CellMasks, Maps, Request};

impl App {
    /// Connects the picture to the cells.
    pub(super) fn open_cells(self: &Rc<Self>) {
        let (app, painted) = (self.clone(), self.clone());
        self.detail.viewer.listen(
            move |what| match what {
                AtPlace::Over(place) => {
                    let number = place.and_then(|(x, y)| app.cells.at(x, y));
                    if app.cells.hover(number) {
                        app.do_with_cells(&Deed::Point(number));
                    }
                }
                AtPlace::Clicked(x, y) => {
                    if let Some(number) = app.cells.at(x, y) {
                        app.do_with_cells(&Deed::Choose(number));
                    }
                }
            },
            move || painted.draw_crops(),
        );
    }

    /// Does what the visitor asks of the cells.
    pub(super) fn do_with_cells(self: &Rc<Self>, deed: &Deed) {
        match deed {
            Deed::Switch => {
                self.cells.switch();
                self.draw_cells();
                self.follow_cells();
            }
            Deed::Point(number) => {
                if self.cells.point(*number) {
                    self.mark_cells();
                }
            }
            Deed::Choose(number) => {
                self.cells.choose(*number);
                self.mark_cells();
            }
            Deed::Delete | Deed::Merge | Deed::Undo => {
                if let Some(said) = self.cells.correct(deed) {
                    if let Some(field) = self.cells.shown_field() {
                        self.keep_cells(field);
                    }
                    self.desk.announce(&said);
                    self.show_cells_again();
                }
            }
            Deed::Sort(_) | Deed::Wish { .. } => {
                if self.cells.wish(deed) {
                    self.show_cells_again();
                } else {
                    self.draw_cells();
                }
            }
        }
    }

    /// Shows the cells of the selected field once it is answered, if cells are switched on.
    pub(super) fn follow_cells(self: &Rc<Self>) {
        if !self.cells.is_on() {
            return;
        }
        let Some((field, answer)) = self.selected_answer() else {
            if self.session.borrow().selected().is_some() {
                self.cells.wait(text::AFTER_THE_ANSWER);
                self.draw_cells();
            }
            return;
        };
        if self.cells.begin(field, &answer) {
            self.cells.wait(text::FINDING);
            self.draw_cells();
            spawn_local(self.clone().show_cells(field, answer));
        }
    }

    /// Shows the cells of the selected field anew.
    fn show_cells_again(self: &Rc<Self>) {
        if let Some((field, answer)) = self.selected_answer() {
            spawn_local(self.clone().show_cells(field, answer));
        }
    }

    async fn show_cells(self: Rc<Self>, field: u32, answer: Rc<Answer>) {
        let found = self.cells_of(field).await;
        let maps = match found {
            Ok(_) => self.maps(field).await,
            Err(_) => None,
        };
        let is_selected = self
            .selected_answer()
            .is_some_and(|(other, now)| other == field && Rc::ptr_eq(&now, &answer));
        if !is_selected || !self.cells.is_on() {
            return;
        }
        match found {
            Ok(cells) => {
                let maps = maps.map(values);
                let maps = maps.as_ref().map(|(side, values)| (*side, &values[..]));
                let class = self.detail.results.chosen();
                self.cells.show(field, cells, answer, maps, class);
            }
            Err(reason) => self.cells.wait(&text::not_found(&reason)),
        }
        self.draw_cells();
    }

    fn selected_answer(&self) -> Option<(u32, Rc<Answer>)> {
        let session = self.session.borrow();
        let answer = session.selected_entry()?.answer()?.clone();
        Some((session.selected()?, answer))
    }

    /// Writes a field's corrections to the store, or that there are none.
    pub(super) fn keep_cells(&self, field: u32) {
        if self.store.is_open() {
            let history = self.cells.history(field);
            let record = history.map(|(masks, full)| record_of_cells(&masks, full));
            self.store.keep_cells(field, record.as_ref());
        }
    }

    /// Reads a field's corrections of an earlier visit, once.
    async fn read_cells(&self, field: u32) {
        if self.cells.begin_reading(field)
            && let Some(record) = self.store.cells(field).await
            && let Some(history) = history_of(&record)
        {
            self.cells.restore(field, history, record.full);
        }
    }

    /// The cells of a field: those that are kept, or what the engine finds.
    ///
    /// # Errors
    /// The reason, for visitors.
    pub(super) async fn cells_of(self: &Rc<Self>, field: u32) -> Result<FieldCells, String> {
        if let Some(cells) = self.cells.kept(field) {
            return Ok(cells);
        }
        self.read_cells(field).await;
        if let Some(cells) = self.cells.kept(field) {
            return Ok(cells);
        }
        self.fetch_cells_network().await;
        let promise = Promise::new(&mut |resolve, _| self.cells.await_field(field, resolve));
        self.change(|session| session.find_cells(field));
        let outcome = JsFuture::from(promise).await;
        let reason = outcome.ok().and_then(|outcome| outcome.as_string());
        let cells = self.cells.kept(field);
        cells.ok_or_else(|| reason.unwrap_or_else(|| text::GONE.to_owned()))
    }

    /// Fetches the network when it is asked for the first time, and hands it to the worker.
    async fn fetch_cells_network(self: &Rc<Self>) {
        while matches!(self.cells.network(), Network::Coming) {
            pause().await;
        }
        if !matches!(self.cells.network(), Network::Unasked) {
            return;
        }
        self.cells.set_network(Network::Coming);
        match download::small_package(download::CELLS).await {
            Ok(package) => {
                self.cells.set_network(Network::Here(package));
                self.hand_out_cells_network();
            }
            Err(error) => self.cells.set_network(Network::Unfit(error.to_string())),
        }
    }

    /// Hands the network to the worker, where it is here. A worker that does not run yet is handed it when it opens.
    pub(super) fn hand_out_cells_network(&self) {
        if let Network::Here(package) = self.cells.network() {
            _ = self.engine.send(&Request::OpenCells {
                manifest: package.manifest,
                weights: package.weights,
            });
        }
    }

    /// Takes the cells that the engine has found.
    pub(super) fn cells_found(self: &Rc<Self>, field: u32, masks: &CellMasks) {
        let job = Job::find_cells(Subject::of_message(field));
        if self.change(|session| session.answered(job)) {
            self.cells.found(field, masks);
        }
    }

    /// Tells whoever waits for the cells of fields that have left the desk.
    pub(super) fn drop_waiting_cells(&self) {
        let session = self.session.borrow();
        self.cells
            .drop_waiting(|field| session.entry(field).is_some());
    }

    /// Colours the cells by a label.
    pub(super) fn colour_cells(&self, class: Option<usize>) {
        if self.cells.shown_field().is_some() {
            self.cells.colour_by(class);
            self.draw_cells();
        }
    }

    /// Draws the outlines over the picture, and writes beside each label in how many cells it is.
    fn draw_cells(&self) {
        self.detail.viewer.show_cells(self.cells.outlines());
        self.detail.results.show_counts(self.cells.counts());
        self.mark_cells();
        self.draw_crops();
    }

    fn mark_cells(&self) {
        let (pointed, chosen) = self.cells.marks();
        self.detail.viewer.mark_cells(pointed, chosen);
    }

    fn draw_crops(&self) {
        for crop in self.cells.crops() {
            self.detail
                .viewer
                .draw_part(&crop.canvas, crop.middle, crop.side);
        }
    }
}

/// The side of maps and their values.
pub(super) fn values(maps: Rc<Maps>) -> (usize, Vec<f32>) {
    (maps.side as usize, maps.values.to_vec())
}
