//! Tables of labels, in the forms of the two challenges of the Human Protein Atlas, as programs and spreadsheets write them.

use std::collections::BTreeMap;

use crate::labels::{LOCATIONS, LabelError, LabelSet, class_numbers};

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

/// The signs that may part the columns, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The beginning of a first line by which spreadsheets say what parts the columns: `sep=;`.
const SEPARATOR_LINE: &[u8] = b"sep=";

/// The beginnings of spreadsheets' own files: `.xlsx` and `.ods`, and `.xls`.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xD0\xCF\x11\xE0"];

/// The most bytes of a header that an error shows.
const MOST_SHOWN: usize = 200;

/// A row of a table that has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The field's id. Another row may have the same.
    pub id: String,
    /// The labels, or the reason to leave out the row.
    pub labels: Result<LabelSet, String>,
}

/// A row that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The row's id; empty where it has none.
    pub id: String,
    /// The reason.
    pub reason: String,
}

impl RowFault {
    /// The fault of a row whose id another row has already, on the line `first`.
    pub fn repeated(id: &str, first: u64, line: u64) -> Self {
        Self {
            line,
            id: format!("{id}, first on line {first}"),
            reason: "the table has the id twice".to_owned(),
        }
    }
}

/// The error for a table without a column of ids or one of labels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a table of labels must have the columns Id and Target, Id and Predicted, or ID and Label; it has {found}"
)]
pub struct OtherColumns {
    /// The columns that it has, separated by commas, or what it is.
    pub found: String,
}

/// The error for a table without a column that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the table has no column {name}; it has {found}")]
pub struct MissingColumn {
    /// The column that was asked for.
    pub name: String,
    /// The columns that it has, separated by commas.
    pub found: String,
}

/// The labels of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelTable {
    /// The fields' ids, each once, and their labels, in the table's order.
    pub rows: Vec<(String, LabelSet)>,
    /// The rows that are left out, in the table's order.
    pub faults: Vec<RowFault>,
    /// The ids of those of them that have one and no other row has before.
    pub left_out: Vec<String>,
}

impl LabelTable {
    /// Reads a table, whose text is UTF-8 as [`utf8`] gives it; faulty rows are left out.
    ///
    /// # Errors
    /// [`OtherColumns`].
    pub fn read(text: &[u8]) -> Result<Self, OtherColumns> {
        let rows: Vec<Result<Row, RowFault>> = Rows::new(text)?.collect();
        // The line of the first row with the id. Lines begin with 1.
        let mut first_lines: BTreeMap<&str, usize> = BTreeMap::new();
        let mut firsts = Vec::with_capacity(rows.len());
        for row in &rows {
            firsts.push(row.as_ref().map_or(0, |row| {
                let first = first_lines.entry(&row.id).or_default();
                if *first == 0 {
                    *first = row.line as usize;
                }
                *first as u64
            }));
        }
        let mut table = Self::default();
        for (row, first) in rows.into_iter().zip(firsts) {
            match row {
                Err(fault) => table.faults.push(fault),
                Ok(Row { line, id, .. }) if first < line => {
                    table.faults.push(RowFault::repeated(&id, first, line));
                }
                Ok(Row {
                    id,
                    labels: Ok(labels),
                    ..
                }) => table.rows.push((id, labels)),
                Ok(Row {
                    line,
                    id,
                    labels: Err(reason),
                }) => {
                    table.left_out.push(id.clone());
                    table.faults.push(RowFault { line, id, reason });
                }
            }
        }
        Ok(table)
    }
}

/// The text of a table as UTF-8: from UTF-16 where it begins with that mark, as spreadsheets write it, and without the mark of UTF-8.
pub fn utf8(bytes: Vec<u8>) -> Vec<u8> {
    let unit: fn([u8; 2]) -> u16 = match bytes.as_slice() {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        [0xEF, 0xBB, 0xBF, text @ ..] => return text.to_vec(),
        _ => return bytes,
    };
    let (units, _) = bytes[2..].as_chunks();
    let letters = char::decode_utf16(units.iter().map(|&two| unit(two)));
    let text: String = letters
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.into_bytes()
}

/// The notation of labels in a table.
#[derive(Debug, Clone, Copy)]
enum Notation {
    /// `Target` and `Predicted`, of 2018: class numbers; empty for no label.
    Multiple,
    /// `Label`, of 2021: numbers of [`SINGLE_CELL_CLASSES`].
    SingleCell,
}

/// The names of columns of labels, the truth before a prediction.
const LABEL_COLUMNS: [(&str, Notation); 3] = [
    ("Target", Notation::Multiple),
    ("Label", Notation::SingleCell),
    ("Predicted", Notation::Multiple),
];

impl Notation {
    fn labels(self, text: &str) -> Result<LabelSet, String> {
        match self {
            Self::Multiple => text.parse().map_err(|error: LabelError| error.to_string()),
            Self::SingleCell => single_cell_labels(text),
        }
    }
}

fn single_cell_labels(text: &str) -> Result<LabelSet, String> {
    let no_class = |part: &str| {
        Err(format!(
            "a label must be a class number of 2021, from 0 to 18, not {part:?}"
        ))
    };
    if text.is_empty() {
        return no_class(text);
    }
    let mut classes = Vec::new();
    for part in class_numbers(text) {
        let number: Option<usize> = part.parse().ok();
        let Some(name) = number.and_then(|number| SINGLE_CELL_CLASSES.get(number)) else {
            return no_class(part);
        };
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

/// The rows of a table of labels, one after the other: for tables that are larger than a [`LabelTable`] should be. Blank ones are
/// passed over.
///
/// The columns are found by name in any order, in small or capital letters: `Id` and `Target`, else `Label`, else `Predicted`.
/// Labels are class numbers separated by spaces, commas, semicolons or bars; those of `Label` are of the challenge of 2021 and are
/// converted by name. Its class 17, `Vesicles and punctate cytosolic patterns`, is several of the 28: such rows are left out.
/// Columns are parted by commas, semicolons or tabs; lines end in any way; cells may stand in quotes.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    cells: Cells<'a>,
    header: Vec<String>,
    id_column: usize,
    label_column: usize,
    notation: Notation,
}

impl<'a> Rows<'a> {
    /// The rows of a table, whose text is UTF-8 as [`utf8`] gives it.
    ///
    /// # Errors
    /// [`OtherColumns`].
    pub fn new(text: &'a [u8]) -> Result<Self, OtherColumns> {
        let said = said_separator(text);
        let (mut most, mut found) = (0, String::new());
        for separator in said.into_iter().chain(SEPARATORS) {
            let mut cells = Cells::new(text, separator);
            if said.is_some() {
                cells.next_row();
            }
            cells.next_row();
            let header: Vec<&str> = cells.all().collect();
            let column = |name: &str| {
                let mut header = header.iter();
                header.position(|header| header.eq_ignore_ascii_case(name))
            };
            let mut kinds = LABEL_COLUMNS.iter();
            let labels = kinds.find_map(|&(name, notation)| column(name).zip(Some(notation)));
            if let Some((id_column, (label_column, notation))) = column("Id").zip(labels) {
                return Ok(Self {
                    header: header.into_iter().map(str::to_owned).collect(),
                    cells,
                    id_column,
                    label_column,
                    notation,
                });
            }
            if header.len() > most {
                (most, found) = (header.len(), header.join(", "));
            }
        }
        if WORKBOOKS.iter().any(|start| text.starts_with(start)) {
            found = "the content of a workbook: save it as CSV".to_owned();
        }
        Err(OtherColumns {
            found: shown(found),
        })
    }

    /// The texts in a column that any name may head, by the rows' ids; of several rows of one id the first's. Empty cells, and rows
    /// that cannot be read, are left out.
    ///
    /// # Errors
    /// [`MissingColumn`].
    pub fn texts(mut self, name: &str) -> Result<BTreeMap<String, String>, MissingColumn> {
        let mut header = self.header.iter();
        let Some(column) = header.position(|header| header.eq_ignore_ascii_case(name)) else {
            return Err(MissingColumn {
                name: name.to_owned(),
                found: shown(self.header.join(", ")),
            });
        };
        let mut texts = BTreeMap::new();
        while self.cells.next_row() {
            let text = self.cells.all().nth(column).unwrap_or_default();
            if let Ok(row) = self.row()
                && !text.is_empty()
            {
                texts.entry(row.id).or_insert_with(|| text.to_owned());
            }
        }
        Ok(texts)
    }

    /// The row that was read last.
    fn row(&self) -> Result<Row, RowFault> {
        let line = self.cells.begun;
        let fault = |reason: &str| RowFault {
            line,
            id: String::new(),
            reason: reason.to_owned(),
        };
        if self.cells.text().is_none() {
            return Err(fault("the row is not UTF-8"));
        }
        let row: Vec<&str> = self.cells.all().collect();
        let id = row.get(self.id_column).copied().unwrap_or_default();
        if self.cells.is_open {
            return Err(RowFault {
                // Not all that follows.
                id: id.lines().next().unwrap_or_default().to_owned(),
                ..fault("a quotation mark opens in the row and none closes it")
            });
        }
        if id.is_empty() {
            return Err(fault("the row has no id"));
        }
        // Spreadsheets write empty cells behind the last column.
        let columns = self.header.len();
        let is_whole = row.len() >= columns && row[columns..].iter().all(|cell| cell.is_empty());
        let labels = if is_whole {
            self.notation.labels(row[self.label_column])
        } else {
            Err(format!(
                "the row has {} columns where the header has {columns}",
                row.len()
            ))
        };
        Ok(Row {
            line,
            id: id.to_owned(),
            labels,
        })
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, RowFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cells.next_row().then(|| self.row())
    }
}

/// The names of columns for an error: of another kind of file not all.
fn shown(mut names: String) -> String {
    names.truncate(names.floor_char_boundary(MOST_SHOWN));
    names
}

/// What the first line says that parts the columns.
fn said_separator(text: &[u8]) -> Option<u8> {
    let (start, rest) = text.split_at_checked(SEPARATOR_LINE.len())?;
    match rest {
        [separator, b'\r' | b'\n', ..] if start.eq_ignore_ascii_case(SEPARATOR_LINE) => {
            Some(*separator)
        }
        _ => None,
    }
}

/// The cells of a table, a row at a time.
#[derive(Debug, Clone)]
struct Cells<'a> {
    rest: &'a [u8],
    separator: u8,
    /// The line at which the rest begins, from 1.
    line: u64,
    /// The line on which the row began.
    begun: u64,
    /// Whether the row ends inside quotes.
    is_open: bool,
    /// The row's cells one behind the other, and where each ends.
    row: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Cells<'a> {
    fn new(text: &'a [u8], separator: u8) -> Self {
        Self {
            rest: text,
            separator,
            line: 1,
            begun: 1,
            is_open: false,
            row: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Reads the next row that is not blank; without one there are no cells.
    fn next_row(&mut self) -> bool {
        loop {
            self.row.clear();
            self.ends.clear();
            if self.rest.is_empty() {
                return false;
            }
            self.read_row();
            if self.text().is_none() || self.all().any(|cell| !cell.is_empty()) {
                return true;
            }
        }
    }

    fn read_row(&mut self) {
        self.begun = self.line;
        self.is_open = false;
        let mut start = 0;
        while let [byte, rest @ ..] = self.rest {
            self.rest = rest;
            let mut byte = *byte;
            if byte == b'\r' {
                self.rest = rest.strip_prefix(b"\n").unwrap_or(rest);
                byte = b'\n';
            }
            self.line += u64::from(byte == b'\n');
            match byte {
                b'"' if self.is_open => match rest.strip_prefix(b"\"") {
                    Some(rest) => {
                        self.rest = rest;
                        self.row.push(byte);
                    }
                    None => self.is_open = false,
                },
                _ if self.is_open => self.row.push(byte),
                b'"' if self.row[start..].trim_ascii().is_empty() => {
                    self.row.truncate(start);
                    self.is_open = true;
                }
                b'\n' => break,
                _ if byte == self.separator => {
                    start = self.row.len();
                    self.ends.push(start);
                }
                _ => self.row.push(byte),
            }
        }
        self.ends.push(self.row.len());
    }

    /// The row's cells one behind the other; none where they are not UTF-8.
    fn text(&self) -> Option<&str> {
        str::from_utf8(&self.row).ok()
    }

    /// The row's cells without spaces around them; all empty where they are not UTF-8.
    fn all(&self) -> impl Iterator<Item = &str> {
        let text = self.text().unwrap_or_default();
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = text.get(start..end).unwrap_or_default();
            start = end;
            cell.trim()
        })
    }
}

#[cfg(test)]
mod tests;
