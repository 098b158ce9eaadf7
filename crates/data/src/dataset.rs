//! Labelled sets of fields: a folder, or a zip archive of one, with a table of labels, `train.csv`, and the images.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cytolens_core::labels::LabelSet;
use cytolens_core::matching::{Match, compared, matched};
use cytolens_core::table::utf8;

use super::archive::{self, Packed, is_archive};
use super::credits::{CREDITS_FILE, Credits};
use super::fault::Fault;
use super::files::{self, FieldOnDisk, FoundFields, Reading};
use super::table::{LabelTable, parse_table, table_bytes, texts};
use super::unicode::composed;

/// The table of labels inside a data set.
pub const TABLE_FILE: &str = "train.csv";

/// A field and its labels.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The field's files.
    pub field: FieldOnDisk,
    /// The locations that people have annotated.
    pub labels: LabelSet,
    /// The text in the table's column that the set was opened with; none where there is none.
    pub text: Option<String>,
}

/// A labelled set.
#[derive(Debug)]
pub struct Dataset {
    /// The samples in the table's order.
    pub samples: Vec<Sample>,
    /// The attribution and the licence of the images, from the set's file [`CREDITS_FILE`](super::credits::CREDITS_FILE).
    pub credits: Credits,
    /// The samples, files and rows that are left out.
    pub faults: Vec<Fault>,
}

impl Dataset {
    /// Opens the set in a folder or a zip archive. The table's ids and the images' are [`matched`]; samples without labels or
    /// images are left out and listed in `faults`. Images are not read here: [`FieldOnDisk::read`] gives the errors of those that
    /// cannot be decoded.
    ///
    /// # Errors
    /// If the folder, its table or its credits cannot be read, or no sample is left.
    pub fn open(folder: &Path, reading: &Reading) -> Result<Self> {
        Self::open_with(folder, reading, None)
    }

    /// [`Dataset::open`], where each sample keeps its text in a column of the table, such as `Gene`.
    ///
    /// # Errors
    /// Those of [`Dataset::open`], and a table without that column.
    pub fn open_with(folder: &Path, reading: &Reading, column: Option<&str>) -> Result<Self> {
        if is_archive(folder) {
            return Self::open_archive(folder, reading, column);
        }
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        let table = folder.join(TABLE_FILE);
        if !table.exists() {
            bail!("the table of labels is missing: {}", table.display());
        }
        let table = Table::parse(&table_bytes(&table)?, &table, column)?;
        let found = files::in_folder(folder, reading)?;
        Self::joined(folder, table, found, Credits::read(folder)?)
    }

    fn open_archive(path: &Path, reading: &Reading, column: Option<&str>) -> Result<Self> {
        let (packed, faults) = archive::open(path);
        // The one in the fewest folders, as in a folder that was packed whole.
        let depth = |packed: &&Packed| packed.name().matches('/').count();
        let named = |name: &str| {
            let same = packed
                .iter()
                .filter(|packed| packed.name().rsplit('/').next() == Some(name));
            same.min_by_key(depth)
        };
        let Some(table) = named(TABLE_FILE) else {
            let reason = faults
                .first()
                .map_or_else(String::new, |fault| format!("; {fault}"));
            bail!(
                "the table of labels is missing: {TABLE_FILE} in {}{reason}",
                path.display()
            );
        };
        let cannot_read = |packed: &Packed| format!("cannot read {}", packed.path().display());
        let text = utf8(table.bytes().with_context(|| cannot_read(table))?);
        let table = Table::parse(&text, &table.path(), column)?;
        let credits = match named(CREDITS_FILE) {
            None => Credits::default(),
            Some(file) => file
                .bytes()
                .map_err(Into::into)
                .and_then(|bytes| Credits::parse(str::from_utf8(&bytes)?))
                .with_context(|| cannot_read(file))?,
        };
        let found = files::in_places(path, packed, faults, reading)?;
        Self::joined(path, table, found, credits)
    }

    /// The set of a table and the fields of its images.
    fn joined(folder: &Path, table: Table, found: FoundFields, credits: Credits) -> Result<Self> {
        let Table { labels, mut texts } = table;
        let LabelTable {
            rows,
            mut faults,
            left_out,
        } = labels;
        faults.extend(found.faults);
        let mut listed: Vec<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
        // Where a row is left out, its images need no fault beside the row's.
        listed.extend(left_out.iter().map(String::as_str));
        let field_ids: Vec<&str> = found.fields.iter().map(|field| &*field.id).collect();
        let matches = matched(&listed, &field_ids, composed);

        // The position among those listed of the id that means each field.
        let mut meant_by: Vec<Option<usize>> = vec![None; field_ids.len()];
        for (at, found) in matches.iter().enumerate() {
            if let Match::Field(field) = *found {
                meant_by[field] = Some(at);
            }
        }
        // None for a row that is left out.
        let labels_at = |at: usize| rows.get(at).map(|(_, labels)| *labels);
        let mut order = Vec::new();
        for (at, (id, found)) in listed.iter().zip(&matches).enumerate() {
            let reason = match *found {
                Match::Field(field) => {
                    order.extend(labels_at(at).map(|labels| (field, labels, texts.remove(*id))));
                    continue;
                }
                // Those that are left out have their fault.
                _ if at >= rows.len() => continue,
                Match::Again(field) => match meant_by[field] {
                    // A row for each file of a field.
                    Some(first) if labels_at(first) == labels_at(at) => continue,
                    first => format!(
                        "{TABLE_FILE} has the same field as {}, with other labels",
                        first.map_or("another", |first| listed[first])
                    ),
                },
                Match::Several => {
                    format!("{TABLE_FILE} has the id, but several images may be meant")
                }
                Match::Missing => format!("{TABLE_FILE} has the id, but no image does"),
            };
            faults.push(Fault::new(*id, reason));
        }
        if order.is_empty() {
            bail!(
                "no sample in {} has both labels and images. {}{}",
                folder.display(),
                compared(&listed, &field_ids),
                faults
                    .first()
                    .map_or_else(String::new, |fault| format!(" For example, {fault}"))
            );
        }
        for (id, meant_by) in field_ids.iter().zip(&meant_by) {
            if meant_by.is_none() {
                let reason = format!("there are images, but {TABLE_FILE} lacks the id");
                faults.push(Fault::new(*id, reason));
            }
        }
        let mut fields: Vec<Option<FieldOnDisk>> = found.fields.into_iter().map(Some).collect();
        let samples = order.into_iter().filter_map(|(at, labels, text)| {
            let field = fields[at].take()?;
            Some(Sample {
                field,
                labels,
                text,
            })
        });
        Ok(Self {
            samples: samples.collect(),
            credits,
            faults,
        })
    }
}

/// What a set's table says.
struct Table {
    labels: LabelTable,
    /// The texts in the column that was asked for, by the rows' ids.
    texts: BTreeMap<String, String>,
}

impl Table {
    /// Reads the text of a table, UTF-8, which is the content of the file `path`.
    fn parse(text: &[u8], path: &Path, column: Option<&str>) -> Result<Self> {
        let texts = column.map(|column| texts(text, path, column));
        Ok(Self {
            labels: parse_table(text, path)?,
            texts: texts.transpose()?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests;
