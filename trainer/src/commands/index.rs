//! `trainer index`: an index of similar fields for a package.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use cytolens::package::Package;
use cytolens_data::credits::Credits;
use cytolens_data::dataset::Dataset;
use cytolens_data::files::{Reading, claim_folder};
use cytolens_report::progress::progress;

use crate::commands::arguments::{ReadingArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note_left_out, say};
use crate::similar::{Embedder, Gathered, IndexStatements, gathered, index, retrieval, write};

/// Make an index of labelled fields, from which the page shows those that are similar
///
/// Writes index.json, vectors.bin and thumbnails.jpg. The index is for this package alone: features of other networks cannot be
/// compared.
#[derive(Debug, Args)]
pub struct MakeIndex {
    /// The model package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A labelled set: a folder, or a zip archive of one, with train.csv and the images of its fields; can be given again
    #[arg(long, value_name = "DIR", required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// The index's folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The index's name for people
    #[arg(long, default_value = "Known fields")]
    name: String,
    /// The licence of the pictures; without it, that of the sets
    #[arg(long)]
    licence: Option<String>,
    /// A person or a project to name; can be given again. Without it, those of the sets
    #[arg(long, value_name = "TEXT")]
    attribution: Vec<String>,
    /// The principal components by which fields are compared
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u16).range(1..=512))]
    components: u16,
    /// The side of each picture in pixels; 0 for none
    #[arg(long, value_name = "PX", default_value = "48", value_parser = clap::value_parser!(u32).range(0..=256))]
    side: u32,
    /// The quality of the pictures, from 1 to 100
    #[arg(long, default_value = "55", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// Fields that are not in the index, to measure how well it retrieves; can be given again
    #[arg(long, value_name = "DIR")]
    held_back: Vec<PathBuf>,
    /// Threads that read and classify; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl MakeIndex {
    /// Runs the command.
    ///
    /// # Errors
    /// If a set, the package or the folder cannot be read or written, or no field is left.
    pub fn run(&self) -> Result<ExitCode> {
        claim_folder(&self.out)?;
        let reading = self.reading.reading();
        let package = Package::read(&self.model)?;
        let manifest = package.manifest().clone();
        let embedder = Embedder::new(&package, self.device.clone())?;
        let mut credits = Credits::default();
        let mut fields = Vec::new();
        for folder in &self.data {
            let (more, set) = self.gather(folder, &reading, &embedder)?;
            fields.extend(more);
            credits = credits.and(set);
        }
        ensure!(!fields.is_empty(), "no field could be read");
        let attribution = if self.attribution.is_empty() {
            credits.attribution.into_iter().collect()
        } else {
            self.attribution.clone()
        };
        let statements = IndexStatements {
            name: self.name.clone(),
            licence: self
                .licence
                .clone()
                .or(credits.licence)
                .unwrap_or("not stated".to_owned()),
            attribution,
            model: manifest.name,
            weights_sha256: manifest.weights.sha256,
        };
        let made = index(&fields, statements, self.side, usize::from(self.components))?;
        write(&self.out, &made, &fields, self.quality)?;
        say!("{} fields: {}", fields.len(), self.out.display())?;
        for folder in &self.held_back {
            let (held_back, _) = self.gather(folder, &reading, &embedder)?;
            let found = retrieval(&made, &held_back);
            say!(
                "{}: mean average precision at 10 by label set {:.3}, in any order {:.3} ({} of {} fields have labels that an entry has)",
                folder.display(),
                found.precision,
                found.random,
                found.queries,
                held_back.len()
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Gathers the fields of a set, and its credits.
    fn gather(
        &self,
        folder: &Path,
        reading: &Reading,
        embedder: &Embedder,
    ) -> Result<(Vec<Gathered>, Credits)> {
        let set =
            Dataset::open(folder, reading).with_context(|| format!("in {}", folder.display()))?;
        let bar = progress(set.samples.len(), "Looking at fields");
        let (fields, faults) = gathered(
            &set.samples,
            workers(self.workers),
            self.side,
            |field| embedder.features(field),
            || bar.inc(1),
        )?;
        bar.finish();
        note_left_out(set.faults.iter().chain(&faults));
        Ok((fields, set.credits))
    }
}
