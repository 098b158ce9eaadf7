//! Sets of fields and tables of labels, inspected.

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_data::dataset::Dataset;
use cytolens_data::fault::Fault;
use cytolens_data::files::Reading;
use cytolens_data::table::{LabelTable, read_table};

use super::labels::LabelStatistics;
use super::pictures::{Example, FOLDER, Resolutions, gallery, resolutions};
use super::set::{FieldStatistics, measure};
use crate::progress::progress;

/// A set that was inspected.
#[derive(Debug)]
pub struct InspectedSet {
    /// The name in the report.
    pub(super) name: String,
    /// The path of the folder or the table.
    pub(super) source: String,
    pub(super) labels: LabelStatistics,
    pub(super) fields: Option<FieldStatistics>,
    pub(super) faults: Vec<Fault>,
    pub(super) gallery: Vec<Option<Example>>,
    pub(super) resolutions: Option<Resolutions>,
}

impl InspectedSet {
    /// Inspects a table of labels without images.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn of_table(path: &Path) -> Result<Self> {
        let LabelTable { rows, faults, .. } = read_table(path)?;
        let mut labels = LabelStatistics::default();
        for (_, set) in rows {
            labels.add(set);
        }
        let source = path.display().to_string();
        Ok(Self {
            name: short_name(path),
            labels,
            fields: None,
            faults,
            source,
            gallery: Vec::new(),
            resolutions: None,
        })
    }

    /// Inspects the labels and the fields of a set, and writes pictures of fields, named with this prefix, into `out`.
    ///
    /// # Errors
    /// If the set cannot be opened or a picture not be written. A sample that cannot be read is a fault, not an error.
    pub fn of_folder(folder: &Path, reading: &Reading, out: &Path, prefix: &str) -> Result<Self> {
        let source = folder.display().to_string();
        let Dataset {
            samples,
            mut faults,
            ..
        } = Dataset::open(folder, reading)?;
        let bar = progress(samples.len(), "Measuring");
        let measured = measure(&samples, &bar);
        bar.finish();
        faults.extend(measured.faults);
        let folder_of_pictures = out.join(FOLDER);
        std::fs::create_dir_all(&folder_of_pictures)
            .with_context(|| format!("cannot make the folder {}", folder_of_pictures.display()))?;
        let gallery = gallery(&samples, &measured.is_read, out, prefix, &mut faults)?;
        let large = measured
            .first_large
            .map(|index| samples[index].field.read());
        let resolutions = match large {
            Some(Ok(field)) => resolutions(&field, out, prefix)?,
            // It was read once before, so its faults, if any, are listed.
            Some(Err(_)) | None => None,
        };
        Ok(Self {
            name: short_name(folder),
            source,
            labels: measured.labels,
            fields: Some(measured.fields),
            faults,
            gallery,
            resolutions,
        })
    }

    /// Whether any sample, file or row was left out.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }
}

/// The last part of a path.
fn short_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
