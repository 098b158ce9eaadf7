//! `trainer predict`: classifies fields into a table of probabilities.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use cytolens::classifier::{Answers, Model, Prediction};
use cytolens::package::{Combination, ModelPackage};
use cytolens_cells::painter::Painter;
use cytolens_core::Channel;
use cytolens_field::Planes;

use crate::commands::arguments::{ReadingArguments, workers};
use crate::commands::painting::PainterArguments;
use crate::device::DeviceChoice;
use crate::output::{exit_code, say};
use crate::painter::package::painter_sha256;
use crate::predict::log::{FieldRow, LogEntry};
use crate::predict::outcome::note_outcome;
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
/// Columns: Id, Predicted (class numbers over threshold), and the probability of each class; with --painter also Painted, the
/// channel that was painted. Fields that cannot be read are reported and left out. Finished rows stay in FILE.progress until all are
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
    painting: PainterArguments,
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

/// What classifies fields.
#[derive(Debug, Clone, Copy)]
struct Answering<'a> {
    model: &'a Model,
    /// What paints a channel that fields lack, if anything.
    painter: Option<&'a Painter>,
    /// Whether pooled features are written.
    features: bool,
    /// What is noticed of fields as they are read.
    noticed: &'a Noticed,
}

/// A field as the networks see it.
struct Seen {
    /// Its views, each as every network sees it.
    views: Vec<Vec<Planes>>,
    /// The channel that was painted.
    painted: Option<Channel>,
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
        let package = ModelPackage::read(&self.model)?;
        let labels = package.manifest().labels();
        let painter = self.painting.open(package.manifest())?;
        ensure!(
            painter.is_none() || !self.outputs.has_submission(),
            "a submission has no place for a mark of what is painted: leave out --submission, or --painter"
        );
        let ids = || fields.iter().map(|field| field.id.as_str());
        let choices = self.choices(features, painter.as_ref())?;
        let provenance = Provenance::new(package.manifest(), ids(), choices)?;
        let model = Model::new(&package, self.device.open()?)?;
        let (mut log, before) = self.outputs.open_log(&provenance, ids())?;
        let mut pace = Pace::new(fields.len(), before);
        let noticed = Noticed::default();
        let times = MemberTimes::default();
        let answering = Answering {
            model: &model,
            painter: painter.as_ref(),
            features,
            noticed: &noticed,
        };
        self.classify(answering, &fields[before..], &times, |entries| {
            log.append(entries)?;
            pace.add(entries.len());
            Ok(())
        })?;
        pace.finish();

        let mut painted = 0;
        let left_out = note_outcome(&noticed, &faults, &log, |row| {
            painted += usize::from(row.painted.is_some());
        })?;
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
        let painted = painter.as_ref().map_or_else(String::new, |painter| {
            let paint = painter.manifest().channels.paint;
            format!(", {painted} of them with a painted {paint} channel")
        });
        say!(
            "{} fields classified{painted}, {} left out: {} ({:.2} fields a second{earlier})",
            fields.len() - left_out,
            left_out + faults.len(),
            self.outputs.out.display(),
            pace.rate(),
        )?;
        for line in times.lines(&model) {
            say!("{line}")?;
        }
        Ok(exit_code(left_out + faults.len()))
    }

    /// Classifies fields and gives their log entries to `done`, a batch at a time, in order.
    fn classify(
        &self,
        answering: Answering<'_>,
        fields: &[FieldOnDisk],
        times: &MemberTimes,
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
                let (entries, answers) = self.entries(answering, batches[batch], turns.as_ref())?;
                times.add(&answers);
                anyhow::Ok(entries)
            };
            Ahead::scoped(scope, batches.len(), threads, entries)
                .try_for_each(|entries| done(&entries?))
        })
    }

    /// Classifies a batch of fields. Where there are turns, the networks run in one of them.
    fn entries(
        &self,
        answering: Answering<'_>,
        fields: &[FieldOnDisk],
        turns: Option<&Mutex<()>>,
    ) -> Result<(Vec<LogEntry>, Answers)> {
        let Answering {
            model, features, ..
        } = answering;
        let mut inputs = Vec::new();
        let decoded: Vec<Result<Option<Channel>, Fault>> = fields
            .iter()
            .map(|field| {
                let Seen { views, painted } = self.decode(answering, field)?;
                inputs.extend(views);
                Ok(painted)
            })
            .collect();
        let turn = turns.map(|turns| turns.lock().unwrap_or_else(PoisonError::into_inner));
        let begun = Instant::now();
        let clock = || begun.elapsed().as_secs_f64() * 1000.0;
        let answers = pollster::block_on(model.answer_batch(&inputs, features, clock))?;
        drop(turn);
        let mut predictions = answers.fields.chunks_exact(self.views());
        let entries = fields.iter().zip(decoded).map(|(field, decoded)| {
            let id = field.id.clone();
            let painted = match decoded {
                Ok(painted) => painted,
                Err(fault) => return Ok(LogEntry::Fault { id, fault }),
            };
            let views = predictions.next().context("a field without a prediction")?;
            Ok(LogEntry::Row(FieldRow {
                painted,
                ..row(id, model, views)
            }))
        });
        let entries = entries.collect::<Result<Vec<_>>>()?;
        Ok((entries, answers))
    }

    /// Decodes a field, and has a channel painted where it lacks it and a painter is asked for.
    fn decode(&self, answering: Answering<'_>, field: &FieldOnDisk) -> Result<Seen, Fault> {
        let mut field = field.read()?;
        if let Some(painter) = answering.painter {
            field = painter.painted(&field)?.unwrap_or(field);
        }
        answering.noticed.look_at(&field);
        let planes = answering.model.compose(&field)?;
        let seen = |index: usize| -> Vec<Planes> {
            planes.iter().map(|planes| view(planes, index)).collect()
        };
        Ok(Seen {
            views: (0..self.views()).map(seen).collect(),
            painted: field.painted().next(),
        })
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

    fn choices(&self, features: bool, painter: Option<&Painter>) -> Result<Choices> {
        let reading = self.reading();
        let painter = painter.map(|painter| painter_sha256(painter.manifest()));
        Ok(Choices {
            shard: self.shard.to_string(),
            channels: reading.order.to_string(),
            bits: reading.bits,
            to_scale: reading.to_scale,
            flips: self.flips,
            features,
            painter: painter.transpose()?,
            device: self.device.to_string(),
            batch: self.batch.get(),
        })
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

/// The time that each network of an ensemble took.
#[derive(Debug, Default)]
struct MemberTimes(Mutex<(usize, Vec<f64>)>);

impl MemberTimes {
    /// Adds the times of a batch.
    fn add(&self, answers: &Answers) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (views, sums) = &mut *times;
        *views += answers.fields.len();
        sums.resize(answers.member_ms.len(), 0.0);
        for (sum, time) in sums.iter_mut().zip(&answers.member_ms) {
            *sum += time;
        }
    }

    /// A line for each network; none for a model of one, or where nothing was classified.
    fn lines(&self, model: &Model) -> Vec<String> {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (views, sums) = &*times;
        if *views == 0 || sums.len() < 2 {
            return Vec::new();
        }
        let manifest = model.manifest();
        let members = manifest.members().into_iter();
        let parts = members.zip(manifest.shares()).zip(sums);
        parts
            .map(|((member, share), sum)| {
                let each = sum / *views as f64;
                let took = format!("  {each:.0} ms a view by {}", member.name);
                match manifest.combination() {
                    Combination::MeanOfProbabilities => format!("{took}, which counts {share:.3}"),
                    Combination::SumOfLogits => took,
                }
            })
            .collect()
    }
}

/// The prediction of a field by the mean probabilities of its views, and their mean features where they have any.
fn row(id: String, model: &Model, views: &[(Prediction, Vec<f32>)]) -> FieldRow {
    let classes = model.manifest().labels().len();
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
    } = model.manifest().decide((0..classes).map(mean).collect());
    FieldRow {
        id,
        present,
        probabilities,
        features: (0..count).map(feature).collect(),
        painted: None,
    }
}
