//! `trainer merge`: joins the tables of a prediction's shares.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::output::say;
use crate::predict::merge::Shares;
use crate::predict::outputs::{check_table, write_table};

/// Join the tables of all shares of a prediction into one
///
/// Refuses where a share is missing, is there twice, or is of another package, another list of fields or
/// other choices than the rest. The table has the rows that one machine would have written, in its order.
#[derive(Debug, Args)]
pub struct Merge {
    /// The shares' tables, which `predict --shard` wrote as Parquet, in any order
    #[arg(value_name = "FILE.parquet", required = true)]
    shares: Vec<PathBuf>,
    /// The joined table, in the form of its extension; must be new
    #[arg(long, value_name = "FILE.csv|FILE.parquet")]
    out: PathBuf,
    /// Replace an existing table
    #[arg(long)]
    overwrite: bool,
}

impl Merge {
    /// Runs the command.
    ///
    /// # Errors
    /// If the tables are not all shares of one prediction, or a file cannot be read or written.
    pub fn run(&self) -> Result<ExitCode> {
        check_table(&self.out, self.overwrite)?;
        let shares = Shares::open(&self.shares)?;
        write_table(
            &self.out,
            shares.labels(),
            &shares.provenance(),
            shares.rows(),
        )?;
        say!(
            "every share is there: {} fields classified, {} left out: {}",
            shares.fields() - shares.left_out(),
            shares.left_out(),
            self.out.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
