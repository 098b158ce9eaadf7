//! Labelled sets of fields: a folder with a table of labels, `train.csv`, and the images.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use cytolens_core::labels::LabelSet;

use super::credits::Credits;
use super::fault::Fault;
use super::files::{self, FieldOnDisk, Reading};
use super::table::{LabelTable, read_table};

/// The table of labels inside a data set.
pub const TABLE_FILE: &str = "train.csv";

/// A field and its labels.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The field's files.
    pub field: FieldOnDisk,
    /// The locations that people have annotated.
    pub labels: LabelSet,
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
    /// Opens the set in a folder. Samples without labels or images are left out and listed in `faults`. Images are not read
    /// here: [`FieldOnDisk::read`] gives the errors of those that cannot be decoded.
    ///
    /// # Errors
    /// If the folder, its table or its credits cannot be read, or no sample is left.
    pub fn open(folder: &Path, reading: &Reading) -> Result<Self> {
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        let table = folder.join(TABLE_FILE);
        if !table.exists() {
            bail!("the table of labels is missing: {}", table.display());
        }
        let LabelTable {
            rows,
            mut faults,
            ids,
        } = read_table(&table)?;
        let found = files::in_folder(folder, reading)?;
        faults.extend(found.faults);
        let mut on_disk: BTreeMap<String, FieldOnDisk> = found
            .fields
            .into_iter()
            .map(|field| (field.id.clone(), field))
            .collect();
        let mut samples = Vec::with_capacity(rows.len());
        for (id, labels) in rows {
            match on_disk.remove(&id) {
                Some(field) => samples.push(Sample { field, labels }),
                None => faults.push(Fault::new(
                    id,
                    format!("{TABLE_FILE} has the id, but no image does"),
                )),
            }
        }
        // Where a row is left out, its images need no fault beside the row's.
        for id in on_disk.into_keys().filter(|id| !ids.contains(id)) {
            let reason = format!("there are images, but {TABLE_FILE} lacks the id");
            faults.push(Fault::new(id, reason));
        }
        if samples.is_empty() {
            bail!(
                "no sample in {} has both labels and images{}",
                folder.display(),
                faults
                    .first()
                    .map_or_else(String::new, |fault| format!("; for example, {fault}"))
            );
        }
        Ok(Self {
            samples,
            credits: Credits::read(folder)?,
            faults,
        })
    }
}

#[cfg(test)]
mod tests;
