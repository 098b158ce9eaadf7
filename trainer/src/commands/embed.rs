//! `trainer embed`: the pooled features of fields, as Parquet.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::commands::predict::Predict;

/// Write the features of fields, by which they are compared, into a Parquet table
///
/// All that `predict` writes and does (shares, `--resume`, `merge`), and one column more: Features, the mean of each of the
/// network's feature maps, before its last layer.
#[derive(Debug, Args)]
pub struct Embed {
    #[command(flatten)]
    predict: Predict,
}

impl Embed {
    /// Runs the command.
    ///
    /// # Errors
    /// Those of `predict`, and a table that is not Parquet.
    pub fn run(&self) -> Result<ExitCode> {
        self.predict.run_with(true)
    }
}
