//! `trainer cells`: finds the cells of many fields.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use cytolens::package::{Classifier, CpuNetwork, Package, sha256};
use cytolens_cells::{CellsNetwork, CellsPackage, Options};
use cytolens_data::files::{self, FieldOnDisk, FoundFields};
use cytolens_data::noticed::Noticed;
use cytolens_kernels::Processor;
use serde::Serialize;

use crate::cells::batch::CellsBatch;
use crate::cells::outputs::OutputFolder;
use crate::commands::arguments::{ReadingArguments, workers};
use crate::output::{exit_code, say};
use crate::predict::outcome::note_outcome;
use crate::predict::pace::Pace;
use crate::predict::provenance::ids_sha256;
use crate::predict::shard::Shard;

/// Find the cells of fields
///
/// Writes into a folder: cells.csv (a row a cell), masks/ (16-bit PNG with the cell's number at each pixel, of cells and of nuclei),
/// outlines/ (GeoJSON that QuPath opens), faults.csv and, on request, overviews/. Fields that cannot be read are reported and left
/// out. Finished fields stay in cells.progress until all are done, so that --resume goes on with them after a break.
#[derive(Debug, Args)]
pub struct FindCells {
    /// The cells package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A folder of fields, or a zip archive of one
    #[arg(long, value_name = "DIR|FILE")]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadingArguments,
    /// The folder for the files; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on where the same command broke off
    #[arg(long)]
    resume: bool,
    /// A model package that answers for each cell
    #[arg(long, value_name = "DIR")]
    answers: Option<PathBuf>,
    /// Also write submission.csv, the cells with their answers as the challenge of 2021 takes them
    #[arg(long, requires = "answers")]
    submission: bool,
    /// Also draw a picture of each field with the outlines
    #[arg(long)]
    overviews: bool,
    /// Leave out cells on the border of the field
    #[arg(long)]
    whole_only: bool,
    /// The fewest pixels of a cell where the longer side of the field is 256 px
    #[arg(long, value_name = "PIXELS", default_value_t = Options::default().smallest_cell)]
    smallest: usize,
    /// Take one of several shares of the fields: 2/8 is the second of eight, which joined in order are the whole
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Threads that read fields and find cells; without it, as many as there are cores
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

/// All that the files depend on but the images' contents.
#[derive(Debug, Serialize)]
struct Provenance {
    program: &'static str,
    manifest_sha256: String,
    weights_sha256: String,
    answers_sha256: Option<[String; 2]>,
    submission: bool,
    overviews: bool,
    whole_only: bool,
    smallest: usize,
    shard: String,
    fields: usize,
    ids_sha256: String,
    channels: String,
    bits: Option<u32>,
}

impl FindCells {
    /// Runs the command. It fails if any field could not be read.
    pub fn run(&self) -> Result<ExitCode> {
        let package = cells_package(&self.model)?;
        let network = CellsNetwork::new(&package, Processor::best())?;
        let classifier = self.answers.as_deref().map(answering_model).transpose()?;
        let reading = self.reading.reading();
        let FoundFields { mut fields, faults } = files::in_folder(&self.data, &reading)?;
        let fields: Vec<FieldOnDisk> = fields.drain(self.shard.range(fields.len())).collect();
        // Files that are of no field are of no share: the first share reports them.
        let faults = match self.shard.is_first() {
            true => faults,
            false => Vec::new(),
        };
        let ids = || fields.iter().map(|field| field.id.as_str());
        let answers = classifier.as_ref().map(|classifier| {
            let manifest = classifier.manifest();
            let text = serde_json::to_vec(manifest)?;
            anyhow::Ok([sha256(&text), manifest.weights.sha256.clone()])
        });
        let provenance = Provenance {
            program: env!("CARGO_PKG_VERSION"),
            manifest_sha256: sha256(&serde_json::to_vec(package.manifest())?),
            weights_sha256: package.manifest().weights.sha256.clone(),
            answers_sha256: answers.transpose()?,
            submission: self.submission,
            overviews: self.overviews,
            whole_only: self.whole_only,
            smallest: self.smallest,
            shard: self.shard.to_string(),
            fields: fields.len(),
            ids_sha256: ids_sha256(ids()),
            channels: reading.order.to_string(),
            bits: reading.bits,
        };
        let (out, mut log, before) =
            OutputFolder::open(&self.out, &provenance, ids(), self.resume)?;
        let options = Options {
            smallest_cell: self.smallest,
            whole_only: self.whole_only,
            ..Options::default()
        };
        let noticed = Noticed::default();
        let batch = CellsBatch {
            network: &network,
            options: &options,
            classifier: classifier.as_ref(),
            overviews: self.overviews,
            submission: self.submission,
            noticed: &noticed,
            out: &out,
        };
        let mut pace = Pace::new(fields.len(), before);
        batch.run(&fields[before..], workers(self.workers), |entries| {
            log.append(entries)?;
            pace.add(entries.len());
            Ok(())
        })?;
        pace.finish();
        let (mut cells, mut empty) = (0, 0);
        let left_out = note_outcome(&noticed, &faults, &log, |found| {
            cells += found.rows.len();
            empty += usize::from(found.rows.is_empty());
        })?;
        let header = batch.header();
        out.finish(log, &header, &faults)?;
        say!(
            "{cells} cells in {} fields, {empty} of them without any, {} left out: {} ({:.2} fields a second)",
            fields.len() - left_out,
            left_out + faults.len(),
            self.out.display(),
            pace.rate(),
        )?;
        Ok(exit_code(left_out + faults.len()))
    }
}

/// Reads a model package that answers for cells.
///
/// # Errors
/// Naming the folder, for one that is none.
pub fn answering_model(folder: &Path) -> Result<Classifier<CpuNetwork>> {
    let package = Package::read(folder).with_context(|| format!("in {}", folder.display()))?;
    Ok(Classifier::new(&package, Processor::best())?)
}

/// Reads a cells package.
///
/// # Errors
/// Naming the folder, for one that is none.
pub fn cells_package(folder: &Path) -> Result<CellsPackage> {
    CellsPackage::read(folder).with_context(|| format!("in {}", folder.display()))
}
