//! The output files of a prediction.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::Args;

use super::log::{FieldRow, Log};
use super::parquet::write_parquet;
use super::provenance::Provenance;
use super::table::{write_csv, write_faults, write_submission};
use cytolens_data::fault::Fault;
use cytolens_data::whole_file::fill_whole;

/// The output files of a prediction.
#[derive(Debug, Clone, Args)]
pub struct Outputs {
    /// The table, in the form of its extension; must be new
    #[arg(long, value_name = "FILE.csv|FILE.parquet")]
    pub out: PathBuf,
    /// Also write a table of the columns Id and Predicted alone, as the challenge takes it
    #[arg(long, value_name = "FILE.csv")]
    submission: Option<PathBuf>,
    /// Also write the fields that were left out, and why
    #[arg(long, value_name = "FILE.csv")]
    faults: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    overwrite: bool,
    /// Go on where the same prediction broke off, or begin if it has not
    #[arg(long)]
    resume: bool,
}

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TableFormat {
    Csv,
    Parquet,
}

impl TableFormat {
    /// The format that a file's extension names.
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "parquet" => Ok(Self::Parquet),
            _ => bail!(
                "tables are written as .csv or .parquet, and {} ends in neither",
                path.display()
            ),
        }
    }
}

/// Checks that a table can be written here, in the form of its extension.
///
/// # Errors
/// If the extension names no format, the file exists and may not be replaced, or its folder is missing.
pub fn check_table(path: &Path, overwrite: bool) -> Result<()> {
    TableFormat::of(path)?;
    check_place(path, overwrite)
}

fn check_place(path: &Path, overwrite: bool) -> Result<()> {
    if path.exists() && !overwrite {
        bail!("{} exists already; --overwrite replaces it", path.display());
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    ensure!(
        folder.as_os_str().is_empty() || folder.is_dir(),
        "there is no folder {} for {}",
        folder.display(),
        path.display()
    );
    Ok(())
}

/// Writes a table in the form of its extension. It gets its name when it is complete.
///
/// # Errors
/// If a row cannot be read or the file not written.
pub fn write_table(
    path: &Path,
    labels: &[String],
    provenance: &Provenance,
    rows: impl Iterator<Item = Result<FieldRow>>,
) -> Result<()> {
    let format = TableFormat::of(path)?;
    fill_whole(path, |file| match format {
        TableFormat::Csv => write_csv(file, labels, provenance.painter.is_some(), rows),
        TableFormat::Parquet => {
            // Its writer has a buffer of its own.
            file.flush()?;
            write_parquet(file.get_ref(), labels, provenance, rows)
        }
    })
}

impl Outputs {
    /// Checks that the files can be written without overwriting anything.
    ///
    /// # Errors
    /// If an extension names no format, two files are the same, a file exists and may not be replaced, its
    /// folder is missing, or there is an interrupted prediction that is not to be resumed.
    pub fn check(&self) -> Result<()> {
        TableFormat::of(&self.out)?;
        let beside: Vec<&PathBuf> = self.submission.iter().chain(&self.faults).collect();
        for path in &beside {
            if TableFormat::of(path)? != TableFormat::Csv {
                bail!("{} is written as .csv only", path.display());
            }
        }
        let log = self.log();
        let all: Vec<&PathBuf> = [&self.out].into_iter().chain(beside).collect();
        for (index, path) in all.iter().enumerate() {
            ensure!(
                !all[..index].contains(path) && **path != log,
                "two outputs have the name {}",
                path.display()
            );
            check_place(path, self.overwrite)?;
        }
        if log.exists() && !self.overwrite && !self.resume {
            bail!(
                "{} is of a prediction that broke off; --resume goes on with it, --overwrite begins anew",
                log.display()
            );
        }
        Ok(())
    }

    /// Whether a submission is wanted, whose form has no place for a mark of what is painted.
    pub fn has_submission(&self) -> bool {
        self.submission.is_some()
    }

    /// Checks that the table can hold features.
    ///
    /// # Errors
    /// If it is not Parquet.
    pub fn check_features(&self) -> Result<()> {
        ensure!(
            TableFormat::of(&self.out)? == TableFormat::Parquet,
            "features are written as .parquet only, and {} is not",
            self.out.display()
        );
        Ok(())
    }

    /// Opens the log of these outputs. Also gives the number of fields in it.
    ///
    /// # Errors
    /// Those of [`Log::begin`] and [`Log::resume`].
    pub fn open_log<'a>(
        &self,
        provenance: &Provenance,
        ids: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<(Log, usize)> {
        let path = self.log();
        if self.resume && path.exists() {
            Log::resume(&path, provenance, ids, provenance.batch)
        } else {
            Ok((Log::begin(&path, provenance)?, 0))
        }
    }

    /// Writes the tables of predictions from the log. A table gets its name when it is complete.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_tables(
        &self,
        log: &Log,
        labels: &[String],
        provenance: &Provenance,
    ) -> Result<()> {
        write_table(&self.out, labels, provenance, log.rows()?)?;
        if let Some(path) = &self.submission {
            fill_whole(path, |file| write_submission(file, log.rows()?))?;
        }
        Ok(())
    }

    /// Writes the table of faults, where it is asked for: those of files that are of no field, `found`, and
    /// those in the log.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_faults(&self, log: &Log, found: &[Fault]) -> Result<()> {
        if let Some(path) = &self.faults {
            let found = found.iter().map(|fault| Ok((String::new(), fault.clone())));
            fill_whole(path, |file| write_faults(file, found.chain(log.faults()?)))?;
        }
        Ok(())
    }

    /// The path of the log beside the table: `cells.csv.progress` for `cells.csv`.
    fn log(&self) -> PathBuf {
        let mut name = self.out.as_os_str().to_owned();
        name.push(".progress");
        PathBuf::from(name)
    }
}
