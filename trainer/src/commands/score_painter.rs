//! `trainer score-painter`: how like a painted channel is to the true one, beside two plain guesses.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use cytolens_data::whole_file::write_whole;
use cytolens_report::evaluation::EvaluationChoice;
use cytolens_report::progress::progress;

use crate::commands::arguments::{ReadingArguments, fields_of, workers};
use crate::commands::painting::painter_of;
use crate::output::{exit_code, note_left_out, say};
use crate::painter::score::{Scores, field_scores, write_table};

/// Score a painter on fields that have the true channel, beside the mean and the best linear mix of channels
///
/// Pearson's correlation, SSIM and PSNR of each field, at the size that the painter sees and with every channel stretched by itself;
/// their means over fields with 95 % intervals of the bootstrap, and the painter's gains, field by field. The mean and the mix were
/// fitted to the fields that the painter learnt from. Fields that lack a channel are left out by their names.
#[derive(Debug, Args)]
pub struct ScorePainter {
    /// The painter's package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A folder of fields, or a zip archive of one
    #[arg(long, value_name = "DIR|FILE")]
    data: PathBuf,
    /// Take those fields alone whose ids this file lists, one a line
    #[arg(long, value_name = "FILE")]
    only: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// Also write the scores of each field and method
    #[arg(long, value_name = "FILE.csv")]
    table: Option<PathBuf>,
    /// Also write the scores over fields, for `trainer package --scores`
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,
    /// Number of times that the fields are drawn again for intervals; 0 makes none
    #[arg(long, value_name = "N", default_value_t = EvaluationChoice::default().bootstrap)]
    bootstrap: usize,
    /// Random seed of these draws
    #[arg(long, default_value_t = EvaluationChoice::default().seed)]
    seed: u64,
    /// Threads; without it, as many as there are cores
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

impl ScorePainter {
    /// Runs the command. It fails if any field could not be scored.
    pub fn run(&self) -> Result<ExitCode> {
        for path in self.table.iter().chain(&self.out) {
            ensure!(!path.exists(), "{} exists already", path.display());
        }
        let choice = EvaluationChoice {
            bootstrap: self.bootstrap,
            seed: self.seed,
            ..EvaluationChoice::default()
        };
        choice.check()?;
        let painter = painter_of(&self.model)?;
        let fields = fields_of(&self.data, self.only.as_deref(), &self.reading.reading())?;
        let bar = progress(fields.len(), "Painting");
        let scored = field_scores(&painter, &fields, workers(self.workers), || bar.inc(1));
        bar.finish();
        let (of_fields, faults) = scored?;
        note_left_out(&faults);
        let scores = Scores::of(&of_fields, choice);
        say!("{}", scores.table())?;
        if let Some(path) = &self.table {
            write_table(path, &of_fields)?;
        }
        if let Some(path) = &self.out {
            write_whole(path, serde_json::to_string_pretty(&scores)? + "\n")?;
        }
        Ok(exit_code(faults.len()))
    }
}
