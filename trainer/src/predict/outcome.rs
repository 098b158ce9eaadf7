//! What is said when all fields of a prediction are done.

use anyhow::Result;
use cytolens_data::fault::Fault;
use cytolens_data::noticed::Noticed;

use super::log::{Log, LogEntry, LogRow};
use crate::output::{note, note_left_out};

/// Notes what was noticed of fields, the faults of files that are of no field, and then those of fields, which the log has. `found` is
/// given each row of the log, in order. Gives the number of fields that were left out.
///
/// # Errors
/// If the log cannot be read.
pub fn note_outcome<R: LogRow>(
    noticed: &Noticed,
    faults: &[Fault],
    log: &Log<R>,
    mut found: impl FnMut(R),
) -> Result<usize> {
    for warning in noticed.warnings() {
        note!("{warning}");
    }
    note_left_out(faults);
    let mut left_out = 0;
    for entry in log.entries()? {
        match entry? {
            LogEntry::Row(row) => found(row),
            LogEntry::Fault { fault, .. } => {
                note!("left out: {fault}");
                left_out += 1;
            }
        }
    }
    Ok(left_out)
}
