//! `trainer inspect`: validates, measures and draws a labelled set.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::commands::arguments::ReadingArguments;
use crate::output::say;
use cytolens_data::files::claim_folder;
use cytolens_report::inspect::{self, InspectedSet};

/// Validate a labelled set and draw what is in it
///
/// Reads every field and writes a report: index.html, summary.json, faults.csv, plots and pictures.
/// Fields that cannot be read are listed and left out.
#[derive(Debug, Args)]
pub struct Inspect {
    /// The labelled set
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "labels",
        conflicts_with = "labels"
    )]
    data: Option<PathBuf>,
    /// A table of labels (Id,Target) to report on alone, without images
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// A second labelled set, measured alike and drawn beside the first
    #[arg(long, value_name = "DIR", requires = "data")]
    beside: Option<PathBuf>,
    /// The report's folder; must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Fail where anything is wrong with the set; the report is written all the same
    #[arg(long)]
    strict: bool,
}

impl Inspect {
    /// Runs the command. With `--strict` it fails if there is any fault.
    pub fn run(&self) -> Result<ExitCode> {
        claim_folder(&self.out)?;
        let reading = self.reading.reading();
        let mut sets = Vec::new();
        if let Some(table) = &self.labels {
            sets.push(InspectedSet::of_table(table)?);
        }
        if let Some(data) = &self.data {
            sets.push(InspectedSet::of_folder(data, &reading, &self.out, "")?);
        }
        if let Some(beside) = &self.beside {
            sets.push(InspectedSet::of_folder(
                beside, &reading, &self.out, "beside-",
            )?);
        }
        inspect::distinguish_names(&mut sets);
        inspect::write(&sets, &self.out)?;
        for set in &sets {
            say!("{}", set.summary())?;
        }
        say!("the report is {}", self.out.join("index.html").display())?;
        let is_at_fault = self.strict && sets.iter().any(InspectedSet::has_faults);
        Ok(if is_at_fault {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(rows: &str, strict: bool) -> (Result<ExitCode>, bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let labels = folder.path().join("labels.csv");
        std::fs::write(&labels, format!("Id,Target\n{rows}")).expect("a table");
        let out = folder.path().join("report");
        let done = Inspect {
            data: None,
            reading: ReadingArguments::default(),
            labels: Some(labels),
            beside: None,
            out: out.clone(),
            strict,
        }
        .run();
        (done, out.join("index.html").is_file())
    }

    #[test]
    fn strict_fails_for_a_fault_and_reports_all_the_same() {
        // Exit codes can only be compared as they print.
        let code = |rows, strict| {
            let (done, has_report) = inspect(rows, strict);
            assert!(has_report);
            format!("{:?}", done.expect("a report"))
        };
        let (good, bad) = (
            format!("{:?}", ExitCode::SUCCESS),
            format!("{:?}", ExitCode::FAILURE),
        );
        assert_eq!(code("a,0\n", true), good);
        assert_eq!(code("a,0\nb,28\n", false), good);
        assert_eq!(code("a,0\nb,28\n", true), bad);
    }

    #[test]
    fn a_report_overwrites_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("kept"), "").expect("a file");
        let refused = Inspect {
            data: Some(folder.path().to_owned()),
            reading: ReadingArguments::default(),
            labels: None,
            beside: None,
            out: folder.path().to_owned(),
            strict: false,
        }
        .run();
        assert!(refused.is_err_and(|error| error.to_string().contains("not empty")));
    }
}
