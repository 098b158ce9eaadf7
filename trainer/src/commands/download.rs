//! `trainer download`: fetches the atlas's public images into a labelled set.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use cytolens_core::Channel;
use cytolens_download::{Base, FAILURES_FILE, Settings, stop_on_signals};

use crate::output::{note, say};
use cytolens_report::progress::progress;

/// Fetch the Human Protein Atlas's images by a table of ids and labels
///
/// Writes a labelled set: images/, train.csv of the fields that are whole, and set.toml with attribution and licence. The same
/// command again fetches what lacks; failures.csv names that, and why.
#[derive(Debug, Args)]
pub struct Download {
    /// The table of ids and labels (Id,Target); ids as 10580_1610_C1_1
    #[arg(long, value_name = "CSV")]
    table: PathBuf,
    /// The set's folder: new, or of an earlier download
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the images lie: v18 (release 18), current, or the address of a folder that is laid out alike
    #[arg(long, value_name = "HOST|URL", default_value = "v18")]
    base: Base,
    /// Keep images of so many pixels a side, grey PNG, in place of the atlas's own JPEG
    #[arg(long, value_name = "PIXELS")]
    size: Option<u32>,
    /// The channels to fetch
    #[arg(
        long,
        value_name = "CHANNELS",
        value_delimiter = ',',
        default_value = "red,green,blue,yellow"
    )]
    channels: Vec<Channel>,
    /// Fetch the fields of the table's first rows only
    #[arg(long, value_name = "N")]
    limit: Option<NonZero<usize>>,
    /// The most connections at once
    #[arg(long, value_name = "N", default_value_t = 4)]
    connections: usize,
    /// The most requests a second, over all connections
    #[arg(long, value_name = "N", default_value_t = 8.0)]
    rate: f64,
}

impl Download {
    /// Runs the command. It fails if a row or a field was left out, or the run was interrupted.
    pub fn run(&self) -> Result<ExitCode> {
        let download = cytolens_download::Download::open(self.settings())?;
        let stop = stop_on_signals()?;
        let bar = progress(0, "Downloading");
        let begin = |total: usize, before: usize| {
            bar.set_length(total as u64);
            bar.set_position(before as u64);
            bar.reset_eta();
        };
        let done = download.run(&stop, begin, || bar.inc(1));
        bar.abandon();
        let summary = done?;
        for (reason, count) in &summary.failures {
            note!("left out: {count} × {reason}");
        }
        if !summary.failures.is_empty() {
            note!("{} names them", self.out.join(FAILURES_FILE).display());
        }
        if summary.is_interrupted {
            note!("interrupted; the same command goes on");
        }
        say!("{summary}: {}", self.out.display())?;
        Ok(if summary.is_complete() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn settings(&self) -> Settings {
        Settings {
            base: self.base.clone(),
            channels: self.channels.clone(),
            size: self.size,
            connections: self.connections,
            rate: self.rate,
            limit: self.limit.map(NonZero::get),
            ..Settings::new(&self.table, &self.out)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        download: Download,
    }

    fn settings(arguments: &[&str]) -> Result<Settings, String> {
        let all = ["trainer", "--table", "table.csv", "--out", "set"];
        Command::try_parse_from(all.iter().chain(arguments))
            .map(|command| command.download.settings())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_is_usual() {
        let said = settings(&[]).expect("settings");
        let usual = Settings::new("table.csv", "set");
        assert_eq!(format!("{said:?}"), format!("{usual:?}"));
    }

    #[test]
    fn what_is_said_is_taken() {
        let said = settings(&[
            "--base",
            "current",
            "--channels",
            "green,blue",
            "--limit",
            "5",
        ])
        .expect("settings");
        assert_eq!(said.base.host(), "images.proteinatlas.org");
        assert_eq!(said.channels, [Channel::Green, Channel::Blue]);
        assert_eq!(said.limit, Some(5));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, named) in [
            (["--base", "v99"], "v18, current, or an address"),
            (["--channels", "purple"], "\"purple\""),
            (["--limit", "0"], "--limit"),
        ] {
            let error = settings(&arguments).expect_err("a refusal");
            assert!(error.contains(named), "{error}");
        }
    }
}
