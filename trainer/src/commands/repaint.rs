//! `trainer repaint`: further samples of rare labels, whose other channels are painted anew from their green.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use cytolens_data::dataset::{Dataset, Sample};
use cytolens_data::noticed::Noticed;
use cytolens_data::repeats::RepeatChoice;
use cytolens_data::split::file::Part;
use cytolens_report::progress::progress;
use serde::Deserialize;

use crate::commands::arguments::{SetArguments, workers};
use crate::commands::painting::painter_of;
use crate::commands::parts::parts_by;
use crate::output::{note, say};
use crate::predict::log::Log;
use crate::predict::outcome::note_outcome;
use crate::repaint::painters::Painters;
use crate::repaint::rare::rare_samples;
use crate::repaint::repainter::{Repainted, Repainter};
use crate::repaint::set::{LOG_FILE, Provenance, credits, finish};
use crate::run::recipe;
use crate::run::recipe_file::RecipeFile;
use crate::run::samples::part_of_run;

/// Paint the other channels of rare samples anew from their green
///
/// Writes a set to train on beside the first (`trainer train --also`): for each showing after the first that a recipe's [repeats]
/// give a sample in an epoch, its green in another of its eight views, with the channels that painters paint of it. Samples without a
/// green that can be read are reported and left out. Finished samples stay in repainting.progress until all are done, so that
/// --resume goes on with them after a break.
#[derive(Debug, Args)]
pub struct Repaint {
    #[command(flatten)]
    set: SetArguments,
    /// The package of a painter, which reads green or what painters before it paint; can be given again. A channel without a painter
    /// is left out
    #[arg(long, value_name = "DIR", required = true)]
    painter: Vec<PathBuf>,
    /// Which sample is in which part: a table by `trainer split`, of which only the part train is painted anew, and counted to tell
    /// what is rare
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// The new set's folder; must be new
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Go on where the same command broke off
    #[arg(long)]
    resume: bool,
    /// A recipe's name or TOML file, for its table [repeats]
    #[arg(long, default_value = "default")]
    recipe: String,
    /// Change a key of that table, such as repeats.cap=4; can be given again
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    changes: Vec<String>,
    /// Random seed of the showings and views
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads that read and paint fields; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
}

/// The table of a recipe that this command reads.
#[derive(Debug, Deserialize)]
struct RepaintTables {
    repeats: RepeatChoice,
}

impl RecipeFile for RepaintTables {
    const BUILT_IN: &'static [(&'static str, &'static str)] = &recipe::BUILT_IN;

    fn check(&self) -> Result<()> {
        self.repeats.check()
    }
}

impl Repaint {
    /// Runs the command.
    pub fn run(&self) -> Result<ExitCode> {
        let RepaintTables { repeats } = RepaintTables::load(&self.recipe, &self.changes)?;
        let painters = self.painter.iter().map(|folder| painter_of(folder));
        let painters = Painters::new(painters.collect::<Result<_>>()?)?;
        let Dataset {
            samples,
            credits: originals,
            faults,
        } = self.set.open()?;
        let samples = self.to_train_on(samples)?;
        let rare = rare_samples(samples, &repeats, self.seed);
        ensure!(
            !rare.is_empty(),
            "no sample has a label that repeats with threshold {} and cap {} would show again",
            repeats.threshold,
            repeats.cap
        );
        let provenance =
            Provenance::new(&rare, &painters, repeats, self.seed, &self.set.reading())?;
        let ids = rare.iter().map(|rare| rare.sample.field.id.as_str());
        let (mut log, before) =
            Log::<Repainted>::in_folder(&self.out, LOG_FILE, &provenance, ids, self.resume)?;
        let noticed = Noticed::default();
        let repainter = Repainter {
            painters: &painters,
            noticed: &noticed,
            out: &self.out,
        };
        let bar = progress(rare.len(), "Painting");
        bar.set_position(before as u64);
        bar.reset_eta();
        repainter.run(&rare[before..], workers(self.workers), |entry| {
            log.append(&[entry])?;
            bar.inc(1);
            Ok(())
        })?;
        bar.finish();
        let left_out = note_outcome(&noticed, &faults, &log, |_| ())?;
        let credits = credits(&rare, originals, &painters);
        let copies = finish(&self.out, &rare, &provenance, &credits, log)?;
        say!(
            "{copies} copies of {} samples, {left_out} left out: {}",
            rare.len() - left_out,
            self.out.display()
        )?;
        say!(
            "`trainer train --also {} --set repeats.threshold=0` shows them in place of repeats",
            self.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// The samples that a run with this split trains on.
    fn to_train_on(&self, samples: Vec<Sample>) -> Result<Vec<Sample>> {
        let Some(file) = &self.split else {
            note!(
                "without --split samples are painted anew that a run may validate or test with, and it would train on what it is \
                 scored by"
            );
            return Ok(samples);
        };
        let parts = parts_by(file, &samples)?;
        let trained_on: Vec<Sample> = samples
            .into_iter()
            .zip(parts)
            .filter(|(_, part)| part_of_run(*part) == Part::Train)
            .map(|(sample, _)| sample)
            .collect();
        ensure!(
            !trained_on.is_empty(),
            "no sample of the set is in the part train of {}",
            file.display()
        );
        Ok(trained_on)
    }
}
