//! Inspection of labelled sets: validation, measurement and pictures.
//!
//! `labels`, `levels`, `correlation` and `spectrum` each measure one thing; `set` measures all of them in one pass over the fields;
//! `pictures` draws fields; `notes` lists what deserves a person's attention; `figures` and `document` make the report.

mod comparison;
mod correlation;
mod document;
mod figures;
mod inspected;
mod labels;
mod levels;
mod notes;
pub mod pictures;
mod set;
mod spectrum;

use std::path::Path;

use anyhow::{Context, Result};
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::write_whole;
use serde::Serialize;

use comparison::SetComparison;
use figures::InspectionPlots;
pub use inspected::InspectedSet;
use labels::LabelStatistics;
use set::FieldStatistics;

impl InspectedSet {
    /// A summary for the terminal: one line, and one for each note.
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

/// Lengthens the equal names of two sets by the folders above, as far as needed to make them differ.
pub fn distinguish_names(sets: &mut [InspectedSet]) {
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

/// Writes the report on one set or on a comparison of two: `index.html`, `summary.json`,
/// `faults.csv` and the folder `plots`.
///
/// # Errors
/// If a file cannot be written.
pub fn write(sets: &[InspectedSet], out: &Path) -> Result<()> {
    let figures = InspectionPlots::of(sets);
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

/// The numbers of the report.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    sets: Vec<SetSummary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<SetComparison>,
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

#[cfg(test)]
mod tests;
