//! What a labelled set is: validated, measured and drawn.
//!
//! `labels`, `levels`, `correlation` and `spectrum` each measure one thing; `set` brings them through
//! one pass over the fields; `pictures` draws fields; `notes` says what a person should look at;
//! `figures` and `document` make the report of it.

mod comparison;
mod correlation;
mod document;
mod figures;
mod labels;
mod levels;
mod notes;
pub mod pictures;
mod set;
mod spectrum;

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::progress::progress;
use cytolens_data::dataset::{Dataset, Table, read_table};
use cytolens_data::fault::Fault;
use cytolens_data::files::Reading;
use cytolens_data::whole_file::write_whole;
use labels::LabelStatistics;
use pictures::{Example, Resolutions};
use set::FieldStatistics;

/// A set that was inspected.
#[derive(Debug)]
pub struct InspectedSet {
    /// Its name in the report.
    name: String,
    /// Where it lies.
    source: String,
    labels: LabelStatistics,
    fields: Option<FieldStatistics>,
    faults: Vec<Fault>,
    gallery: Vec<Option<Example>>,
    resolutions: Option<Resolutions>,
}

impl InspectedSet {
    /// The labels of a table, without images.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub fn of_table(path: &Path) -> Result<Self> {
        let Table { rows, faults, .. } = read_table(path)?;
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

    /// The labels and the fields of a set; pictures of them, named with this prefix, go into `out`.
    ///
    /// # Errors
    /// Where the set cannot be opened or a picture not be written. A sample that cannot be read is a
    /// fault and not an error.
    pub fn of_folder(folder: &Path, reading: &Reading, out: &Path, prefix: &str) -> Result<Self> {
        let source = folder.display().to_string();
        let Dataset {
            samples,
            mut faults,
        } = Dataset::open(folder, reading)?;
        let bar = progress(samples.len(), "Measuring");
        let measured = set::measure(&samples, &bar);
        bar.finish();
        faults.extend(measured.faults);
        let folder_of_pictures = out.join(pictures::FOLDER);
        std::fs::create_dir_all(&folder_of_pictures)
            .with_context(|| format!("cannot make the folder {}", folder_of_pictures.display()))?;
        let gallery = pictures::gallery(&samples, &measured.is_read, out, prefix, &mut faults)?;
        let large = measured
            .first_large
            .map(|index| samples[index].field.read());
        let resolutions = match large {
            Some(Ok(field)) => pictures::resolutions(&field, out, prefix)?,
            // It was read before, and would be told if it then had a fault.
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

    /// Whether anything was left out.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// What a person at a terminal is told: one line, and one for each note.
    pub fn summary(&self) -> String {
        let left_out = match self.faults.len() {
            0 => "no fault".to_owned(),
            1 => "1 fault, left out".to_owned(),
            count => format!("{count} faults, left out"),
        };
        let present = self
            .labels
            .counts
            .iter()
            .filter(|count| **count > 0)
            .count();
        let mut text = format!(
            "{}: {}, {left_out}; {present} of {} classes, {:.2} labels a field",
            self.source,
            notes::fields_of(self.labels.fields),
            self.labels.counts.len(),
            self.labels.labels_per_field(),
        );
        for note in notes::notes(self) {
            text += &format!("\n  {note}");
        }
        text
    }
}

/// Gives two sets whose names are the same longer ones: with the folders above, as far as needed.
pub fn tell_apart(sets: &mut [InspectedSet]) {
    let [first, second] = sets else {
        return;
    };
    let parts = |set: &InspectedSet| -> Vec<String> {
        let path = Path::new(&set.source).components();
        path.map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect()
    };
    let (a, b) = (parts(first), parts(second));
    for kept in 2..=a.len().max(b.len()) {
        if first.name != second.name {
            return;
        }
        let last = |parts: &[String]| parts[parts.len().saturating_sub(kept)..].join("/");
        (first.name, second.name) = (last(&a), last(&b));
    }
}

/// Writes the report on one set or on two beside each other: `index.html`, `summary.json`,
/// `faults.csv` and the folder `plots`.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(sets: &[InspectedSet], out: &Path) -> Result<()> {
    let figures = figures::Figures::of(sets);
    let plots = out.join("plots");
    std::fs::create_dir_all(&plots)
        .with_context(|| format!("cannot make the folder {}", plots.display()))?;
    for plot in figures.all() {
        write_whole(&plots.join(format!("{}.svg", plot.name)), plot.file())?;
    }
    let comparison = comparison::comparison(sets);
    let page = document::document(sets, &figures, comparison.as_ref());
    write_whole(&out.join("index.html"), page)?;
    let summary = Summary {
        sets: sets.iter().map(SetSummary::of).collect(),
        comparison,
    };
    write_whole(
        &out.join("summary.json"),
        serde_json::to_string_pretty(&summary)? + "\n",
    )?;
    write_faults(sets, &out.join("faults.csv"))
}

fn write_faults(sets: &[InspectedSet], path: &Path) -> Result<()> {
    let write = || -> Result<()> {
        let mut table = csv::Writer::from_path(path)?;
        table.write_record(["subject", "reason", "set"])?;
        for set in sets {
            for fault in &set.faults {
                table.write_record([&fault.subject, &fault.reason, &set.source])?;
            }
        }
        Ok(table.flush()?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// All numbers of the report.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    sets: Vec<SetSummary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<comparison::Comparison>,
}

#[derive(Debug, Serialize)]
struct SetSummary<'a> {
    source: &'a str,
    labels: &'a LabelStatistics,
    labels_per_field: f64,
    imbalance: Option<labels::Imbalance>,
    fields: Option<&'a FieldStatistics>,
    notes: Vec<String>,
    faults: &'a [Fault],
}

impl<'a> SetSummary<'a> {
    fn of(set: &'a InspectedSet) -> Self {
        Self {
            source: &set.source,
            labels: &set.labels,
            labels_per_field: set.labels.labels_per_field(),
            imbalance: set.labels.imbalance(),
            fields: set.fields.as_ref(),
            notes: notes::notes(set),
            faults: &set.faults,
        }
    }
}

/// The last part of a path.
fn short_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests;
