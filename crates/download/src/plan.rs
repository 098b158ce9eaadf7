//! Which rows of a table are to be fetched.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Result, bail};
use cytolens_core::labels::LabelSet;
use cytolens_core::table::{Row, RowFault, Rows};
use cytolens_data::table::{place, row_fault, rows};
use cytolens_data::whole_file::fill_whole;

use crate::failures::Failures;
use crate::folder::{Folder, Found, Key, key};
use crate::id::{AtlasId, NOT_OF_THE_ATLAS};

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is at fault.
    LeftOut,
    /// Its field is not asked for.
    Beyond,
    /// Its field lacks images.
    Lacking,
    /// Its field is there.
    Whole,
}

/// A table, and what is known of each of its rows. The table's text and one byte a row are all that stays in memory.
#[derive(Debug)]
pub struct Plan<'a> {
    bytes: &'a [u8],
    path: &'a Path,
    states: Vec<State>,
    /// The number of fields asked for.
    pub total: usize,
    /// The number of those that were there before.
    pub before: usize,
}

/// A row to be fetched: its position among all rows, and its field's id.
#[derive(Debug)]
pub struct Job {
    pub row: usize,
    pub id: String,
}

/// The rows to be fetched, one after the other.
#[derive(Debug)]
pub struct Jobs<'a> {
    rows: Rows<'a>,
    states: Vec<State>,
    next: usize,
}

impl<'a> Plan<'a> {
    /// Reads a table and holds it against what was found in the folder. Rows at fault go into the list of failures.
    ///
    /// # Errors
    /// If the table cannot be read, has no id of the atlas, or the list cannot be written.
    pub fn make(
        bytes: &'a [u8],
        path: &'a Path,
        limit: Option<usize>,
        folder: &Folder,
        found: &Found,
        failures: &mut Failures,
    ) -> Result<Self> {
        let mut plan = Self {
            bytes,
            path,
            states: Vec::new(),
            total: 0,
            before: 0,
        };
        let mut ids = Ids::default();
        for row in rows(bytes, path)? {
            let state = match row {
                Err(fault) => {
                    let fault = row_fault(path, &fault);
                    failures.add("", &fault.subject, &fault.reason)?;
                    State::LeftOut
                }
                Ok(row) => plan.judge(&row, limit, folder, found, &mut ids, failures)?,
            };
            plan.states.push(state);
        }
        if plan.total == 0 {
            let reason = failures.counts().keys().next();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            bail!("no row of {} can be fetched{reason}", path.display());
        }
        Ok(plan)
    }

    fn judge(
        &mut self,
        row: &Row,
        limit: Option<usize>,
        folder: &Folder,
        found: &Found,
        ids: &mut Ids,
        failures: &mut Failures,
    ) -> Result<State> {
        let mut leave_out = |subject: &str, reason: &str| -> Result<State> {
            failures.add(&row.id, subject, reason)?;
            Ok(State::LeftOut)
        };
        let key = key(&row.id);
        if let Some(&first) = ids.first_lines.get(&key) {
            // An id that comes a hundred times is one fault.
            if ids.named.insert(key) {
                let fault = RowFault::repeated(&row.id, first.into(), row.line);
                let fault = row_fault(self.path, &fault);
                leave_out(&fault.subject, &fault.reason)?;
            }
            return Ok(State::LeftOut);
        }
        ids.first_lines.insert(key, row.line as u32);
        if AtlasId::parse(&row.id).is_none() {
            return leave_out(&place(self.path, row), NOT_OF_THE_ATLAS);
        }
        if let Err(reason) = &row.labels {
            return leave_out(&place(self.path, row), reason);
        }
        let is_asked_for = limit.is_none_or(|limit| self.total < limit);
        let is_whole = found.get(&key).is_some_and(|&of| folder.is_whole(of));
        self.total += usize::from(is_asked_for);
        self.before += usize::from(is_asked_for && is_whole);
        Ok(match (is_whole, is_asked_for) {
            (true, _) => State::Whole,
            (false, true) => State::Lacking,
            (false, false) => State::Beyond,
        })
    }

    /// Notes that a row's field is whole now.
    pub fn note_whole(&mut self, row: usize) {
        self.states[row] = State::Whole;
    }

    /// The rows to be fetched.
    ///
    /// # Errors
    /// None, as the table was read before.
    pub fn jobs(&self) -> Result<Jobs<'a>> {
        Ok(Jobs {
            rows: rows(self.bytes, self.path)?,
            states: self.states.clone(),
            next: 0,
        })
    }

    /// Writes the table of all fields that are whole, in the order of their rows.
    ///
    /// # Errors
    /// If it cannot be written; the one before stays then.
    pub fn write_whole_rows(&self, path: &Path) -> Result<()> {
        fill_whole(path, |file| {
            let mut table = csv::Writer::from_writer(file);
            table.write_record(["Id", "Target"])?;
            let mut rows = rows(self.bytes, self.path)?;
            for state in &self.states {
                let row = rows.next();
                if *state != State::Whole {
                    continue;
                }
                if let Some(Ok(Row {
                    id,
                    labels: Ok(labels),
                    ..
                })) = row
                {
                    table.write_record([id, LabelSet::to_string(&labels)])?;
                }
            }
            Ok(table.flush()?)
        })
    }
}

/// The ids that were seen.
#[derive(Debug, Default)]
struct Ids {
    first_lines: HashMap<Key, u32>,
    named: HashSet<Key>,
}

impl Iterator for Jobs<'_> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        while let Some(&state) = self.states.get(self.next) {
            let row = self.rows.next()?;
            self.next += 1;
            if let (State::Lacking, Ok(Row { id, .. })) = (state, row) {
                return Some(Job {
                    row: self.next - 1,
                    id,
                });
            }
        }
        None
    }
}
