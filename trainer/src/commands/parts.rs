//! The parts of samples, by the split that a run keeps or a table of `trainer split`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cytolens_data::dataset::Sample;
use cytolens_data::split::file::{Part, read_split};

use crate::output::note_left_out;
use crate::run::samples::part_of_run;

/// The part of each sample, by a table of `trainer split`. Notes the rows of samples that the set does not have.
///
/// # Errors
/// If the table cannot be read or lacks a sample.
pub fn parts_by(file: &Path, samples: &[Sample]) -> Result<Vec<Part>> {
    let ids = samples.iter().map(|sample| sample.field.id.as_str());
    let of_samples = read_split(file)?.parts_of(ids);
    let (parts, gone) = of_samples.with_context(|| format!("in {}", file.display()))?;
    note_left_out(&gone);
    Ok(parts)
}

/// The parts of samples.
#[derive(Debug)]
pub struct Parts {
    /// The file of the split.
    pub file: PathBuf,
    /// The part of each sample, by its id.
    pub of: BTreeMap<String, Part>,
}

impl Parts {
    /// Reads the parts that samples have in a run with this split, which may be of more samples or fewer.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn in_run(split: &Path) -> Result<Self> {
        let rows = read_split(split)?.rows.into_iter();
        Ok(Self {
            file: split.to_owned(),
            of: rows.map(|row| (row.id, part_of_run(row.part))).collect(),
        })
    }

    /// Reads a table by `trainer split`, which must hold every sample.
    ///
    /// # Errors
    /// Those of [`parts_by`].
    pub fn of_table(file: &Path, samples: &[Sample]) -> Result<Self> {
        let ids = samples.iter().map(|sample| sample.field.id.clone());
        Ok(Self {
            file: file.to_owned(),
            of: ids.zip(parts_by(file, samples)?).collect(),
        })
    }

    /// The samples of a part. `advice` says what serves where the split has none of the samples.
    ///
    /// # Errors
    /// If there is none.
    pub fn among<'a>(
        &self,
        samples: &'a [Sample],
        part: Part,
        advice: &str,
    ) -> Result<Vec<&'a Sample>> {
        let is_in = |sample: &&Sample| self.of.get(&sample.field.id) == Some(&part);
        let chosen: Vec<&Sample> = samples.iter().filter(is_in).collect();
        if chosen.is_empty() {
            let mut counts: BTreeMap<Part, usize> = BTreeMap::new();
            for sample in samples {
                if let Some(part) = self.of.get(&sample.field.id) {
                    *counts.entry(*part).or_default() += 1;
                }
            }
            let counts: Vec<String> = counts
                .iter()
                .map(|(part, count)| format!("{count} of {part}"))
                .collect();
            bail!(
                "no sample of the set is in the part {part} of {}; it has {}",
                self.file.display(),
                if counts.is_empty() {
                    format!("none of the set's samples: {advice}")
                } else {
                    counts.join(", ")
                }
            );
        }
        Ok(chosen)
    }
}
