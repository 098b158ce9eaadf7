//! `trainer calibrate-cells`: how probable a cell shows what its field shows, fitted to cells whose labels are known.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use cytolens_cells::CellsNetwork;
use cytolens_data::masked::MaskedSet;
use cytolens_kernels::Processor;
use cytolens_report::progress::progress;

use crate::cells::calibrate::{comparison, fit};
use crate::cells::labelled::{AnsweredField, Decision, answered};
use crate::commands::arguments::{ReadingArguments, workers};
use crate::commands::cells::{answering_model, cells_package};
use crate::output::{exit_code, note_left_out, say};

/// Fit how probable a cell shows what its field shows
///
/// The first half of the fields is fitted to, and the others tell how well: log loss, expected calibration error and mean average
/// precision, with and without. Prints the numbers for crates/cells/src/calibration.rs, by which programs answer once they are built
/// again.
#[derive(Debug, Args)]
pub struct CalibrateCells {
    /// The cells package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The model package that answers for each cell
    #[arg(long, value_name = "DIR")]
    answers: PathBuf,
    /// A folder of fields with masks and labels of their cells, as `trainer simulate --masks` writes it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadingArguments,
    /// Threads; without it, as many as there are cores
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

impl CalibrateCells {
    /// Runs the command. It fails if any field could not be read.
    pub fn run(&self) -> Result<ExitCode> {
        let network = CellsNetwork::new(&cells_package(&self.model)?, Processor::best())?;
        let classifier = answering_model(&self.answers)?;
        let MaskedSet { fields, mut faults } =
            MaskedSet::open(&self.data, &self.reading.reading())?;
        let bar = progress(fields.len(), "Answering");
        let workers = workers(self.workers);
        let (found, unread) = answered(&network, &classifier, &fields, false, workers, || {
            bar.inc(1)
        })?;
        bar.finish();
        faults.extend(unread);
        note_left_out(&faults);
        ensure!(
            found.len() > 1,
            "one field is too few: another tells how well the calibration fits"
        );
        // Drawn sets repeat their labels, so either half has all of them.
        let (known, others) = found.split_at(found.len() / 2);
        let decisions: Vec<Decision> = known.iter().flat_map(AnsweredField::decisions).collect();
        let count = decisions
            .iter()
            .filter(|decision| decision.in_field)
            .count();
        ensure!(
            count > 0,
            "no found cell is a true one of a field that shows a label"
        );
        let calibration = fit(&decisions);
        say!(
            "fitted to {count} labels of cells in {} fields; the other {}:\n\n{}",
            known.len(),
            others.len(),
            comparison(others, &calibration)
        )?;
        say!(
            "offset: {:.3}, low: {:.3}, high: {:.3}",
            calibration.offset,
            calibration.low,
            calibration.high
        )?;
        Ok(exit_code(faults.len()))
    }
}
