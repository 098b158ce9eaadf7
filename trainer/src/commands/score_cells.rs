//! `trainer score-cells`: how well a cells package finds cells, beside a classical method, and how well a model answers for them.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use cytolens_cells::{Calibration, CellsNetwork, Options};
use cytolens_data::fault::Fault;
use cytolens_data::files;
use cytolens_data::masked::{MASK_FOLDER, MaskedSet};
use cytolens_data::whole_file::write_whole;
use cytolens_kernels::Processor;
use cytolens_report::progress::progress;
use serde::Serialize;

use crate::cells::labelled::{LabelScores, answered, approaches, approaches_table};
use crate::cells::score::{agreement, scores, table};
use crate::commands::arguments::{ReadingArguments, workers};
use crate::commands::cells::{answering_model, cells_package};
use crate::output::{exit_code, note_left_out, say};

/// Score a cells package against masks, beside a classical method
///
/// The average precision of cells and of nuclei, TP / (TP + FP + FN) at thresholds of the intersection over union from 0.5 to 0.9,
/// and the error of their count, at the fields' own size. The classical method smooths, takes Otsu's threshold and grows cells from
/// nuclei by the same watershed. With --answers instead the mean average precision of the labels of single cells, as the challenge
/// of 2021 counts it: masks that overlap the true ones by 0.6 at least, in the order of their probability. With --crops as well,
/// answers by the activation map within a cell's mask stand beside answers of the same model for each cell cut out of its field, the
/// rest black, and beside the mean and the product of both; that costs one classification a cell.
#[derive(Debug, Args)]
pub struct ScoreCells {
    /// The cells package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A folder of fields with masks
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadingArguments,
    /// The folder of the masks, <id>_cells.png and <id>_nuclei.png; by default `masks` in the fields'
    #[arg(long, value_name = "DIR")]
    masks: Option<PathBuf>,
    /// Compare the nuclei that both methods find, where there are no masks
    #[arg(long, conflicts_with = "masks")]
    agreement: bool,
    /// Score the answers of this model package for each found cell, where the masks' folder has <id>_labels.csv
    #[arg(long, value_name = "DIR", conflicts_with = "agreement")]
    answers: Option<PathBuf>,
    /// Compare these answers with the model's for each cell cut out alone: one classification a cell
    #[arg(long, requires = "answers")]
    crops: bool,
    /// Also write the scores, for `trainer package --scores`
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,
    /// Threads; without it, as many as there are cores
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

impl ScoreCells {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        if let Some(path) = &self.out {
            ensure!(!path.exists(), "{} exists already", path.display());
        }
        let network = CellsNetwork::new(&cells_package(&self.model)?, Processor::best())?;
        let (options, workers) = (Options::default(), workers(self.workers));
        let reading = self.reading.reading();
        let set = || {
            let default = self.data.join(MASK_FOLDER);
            let masks = self.masks.as_deref().unwrap_or(&default);
            MaskedSet::with_masks(&self.data, masks, &reading)
        };
        if let Some(folder) = &self.answers {
            let classifier = answering_model(folder)?;
            let MaskedSet { fields, mut faults } = set()?;
            let bar = progress(fields.len(), "Answering");
            let (found, unread) =
                answered(&network, &classifier, &fields, self.crops, workers, || {
                    bar.inc(1)
                })?;
            bar.finish();
            faults.extend(unread);
            if self.crops {
                let scores = approaches(&found, &Calibration::SHIPPED);
                return self.finish(&scores, &approaches_table(&scores), &faults);
            }
            let scores = LabelScores::of(&found, &Calibration::SHIPPED);
            return self.finish(&scores, &scores.table(), &faults);
        }
        let (scores, faults) = if self.agreement {
            let found = files::in_folder(&self.data, &reading)?;
            let bar = progress(found.fields.len(), "Comparing");
            let (score, faults) =
                agreement(&network, &found.fields, &options, workers, || bar.inc(1))?;
            bar.finish();
            (vec![score], faults)
        } else {
            let set = set()?;
            let bar = progress(set.fields.len(), "Comparing");
            let found = scores(&network, &set.fields, &options, workers, || bar.inc(1))?;
            bar.finish();
            found
        };
        self.finish(&scores, &table(&scores), &faults)
    }

    /// Says what was left out, prints the table and writes the scores.
    fn finish(&self, scores: &impl Serialize, table: &str, faults: &[Fault]) -> Result<ExitCode> {
        note_left_out(faults);
        say!("{}", table.trim_end())?;
        if let Some(path) = &self.out {
            write_whole(path, serde_json::to_string_pretty(scores)? + "\n")?;
        }
        Ok(exit_code(faults.len()))
    }
}
