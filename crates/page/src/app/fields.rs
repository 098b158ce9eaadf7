//! The fields of the desk and of the quiz: from files to the engine, and back.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::App;
use super::records::entry_of;
use crate::dom::{pause, remember, remembered};
use crate::input::{self, FieldInput, Joining, Lot, breathe, join};
use crate::session::{Job, Subject, Task};
use crate::text;
use cytolens_protocol::{InputField, Maps, Picture, Request, TimedPrediction};

/// The longest side of a picture in the viewer, in pixels: every pixel of the atlas's fields.
const VIEWER_SIDE: u32 = 2048;

/// The longest side of a picture in the quiz, in pixels: it is looked at as a whole.
const QUIZ_SIDE: u32 = 1024;

/// The name under which the browser remembers the numbers of removed fields.
const REMOVED: &str = "cytolens.removed";

impl App {
    /// Brings back the fields of an earlier visit.
    pub(super) async fn restore(self: Rc<Self>) {
        let mut kept = self.store.open().await;
        // Of a page that was closed before the offer to take a removal back, or before the store had removed all.
        let removed: Vec<u32> = if self.store.is_open() {
            let removed = remembered(REMOVED);
            removed
                .split(' ')
                .filter_map(|field| field.parse().ok())
                .collect()
        } else {
            Vec::new()
        };
        // A removed field's number is no other's as long as it is remembered.
        let known = kept.iter().map(|(field, _)| field).chain(&removed).max();
        let next_field = known.map_or(0, |field| field + 1);
        self.change(|session| session.restored(next_field));
        // They are remembered in their order.
        kept.retain(|(field, _)| removed.binary_search(field).is_err());
        removed.iter().for_each(|field| self.store.remove(*field));
        self.removals.borrow_mut().offer(&removed);
        self.removals.borrow_mut().give_up(&removed);
        self.mark_removed(&[]);
        let numbers = kept.iter().map(|(field, _)| *field).collect();
        self.tools.teach.begin(&numbers, self.store.is_open());
        for (field, record) in kept {
            breathe().await;
            self.change(|session| {
                let entry = entry_of(record, |model| session.shared(model));
                session.restore(field, entry);
            });
        }
        self.change(|session| session.resume());
    }

    /// Puts the fields, files and packages that a visitor brings where they belong.
    pub(super) async fn accept(self: Rc<Self>, lot: Lot) {
        while !self.session.borrow().is_restored() {
            pause().await;
        }
        let clearings = self.session.borrow().clearings();
        for (name, reason) in &lot.refused {
            self.change(|session| session.add_refused(name, reason));
        }
        for package in lot.packages {
            self.models.add(package);
        }
        for (name, content) in lot.tables {
            let taken = match content.unpacked(&name).await {
                Ok(content) => self.tools.scores.take(&name, &content).await,
                Err(reason) => Err(reason),
            };
            // Folders of fields have tables of other kinds, too.
            if let Err(reason) = taken
                && lot.fields.is_empty()
            {
                self.change(|session| session.add_refused(&name, &reason));
            }
        }
        let is_alone = lot.fields.len() == 1;
        let mut twice = Vec::new();
        for (position, input) in lot.fields.into_iter().enumerate() {
            breathe().await;
            let joining = self.joining(&input).await;
            if self.session.borrow().clearings() != clearings {
                return;
            }
            let added = match joining {
                Some((_, Joining::Twice)) => {
                    twice.push(input.id);
                    None
                }
                Some((field, Joining::Completed(whole))) => Some(self.renew(field, whole)),
                _ => Some(self.change(|session| session.add(input))),
            };
            if let Some(field) = added.filter(|_| is_alone) {
                self.change(|session| session.select(field));
            }
            if position == 0 {
                // The page has another layout now, whose making is to share its task with nothing.
                pause().await;
                self.desk.reveal().await;
                pause().await;
            }
        }
        if !twice.is_empty() {
            self.desk.notify(&text::input::twice(&twice));
        }
    }

    /// Gives a field other files, or the same as other channels. Returns the number that it has then.
    pub(super) fn renew(self: &Rc<Self>, field: u32, input: FieldInput) -> u32 {
        let new = self.change(|session| session.renew(field, input));
        self.tools.teach.renumber(field, new);
        new
    }

    /// The field that new files may belong to, and what they are for it.
    async fn joining(&self, input: &FieldInput) -> Option<(u32, Joining)> {
        let field = self.session.borrow().of_id(&input.id)?;
        let there = self.input(Subject::Field(field)).await?;
        let joining = join(&there, input).await;
        // It may have been removed meanwhile.
        self.session.borrow().entry(field)?;
        Some((field, joining))
    }

    /// Remembers what was removed and can be taken back, and what the store has not removed yet: the next visit is to be
    /// without either. Only the tab that keeps fields remembers.
    pub(super) fn mark_removed(&self, fields: &[u32]) {
        if !self.store.is_open() {
            return;
        }
        let mut removals = self.removals.borrow_mut();
        if self.store.is_idle() {
            removals.settle();
        }
        removals.offer(fields);
        remember(REMOVED, &removals.written());
    }

    /// Removes fields from the store.
    pub(super) fn forget(&self, fields: &[u32]) {
        self.cells.forget(fields);
        self.removals.borrow_mut().give_up(fields);
        if self.session.borrow().has_nothing() {
            // What waits to be written is of these fields, too.
            self.store.clear();
        } else {
            fields.iter().for_each(|field| self.store.remove(*field));
        }
    }

    /// Classifies again the fields that were given up or answered by another model.
    pub(super) fn classify_again(self: &Rc<Self>) {
        let stale = self.session.borrow().stale();
        spawn_local(self.clone().run_again(stale, |_| false));
    }

    /// Classifies again the fields whose samples seem to have been recorded with fewer bits than their files have, read as
    /// such, and keeps the choice for fields to come.
    pub(super) fn read_dark(self: &Rc<Self>) {
        let (dark, tally) = {
            let session = self.session.borrow();
            (session.dark(), session.tally())
        };
        let bits = tally.dark.map(|(_, bits)| bits);
        input::keep_bits(bits);
        spawn_local(self.clone().run_again(dark, move |input| {
            input.bits = bits;
            true
        }));
    }

    /// Classifies again, at the atlas's scale, the fields whose cells look much larger or smaller than in training.
    pub(super) fn read_to_scale(self: &Rc<Self>) {
        let fields = self.session.borrow().of_other_scale();
        spawn_local(self.clone().run_again(fields, |input| {
            input.to_scale = true;
            true
        }));
    }

    /// Classifies fields again, read in another way where `change` makes one of it.
    async fn run_again(self: Rc<Self>, fields: Vec<u32>, change: impl Fn(&mut FieldInput) -> bool) {
        let mut without_images = 0;
        for field in fields {
            match self.input(Subject::Field(field)).await {
                Some(mut input) => self.change(|session| {
                    if change(&mut input) {
                        self.cells.forget(&[field]);
                        self.keep_cells(field);
                        session.read_as(field, input);
                    }
                    session.classify_again(field);
                }),
                None => without_images += 1,
            }
        }
        if without_images > 0 {
            self.desk
                .notify(&text::not_classified_again(without_images));
        }
    }

    /// Writes a field's files to the store. Files that will be refused take no room.
    pub(super) fn keep_input(&self, field: u32) {
        let session = self.session.borrow();
        if let Some(input) = session.input(Subject::Field(field))
            && !input.files.iter().any(|file| file.content.is_too_large())
        {
            self.store.keep_input(field, input);
        }
    }

    /// Sends a job to the worker that ran when it was the job's turn.
    pub(super) async fn send(self: Rc<Self>, job: Job, worker: u32) {
        let Some(input) = self.input(job.subject).await else {
            let reason = text::IMAGES_GONE.to_owned();
            return self.change(|session| session.not_sent(job, reason));
        };
        let files = input.unpacked().await;
        let paint = self.session.borrow().paints(job);
        let painter = match paint {
            true => self.fetch_painter().await,
            false => Ok(()),
        };
        if !self.session.borrow().is_wanted(job, worker) {
            return;
        }
        let sent = files.and_then(|files| {
            painter?;
            if paint {
                self.hand_out_painter(worker)?;
            }
            let names = input.names();
            let FieldInput {
                id,
                order,
                orders_colours,
                bits,
                to_scale,
                ..
            } = input;
            let field = job.subject.in_message();
            let input = InputField {
                id,
                files,
                order,
                orders_colours,
                bits,
                to_scale,
                paint,
            };
            let request = match (job.task, job.subject) {
                (Task::Classify, _) => Request::Classify { field, input },
                (Task::FindCells, _) => Request::FindCells { field, input },
                (Task::View, subject) => Request::View {
                    field,
                    input,
                    side: match subject {
                        Subject::Field(_) => VIEWER_SIDE,
                        Subject::Question(_) => QUIZ_SIDE,
                    },
                },
            };
            let sent = self.engine.send(&request);
            sent.map_err(|error| text::not_sent(&names, &error))
        });
        if let Err(reason) = sent {
            self.change(|session| session.not_sent(job, reason));
        }
    }

    /// The files of a job's subject, from the page or from the store.
    pub(super) async fn input(&self, subject: Subject) -> Option<FieldInput> {
        let input = self.session.borrow().input(subject).cloned();
        match (input, subject) {
            (Some(input), _) => Some(input),
            (None, Subject::Field(field)) => self.store.input(field).await,
            (None, Subject::Question(_)) => None,
        }
    }

    /// Takes the answer of the open model.
    pub(super) fn classified(
        self: &Rc<Self>,
        subject: Subject,
        prediction: TimedPrediction,
        maps: Maps,
    ) {
        let Some(answer) = self.session.borrow().answer(prediction) else {
            return;
        };
        match subject {
            Subject::Field(field) => {
                let are_stored = self.store.is_open();
                let maps = Rc::new(maps);
                let is_on_desk = self.change(|session| {
                    session.hold_maps(field, maps.clone(), are_stored);
                    session.classified(field, answer)
                });
                if is_on_desk && are_stored {
                    self.store.keep_maps(field, &maps);
                }
            }
            Subject::Question(question) => {
                self.change(|session| session.answered(Job::classify(subject)));
                self.receivers.answer(question, answer);
            }
        }
    }

    /// Takes a picture.
    pub(super) fn viewed(self: &Rc<Self>, subject: Subject, picture: Picture) {
        let is_wanted = self.change(|session| session.answered(Job::view(subject)));
        match subject {
            Subject::Question(question) => self.receivers.show(question, picture),
            Subject::Field(field) if is_wanted => {
                let session = self.session.borrow();
                if let Some(entry) = session.entry(field) {
                    self.detail.viewer.show(&entry.id, picture);
                }
            }
            Subject::Field(_) => {}
        }
    }

    /// Takes the reason why a job is not done.
    pub(super) fn refused(self: &Rc<Self>, job: Job, reason: String) {
        self.change(|session| session.refused(job, reason));
    }
}
