//! Labelled sets of fields: a folder with `train.csv` (`Id,Target`) and the channel files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail};
use cytolens::labels::LabelSet;
use serde::Deserialize;

use super::files::{self, FieldOnDisk};

/// The table of labels inside a data set.
pub const TABLE_FILE: &str = "train.csv";

/// A field and the labels it has.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The field's files.
    pub field: FieldOnDisk,
    /// What people see in it.
    pub labels: LabelSet,
}

/// A labelled set.
#[derive(Debug)]
pub struct Dataset {
    /// In the table's order.
    pub samples: Vec<Sample>,
    /// What is wrong with the set, a line each: those samples are left out.
    pub faults: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "Id")]
    id: String,
    #[serde(rename = "Target")]
    target: String,
}

/// A table of labels as read.
#[derive(Debug)]
pub struct Table {
    /// Ids, each once, and what people see in them.
    pub rows: Vec<(String, LabelSet)>,
    /// What is wrong with the table, a line each: those rows are left out.
    pub faults: Vec<String>,
}

/// The rows of a label table, and its faults.
///
/// # Errors
/// Where the file cannot be read or lacks the columns `Id` and `Target`.
pub fn read_table(path: &Path) -> Result<Table> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers = reader
        .headers()
        .with_context(|| format!("cannot read {}", path.display()))?;
    if !["Id", "Target"]
        .iter()
        .all(|column| headers.iter().any(|header| header == *column))
    {
        bail!(
            "{} must have the columns Id and Target; it has {}",
            path.display(),
            headers.iter().collect::<Vec<_>>().join(", ")
        );
    }
    let mut first_line: HashMap<String, u64> = HashMap::new();
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for row in reader.into_deserialize::<Row>() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                faults.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        let line = rows.len() as u64 + faults.len() as u64 + 2;
        match row.target.parse::<LabelSet>() {
            Err(error) => faults.push(format!(
                "{} line {line}, {}: {error}",
                path.display(),
                row.id
            )),
            Ok(labels) => match first_line.insert(row.id.clone(), line) {
                Some(first) => faults.push(format!(
                    "{} line {line}: {} stands on line {first} already",
                    path.display(),
                    row.id
                )),
                None => rows.push((row.id, labels)),
            },
        }
    }
    Ok(Table { rows, faults })
}

impl Dataset {
    /// The set in a folder. Samples that are not whole are left out and told in `faults`.
    ///
    /// # Errors
    /// Where the folder or its table cannot be read, or no sample is left.
    pub fn open(folder: &Path) -> Result<Self> {
        let Table { rows, mut faults } = read_table(&folder.join(TABLE_FILE))?;
        let found = files::in_folder(folder)?;
        faults.extend(found.faults.iter().map(ToString::to_string));
        let mut on_disk: BTreeMap<String, FieldOnDisk> = found
            .fields
            .into_iter()
            .map(|field| (field.id.clone(), field))
            .collect();
        let mut samples = Vec::with_capacity(rows.len());
        for (id, labels) in rows {
            match on_disk.remove(&id) {
                Some(field) => samples.push(Sample { field, labels }),
                None => faults.push(format!("{id} is in {TABLE_FILE} and has no image")),
            }
        }
        faults.extend(
            on_disk
                .keys()
                .map(|id| format!("{id} has images and is not in {TABLE_FILE}")),
        );
        if samples.is_empty() {
            bail!(
                "no sample in {} has both labels and images",
                folder.display()
            );
        }
        Ok(Self { samples, faults })
    }
}
