//! The output folder of found cells: one table, and files a field.
//!
//! `cells.csv` (a row a cell), `faults.csv`, `masks/<id>_cells.png` and `masks/<id>_nuclei.png` (16 bit, the cell's number at each
//! pixel), `outlines/<id>.geojson`, `overviews/<id>.png` on request, and `submission.csv` where cells have answers and it is asked
//! for. Files of a field come first and its entry in the log after them, tables last.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cytolens::package::sha256;
use cytolens_cells::export::SUBMISSION_HEADER;
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::{fill_whole, write_whole};
use serde::{Deserialize, Serialize};

use crate::predict::log::{Log, LogRow};
use crate::predict::table::write_faults;

const TABLE: &str = "cells.csv";
const FAULTS: &str = "faults.csv";
const SUBMISSION: &str = "submission.csv";
const LOG: &str = "cells.progress";

/// What the log keeps of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundCells {
    /// The field's id.
    pub id: String,
    /// The rows of the table, one a cell.
    pub rows: Vec<Vec<String>>,
    /// The row of the submission, where it is asked for.
    pub submission: Option<String>,
}

impl LogRow for FoundCells {
    fn id(&self) -> &str {
        &self.id
    }
}

/// The output folder.
#[derive(Debug)]
pub struct OutputFolder(PathBuf);

impl OutputFolder {
    /// Makes the folder, or accepts an empty one, or with `resume` one in which the same work broke off. Also gives the log and the
    /// number of fields in it.
    ///
    /// # Errors
    /// If the folder holds anything else, or the log is of other work.
    pub fn open<'a>(
        path: &Path,
        provenance: &impl Serialize,
        ids: impl ExactSizeIterator<Item = &'a str>,
        resume: bool,
    ) -> Result<(Self, Log<FoundCells>, usize)> {
        let (log, done) = Log::in_folder(path, LOG, provenance, ids, resume)?;
        Ok((Self(path.to_owned()), log, done))
    }

    /// Writes a file of a field: `what` names its folder, `ending` follows the id.
    ///
    /// # Errors
    /// If it cannot be written, on a full disk for example.
    pub fn write(&self, what: &str, id: &str, ending: &str, bytes: &[u8]) -> Result<()> {
        let folder = self.0.join(what);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        write_whole(&folder.join(format!("{}{ending}", file_name(id))), bytes)
    }

    /// Writes the tables and removes the log.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(self, log: Log<FoundCells>, header: &[String], found: &[Fault]) -> Result<()> {
        fill_whole(&self.0.join(TABLE), |file| {
            let mut table = csv::Writer::from_writer(file);
            table.write_record(header)?;
            for row in log.rows()? {
                for row in row?.rows {
                    table.write_record(row)?;
                }
            }
            Ok(table.flush()?)
        })?;
        if log
            .rows()?
            .any(|row| row.is_ok_and(|row| row.submission.is_some()))
        {
            fill_whole(&self.0.join(SUBMISSION), |file| {
                use std::io::Write;
                writeln!(file, "{SUBMISSION_HEADER}")?;
                for row in log.rows()? {
                    if let Some(row) = row?.submission {
                        writeln!(file, "{row}")?;
                    }
                }
                Ok(())
            })?;
        }
        let found = found.iter().map(|fault| Ok((String::new(), fault.clone())));
        fill_whole(&self.0.join(FAULTS), |file| {
            write_faults(file, found.chain(log.faults()?))
        })?;
        log.remove()
    }
}

/// A field's id as the name of a file on every system; a changed one ends in a part of the id's checksum.
fn file_name(id: &str) -> String {
    let is_plain = |letter: char| !letter.is_control() && !"/\\:*?\"<>|".contains(letter);
    let plain: String = id
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .take(150)
        .collect();
    if plain == id && !id.starts_with('.') {
        plain
    } else {
        let sum = sha256(id.as_bytes());
        format!("{}-{}", plain.trim_start_matches('.'), &sum[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::log::LogEntry;

    #[test]
    fn ids_become_names_that_stay_apart() {
        assert_eq!(file_name("10580_1610_C1_1"), "10580_1610_C1_1");
        let odd = ["a/b", "a:b", "..", "a_b"].map(file_name);
        for name in &odd {
            assert!(
                !name.contains(['/', ':']) && !name.starts_with('.'),
                "{name}"
            );
        }
        assert_ne!(odd[0], odd[1]);
        assert_eq!(odd[3], "a_b");
    }

    #[test]
    fn work_that_broke_off_goes_on_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let ids = ["a", "b"];
        let open = |resume| {
            OutputFolder::open(
                &out,
                &serde_json::json!({"work": 1}),
                ids.into_iter(),
                resume,
            )
        };
        let (cells, mut log, done) = open(false).expect("a new folder");
        assert_eq!(done, 0);
        let row = |id: &str| {
            LogEntry::Row(FoundCells {
                id: id.to_owned(),
                rows: vec![vec![id.to_owned(), "1".to_owned()]; 2],
                submission: None,
            })
        };
        log.append(&[row("a")]).expect("written");
        drop((cells, log));
        let refusal = open(false).expect_err("a refusal").to_string();
        assert!(refusal.contains("--resume"), "{refusal}");
        let (cells, mut log, done) = open(true).expect("its own folder");
        assert_eq!(done, 1);
        let fault = LogEntry::Fault {
            id: "b".to_owned(),
            fault: Fault::new("b.png", "no image"),
        };
        log.append(&[fault]).expect("written");
        let header = ["field", "cell"].map(str::to_owned);
        cells.finish(log, &header, &[]).expect("written");
        let read = |name: &str| fs::read_to_string(out.join(name)).expect("a table");
        assert_eq!(read(TABLE), "field,cell\na,1\na,1\n");
        assert_eq!(read(FAULTS), "Id,Subject,Reason\nb,b.png,no image\n");
        assert!(!out.join(LOG).exists() && !out.join(SUBMISSION).exists());
        let refusal = open(true).expect_err("a refusal").to_string();
        assert!(refusal.contains("not empty"), "{refusal}");
    }
}
