//! The record in files for programs: JSON lines and CSV.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::records::{EpochRecord, StepRecord};
use cytolens_data::whole_file::write_whole;

const METRICS: &str = "metrics.jsonl";
const STEPS: &str = "steps.csv";
const EPOCHS: &str = "metrics.csv";
/// The columns of `steps.csv` and `metrics.csv` with the number of steps.
const STEP_OF_STEPS: usize = 0;
const STEP_OF_EPOCHS: usize = 1;

/// A line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum MetricsLine {
    /// The record after a step.
    Step(StepRecord),
    /// The record after an epoch.
    Epoch(EpochRecord),
}

impl MetricsLine {
    fn step(&self) -> usize {
        match self {
            Self::Step(record) => record.step,
            Self::Epoch(record) => record.step,
        }
    }

    fn parse(line: &str) -> Result<Self> {
        Ok(serde_json::from_str(line)?)
    }
}

/// The three files, each growing by a line a record.
pub struct RecordFiles {
    metrics: LineFile,
    steps: LineFile,
    epochs: LineFile,
}

impl RecordFiles {
    /// Creates the files, the tables with their headers.
    ///
    /// # Errors
    /// If there are such files already, or they cannot be written.
    pub fn create(folder: &Path) -> Result<Self> {
        let metrics = folder.join(METRICS);
        ensure!(
            !metrics.exists(),
            "{} exists already: the folder holds the record of a training",
            metrics.display()
        );
        Self::write(folder, "", "", "")
    }

    /// Drops the records of steps after `step` from the files of a training, and gives the others.
    ///
    /// # Errors
    /// If a file holds anything else, or cannot be read or written. Some files may then be cut already, which
    /// does no harm to another try.
    pub fn cut(folder: &Path, step: usize) -> Result<(Self, Vec<MetricsLine>)> {
        let path = folder.join(METRICS);
        let text = whole_lines(&path)?;
        let mut records = Vec::new();
        let mut metrics = String::new();
        for (number, line) in text.lines().enumerate() {
            let record = MetricsLine::parse(line).with_context(|| place(&path, number))?;
            if record.step() <= step {
                records.push(record);
                metrics.push_str(line);
                metrics.push('\n');
            }
        }
        let steps = cut_table(&folder.join(STEPS), STEP_OF_STEPS, step)?;
        let epochs = cut_table(&folder.join(EPOCHS), STEP_OF_EPOCHS, step)?;
        Ok((Self::write(folder, &metrics, &steps, &epochs)?, records))
    }

    fn write(folder: &Path, metrics: &str, steps: &str, epochs: &str) -> Result<Self> {
        let (step, epoch) = (StepRecord::default(), EpochRecord::default());
        Ok(Self {
            metrics: LineFile::write(folder.join(METRICS), metrics)?,
            steps: LineFile::write(folder.join(STEPS), &(header(&step)? + steps))?,
            epochs: LineFile::write(folder.join(EPOCHS), &(header(&epoch)? + epochs))?,
        })
    }

    /// Adds a step.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn step(&mut self, record: &StepRecord) -> Result<()> {
        self.metrics.add(json(&MetricsLine::Step(*record))?)?;
        self.steps.add(row(record)?)
    }

    /// Adds an epoch.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn epoch(&mut self, record: &EpochRecord) -> Result<()> {
        self.metrics.add(json(&MetricsLine::Epoch(*record))?)?;
        self.epochs.add(row(record)?)
    }
}

/// A file that grows by whole lines.
struct LineFile {
    path: PathBuf,
    file: File,
}

impl LineFile {
    /// Replaces a file's contents by this text, completely or not at all.
    fn write(path: PathBuf, text: &str) -> Result<Self> {
        write_whole(&path, text)?;
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Adds a line in one write, so that an interruption loses no line before it.
    fn add(&mut self, line: String) -> Result<()> {
        self.file
            .write_all(line.as_bytes())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// A file's text up to its last line break: an interruption cut off the rest. Empty where there is no
/// file.
fn whole_lines(path: &Path) -> Result<String> {
    if !path.exists() {
        return Ok(String::new());
    }
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = fs::read(path).with_context(cannot)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    bytes.truncate(end.map_or(0, |end| end + 1));
    String::from_utf8(bytes).with_context(cannot)
}

/// The rows of a table, without the header, of steps up to `step`.
fn cut_table(path: &Path, column: usize, step: usize) -> Result<String> {
    let mut kept = String::new();
    for (number, line) in whole_lines(path)?.lines().enumerate().skip(1) {
        let of: usize = line
            .split(',')
            .nth(column)
            .and_then(|value| value.parse().ok())
            .with_context(|| place(path, number))
            .context("this is no row of a training's record")?;
        if of <= step {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    Ok(kept)
}

fn place(path: &Path, line: usize) -> String {
    format!("in {}, line {}", path.display(), line + 1)
}

fn json(record: &MetricsLine) -> Result<String> {
    Ok(serde_json::to_string(record)? + "\n")
}

fn row(record: &impl Serialize) -> Result<String> {
    table(record, false)
}

fn header(record: &impl Serialize) -> Result<String> {
    let table = table(record, true)?;
    Ok(table.lines().next().unwrap_or_default().to_owned() + "\n")
}

fn table(record: &impl Serialize, with_header: bool) -> Result<String> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(with_header)
        .from_writer(Vec::new());
    writer.serialize(record)?;
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?)
}
