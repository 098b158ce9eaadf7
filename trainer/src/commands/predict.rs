//! `trainer predict`: fields become a table of probabilities.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::sync_channel;

use anyhow::{Context, Result, bail};
use clap::Args;
use cytolens::classifier::{Classifier, Prediction};
use cytolens::package::Package;

use crate::data::arguments::ReadingArguments;
use crate::data::files::{self, Found};
use crate::device::DeviceChoice;
use crate::progress::progress;

/// Fields that are decoded ahead of the network.
const AHEAD: usize = 4;

/// Classify fields into a CSV file
///
/// Columns: Id, Predicted (class numbers over threshold, separated by spaces), and the probability
/// of each class. Fields that cannot be read are told and left out.
#[derive(Debug, Args)]
pub struct Predict {
    /// The model package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A folder of fields, or image files
    #[arg(long, value_name = "DIR|FILE", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// The table; must be new
    #[arg(long, value_name = "FILE.csv")]
    out: PathBuf,
    /// Replace an existing table
    #[arg(long)]
    overwrite: bool,
    /// What computes
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl Predict {
    /// Runs the command: it fails where no field or not every field could be classified.
    pub fn run(&self) -> Result<ExitCode> {
        if self.out.exists() && !self.overwrite {
            bail!(
                "{} exists already; --overwrite replaces it",
                self.out.display()
            );
        }
        let found = self.find()?;
        let package = Package::read(&self.model)?;
        let classifier = Classifier::new(&package, self.device.open()?)?;
        // Renamed when whole: a break must not leave half a table that looks like one.
        let partial = self.out.with_extension("csv.partial");
        let mut table = Table::create(&partial, &package.manifest().labels)?;

        let mut faults: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
        let bar = progress(found.fields.len(), "Predicting");
        let mut predicted = 0;
        std::thread::scope(|scope| -> Result<()> {
            let (sender, receiver) = sync_channel(AHEAD);
            let (fields, composer) = (&found.fields, &classifier);
            scope.spawn(move || {
                for field in fields {
                    let planes = field
                        .read()
                        .map_err(|error| error.to_string())
                        .and_then(|read| {
                            composer.compose(&read).map_err(|error| error.to_string())
                        });
                    if sender.send((field.id.as_str(), planes)).is_err() {
                        return;
                    }
                }
            });
            for (id, planes) in receiver {
                match planes {
                    Ok(planes) => {
                        table.write(
                            id,
                            &pollster::block_on(classifier.classify_planes(&planes))?,
                        )?;
                        predicted += 1;
                    }
                    Err(fault) => faults.push(fault),
                }
                bar.inc(1);
            }
            Ok(())
        })?;
        bar.finish();
        table.finish()?;
        for fault in &faults {
            eprintln!("left out: {fault}");
        }
        if predicted == 0 {
            std::fs::remove_file(&partial).ok();
            bail!("no field could be classified");
        }
        std::fs::rename(&partial, &self.out)
            .with_context(|| format!("cannot write {}", self.out.display()))?;
        println!(
            "{predicted} fields classified, {} left out: {}",
            faults.len(),
            self.out.display()
        );
        Ok(if faults.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn find(&self) -> Result<Found> {
        match self.data.as_slice() {
            [folder] if folder.is_dir() => files::in_folder(folder, &self.reading.reading()),
            paths => {
                if let Some(missing) = paths.iter().find(|path| !path.is_file()) {
                    bail!(
                        "--data takes one folder or any number of files; this is no file: {}",
                        missing.display()
                    );
                }
                Ok(files::among(paths.to_vec(), &self.reading.reading()))
            }
        }
    }
}

/// The CSV file.
struct Table(csv::Writer<BufWriter<File>>);

impl Table {
    fn create(path: &Path, labels: &[String]) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        writer.write_record(
            ["Id", "Predicted"]
                .into_iter()
                .chain(labels.iter().map(String::as_str)),
        )?;
        Ok(Self(writer))
    }

    fn write(&mut self, id: &str, prediction: &Prediction) -> Result<()> {
        let present: Vec<String> = prediction.present.iter().map(ToString::to_string).collect();
        let fields = [id.to_owned(), present.join(" ")];
        self.0.write_record(
            fields
                .into_iter()
                .chain(prediction.probabilities.iter().map(ToString::to_string)),
        )?;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        self.0
            .into_inner()
            .map_err(|error| error.into_error())?
            .flush()?;
        Ok(())
    }
}
