//! The session: everything that the page knows, and the only owner of it.
//!
//! Each method is one whole transition. It changes the session and notes the [`Effect`]s, in their order:
//! what is to be shown, kept, sent and said. [`crate::app`] carries them out and hands back what comes
//! of them. Plain Rust without a browser, so that it is tested natively; handles of images pass through.

mod crashes;
mod desk;
mod job;
mod jobs;
mod order;
mod overview;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use web_sys::Blob;

pub(super) use self::crashes::{Crash, CrashedOn};
pub(super) use self::job::{Job, Subject, Task};
pub(super) use self::order::{Column, Filter, Labelled, PlateWell, Sort};
pub(super) use self::overview::{Measure, PlateChoice, PlateMap, View};

use self::desk::Desk;
use self::jobs::Jobs;
use self::pace::Pace;
use super::answer::Answer;
use super::entry::{DeskEntry, FieldState, HeldMaps};
use super::input::FieldInput;
use super::placement::DeviceChoice;
use super::text;
use cytolens_core::Channel;
use cytolens_protocol::{DeviceKind, DeviceReport, Maps, ModelSummary, TimedPrediction};

/// The number of open fields up to which each answer is announced; of more, only the end.
const ANNOUNCED_ONE_BY_ONE: usize = 3;

/// One consequence of a transition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Write a field's state to its tile or row, and to the panel where the field is selected.
    Show(u32),
    /// Show a field's thumbnail.
    ShowThumbnail(u32),
    /// Show the fields that are to be shown now, in their order.
    Arrange,
    /// Write the order and the filter to their controls.
    ShowOrder,
    /// Offer the labels that fields have to filter by.
    OfferLabels,
    /// Show the chosen view of all fields.
    ShowView,
    /// Show the chosen plate.
    ShowPlate,
    /// Mark a field's tile or row and bring it into sight.
    Mark(u32),
    /// Bring a field's tile or row into sight and give it the focus.
    Focus(u32),
    /// Show which fields are chosen.
    ShowChosen,
    /// Keep the selected field's picture beside those of the fields that are selected next, or let it go.
    ShowPinned,
    /// Open a field in the panel and mark its tile or row.
    Open(u32),
    /// Show in the panel why there is no picture.
    NoPicture(String),
    /// Tell whoever waits for a field's cells why there are none.
    NoCells(u32, String),
    /// Close the panel.
    Close,
    /// Show the tally of the fields.
    Count,
    /// Write a field to the store.
    Keep(u32),
    /// Write a field's files to the store.
    KeepInput(u32),
    /// List the files that belong to no field.
    ListPassedOver,
    /// Offer to take back the removal of these, in these words.
    OfferUndo(Vec<u32>, String),
    /// Move the focus to that offer: what had it is gone.
    FocusUndo,
    /// Withdraw the offer.
    WithdrawUndo,
    /// Remove these from the store.
    Forget(Vec<u32>),
    /// Send a job to the engine.
    Send(Job),
    /// Hand the quiz the reason why a question has no answer.
    RefuseQuestion(u32, String),
    /// Announce something to screen readers.
    Announce(String),
}

/// A model and the device that it runs on.
#[derive(Debug)]
pub(super) struct OpenModel {
    /// The model.
    pub(super) model: Rc<ModelSummary>,
    /// The device.
    pub(super) device: DeviceReport,
}

/// The progress of the engine's worker.
#[derive(Debug, Default)]
enum WorkerState {
    /// There is none, or it does not listen yet.
    #[default]
    Absent,
    /// It listens, and can decode.
    Listening,
    /// It has a model, and can classify.
    Open(Rc<OpenModel>),
}

/// The fields counted by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// All fields.
    pub(super) all: usize,
    /// Fields with an answer.
    pub(super) done: usize,
    /// Fields with an answer of which no label reaches its threshold.
    pub(super) unlabelled: usize,
    /// Fields that could not be classified.
    pub(super) refused: usize,
    /// Files that belong to no field.
    pub(super) passed_over: usize,
    /// Fields that the visitor gave up.
    pub(super) cancelled: usize,
    /// Fields that are still to be classified.
    pub(super) open: usize,
    /// Fields that the visitor may have classified again.
    pub(super) stale: usize,
    /// The number of answered fields whose samples seem to have been recorded with fewer bits than their files have, and
    /// the most bits that one of them seems to need.
    pub(super) dark: Option<(usize, u32)>,
    /// The number of answered fields whose cells look much larger or smaller than in training.
    pub(super) of_other_scale: usize,
    /// Whether the open fields are held.
    pub(super) is_paused: bool,
    /// The time that the open fields will take, in milliseconds, where known.
    pub(super) left: Option<f64>,
}

/// What was removed last.
#[derive(Debug)]
struct Removed {
    fields: Vec<(u32, DeskEntry)>,
    /// The field that was selected then.
    selected: Option<u32>,
}

/// Everything that the page knows.
#[derive(Debug, Default)]
pub(super) struct Session {
    desk: Desk,
    /// For as long as it can be taken back. The store keeps it until then.
    removed: Option<Removed>,
    jobs: Jobs,
    pace: Pace,
    /// The view of all fields.
    view: View,
    /// The plate that is shown.
    plate: PlateChoice,
    /// All labels that fields have.
    labels: BTreeSet<String>,
    /// The field whose picture is kept beside others.
    pinned: Option<u32>,
    /// The fields that the quiz asks about and has no answer for.
    questions: BTreeMap<u32, FieldInput>,
    /// The device that the visitor asks for.
    choice: DeviceChoice,
    /// The number of the worker, so that nothing meant for one is sent to the next.
    worker: u32,
    worker_state: WorkerState,
    /// Every model that has answered, once.
    models: Vec<Rc<ModelSummary>>,
    /// The next field's number; none until the store is read and with it the numbers in use.
    next_field: Option<u32>,
    /// The number of times that the desk was cleared.
    clearings: u32,
    /// The time since the page was opened, in milliseconds.
    now: f64,
    effects: Vec<Effect>,
}

/// Readings.
impl Session {
    /// The fields on the desk, in the order in which they came.
    pub(super) fn entries(&self) -> &BTreeMap<u32, DeskEntry> {
        self.desk.entries()
    }

    /// Whether no field is on the desk, and none can be taken back.
    pub(super) fn has_nothing(&self) -> bool {
        self.removed.is_none() && self.entries().is_empty()
    }

    /// The field with this number.
    pub(super) fn entry(&self, field: u32) -> Option<&DeskEntry> {
        self.desk.get(field)
    }

    /// The fields that are shown, in their order.
    pub(super) fn shown(&self) -> &[u32] {
        self.desk.shown()
    }

    /// The order of the fields.
    pub(super) fn sort(&self) -> Sort {
        self.desk.sort()
    }

    /// The filter of the fields.
    pub(super) fn filter(&self) -> &Filter {
        self.desk.filter()
    }

    /// The view of all fields.
    pub(super) fn view(&self) -> View {
        self.view
    }

    /// All labels that fields have, in alphabetical order.
    pub(super) fn labels(&self) -> &BTreeSet<String> {
        &self.labels
    }

    /// The number of fields that have each label, the most frequent first.
    pub(super) fn label_counts(&self) -> Vec<(String, usize)> {
        overview::label_counts(self.desk.entries().values())
    }

    /// Whether names tell the wells of fields.
    pub(super) fn has_plate(&self) -> bool {
        overview::has_plate(self.desk.entries().values())
    }

    /// The plate that is shown; none where no name tells a well.
    pub(super) fn plate_map(&self) -> Option<PlateMap> {
        overview::plate_map(self.desk.entries().values(), &self.plate)
    }

    /// The field whose picture is kept beside others.
    pub(super) fn pinned(&self) -> Option<u32> {
        self.pinned
    }

    /// The number of the selected field.
    pub(super) fn selected(&self) -> Option<u32> {
        self.desk.selected()
    }

    /// The fields that the visitor has chosen, as far as they are shown, in their order.
    pub(super) fn chosen(&self) -> Vec<u32> {
        self.desk.chosen()
    }

    /// Whether a field is chosen.
    pub(super) fn is_chosen(&self, field: u32) -> bool {
        self.desk.is_chosen(field)
    }

    /// Whether something is to be done with this field: all are meant where none is chosen.
    pub(super) fn is_meant(&self) -> impl Fn(u32) -> bool + use<> {
        let chosen: BTreeSet<u32> = self.desk.chosen().into_iter().collect();
        move |field| chosen.is_empty() || chosen.contains(&field)
    }

    /// The selected field.
    pub(super) fn selected_entry(&self) -> Option<&DeskEntry> {
        self.desk.get(self.desk.selected()?)
    }

    /// The model that is open, with its device.
    pub(super) fn open_model(&self) -> Option<&Rc<OpenModel>> {
        match &self.worker_state {
            WorkerState::Open(open) => Some(open),
            _ => None,
        }
    }

    /// The device that the visitor asks for.
    pub(super) fn device_choice(&self) -> DeviceChoice {
        self.choice
    }

    /// Whether the CPU is used whatever the choice, because the engine broke on the GPU.
    pub(super) fn avoids_gpu(&self) -> bool {
        self.jobs.avoids_gpu()
    }

    /// Whether fields can be added: the numbers in use are known.
    pub(super) fn is_restored(&self) -> bool {
        self.next_field.is_some()
    }

    /// The number of times that the desk was cleared.
    pub(super) fn clearings(&self) -> u32 {
        self.clearings
    }

    /// The number of the worker that runs now.
    pub(super) fn worker(&self) -> u32 {
        self.worker
    }

    /// Whether a job is still to be sent to this worker.
    pub(super) fn is_wanted(&self, job: Job, worker: u32) -> bool {
        self.worker == worker && self.jobs.is_in_flight(job)
    }

    /// Whether a channel is to be painted for a job. Cells are found in what was measured.
    pub(super) fn paints(&self, job: Job) -> bool {
        let Subject::Field(field) = job.subject else {
            return false;
        };
        let entry = self.desk.get(field);
        job.task != Task::FindCells && entry.is_some_and(|entry| entry.paint)
    }

    /// The files of a job's subject, where the page holds them.
    pub(super) fn input(&self, subject: Subject) -> Option<&FieldInput> {
        match subject {
            Subject::Field(field) => self.desk.get(field)?.input.as_ref(),
            Subject::Question(question) => self.questions.get(&question),
        }
    }

    /// The answer that the open model gives by this prediction.
    pub(super) fn answer(&self, prediction: TimedPrediction) -> Option<Rc<Answer>> {
        let open = self.open_model()?;
        Some(Rc::new(Answer {
            model: open.model.clone(),
            device: text::device(&open.device),
            prediction,
        }))
    }

    /// The fields that were given up, or answered by another model than the one that is open.
    pub(super) fn stale(&self) -> Vec<u32> {
        let entries = self.desk.entries().iter();
        let stale = entries.filter(|(_, entry)| self.is_stale(entry));
        stale.map(|(field, _)| *field).collect()
    }

    fn is_stale(&self, entry: &DeskEntry) -> bool {
        match &entry.state {
            FieldState::Cancelled => true,
            FieldState::Done(answer) => self
                .open_model()
                .is_some_and(|open| !Rc::ptr_eq(&open.model, &answer.model)),
            _ => false,
        }
    }

    /// The answered fields whose samples seem to have been recorded with fewer bits than their files have.
    pub(super) fn dark(&self) -> Vec<u32> {
        let entries = self.desk.entries().iter();
        let dark = entries.filter(|(_, entry)| dark_bits(entry).is_some());
        dark.map(|(field, _)| *field).collect()
    }

    /// The answered fields whose cells look much larger or smaller than in training.
    pub(super) fn of_other_scale(&self) -> Vec<u32> {
        let entries = self.desk.entries().iter();
        let fields = entries.filter(|(_, entry)| is_of_other_scale(entry));
        fields.map(|(field, _)| *field).collect()
    }

    /// The fields counted by their state.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally {
            is_paused: self.jobs.is_paused(),
            left: self.pace.left(self.jobs.open_fields()),
            ..Tally::default()
        };
        for entry in self.desk.entries().values() {
            if entry.is_passed_over() {
                tally.passed_over += 1;
                continue;
            }
            tally.all += 1;
            let answer = entry.answer();
            tally.unlabelled += usize::from(answer.is_some_and(|it| it.present().is_empty()));
            *match entry.state {
                FieldState::Done(_) => &mut tally.done,
                FieldState::Refused(_) => &mut tally.refused,
                FieldState::Cancelled => &mut tally.cancelled,
                FieldState::Waiting | FieldState::Working => &mut tally.open,
            } += 1;
            tally.stale += usize::from(self.is_stale(entry));
            tally.of_other_scale += usize::from(is_of_other_scale(entry));
            if let Some(bits) = dark_bits(entry) {
                let (fields, most) = tally.dark.unwrap_or_default();
                tally.dark = Some((fields + 1, bits.max(most)));
            }
        }
        tally
    }
}

/// The channels of files, in words.
fn source_of(input: &FieldInput) -> String {
    let channels = input.files.iter().map(|file| text::channel(file.channel));
    channels.collect::<Vec<_>>().join(", ")
}

/// The bits with which an answered field seems to have been recorded, where the network saw it dark.
fn dark_bits(entry: &DeskEntry) -> Option<u32> {
    entry.answer().and(entry.camera_bits)
}

/// Whether the cells of an answered field look much larger or smaller than in training.
fn is_of_other_scale(entry: &DeskEntry) -> bool {
    entry.is_of_other_scale && entry.answer().is_some()
}

/// Transitions of the desk.
impl Session {
    /// Takes note of the time, in milliseconds since the page was opened.
    pub(super) fn set_time(&mut self, now: f64) {
        self.now = now;
    }

    /// The effects of the transitions so far, in their order.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The store is read: new fields are numbered from here on.
    pub(super) fn restored(&mut self, next_field: u32) {
        self.next_field = Some(next_field);
    }

    /// Puts back a field of an earlier visit.
    pub(super) fn restore(&mut self, field: u32, entry: DeskEntry) {
        let is_open = entry.is_open();
        self.insert(field, entry);
        if is_open {
            self.jobs.push(Job::classify(Subject::Field(field)));
        }
    }

    /// All fields of an earlier visit are back.
    pub(super) fn resume(&mut self) {
        self.note(Effect::Count);
        self.note(Effect::ListPassedOver);
        if let Some(first) = self.desk.shown().first() {
            self.select(*first);
        }
        self.feed();
    }

    /// Puts a field on the desk to be classified. Returns its number.
    pub(super) fn add(&mut self, input: FieldInput) -> u32 {
        let field = self.number();
        let source = source_of(&input);
        self.insert(field, DeskEntry::new(input.id.clone(), source, Some(input)));
        self.note(Effect::KeepInput(field));
        self.note(Effect::Keep(field));
        self.queue(field);
        self.note(Effect::Count);
        self.feed();
        field
    }

    /// Puts a file on the desk that is no field's, for this reason.
    pub(super) fn add_refused(&mut self, name: &str, reason: &str) {
        let field = self.number();
        self.insert(field, DeskEntry::refused(name, reason));
        self.note(Effect::ListPassedOver);
        self.note(Effect::Keep(field));
        self.note(Effect::Announce(text::said_refused(name, reason)));
        self.note(Effect::Count);
    }

    /// Selects a field and asks for its picture.
    pub(super) fn select(&mut self, field: u32) {
        if !self.desk.select(field) {
            return;
        }
        self.note(Effect::Open(field));
        self.jobs.remove_views();
        let view = Job::view(Subject::Field(field));
        if self.jobs.is_refused(view) {
            self.note(Effect::NoPicture(text::PICTURE_BREAKS.to_owned()));
        } else {
            self.jobs.push(view);
        }
        self.feed();
    }

    /// Asks for a field's cells, unless they are asked for already.
    pub(super) fn find_cells(&mut self, field: u32) {
        let job = Job::find_cells(Subject::Field(field));
        if self.jobs.is_refused(job) {
            self.note(Effect::NoCells(field, text::cells::BREAKS.to_owned()));
        } else if !self.jobs.holds(job) {
            self.jobs.push(job);
        }
        self.feed();
    }

    /// Selects the field so many places further in the gallery.
    pub(super) fn turn(&mut self, steps: isize) {
        if let Some(field) = self.desk.neighbour(steps) {
            self.select(field);
        }
    }

    /// Goes from a shown field, or from the selected one, to another. `moved` is given the field's place and the number of
    /// fields that are shown, and gives the other's place.
    pub(super) fn go(
        &mut self,
        from: Option<u32>,
        moved: impl FnOnce(usize, usize) -> Option<usize>,
    ) {
        let shown = self.desk.shown();
        let from = from.or(self.desk.selected());
        let at = shown.iter().position(|field| Some(*field) == from);
        let to = match at {
            Some(at) => moved(at, shown.len()),
            None => Some(0),
        };
        if let Some(field) = to.and_then(|to| shown.get(to).copied()) {
            self.select(field);
            self.note(Effect::Focus(field));
        }
    }

    /// Goes as [`Self::go`], and chooses all on the way.
    pub(super) fn go_choosing(
        &mut self,
        from: Option<u32>,
        moved: impl FnOnce(usize, usize) -> Option<usize>,
    ) {
        let from = from.or(self.desk.selected());
        self.go(from, moved);
        if let Some(field) = self.desk.selected() {
            self.choose(|desk| desk.choose_to(field, from));
        }
    }

    /// Chooses a field, or takes that back.
    pub(super) fn toggle_chosen(&mut self, field: u32) {
        self.choose(|desk| desk.toggle_chosen(field));
    }

    /// Chooses a field, or takes that back; the first beside the selected one.
    pub(super) fn choose_beside(&mut self, field: u32) {
        self.choose(|desk| desk.choose_beside(field));
    }

    /// Chooses all from the last choice, or from the selected field, to this one.
    pub(super) fn choose_to(&mut self, field: u32) {
        self.choose(|desk| desk.choose_to(field, desk.selected()));
    }

    /// Chooses all that are shown, or none where all are chosen.
    pub(super) fn choose_all(&mut self) {
        let are_all = self.desk.chosen().len() == self.desk.shown().len();
        self.choose(|desk| match are_all {
            true => desk.choose_none(),
            false => desk.choose_all(),
        });
    }

    /// Takes every choice back.
    pub(super) fn choose_none(&mut self) {
        self.choose(Desk::choose_none);
        if let Some(field) = self.desk.selected() {
            // What had the focus is gone.
            self.note(Effect::Focus(field));
        }
    }

    fn choose(&mut self, change: impl FnOnce(&mut Desk)) {
        change(&mut self.desk);
        self.note(Effect::ShowChosen);
        let said = text::overview::chosen(self.desk.chosen().len());
        self.note(Effect::Announce(said));
    }

    /// Takes another order.
    pub(super) fn set_sort(&mut self, sort: Sort) {
        self.reorder(sort, self.desk.filter().clone());
    }

    /// Orders the fields by a column, the other way round where they are ordered by it already.
    pub(super) fn sort_by(&mut self, column: Column) {
        self.set_sort(self.desk.sort().then_by(column));
    }

    /// Shows the fields with these labels.
    pub(super) fn filter_labels(&mut self, labelled: Labelled) {
        self.refilter(|filter| filter.labelled = labelled);
    }

    /// Shows the fields with a label, or all again where these are shown.
    pub(super) fn toggle_label(&mut self, labelled: Labelled) {
        self.refilter(|filter| {
            let is_on = filter.labelled == labelled;
            filter.labelled = if is_on { Labelled::Any } else { labelled };
        });
    }

    /// Shows the fields in which this text is found.
    pub(super) fn filter_text(&mut self, text: &str) {
        self.refilter(|filter| text.trim().clone_into(&mut filter.text));
    }

    /// Shows the fields of a well, or those of all wells again where its fields are shown.
    pub(super) fn toggle_well(&mut self, well: PlateWell) {
        self.refilter(|filter| {
            let is_on = filter.well.as_ref() == Some(&well);
            filter.well = (!is_on).then_some(well);
        });
    }

    /// Shows all fields.
    pub(super) fn show_all(&mut self) {
        self.refilter(|filter| *filter = Filter::default());
    }

    /// Shows another view of all fields.
    pub(super) fn set_view(&mut self, view: View) {
        self.view = view;
        self.note(Effect::ShowView);
        self.note(Effect::Arrange);
        if let Some(field) = self.desk.selected() {
            self.note(Effect::Mark(field));
        }
        self.note(Effect::Count);
    }

    /// Shows another plate, or in other colours.
    pub(super) fn choose_plate(&mut self, choice: PlateChoice) {
        self.plate = choice;
        self.note(Effect::ShowPlate);
    }

    /// Keeps the selected field's picture beside those of fields that are selected next, or lets it go.
    pub(super) fn toggle_pinned(&mut self) {
        self.pinned = match self.pinned {
            Some(_) => None,
            None => self.desk.selected(),
        };
        self.note(Effect::ShowPinned);
    }

    fn unpin(&mut self) {
        if self.pinned.take().is_some() {
            self.note(Effect::ShowPinned);
        }
    }

    fn refilter(&mut self, change: impl FnOnce(&mut Filter)) {
        let mut filter = self.desk.filter().clone();
        change(&mut filter);
        if filter != *self.desk.filter() {
            self.reorder(self.desk.sort(), filter);
            let said = text::overview::said_shown(self.desk.shown().len(), self.tally().all);
            self.note(Effect::Announce(said));
        }
    }

    fn reorder(&mut self, sort: Sort, filter: Filter) {
        self.desk.set_order(sort, filter);
        self.note(Effect::Arrange);
        self.note(Effect::ShowOrder);
        self.note(Effect::ShowChosen);
    }

    /// Holds the classification of the desk, or lets it go on.
    pub(super) fn toggle_pause(&mut self) {
        self.jobs.pause(!self.jobs.is_paused());
        self.pace.start(self.now);
        self.note(Effect::Count);
        self.feed();
    }

    /// Gives up the fields that wait.
    pub(super) fn cancel(&mut self) {
        let cancelled = self.jobs.cancel();
        for field in &cancelled {
            if let Some(entry) = self.desk.get_mut(*field) {
                entry.state = FieldState::Cancelled;
                self.note(Effect::Keep(*field));
                self.note(Effect::Show(*field));
            }
        }
        self.desk.arrange();
        self.note(Effect::Arrange);
        self.note(Effect::Count);
        self.note(Effect::Announce(text::said_cancelled(cancelled.len())));
    }

    /// Has a field classified again, unless it is still to be classified.
    pub(super) fn classify_again(&mut self, field: u32) {
        let entry = self.desk.get_mut(field).filter(|entry| !entry.is_open());
        if let Some(entry) = entry {
            entry.state = FieldState::Waiting;
            self.queue(field);
            self.note(Effect::Show(field));
            self.note(Effect::Count);
            self.feed();
        }
    }

    /// Has a field read in another way from now on, of other bits or at another scale.
    pub(super) fn read_as(&mut self, field: u32, input: FieldInput) {
        if let Some(entry) = self.desk.get_mut(field) {
            entry.input = Some(input);
            entry.camera_bits = None;
            entry.is_of_other_scale = false;
            self.note(Effect::KeepInput(field));
            self.view_again(field);
        }
    }

    /// Has the channel that a field lacks painted from now on, or no longer, and the field classified by that, unless it is still
    /// to be classified.
    pub(super) fn switch_paint(&mut self, field: u32) {
        let entry = self.desk.get_mut(field).filter(|entry| !entry.is_open());
        if let Some(entry) = entry {
            entry.paint = !entry.paint;
            self.view_again(field);
            self.classify_again(field);
        }
    }

    /// Asks anew for a field's picture, where it is looked at.
    fn view_again(&mut self, field: u32) {
        if self.desk.selected() == Some(field) {
            self.jobs.remove_views();
            self.jobs.push(Job::view(Subject::Field(field)));
        }
    }

    /// The field of this id, if there is one.
    pub(super) fn of_id(&self, id: &str) -> Option<u32> {
        let mut entries = self.desk.entries().iter();
        let found = entries.find(|(_, entry)| entry.id == id && !entry.is_passed_over());
        found.map(|(field, _)| *field)
    }

    /// Gives a field other files, or the same as other channels, and has it classified by them. It gets another number, so
    /// that an answer to the files before, which may be on its way, is nobody's. Returns that number.
    pub(super) fn renew(&mut self, field: u32, input: FieldInput) -> u32 {
        self.jobs.remove_field(field);
        if self.pinned == Some(field) {
            self.unpin();
        }
        let is_selected = self.desk.selected() == Some(field);
        let is_chosen = self.desk.is_chosen(field);
        self.desk.remove(&BTreeSet::from([field]));
        let new = self.add(input);
        if is_chosen {
            self.desk.toggle_chosen(new);
            self.note(Effect::ShowChosen);
        }
        if is_selected {
            self.select(new);
        }
        self.note(Effect::Forget(vec![field]));
        new
    }

    /// Removes all fields.
    pub(super) fn clear(&mut self) {
        let selected = self.desk.selected();
        let fields = self.desk.clear();
        self.jobs.clear_desk();
        self.clearings += 1;
        self.labels.clear();
        self.unpin();
        self.note(Effect::Arrange);
        self.note(Effect::OfferLabels);
        self.note(Effect::ShowOrder);
        self.note(Effect::ShowChosen);
        self.note(Effect::Close);
        self.note(Effect::ListPassedOver);
        self.note(Effect::Count);
        self.offer_undo(fields, selected);
        self.note(Effect::FocusUndo);
    }

    /// Removes the selected field; the next one is selected.
    pub(super) fn remove_selected(&mut self) {
        self.remove(self.desk.selected().into_iter().collect());
    }

    /// Removes the chosen fields.
    pub(super) fn remove_chosen(&mut self) {
        self.remove(self.desk.chosen().into_iter().collect());
    }

    fn remove(&mut self, fields: BTreeSet<u32>) {
        let selected = self.desk.selected();
        let (removed, next) = self.desk.remove(&fields);
        if removed.is_empty() {
            return;
        }
        for field in fields {
            self.jobs.remove_field(field);
            if self.pinned == Some(field) {
                self.unpin();
            }
        }
        self.note(Effect::Arrange);
        match next {
            // It may be selected already.
            Some(next) => self.select(next),
            None if self.desk.selected().is_none() => self.note(Effect::Close),
            None => {}
        }
        self.note(Effect::Count);
        self.note(Effect::ShowChosen);
        self.offer_undo(removed, selected);
        self.note(next.map_or(Effect::FocusUndo, Effect::Focus));
        self.feed();
    }

    /// Removes the files that belong to no field.
    pub(super) fn clear_passed_over(&mut self) {
        let files = self.desk.remove_passed_over();
        self.note(Effect::ListPassedOver);
        self.note(Effect::Count);
        let selected = self.desk.selected();
        self.offer_undo(files, selected);
        self.note(Effect::FocusUndo);
    }

    /// Takes the last removal back.
    pub(super) fn undo(&mut self) {
        let Some(Removed { fields, selected }) = self.removed.take() else {
            return;
        };
        for (field, mut entry) in fields {
            if matches!(entry.state, FieldState::Working) {
                entry.state = FieldState::Waiting;
            }
            self.restore(field, entry);
        }
        self.note(Effect::WithdrawUndo);
        self.note(Effect::ListPassedOver);
        self.note(Effect::Count);
        self.note(Effect::Announce(text::SAID_BACK.to_owned()));
        if let Some(field) = selected {
            self.select(field);
            self.note(Effect::Focus(field));
        }
        self.feed();
    }

    /// Gives up what was removed last, for good.
    pub(super) fn forget_removed(&mut self) {
        if let Some(removed) = self.removed.take() {
            let fields = removed.fields.into_iter().map(|(field, _)| field);
            self.note(Effect::Forget(fields.collect()));
            self.note(Effect::WithdrawUndo);
        }
    }

    /// Offers to take a removal back, in place of the one before.
    fn offer_undo(&mut self, fields: Vec<(u32, DeskEntry)>, selected: Option<u32>) {
        self.forget_removed();
        let numbers = fields.iter().map(|(field, _)| *field).collect();
        let files = fields.iter().filter(|(_, entry)| entry.is_passed_over());
        let files = files.count();
        let said = text::removed(fields.len() - files, files);
        self.note(Effect::OfferUndo(numbers, said));
        self.removed = Some(Removed { fields, selected });
    }

    fn number(&mut self) -> u32 {
        let field = self.next_field.unwrap_or_default();
        self.next_field = Some(field + 1);
        field
    }

    /// Puts a field on the desk, and selects it where none is selected. A file of no field is only listed.
    fn insert(&mut self, field: u32, entry: DeskEntry) {
        let is_field = !entry.is_passed_over();
        if let Some(answer) = entry.answer() {
            self.meet(answer);
        }
        self.desk.insert(field, entry);
        if !is_field {
            return;
        }
        self.place(field);
        if self.desk.selected().is_none() {
            self.select(field);
        }
    }

    fn place(&mut self, field: u32) {
        self.desk.place(field);
        self.note(Effect::Arrange);
    }

    /// Takes note of the labels of an answer.
    fn meet(&mut self, answer: &Answer) {
        let known = self.labels.len();
        for class in answer.present() {
            if !self.labels.contains(answer.label(*class)) {
                self.labels.insert(answer.label(*class).to_owned());
            }
        }
        if self.labels.len() > known {
            self.note(Effect::OfferLabels);
        }
    }

    /// Adds a field to those that are to be classified.
    fn queue(&mut self, field: u32) {
        if self.jobs.open_fields() == 0 {
            self.pace.start(self.now);
        }
        self.jobs.push(Job::classify(Subject::Field(field)));
    }

    fn note(&mut self, effect: Effect) {
        self.effects.push(effect);
    }
}

/// Transitions of the engine.
impl Session {
    /// The visitor asks for this device.
    pub(super) fn choose_device(&mut self, choice: DeviceChoice) {
        self.choice = choice;
    }

    /// The visitor asks for the engine again: earlier crashes do not count any more.
    pub(super) fn start_over(&mut self) {
        self.jobs.start_over();
    }

    /// The worker that ran is stopped: its jobs wait for the next one.
    pub(super) fn worker_stopped(&mut self) {
        self.worker_state = WorkerState::Absent;
        self.worker += 1;
        self.wait_again();
        self.jobs.take_back();
    }

    /// The worker listens: it can decode.
    pub(super) fn worker_listens(&mut self) {
        self.worker_state = WorkerState::Listening;
        self.feed();
    }

    /// The worker has opened a model: it can classify.
    pub(super) fn model_opened(&mut self, model: ModelSummary, device: DeviceReport) {
        let model = self.shared(model);
        self.worker_state = WorkerState::Open(Rc::new(OpenModel { model, device }));
        self.pace.start(self.now);
        self.note(Effect::Count);
        self.feed();
    }

    /// The worker for this kind of device broke, or lost it. Its jobs wait for the next one, but for those that broke
    /// it. Returns whether the engine is to be given up.
    pub(super) fn crashed(&mut self, crash: Crash, kind: DeviceKind) -> bool {
        let on = match &self.worker_state {
            WorkerState::Open(_) => CrashedOn::Opened(kind),
            _ => CrashedOn::Opening(kind),
        };
        self.wait_again();
        let verdict = self.jobs.crash(crash, on);
        self.worker_stopped();
        for job in verdict.refused {
            let reason = match (job.task, job.subject) {
                (Task::View, Subject::Field(_)) => text::PICTURE_BREAKS.to_owned(),
                (Task::FindCells, _) => text::cells::BREAKS.to_owned(),
                (_, subject) => text::field_crashed(&self.names(subject)),
            };
            self.settle_refused(job, reason);
        }
        verdict.is_hopeless
    }

    /// The engine has decoded a field and sent its thumbnail, perhaps the bits with which it seems to have been recorded,
    /// whether its cells look much larger or smaller than in training, and the channel that it lacks.
    pub(super) fn preview(
        &mut self,
        field: u32,
        thumbnail: Blob,
        description: String,
        camera_bits: Option<u32>,
        is_of_other_scale: bool,
        missing: Option<Channel>,
    ) {
        if let Some(entry) = self.desk.get_mut(field) {
            entry.camera_bits = camera_bits;
            entry.is_of_other_scale = is_of_other_scale;
            entry.missing = missing;
            entry.source = description;
            entry.thumbnail = Some(thumbnail);
            self.note(Effect::ShowThumbnail(field));
            self.note(Effect::Show(field));
        }
    }

    /// The engine has answered a job; false where nobody waits for it any more.
    pub(super) fn answered(&mut self, job: Job) -> bool {
        let is_wanted = self.jobs.answered(job);
        if let Subject::Question(question) = job.subject {
            self.questions.remove(&question);
        }
        self.feed();
        is_wanted
    }

    /// The engine has classified a field; false where the field is on the desk no longer.
    pub(super) fn classified(&mut self, field: u32, answer: Rc<Answer>) -> bool {
        if !self.jobs.answered(Job::classify(Subject::Field(field))) {
            self.feed();
            return false;
        }
        self.settle(field, FieldState::Done(answer));
        true
    }

    /// The engine could not do a job, for this reason.
    pub(super) fn refused(&mut self, job: Job, reason: String) {
        if self.jobs.answered(job) {
            self.settle_refused(job, reason);
        }
        self.feed();
    }

    /// A job could not be sent to the engine, for this reason.
    pub(super) fn not_sent(&mut self, job: Job, reason: String) {
        if self.jobs.withdrawn(job) {
            self.settle_refused(job, reason);
        }
        self.feed();
    }

    /// Takes a field's activation maps, for as long as the page needs them.
    pub(super) fn hold_maps(&mut self, field: u32, maps: Rc<Maps>, are_stored: bool) {
        let is_selected = self.desk.selected() == Some(field);
        if let Some(entry) = self.desk.get_mut(field) {
            let held = HeldMaps { maps, are_stored };
            entry.maps = (is_selected || !are_stored).then_some(held);
        }
    }

    /// The quiz asks about a field that is on no desk.
    pub(super) fn ask(&mut self, job: Job, input: FieldInput) {
        if let Subject::Question(question) = job.subject {
            self.questions.insert(question, input);
            self.jobs.push(job);
            self.feed();
        }
    }

    /// The one copy of a model's summary that all its answers share.
    pub(super) fn shared(&mut self, model: ModelSummary) -> Rc<ModelSummary> {
        if let Some(known) = self.models.iter().find(|known| ***known == model) {
            return known.clone();
        }
        let model = Rc::new(model);
        self.models.push(model.clone());
        model
    }

    /// Sends the engine the jobs that it should have, and notes which field it works on.
    fn feed(&mut self) {
        if matches!(self.worker_state, WorkerState::Absent) {
            return;
        }
        let has_model = self.open_model().is_some();
        while let Some(job) = self.jobs.next(has_model) {
            self.note(Effect::Send(job));
        }
        if let Some(field) = self.jobs.current()
            && let Some(entry) = self.desk.get_mut(field)
            && matches!(entry.state, FieldState::Waiting)
        {
            entry.state = FieldState::Working;
            self.note(Effect::Show(field));
        }
    }

    /// The field that the engine works on waits again.
    fn wait_again(&mut self) {
        for job in self.jobs.in_flight() {
            if let Subject::Field(field) = job.subject
                && let Some(entry) = self.desk.get_mut(field)
                && matches!(entry.state, FieldState::Working)
            {
                entry.state = FieldState::Waiting;
                self.effects.push(Effect::Show(field));
            }
        }
    }

    /// The names of a subject's files, or its id where these are not known.
    fn names(&self, subject: Subject) -> String {
        match (self.input(subject), subject) {
            (Some(input), _) => input.names(),
            (None, Subject::Field(field)) => {
                let entry = self.desk.get(field);
                entry.map(|entry| entry.id.clone()).unwrap_or_default()
            }
            (None, Subject::Question(_)) => String::new(),
        }
    }

    /// The end of a job that is not done, for this reason.
    fn settle_refused(&mut self, job: Job, reason: String) {
        match (job.subject, job.task) {
            (Subject::Field(field), Task::Classify) => {
                self.settle(field, FieldState::Refused(reason));
            }
            (Subject::Field(_), Task::View) => self.note(Effect::NoPicture(reason)),
            (Subject::Field(field), Task::FindCells) => self.note(Effect::NoCells(field, reason)),
            (Subject::Question(question), _) => {
                self.questions.remove(&question);
                self.note(Effect::RefuseQuestion(question, reason));
            }
        }
    }

    /// The end of a field's turn.
    fn settle(&mut self, field: u32, state: FieldState) {
        self.pace.answer(self.now);
        if let FieldState::Done(answer) = &state {
            self.meet(answer);
        }
        if let Some(entry) = self.desk.get_mut(field) {
            let said = match &state {
                FieldState::Done(answer) => text::said_done(&entry.id, answer),
                FieldState::Refused(reason) => text::said_refused(&entry.id, reason),
                _ => String::new(),
            };
            entry.state = state;
            self.note(Effect::Keep(field));
            self.note(Effect::Show(field));
            self.place(field);
            self.note(Effect::Count);
            self.announce_end(said);
        }
        self.feed();
    }

    /// Announces the end of a field's turn, or of the whole queue.
    fn announce_end(&mut self, said: String) {
        let open = self.jobs.open_fields();
        let tally = self.tally();
        if open == 0 && tally.all > ANNOUNCED_ONE_BY_ONE {
            let said = text::said_finished(tally.done, tally.all);
            self.note(Effect::Announce(said));
        } else if open < ANNOUNCED_ONE_BY_ONE {
            self.note(Effect::Announce(said));
        }
    }
}
