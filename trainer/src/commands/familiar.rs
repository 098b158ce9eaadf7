//! `trainer familiar`: a package that knows what its model learnt from, so that it can tell other fields from it.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use cytolens::package::Package;
use cytolens_data::files;
use cytolens_similar::Familiar;

use crate::commands::arguments::{ReadingArguments, fields_of, workers};
use crate::device::DeviceChoice;
use crate::output::{note_left_out, say};
use crate::similar::Embedder;

/// Have a package tell fields that are unlike those that its model learnt from
///
/// Sums up the features of the fields that the model learnt from, and sets the limit by the held-back fields so that a further field
/// like them lies beyond it once in twenty. Writes a new package, the same but for that.
#[derive(Debug, Args)]
pub struct MakeFamiliar {
    /// The model package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Fields that the model learnt from: a folder, or a zip archive of one; can be given again
    #[arg(long, value_name = "DIR", required = true)]
    data: Vec<PathBuf>,
    /// Fields that are as they should be and that the model did not learn from; can be given again
    #[arg(long, value_name = "DIR", required = true)]
    held_back: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// The principal components that are told apart
    #[arg(long, value_name = "N", default_value = "24", value_parser = clap::value_parser!(u16).range(1..=256))]
    components: u16,
    /// The new package's folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads that read and classify; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl MakeFamiliar {
    /// Runs the command.
    ///
    /// # Errors
    /// If the fields or the package cannot be read, or the new one not written.
    pub fn run(&self) -> Result<ExitCode> {
        files::claim_folder(&self.out)?;
        let package = Package::read(&self.model)?;
        let embedder = Embedder::new(&package, self.device.clone())?;
        let gather = |folders: &[PathBuf]| -> Result<Vec<Vec<f32>>> {
            let mut vectors = Vec::new();
            for folder in folders {
                vectors.extend(self.vectors(folder, &embedder)?);
            }
            Ok(vectors)
        };
        let (learnt_from, held_back) = (gather(&self.data)?, gather(&self.held_back)?);
        ensure!(
            !learnt_from.is_empty() && !held_back.is_empty(),
            "no field could be read"
        );
        let familiar = Familiar::fit(&learnt_from, &held_back, usize::from(self.components));
        let familiar = familiar.context("the fields' features are all the same")?;
        let beyond = held_back
            .iter()
            .filter(|vector| familiar.strangeness(vector).is_some_and(|it| it > 1.0));
        let beyond = beyond.count();
        let crossed = familiar.crossed_alarms(&held_back);
        let mut manifest = package.manifest().clone();
        manifest.familiar = Some(familiar);
        Package::pack(manifest, package.weights().to_vec())?.write(&self.out)?;
        say!(
            "{} fields summed up; {beyond} of {} held-back fields lie beyond the limit, {crossed} where every second of them sets \
             it for the others: {}",
            learnt_from.len(),
            held_back.len(),
            self.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    fn vectors(&self, folder: &Path, embedder: &Embedder) -> Result<Vec<Vec<f32>>> {
        let fields = fields_of(folder, None, &self.reading.reading())?;
        let (vectors, faults) = embedder.vectors(&fields, workers(self.workers))?;
        note_left_out(&faults);
        Ok(vectors)
    }
}
