//! The list of what is lacking, and why.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The list of failures inside a download's folder.
pub const FAILURES_FILE: &str = "failures.csv";

/// The most reasons that are counted apart; a reason may quote a table, and a table may have millions of rows.
const MAX_REASONS: usize = 100;

/// The list of what is lacking: a table in the folder, begun anew by each run. Every line is on its way to the disk when its
/// failure is known, so that an interrupted run leaves its list.
#[derive(Debug)]
pub struct Failures {
    path: PathBuf,
    table: csv::Writer<File>,
    counts: BTreeMap<String, usize>,
}

impl Failures {
    /// Begins the list.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(folder: &Path) -> Result<Self> {
        let path = folder.join(FAILURES_FILE);
        let cannot_write = || format!("cannot write {}", path.display());
        let file = File::create(&path).with_context(cannot_write)?;
        let mut failures = Self {
            table: csv::Writer::from_writer(file),
            path,
            counts: BTreeMap::new(),
        };
        failures.write(["Id", "Where", "Reason"])?;
        Ok(failures)
    }

    /// Adds a failure: the field's id where it is known, the address or the table's line, and the reason, which is the same for
    /// all failures of its kind.
    ///
    /// # Errors
    /// If the list cannot be written.
    pub fn add(&mut self, id: &str, place: &str, reason: &str) -> Result<()> {
        self.write([id, place, reason])?;
        let is_new = !self.counts.contains_key(reason);
        let reason = if is_new && self.counts.len() >= MAX_REASONS {
            "other reasons"
        } else {
            reason
        };
        *self.counts.entry(reason.to_owned()).or_default() += 1;
        Ok(())
    }

    /// The number of failures of each reason.
    pub fn counts(&self) -> &BTreeMap<String, usize> {
        &self.counts
    }

    /// Removes the list where it is empty.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish(self) -> Result<BTreeMap<String, usize>> {
        drop(self.table);
        if self.counts.is_empty() {
            std::fs::remove_file(&self.path)
                .with_context(|| format!("cannot remove the empty {}", self.path.display()))?;
        }
        Ok(self.counts)
    }

    fn write(&mut self, row: [&str; 3]) -> Result<()> {
        self.table
            .write_record(row)
            .and_then(|()| Ok(self.table.flush()?))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_listed_at_once_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut failures = Failures::begin(folder.path()).expect("a list");
        failures.add("a", "http://x", "no, none").expect("added");
        failures.add("b", "http://y", "no, none").expect("added");
        let text = std::fs::read_to_string(folder.path().join(FAILURES_FILE)).expect("a list");
        let expected = "Id,Where,Reason\na,http://x,\"no, none\"\nb,http://y,\"no, none\"\n";
        assert_eq!(text, expected);
        assert_eq!(failures.finish().expect("counts")["no, none"], 2);
    }

    #[test]
    fn reasons_without_end_are_counted_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut failures = Failures::begin(folder.path()).expect("a list");
        for number in 0..1000 {
            let reason = format!("reason {number}");
            failures.add("a", "line", &reason).expect("added");
        }
        assert_eq!(failures.counts().len(), MAX_REASONS + 1);
        assert_eq!(failures.counts()["other reasons"], 900);
    }

    #[test]
    fn no_list_is_left_where_nothing_failed() {
        let folder = tempfile::tempdir().expect("a folder");
        let failures = Failures::begin(folder.path()).expect("a list");
        failures.finish().expect("counts");
        assert!(!folder.path().join(FAILURES_FILE).exists());
    }
}
