//! Labelled sets of fields: a folder with a table of labels, `train.csv`, and the images.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use cytolens_core::labels::LabelSet;

use super::fault::Fault;
use super::files::{self, FieldOnDisk, Reading};
pub use super::table::{Table, read_table};

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
    /// What is wrong with the set: those samples are left out.
    pub faults: Vec<Fault>,
}

impl Dataset {
    /// The set in a folder. Samples that are not whole are left out and told in `faults`. Files are
    /// only looked for here; [`FieldOnDisk::read`] finds those that cannot be read.
    ///
    /// # Errors
    /// Where the folder or its table cannot be read, or no sample is left.
    pub fn open(folder: &Path, reading: &Reading) -> Result<Self> {
        if !folder.is_dir() {
            bail!("there is no folder {}", folder.display());
        }
        let table = folder.join(TABLE_FILE);
        if !table.exists() {
            bail!("the table of labels is missing: {}", table.display());
        }
        let Table {
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
        // The images of a row that is left out need no fault beside the row's.
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
        Ok(Self { samples, faults })
    }
}

#[cfg(test)]
mod tests;
