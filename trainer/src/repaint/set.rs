//! The tables of a repainted set, and where it comes from.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, ensure};
use cytolens_data::credits::Credits;
use cytolens_data::dataset::{Sample, TABLE_FILE};
use cytolens_data::files::Reading;
use cytolens_data::repeats::RepeatChoice;
use cytolens_data::whole_file::{fill_whole, write_whole};
use serde::Serialize;

use super::painters::Painters;
use super::rare::RareSample;
use super::repainter::Repainted;
use crate::painter::package::painter_sha256;
use crate::predict::log::Log;
use crate::predict::provenance::ids_sha256;
use crate::run::samples::attribution;

/// The log of a set that is not finished, inside its folder.
pub const LOG_FILE: &str = "repainting.progress";

/// The provenance of a set, inside its folder.
const PROVENANCE_FILE: &str = "repainting.json";

/// The table of the copies' originals, inside the set's folder: `Id,Original`.
const ORIGINALS_FILE: &str = "originals.csv";

/// The provenance of a repainted set: all that it depends on but the images' contents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provenance {
    program: &'static str,
    seed: u64,
    repeats: RepeatChoice,
    painters: Vec<PainterProvenance>,
    samples: usize,
    copies: usize,
    /// Of the copies' ids, views and labels.
    copies_sha256: String,
    channels: String,
    bits: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct PainterProvenance {
    name: String,
    channels: String,
    /// Of the manifest, in which that of the weights is.
    manifest_sha256: String,
}

impl Provenance {
    /// The provenance of a set of these samples' copies.
    ///
    /// # Errors
    /// If a painter's manifest cannot be written as JSON.
    pub fn new(
        samples: &[RareSample],
        painters: &Painters,
        repeats: RepeatChoice,
        seed: u64,
        reading: &Reading,
    ) -> Result<Self> {
        let copies: Vec<String> = samples
            .iter()
            .flat_map(|rare| {
                let labels = rare.sample.labels;
                let copies = rare.copies.iter();
                copies.map(move |copy| format!("{} {} {labels}", copy.id, copy.view))
            })
            .collect();
        let painters = painters.manifests().map(|manifest| {
            anyhow::Ok(PainterProvenance {
                name: manifest.name.clone(),
                channels: manifest.channels.to_string(),
                manifest_sha256: painter_sha256(manifest)?,
            })
        });
        Ok(Self {
            program: env!("CARGO_PKG_VERSION"),
            seed,
            repeats,
            painters: painters.collect::<Result<_>>()?,
            samples: samples.len(),
            copies: copies.len(),
            copies_sha256: ids_sha256(copies.iter().map(String::as_str)),
            channels: reading.order.to_string(),
            bits: reading.bits,
        })
    }
}

/// The credits of a set: its originals', with the painters and what they learnt from beside them. Of originals without an attribution
/// nothing is known, also once they are painted anew.
pub fn credits(samples: &[RareSample], originals: Credits, painters: &Painters) -> Credits {
    let fields: Vec<Sample> = samples.iter().map(|rare| rare.sample.clone()).collect();
    let learnt_from: BTreeSet<&str> = painters
        .manifests()
        .flat_map(|manifest| &manifest.attribution)
        .map(String::as_str)
        .collect();
    let learnt_from: Vec<&str> = learnt_from.into_iter().collect();
    Credits {
        attribution: attribution(&fields, &originals)
            .map(|names| with_painters(&names, &learnt_from)),
        licence: originals.licence,
    }
}

fn with_painters(names: &str, learnt_from: &[&str]) -> String {
    let painted = format!(
        "{}; all but the protein in them painted by networks",
        names.trim_end_matches('.')
    );
    match learnt_from {
        [] => painted,
        learnt_from => format!("{painted} ({})", learnt_from.join("; ")),
    }
}

/// Writes the tables of a set whose images are there, that of labels last, and removes the log. Gives the number of copies.
///
/// # Errors
/// If no sample could be painted anew, or a file cannot be written.
pub fn finish(
    out: &Path,
    samples: &[RareSample],
    provenance: &Provenance,
    credits: &Credits,
    log: Log<Repainted>,
) -> Result<usize> {
    let painted = log
        .rows()?
        .map(|row| row.map(|row| row.id))
        .collect::<Result<BTreeSet<String>>>()?;
    ensure!(!painted.is_empty(), "no sample could be painted anew");
    let is_painted = |rare: &&RareSample| painted.contains(&rare.sample.field.id);
    let samples: Vec<&RareSample> = samples.iter().filter(is_painted).collect();
    credits.write(out)?;
    let provenance = serde_json::to_string_pretty(provenance)? + "\n";
    write_whole(&out.join(PROVENANCE_FILE), provenance)?;
    write_table(&out.join(ORIGINALS_FILE), "Original", &samples, |sample| {
        sample.field.id.clone()
    })?;
    write_table(&out.join(TABLE_FILE), "Target", &samples, |sample| {
        sample.labels.to_string()
    })?;
    log.remove()?;
    Ok(samples.iter().map(|rare| rare.copies.len()).sum())
}

/// Writes a table of the copies' ids and one value of each one's sample.
fn write_table(
    path: &Path,
    column: &str,
    samples: &[&RareSample],
    value: impl Fn(&Sample) -> String,
) -> Result<()> {
    fill_whole(path, |file| {
        let mut table = csv::Writer::from_writer(file);
        table.write_record(["Id", column])?;
        for rare in samples {
            for copy in &rare.copies {
                table.write_record([&copy.id, &value(&rare.sample)])?;
            }
        }
        Ok(table.flush()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painters_are_named_with_what_they_learnt_from() {
        assert_eq!(
            with_painters("A. Nobody.", &[]),
            "A. Nobody; all but the protein in them painted by networks"
        );
        assert_eq!(
            with_painters("A. Nobody", &["Training images: B", "C"]),
            "A. Nobody; all but the protein in them painted by networks (Training images: B; C)"
        );
    }
}
