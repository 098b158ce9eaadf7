//! `trainer predict`: classifies fields into a table of probabilities.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use clap::Args;
use cytolens::classifier::{Classifier, Prediction};
use cytolens::package::Package;
use cytolens_field::Planes;

use crate::commands::arguments::{ReadingArguments, workers};
use crate::device::DeviceChoice;
use crate::output::{note, say};
use crate::predict::log::{FieldRow, LogEntry};
use crate::predict::outputs::Outputs;
use crate::predict::pace::Pace;
use crate::predict::provenance::{Choices, Provenance};
use crate::predict::shard::Shard;
use cytolens_data::ahead::{Ahead, Threads};
use cytolens_data::fault::Fault;
use cytolens_data::files::{self, FieldOnDisk, FoundFields, Reading};
use cytolens_data::noticed::Noticed;
use cytolens_data::views::{VIEWS, view};

/// The number of batches that a worker may be ahead of the one to be written next.
const AHEAD: usize = 4;

/// Classify fields into a table, CSV or Parquet
///
/// Columns: Id, Predicted (class numbers over threshold), and the probability of each class. Fields
/// that cannot be read are reported and left out. Finished rows stay in FILE.progress until all are
/// done, so that --resume goes on with them after a break.
#[derive(Debug, Args)]
pub struct Predict {
    /// The model package
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// A folder of fields, a zip archive of one, or image files
    #[arg(long, value_name = "DIR|FILE", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArguments,
    /// Bring fields to the training's scale whose cells look more than twice as large or as small, by the size of a
    /// pixel that their files name: answer their middle alone, or lay them on black
    #[arg(long)]
    to_scale: bool,
    #[command(flatten)]
    outputs: Outputs,
    /// Classify one of several shares of the fields: 2/8 is the second of eight, which joined in order are
    /// the whole
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Average over the eight views of each field (quarter turns and mirror images), at eight times
    /// the work
    #[arg(long)]
    flips: bool,
    /// Number of fields that the network classifies at once
    #[arg(long, value_name = "N", default_value = "1")]
    batch: NonZero<usize>,
    /// Threads that read, decode and classify, each a batch of its own (a GPU takes one batch at a
    /// time); without it, as many as there are cores
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    device: DeviceChoice,
}

impl Predict {
    /// Runs the command. It fails if any field could not be classified.
    pub fn run(&self) -> Result<ExitCode> {
        self.run_with(false)
    }

    /// Runs the command, and writes the pooled features of each field where they are asked for.
    pub fn run_with(&self, features: bool) -> Result<ExitCode> {
        self.outputs.check()?;
        if features {
            self.outputs.check_features()?;
        }
        let FoundFields { mut fields, faults } = self.find()?;
        let fields: Vec<FieldOnDisk> = fields.drain(self.shard.range(fields.len())).collect();
        // Files that are of no field are of no share: the first share reports them.
        let faults = if self.shard.is_first() {
            faults
        } else {
            Vec::new()
        };
        let package = Package::read(&self.model)?;
        let labels = &package.manifest().labels;
        let ids = || fields.iter().map(|field| field.id.as_str());
        let provenance = Provenance::new(package.manifest(), ids(), self.choices(features))?;
        let classifier = Classifier::new(&package, self.device.open()?)?;
        let (mut log, before) = self.outputs.open_log(&provenance, ids())?;
        let mut pace = Pace::new(fields.len(), before);
        let noticed = Noticed::default();
        self.classify(
            &classifier,
            features,
            &fields[before..],
            &noticed,
            |entries| {
                log.append(entries)?;
                pace.add(entries.len());
                Ok(())
            },
        )?;
        pace.finish();

        for warning in noticed.warnings() {
            note!("{warning}");
        }
        for fault in &faults {
            note!("left out: {fault}");
        }
        let mut left_out = 0;
        for fault in log.faults()? {
            note!("left out: {}", fault?.1);
            left_out += 1;
        }
        self.outputs.write_faults(&log, &faults)?;
        if left_out == fields.len() && left_out > 0 {
            log.remove()?;
            bail!("no field could be classified");
        }
        self.outputs.write_tables(&log, labels, &provenance)?;
        log.remove()?;
        let earlier = match before {
            0 => String::new(),
            before => format!(", {before} fields done before"),
        };
        say!(
            "{} fields classified, {} left out: {} ({:.2} fields a second{earlier})",
            fields.len() - left_out,
            left_out + faults.len(),
            self.outputs.out.display(),
            pace.rate(),
        )?;
        Ok(if left_out + faults.len() == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Classifies fields and gives their log entries to `done`, a batch at a time, in order.
    fn classify(
        &self,
        classifier: &Classifier,
        features: bool,
        fields: &[FieldOnDisk],
        noticed: &Noticed,
        mut done: impl FnMut(&[LogEntry]) -> Result<()>,
    ) -> Result<()> {
        let workers = workers(self.workers);
        let threads = Threads {
            workers,
            ahead: AHEAD * workers,
        };
        // One batch keeps a GPU busy. It does not keep all cores busy: parts of a network run on one.
        let turns = (self.device != DeviceChoice::Flex).then(|| Mutex::new(()));
        let batches: Vec<&[FieldOnDisk]> = fields.chunks(self.batch.get()).collect();
        std::thread::scope(|scope| {
            let entries = |batch: usize| {
                self.entries(
                    classifier,
                    features,
                    batches[batch],
                    noticed,
                    turns.as_ref(),
                )
            };
            Ahead::scoped(scope, batches.len(), threads, entries)
                .try_for_each(|entries| done(&entries?))
        })
    }

    /// Classifies a batch of fields. Where there are turns, the network runs in one of them.
    fn entries(
        &self,
        classifier: &Classifier,
        features: bool,
        fields: &[FieldOnDisk],
        noticed: &Noticed,
        turns: Option<&Mutex<()>>,
    ) -> Result<Vec<LogEntry>> {
        let mut inputs = Vec::new();
        let decoded: Vec<Result<(), Fault>> = fields
            .iter()
            .map(|field| {
                inputs.extend(self.decode(classifier, field, noticed)?);
                Ok(())
            })
            .collect();
        let turn = turns.map(|turns| turns.lock().unwrap_or_else(PoisonError::into_inner));
        let predictions = if features {
            pollster::block_on(classifier.embed_batch(&inputs))?
        } else {
            let predictions = pollster::block_on(classifier.classify_batch(&inputs))?;
            let without = predictions.into_iter().map(|it| (it, Vec::new()));
            without.collect()
        };
        drop(turn);
        let mut predictions = predictions.chunks_exact(self.views());
        let entries = fields.iter().zip(decoded).map(|(field, decoded)| {
            let id = field.id.clone();
            if let Err(fault) = decoded {
                return Ok(LogEntry::Fault { id, fault });
            }
            let views = predictions.next().context("a field without a prediction")?;
            Ok(LogEntry::Row(row(id, classifier, views)))
        });
        entries.collect()
    }

    /// Decodes a field into its views.
    fn decode(
        &self,
        classifier: &Classifier,
        field: &FieldOnDisk,
        noticed: &Noticed,
    ) -> Result<Vec<Planes>, Fault> {
        let field = field.read()?;
        noticed.look_at(&field);
        let planes = classifier.compose(&field)?;
        Ok((0..self.views())
            .map(|index| view(&planes, index))
            .collect())
    }

    /// The number of views of each field.
    fn views(&self) -> usize {
        if self.flips { VIEWS } else { 1 }
    }

    /// The reading of image files.
    fn reading(&self) -> Reading {
        Reading {
            to_scale: self.to_scale,
            ..self.reading.reading()
        }
    }

    fn choices(&self, features: bool) -> Choices {
        let reading = self.reading();
        Choices {
            shard: self.shard.to_string(),
            channels: reading.order.to_string(),
            bits: reading.bits,
            to_scale: reading.to_scale,
            flips: self.flips,
            features,
            device: self.device.to_string(),
            batch: self.batch.get(),
        }
    }

    fn find(&self) -> Result<FoundFields> {
        match self.data.as_slice() {
            [place] if place.is_dir() || files::is_archive(place) => {
                files::in_folder(place, &self.reading())
            }
            paths => {
                if let Some(missing) = paths.iter().find(|path| !path.is_file()) {
                    bail!(
                        "--data takes one folder or zip archive, or any number of files; this is no file: {}",
                        missing.display()
                    );
                }
                Ok(files::among(paths.to_vec(), &self.reading()))
            }
        }
    }
}

/// The prediction of a field by the mean probabilities of its views, and their mean features where they have any.
fn row(id: String, classifier: &Classifier, views: &[(Prediction, Vec<f32>)]) -> FieldRow {
    let classes = classifier.manifest().network.classes;
    let mean = |class: usize| {
        let probabilities = views.iter().map(|(view, _)| view.probabilities[class]);
        probabilities.sum::<f32>() / views.len() as f32
    };
    let count = views.first().map_or(0, |(_, features)| features.len());
    let feature = |at: usize| {
        let features = views.iter().map(|(_, features)| features[at]);
        features.sum::<f32>() / views.len() as f32
    };
    let Prediction {
        probabilities,
        present,
    } = classifier.decide((0..classes).map(mean).collect());
    FieldRow {
        id,
        present,
        probabilities,
        features: (0..count).map(feature).collect(),
    }
}
