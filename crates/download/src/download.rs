//! One run: from a table to a folder of whole fields.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use cytolens_data::dataset::TABLE_FILE;
use cytolens_data::table::table_bytes;

use crate::client::Client;
use crate::failures::Failures;
use crate::field::{Failure, Fetcher, Outcome};
use crate::folder::Folder;
use crate::halt::Halt;
use crate::id::AtlasId;
use crate::pace::Pace;
use crate::plan::{Job, Jobs, Plan};
use crate::settings::Settings;

/// The time after which the table of whole fields is written again, so that a run that is killed leaves one that is nearly up to
/// date.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// A download into a folder that is taken for it.
#[derive(Debug)]
pub struct Download {
    settings: Settings,
    folder: Folder,
    table: Vec<u8>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The number of fields that were there before.
    pub before: usize,
    /// The number of fields that are whole now and were not before.
    pub fetched: usize,
    /// The bytes that were fetched for them.
    pub bytes: u64,
    /// The number of fields that were not tried.
    pub left: usize,
    /// Why fields and rows are lacking, each reason with its number; the folder's list names them.
    pub failures: BTreeMap<String, usize>,
    /// Whether a person stopped the run.
    pub is_interrupted: bool,
}

impl Summary {
    /// Whether all that was asked for is there.
    pub fn is_complete(&self) -> bool {
        self.left == 0 && self.failures.is_empty()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lacking: usize = self.failures.values().sum();
        let megabytes = self.bytes as f64 / 1e6;
        write!(
            f,
            "{} fields fetched ({megabytes:.1} MB), {} there before, {lacking} failed or left out",
            self.fetched, self.before
        )?;
        if self.left > 0 {
            write!(f, ", {} not tried yet", self.left)?;
        }
        Ok(())
    }
}

impl Download {
    /// Checks the choices, reads the table and takes the folder.
    ///
    /// # Errors
    /// If a choice is out of range, the table cannot be read, or the folder is another's.
    pub fn open(settings: Settings) -> Result<Self> {
        settings.check()?;
        // Before the folder is made: a name mistyped leaves nothing.
        let table = table_bytes(&settings.table)?;
        let folder = Folder::open(&settings)?;
        folder.give_credit(&settings.base.credits())?;
        Ok(Self {
            settings,
            folder,
            table,
        })
    }

    /// Fetches every field that is not whole. Calls `begin` with the number of fields asked for and of those there before, then
    /// `step` after each field that was tried. Ends early when `stop` is raised, and leaves the folder as after any end.
    ///
    /// # Errors
    /// If no row can be fetched, a file cannot be written (on a full disk for example), or the host has no answer for anybody.
    /// The folder holds what was fetched until then, and another run goes on.
    pub fn run(
        &self,
        stop: &AtomicBool,
        begin: impl FnOnce(usize, usize),
        mut step: impl FnMut(),
    ) -> Result<Summary> {
        let mut failures = Failures::begin(self.folder.path())?;
        let mut plan = Plan::make(
            &self.table,
            &self.settings.table,
            self.settings.limit,
            &self.folder,
            &self.folder.find()?,
            &mut failures,
        )?;
        plan.write_whole_rows(&self.whole_rows())?;
        begin(plan.total, plan.before);

        let halt = Halt::new(stop);
        let mut course = Course::new(self.settings.patience.fields);
        let (client, pace) = (Client::new(&self.settings), Pace::new(self.settings.rate));
        let jobs = Mutex::new(plan.jobs()?);
        let fetcher = Fetcher {
            settings: &self.settings,
            base: &self.settings.base,
            folder: &self.folder,
            client: &client,
            pace: &pace,
            halt: &halt,
        };
        let mut saved = Instant::now();
        thread::scope(|scope| {
            let (sender, results) = sync_channel(self.settings.connections);
            for _ in 0..self.settings.connections {
                let (sender, jobs) = (sender.clone(), &jobs);
                scope.spawn(move || work(fetcher, jobs, &sender));
            }
            drop(sender);
            for result in results {
                if let Some(row) = course.note(result, &mut failures) {
                    plan.note_whole(row);
                }
                step();
                if course.end.is_none() && saved.elapsed() >= SAVE_EVERY {
                    course.end = plan.write_whole_rows(&self.whole_rows()).err();
                    saved = Instant::now();
                }
                if course.end.is_some() {
                    halt.stop();
                }
            }
        });

        let written = plan.write_whole_rows(&self.whole_rows());
        self.folder.tidy();
        if let Some(error) = course.end {
            let fetched = course.fetched;
            return Err(error.context(format!(
                "the download ended early, after {fetched} fields; the same command goes on with the rest"
            )));
        }
        written?;
        Ok(Summary {
            before: plan.before,
            fetched: course.fetched,
            bytes: course.bytes,
            left: plan.total - plan.before - course.fetched - course.failed,
            failures: failures.finish()?,
            is_interrupted: halt.is_wished(),
        })
    }

    /// The table of the fields that are whole.
    fn whole_rows(&self) -> PathBuf {
        self.folder.path().join(TABLE_FILE)
    }
}

/// The result of one job: its row, its field's id, and what became of it.
type Tried = (usize, String, Result<Outcome>);

/// Fetches fields, one after the other, until there is none left.
fn work(fetcher: Fetcher<'_>, jobs: &Mutex<Jobs<'_>>, results: &SyncSender<Tried>) {
    while fetcher.halt.check().is_ok() {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(Job { row, id }) = job else {
            return;
        };
        let outcome = AtlasId::parse(&id)
            .with_context(|| format!("the plan has the id {id}"))
            .and_then(|id| fetcher.field(id));
        // At once: until this is noted, the connection would ask for another field.
        if matches!(outcome, Err(_) | Ok(Outcome::Closed(_))) {
            fetcher.halt.stop();
        }
        // Nobody listens any more when the download has ended.
        if results.send((row, id, outcome)).is_err() {
            return;
        }
    }
}

/// The course of a run.
#[derive(Debug)]
struct Course {
    fetched: usize,
    failed: usize,
    bytes: u64,
    /// The number of last fields, one after the other, for which the host had no answer.
    unanswered: usize,
    patience: usize,
    /// The reason to end before all was tried.
    end: Option<anyhow::Error>,
}

impl Course {
    fn new(patience: usize) -> Self {
        Self {
            fetched: 0,
            failed: 0,
            bytes: 0,
            unanswered: 0,
            patience,
            end: None,
        }
    }

    /// Notes what became of a field. Gives its row where it is whole.
    fn note(&mut self, (row, id, outcome): Tried, failures: &mut Failures) -> Option<usize> {
        match outcome {
            Ok(Outcome::Whole(bytes)) => {
                self.fetched += 1;
                self.bytes += bytes;
                self.unanswered = 0;
                return Some(row);
            }
            Ok(Outcome::Failed(failure)) => {
                self.failed += 1;
                let listed = failures.add(&id, &failure.place, &failure.reason);
                self.end_unless(listed);
                self.note_answer(&failure);
            }
            Ok(Outcome::Closed(reason)) => self.end_unless(Err(anyhow!(reason))),
            Ok(Outcome::Halted) => {}
            Err(error) => self.end_unless(Err(error)),
        }
        None
    }

    fn note_answer(&mut self, failure: &Failure) {
        if !failure.is_the_hosts {
            self.unanswered = 0;
            return;
        }
        self.unanswered += 1;
        if self.unanswered >= self.patience {
            self.end_unless(Err(anyhow!(
                "{} for {} fields one after the other, the last of them {}",
                failure.reason,
                self.unanswered,
                failure.place
            )));
        }
    }

    /// Ends the run at the first error.
    fn end_unless(&mut self, done: Result<()>) {
        if let (None, Err(error)) = (&self.end, done) {
            self.end = Some(error);
        }
    }
}
