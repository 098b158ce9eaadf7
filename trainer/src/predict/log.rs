//! The log of a prediction on disk, by which an interruption costs a few batches at most.
//!
//! Its lines are JSON: first the [`Provenance`](super::provenance::Provenance), then for each field, in order, its row or its fault.
//! Tables are written from the log when all fields are in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cytolens_core::Channel;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::provenance::check_same;
use cytolens_data::fault::Fault;
use cytolens_data::files::claim_folder;

/// The entry of a field in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogEntry<R = FieldRow> {
    /// What was found in a field.
    Row(R),
    /// The fault of a field that was left out.
    Fault {
        /// The field's id.
        id: String,
        /// The fault.
        fault: Fault,
    },
}

/// The prediction of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldRow {
    /// The field's id.
    pub id: String,
    /// The classes that reach their threshold, in rising order.
    pub present: Vec<usize>,
    /// The probabilities, one a class.
    #[serde(with = "exact")]
    pub probabilities: Vec<f32>,
    /// The pooled features; empty unless they are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "exact")]
    pub features: Vec<f32>,
    /// The channel that a painter painted; none where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub painted: Option<Channel>,
}

/// What a log keeps of a field.
pub trait LogRow: Serialize + DeserializeOwned {
    /// The field's id.
    fn id(&self) -> &str;
}

impl LogRow for FieldRow {
    fn id(&self) -> &str {
        &self.id
    }
}

impl<R: LogRow> LogEntry<R> {
    /// The field's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Row(row) => row.id(),
            Self::Fault { id, .. } => id,
        }
    }
}

/// The log of a prediction. One process at a time can write it.
#[derive(Debug)]
pub struct Log<R = FieldRow> {
    path: PathBuf,
    file: File,
    rows: PhantomData<R>,
}

impl<R: LogRow> Log<R> {
    /// Begins a log; an existing one is emptied.
    ///
    /// # Errors
    /// If it cannot be written, or another process writes it.
    pub fn begin(path: &Path, provenance: &impl Serialize) -> Result<Self> {
        let mut log = Self::open(path, true)?;
        log.cut(0)?;
        let mut header = serde_json::to_vec(provenance)?;
        header.push(b'\n');
        log.write(&header)?;
        Ok(log)
    }

    /// Opens the log of the same prediction, cuts it after the last complete batch of fields, and gives the
    /// number of fields in it. The fields of an incomplete batch are classified again, because in a batch
    /// with other fields they may differ in the last digit.
    ///
    /// # Errors
    /// If it cannot be read, is another prediction's or damaged elsewhere than at its end, or another
    /// process writes it.
    pub fn resume<'a>(
        path: &Path,
        provenance: &impl Serialize,
        ids: impl ExactSizeIterator<Item = &'a str>,
        batch: usize,
    ) -> Result<(Self, usize)> {
        let mut log = Self::open(path, false)?;
        let unfit = || format!("cannot go on with {}", path.display());
        let mut lines = Lines::open(path)?;
        let Some(header) = lines.next().transpose()? else {
            // The prediction was interrupted before the first line was complete.
            drop(log);
            return Ok((Self::begin(path, provenance)?, 0));
        };
        check_same(provenance, &header).with_context(unfit)?;
        let fields = ids.len();
        let (mut kept, mut end) = (0, lines.end);
        for (index, id) in ids.enumerate() {
            let Some(line) = lines.next().transpose()? else {
                break;
            };
            let entry: LogEntry<R> = parsed(&line, lines.number).with_context(unfit)?;
            ensure!(
                entry.id() == id,
                "{}: line {} is of {} and should be of {id}",
                unfit(),
                lines.number,
                entry.id()
            );
            let done = index + 1;
            if done % batch == 0 || done == fields {
                (kept, end) = (done, lines.end);
            }
        }
        log.cut(end)?;
        Ok((log, kept))
    }

    /// The log of work that writes into a folder, and the number of fields in it: begun in a new or empty folder, or with `resume`
    /// gone on with, each field a batch of its own.
    ///
    /// # Errors
    /// If the folder holds anything else, a log without `resume`, or one of other work.
    pub fn in_folder<'a>(
        folder: &Path,
        name: &str,
        provenance: &impl Serialize,
        ids: impl ExactSizeIterator<Item = &'a str>,
        resume: bool,
    ) -> Result<(Self, usize)> {
        let path = folder.join(name);
        if path.exists() {
            ensure!(
                resume,
                "{} is of work that broke off; --resume goes on with it",
                path.display()
            );
            return Self::resume(&path, provenance, ids, 1);
        }
        claim_folder(folder)?;
        Ok((Self::begin(&path, provenance)?, 0))
    }

    /// Adds the entries of the next fields. Once this returns, they survive the end of this process.
    ///
    /// # Errors
    /// If they cannot be written, on a full disk for example; earlier entries stay.
    pub fn append(&mut self, entries: &[LogEntry<R>]) -> Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        self.write(&lines)
    }

    /// The entries of the log, in order, read one by one.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn entries(&self) -> Result<impl Iterator<Item = Result<LogEntry<R>>> + use<R>> {
        let mut lines = Lines::open(&self.path)?;
        lines.next().transpose()?;
        let path = self.path.clone();
        Ok(std::iter::from_fn(move || {
            let line = lines.next()?;
            Some(line.and_then(|line| {
                parsed(&line, lines.number).with_context(|| format!("in {}", path.display()))
            }))
        }))
    }

    /// The rows of the log, read as by [`Log::entries`].
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn rows(&self) -> Result<impl Iterator<Item = Result<R>> + use<R>> {
        Ok(self.entries()?.filter_map(|entry| match entry {
            Ok(LogEntry::Row(row)) => Some(Ok(row)),
            Ok(LogEntry::Fault { .. }) => None,
            Err(error) => Some(Err(error)),
        }))
    }

    /// The faults of the log with their fields' ids, read as by [`Log::entries`].
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn faults(&self) -> Result<impl Iterator<Item = Result<(String, Fault)>> + use<R>> {
        Ok(self.entries()?.filter_map(|entry| match entry {
            Ok(LogEntry::Row(_)) => None,
            Ok(LogEntry::Fault { id, fault }) => Some(Ok((id, fault))),
            Err(error) => Some(Err(error)),
        }))
    }

    /// Removes the log, once the tables hold all of it.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path)
            .with_context(|| format!("cannot remove {}", self.path.display()))
    }

    fn open(path: &Path, create: bool) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                bail!("another process is writing {}", path.display())
            }
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            rows: PhantomData,
        })
    }

    /// Cuts the log to a length in bytes, after which writing goes on.
    fn cut(&mut self, end: u64) -> Result<()> {
        self.file
            .set_len(end)
            .and_then(|()| self.file.seek(SeekFrom::Start(end)))
            .map(drop)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn write(&mut self, lines: &[u8]) -> Result<()> {
        self.file
            .write_all(lines)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn parsed<R: LogRow>(line: &str, number: usize) -> Result<LogEntry<R>> {
    serde_json::from_str(line).with_context(|| format!("line {number} is damaged"))
}

/// The complete lines of a file: a last line without an end is incomplete.
struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    /// The number of lines read so far.
    number: usize,
    /// The end of the last line read, in bytes.
    end: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::new(file),
            number: 0,
            end: 0,
        })
    }

    fn read(&mut self) -> std::io::Result<Option<String>> {
        /// More than any line has: a field's id and its numbers.
        const LONGEST: u64 = 16 << 20;
        let mut line = Vec::new();
        let mut limited = (&mut self.reader).take(LONGEST);
        let length = limited.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.number += 1;
        self.end += length as u64;
        String::from_utf8(line)
            .map(Some)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }
}

impl Iterator for Lines {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read()
            .with_context(|| format!("cannot read {}", self.path.display()))
            .transpose()
    }
}

/// Serialises numbers as one text, each with the fewest digits that read back as the same number. As
/// numbers of JSON they would be read by way of 64 bits, which rounds twice.
mod exact {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        serializer.serialize_str(&texts.join(" "))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.split(' ')
            .map(|value| value.parse().map_err(D::Error::custom))
            .collect()
    }
}

#[cfg(test)]
pub mod tests {
    use std::fs;

    use super::super::provenance::Provenance;
    use super::*;

    /// Rows and faults, with names that need escaping.
    pub fn entries(count: usize) -> Vec<LogEntry> {
        let id = |index: usize| format!("field {index}, \"a\"\nb");
        let entry = |index: usize| match index % 5 {
            3 => LogEntry::Fault {
                id: id(index),
                fault: Fault::new(format!("{index}.png"), "no image,\n\"truly\""),
            },
            _ => LogEntry::Row(FieldRow {
                id: id(index),
                present: (0..index % 4).collect(),
                probabilities: vec![
                    1.0 / (index as f32 + 3.0),
                    f32::MIN_POSITIVE,
                    f32::from_bits(0x3f7f_ffff),
                    f32::from_bits(1),
                ],
                features: Vec::new(),
                painted: None,
            }),
        };
        (0..count).map(entry).collect()
    }

    pub fn provenance() -> Provenance {
        Provenance {
            format: 1,
            program: "0.1.0".to_owned(),
            package: "a package".to_owned(),
            manifest_sha256: "0123".to_owned(),
            weights_sha256: "4567".to_owned(),
            shard: "1/1".to_owned(),
            fields: 7,
            ids_sha256: "89ab".to_owned(),
            channels: "auto".to_owned(),
            bits: None,
            to_scale: false,
            flips: false,
            features: false,
            painter: None,
            device: "flex".to_owned(),
            batch: 2,
        }
    }

    fn ids(entries: &[LogEntry]) -> impl ExactSizeIterator<Item = &str> {
        entries.iter().map(LogEntry::id)
    }

    fn read(log: &Log) -> Vec<LogEntry> {
        let entries = log.entries().expect("readable");
        entries.collect::<Result<_>>().expect("whole")
    }

    #[test]
    fn a_log_cut_anywhere_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv.progress");
        let all = entries(7);
        let (batch, provenance) = (2, provenance());
        let mut log = Log::begin(&path, &provenance).expect("a log");
        for block in all.chunks(batch) {
            log.append(block).expect("written");
        }
        assert_eq!(read(&log), all);
        drop(log);
        let whole = fs::read(&path).expect("the log");
        let mut reached = Vec::new();
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).expect("a cut log");
            let (mut log, done) = Log::resume(&path, &provenance, ids(&all), batch).expect("a log");
            assert!(done % batch == 0 || done == all.len(), "{done}");
            assert_eq!(read(&log), all[..done]);
            for block in all[done..].chunks(batch) {
                log.append(block).expect("written");
            }
            assert!(
                fs::read(&path).expect("the log") == whole,
                "cut at {length}"
            );
            reached.push(done);
        }
        assert!(reached.is_sorted());
        reached.dedup();
        assert_eq!(reached, [0, 2, 4, 6, 7]);
    }

    #[test]
    fn another_prediction_is_not_gone_on_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv.progress");
        let all = entries(7);
        drop(Log::<FieldRow>::begin(&path, &provenance()).expect("a log"));
        let before = fs::read(&path).expect("the log");
        let other = Provenance {
            manifest_sha256: "ffff".to_owned(),
            bits: Some(12),
            ..provenance()
        };
        let refusal = Log::<FieldRow>::resume(&path, &other, ids(&all), 2).expect_err("a refusal");
        let message = format!("{refusal:#}");
        for part in [
            "table.csv.progress",
            "manifest_sha256 was \"0123\" and is \"ffff\"",
            "bits was null and is 12",
        ] {
            assert!(message.contains(part), "{part} in: {message}");
        }
        assert!(!message.contains("package"), "{message}");
        assert_eq!(fs::read(&path).expect("the log"), before);
    }

    #[test]
    fn damage_is_reported_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv.progress");
        let all = entries(4);
        let refusal = |text: &str| {
            fs::write(&path, text).expect("a log");
            let refusal =
                Log::<FieldRow>::resume(&path, &provenance(), ids(&all), 2).expect_err("a refusal");
            format!("{refusal:#}")
        };
        let header = serde_json::to_string(&provenance()).expect("JSON");
        let rows: Vec<String> = all
            .iter()
            .map(|entry| serde_json::to_string(entry).expect("JSON"))
            .collect();
        let [first, second, ..] = rows.as_slice() else {
            panic!("four rows");
        };
        assert!(refusal("Id,Predicted\n").contains("not the log of a prediction"));
        let half = &first[..20];
        assert!(refusal(&format!("{header}\n{half}\n{second}\n")).contains("line 2 is damaged"));
        assert!(
            refusal(&format!("{header}\n{second}\n{first}\n")).contains("line 2 is of field 1")
        );
    }

    #[test]
    fn two_processes_do_not_write_one_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.csv.progress");
        let log = Log::<FieldRow>::begin(&path, &provenance()).expect("a log");
        let refusal = Log::<FieldRow>::begin(&path, &provenance()).expect_err("a refusal");
        assert!(refusal.to_string().contains("another process"), "{refusal}");
        drop(log);
        Log::<FieldRow>::begin(&path, &provenance()).expect("a log");
    }
}
