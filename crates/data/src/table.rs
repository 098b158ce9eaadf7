//! Tables of labels on disk. What stands in them is read by [`cytolens_core::table`].

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use cytolens_core::labels::LabelSet;
use cytolens_core::table::{self, Row, RowFault, utf8};

use super::fault::Fault;

/// A table of labels.
#[derive(Debug)]
pub struct LabelTable {
    /// The fields' ids, each once, and their labels.
    pub rows: Vec<(String, LabelSet)>,
    /// The rows that are left out.
    pub faults: Vec<Fault>,
    /// The ids of those of them that have one.
    pub left_out: Vec<String>,
}

/// Reads a table of labels, in any of the forms of [`cytolens_core::table::Rows`].
///
/// # Errors
/// If the file cannot be read or lacks the columns.
pub fn read_table(path: &Path) -> Result<LabelTable> {
    parse_table(&table_bytes(path)?, path)
}

/// Reads a table of labels from its text, UTF-8, which is the content of the file `path`.
///
/// # Errors
/// If it lacks the columns.
pub fn parse_table(text: &[u8], path: &Path) -> Result<LabelTable> {
    let table = table::LabelTable::read(text).with_context(|| cannot_read(path))?;
    let faults = table.faults.iter();
    Ok(LabelTable {
        faults: faults.map(|fault| row_fault(path, fault)).collect(),
        rows: table.rows,
        left_out: table.left_out,
    })
}

/// Reads the file of a table of labels, for [`rows`], as UTF-8.
///
/// # Errors
/// If the file cannot be read.
pub fn table_bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map(utf8)
        .with_context(|| cannot_read(path))
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read the table of labels {}", path.display())
}

/// The rows of a table of labels, one after the other: for tables that are larger than a [`LabelTable`] should be.
///
/// # Errors
/// If the table lacks the columns.
pub fn rows<'a>(text: &'a [u8], path: &Path) -> Result<table::Rows<'a>> {
    table::Rows::new(text).with_context(|| cannot_read(path))
}

/// The texts in a column of a table of labels, by the rows' ids: [`table::Rows::texts`].
///
/// # Errors
/// If the table lacks that column, or those of ids and labels.
pub fn texts(text: &[u8], path: &Path, column: &str) -> Result<BTreeMap<String, String>> {
    rows(text, path)?
        .texts(column)
        .with_context(|| cannot_read(path))
}

/// The fault of a row in the file `path`.
pub fn row_fault(path: &Path, RowFault { line, id, reason }: &RowFault) -> Fault {
    let comma = if id.is_empty() { "" } else { ", " };
    let subject = format!("{id}{comma}line {line} of {}", path.display());
    Fault::new(subject, reason.as_str())
}

/// The place of a row in the file `path`, for faults that are not of its id.
pub fn place(path: &Path, row: &Row) -> String {
    format!("line {} of {}", row.line, path.display())
}

#[cfg(test)]
mod tests;
