//! Tables of labels, in the forms of the two challenges of the Human Protein Atlas.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, Result};
use csv::{ByteRecord, StringRecord};
use cytolens_core::labels::{LOCATIONS, LabelError, LabelSet};

use super::fault::Fault;

/// The classes of the challenge of 2021 by number, which differ from those of 2018. Source:
/// <https://www.kaggle.com/competitions/hpa-single-cell-image-classification/data>.
const SINGLE_CELL_CLASSES: [&str; 19] = [
    "Nucleoplasm",
    "Nuclear membrane",
    "Nucleoli",
    "Nucleoli fibrillar center",
    "Nuclear speckles",
    "Nuclear bodies",
    "Endoplasmic reticulum",
    "Golgi apparatus",
    "Intermediate filaments",
    "Actin filaments",
    "Microtubules",
    "Mitotic spindle",
    "Centrosome",
    "Plasma membrane",
    "Mitochondria",
    "Aggresome",
    "Cytosol",
    "Vesicles and punctate cytosolic patterns",
    NEGATIVE,
];

/// The class of fields that show none of the others.
const NEGATIVE: &str = "Negative";

/// A table of labels.
#[derive(Debug)]
pub struct LabelTable {
    /// The fields' ids, each once, and their labels.
    pub rows: Vec<(String, LabelSet)>,
    /// The rows that are left out.
    pub faults: Vec<Fault>,
    /// The ids of all rows, also of those left out.
    pub ids: BTreeSet<String>,
}

/// The notation of labels in a table.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// `Target`, of 2018: class numbers separated by spaces; empty for no label.
    Target,
    /// `Label`, of 2021: numbers of [`SINGLE_CELL_CLASSES`] separated by `|`.
    Label,
}

impl Form {
    fn column(self) -> &'static str {
        match self {
            Self::Target => "Target",
            Self::Label => "Label",
        }
    }

    fn labels(self, text: &str) -> Result<LabelSet, String> {
        match self {
            Self::Target => text.parse().map_err(|error: LabelError| error.to_string()),
            Self::Label => single_cell_labels(text),
        }
    }
}

fn single_cell_labels(text: &str) -> Result<LabelSet, String> {
    let mut classes = Vec::new();
    for part in text.split('|').map(str::trim) {
        let name = part
            .parse::<usize>()
            .ok()
            .and_then(|number| SINGLE_CELL_CLASSES.get(number))
            .ok_or_else(|| {
                format!("a label must be a class number of 2021, from 0 to 18, not {part:?}")
            })?;
        match LOCATIONS.iter().position(|location| location == name) {
            Some(class) => classes.push(class),
            None if *name == NEGATIVE => {}
            None => {
                return Err(format!(
                    "the class {part}, {name}, is no single one of ours"
                ));
            }
        }
    }
    LabelSet::from_classes(classes).map_err(|error| error.to_string())
}

/// Reads a table of labels in the form of the challenge of 2018, with the columns `Id` and `Target`, or in that of 2021, with `ID`
/// and `Label`, whose classes are converted by name. Rows of 2021's class 17, `Vesicles and punctate cytosolic patterns`, which is
/// several of the 28, are left out. Other columns are ignored.
///
/// # Errors
/// If the file cannot be read or lacks these columns.
pub fn read_table(path: &Path) -> Result<LabelTable> {
    let bytes = table_bytes(path)?;
    let mut rows: Vec<(String, LabelSet)> = Vec::new();
    let mut faults = Vec::new();
    let mut first_lines: HashMap<String, u64> = HashMap::new();
    let mut table = Rows::new(&bytes, path)?;
    while let Some(row) = table.next_row()? {
        let Row { line, id, labels } = match row {
            Ok(row) => row,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        if let Some(first) = first_lines.get(&id) {
            faults.push(table.repeated(&id, *first, line));
            continue;
        }
        first_lines.insert(id.clone(), line);
        match labels {
            Ok(labels) => rows.push((id, labels)),
            Err(reason) => faults.push(table.fault(&id, line, reason)),
        }
    }
    let ids = first_lines.into_keys().collect();
    Ok(LabelTable { rows, faults, ids })
}

/// Reads the file of a table of labels, for [`Rows`].
///
/// # Errors
/// If the file cannot be read.
pub fn table_bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| cannot_read(path))
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read the table of labels {}", path.display())
}

/// A row of a table that has an id.
#[derive(Debug)]
pub struct Row {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The field's id. Another row may have the same.
    pub id: String,
    /// The labels, or the reason to leave out the row.
    pub labels: Result<LabelSet, String>,
}

/// The rows of a table of labels, one after the other: for tables that are larger than a [`LabelTable`] should be.
#[derive(Debug)]
pub struct Rows<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    row: ByteRecord,
    columns: usize,
    id_column: usize,
    label_column: usize,
    form: Form,
}

impl<'a> Rows<'a> {
    /// The rows of a table, whose file is `path`.
    ///
    /// # Errors
    /// If the table lacks the columns of either challenge.
    pub fn new(bytes: &'a [u8], path: &'a Path) -> Result<Self> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(bytes);
        let headers = reader.headers().with_context(|| cannot_read(path))?;
        let (id_column, label_column, form) = columns(headers).with_context(|| {
            format!(
                "{} must have the columns Id and Target, or ID and Label; it has {}",
                path.display(),
                headers.iter().collect::<Vec<_>>().join(", ")
            )
        })?;
        let columns = headers.len();
        Ok(Self {
            path,
            bytes,
            reader,
            row: ByteRecord::new(),
            columns,
            id_column,
            label_column,
            form,
        })
    }

    /// The next row, or the fault of one that has no id; none at the end. Blank lines are no rows.
    ///
    /// # Errors
    /// If the table cannot be read on.
    pub fn next_row(&mut self) -> Result<Option<Result<Row, Fault>>> {
        loop {
            let is_row = self.reader.read_byte_record(&mut self.row);
            if !is_row.with_context(|| cannot_read(self.path))? {
                return Ok(None);
            }
            if self.row.len() > 1 || !self.row[0].is_empty() {
                return Ok(Some(self.row()));
            }
        }
    }

    fn row(&self) -> Result<Row, Fault> {
        let line = self
            .row
            .position()
            .map_or(0, |position| line(self.bytes, position));
        let Ok(row) = StringRecord::from_byte_record(self.row.clone()) else {
            return Err(self.fault("", line, "the row is not UTF-8"));
        };
        let id = row.get(self.id_column).unwrap_or_default();
        if id.is_empty() {
            return Err(self.fault("", line, "the row has no id"));
        }
        let labels = if row.len() == self.columns {
            self.form.labels(&row[self.label_column])
        } else {
            Err(format!(
                "the row has {} columns where the header has {}",
                row.len(),
                self.columns
            ))
        };
        Ok(Row {
            line,
            id: id.to_owned(),
            labels,
        })
    }

    /// The fault of the row on a line, with its id where it has one.
    pub fn fault(&self, id: &str, line: u64, reason: impl Into<String>) -> Fault {
        let comma = if id.is_empty() { "" } else { ", " };
        let subject = format!("{id}{comma}line {line} of {}", self.path.display());
        Fault::new(subject, reason)
    }

    /// The fault of a row whose id another row on the line `first` has already.
    pub fn repeated(&self, id: &str, first: u64, line: u64) -> Fault {
        let again = format!("{id}, first on line {first}");
        self.fault(&again, line, "the table has the id twice")
    }
}

/// The line of the file on which a row begins. `csv` gives the position of the end of the row before it, and blank lines may come
/// between.
fn line(bytes: &[u8], position: &csv::Position) -> u64 {
    let row = bytes.get(position.byte() as usize..).unwrap_or_default();
    let breaks = row.iter().take_while(|byte| b"\r\n".contains(byte));
    position.line() + breaks.filter(|&&byte| byte == b'\n').count() as u64
}

/// The columns of ids and labels, and the notation of the labels.
fn columns(headers: &StringRecord) -> Option<(usize, usize, Form)> {
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header.eq_ignore_ascii_case(name))
    };
    [Form::Target, Form::Label]
        .into_iter()
        .find_map(|form| Some((column("Id")?, column(form.column())?, form)))
}

#[cfg(test)]
mod tests;
