//! Arguments that several commands share.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::Args;
use cytolens::model::Architecture;
use cytolens_core::ChannelOrder;
use cytolens_core::labels::LabelSet;

use crate::device::DeviceChoice;
use crate::output::note_left_out;
use crate::run::folder::RunFolder;
use crate::run::record::Show;
use crate::run::samples::FurtherSet;
use crate::run::start::find_weights;
use crate::unet::training::UNetRun;
use cytolens_data::dataset::Dataset;
use cytolens_data::files::{self, FieldOnDisk, FoundFields, Reading};
use cytolens_data::split::file::{Split, read_split};
use cytolens_data::table::{LabelTable, read_table};

/// The reading of image files.
#[derive(Debug, Clone, Default, Args)]
pub struct ReadingArguments {
    /// The channels of TIFF files that hold several, in the order of their pages or samples, such as
    /// blue,red,-,green with - for what is skipped; auto goes by the names inside the file, else by
    /// red,green,blue,yellow
    // An order may begin with a hyphen.
    #[arg(
        long,
        value_name = "ORDER",
        default_value_t,
        allow_hyphen_values = true
    )]
    channels: ChannelOrder,
    /// The bits that 16-bit samples really use, such as 12 of a camera of 12 bit: they are stretched
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=16))]
    bits: Option<u32>,
}

impl ReadingArguments {
    /// The reading of image files.
    pub fn reading(&self) -> Reading {
        Reading {
            order: self.channels.clone(),
            bits: self.bits,
            to_scale: false,
        }
    }
}

/// A labelled set, and the reading of its files.
#[derive(Debug, Clone, Args)]
pub struct SetArguments {
    /// The labelled set: a folder, or a zip archive of one, with train.csv and the images of its fields
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    #[command(flatten)]
    reading: ReadingArguments,
}

impl SetArguments {
    /// Opens the set.
    ///
    /// # Errors
    /// Those of [`Dataset::open`].
    pub fn open(&self) -> Result<Dataset> {
        self.open_with(None)
    }

    /// Opens the set, where each sample keeps its text in a column of the table.
    ///
    /// # Errors
    /// Those of [`Dataset::open_with`].
    pub fn open_with(&self, column: Option<&str>) -> Result<Dataset> {
        Dataset::open_with(&self.data, &self.reading(), column)
    }

    /// The reading of image files.
    pub fn reading(&self) -> Reading {
        self.reading.reading()
    }
}

/// Further labelled sets to train on.
#[derive(Debug, Clone, Default, Args)]
pub struct FurtherSets {
    /// A further labelled set to train on, whose fields are neither validated nor tested with; DIR=3 shows each of them three
    /// times an epoch; can be given again
    #[arg(long, value_name = "DIR[=TIMES]")]
    also: Vec<Times>,
}

impl FurtherSets {
    /// Opens the sets, whose files are read as the first set's, with the texts in a column of their tables.
    ///
    /// # Errors
    /// Those of [`Dataset::open_with`].
    pub fn open(&self, reading: &Reading, column: Option<&str>) -> Result<Vec<FurtherSet>> {
        let open = |Times { folder, times }: &Times| {
            let set = Dataset::open_with(folder, reading, column)?;
            Ok(FurtherSet { set, times: *times })
        };
        self.also.iter().map(open).collect()
    }
}

/// A folder and the number of showings of each of its fields in an epoch.
#[derive(Debug, Clone, PartialEq)]
struct Times {
    folder: PathBuf,
    times: f64,
}

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((folder, number)) = text.rsplit_once('=') else {
            return Ok(Self {
                folder: text.into(),
                times: 1.0,
            });
        };
        let times: f64 = number
            .parse()
            .map_err(|_| format!("{number:?} after the = is no number"))?;
        if !(0.01..=1000.0).contains(&times) {
            return Err(format!(
                "a field is shown 0.01 to 1000 times an epoch, not {times}"
            ));
        }
        Ok(Self {
            folder: folder.into(),
            times,
        })
    }
}

/// The beginning of a run.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// Which sample is in which part: a table by `trainer split`, in place of the recipe's own split
    #[arg(long, value_name = "FILE.csv")]
    split: Option<PathBuf>,
    /// Go on where the same command broke off
    #[arg(long)]
    pub resume: bool,
}

impl RunArguments {
    /// Reads the table of the split, where one is given.
    ///
    /// # Errors
    /// Those of [`read_split`].
    pub fn table(&self) -> Result<Option<Split>> {
        self.split.as_deref().map(read_split).transpose()
    }
}

/// The initial weights of a run.
#[derive(Debug, Clone, Default, Args)]
pub struct InitArguments {
    /// ImageNet weights under torchvision's, timm's or Keras' names (.safetensors, .pth); without it,
    /// they are looked for in the data folder and in `imagenet` beside it. For start.weights = "network",
    /// the weights of a package or a run
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
}

impl InitArguments {
    /// Finds the file of an architecture's ImageNet weights.
    ///
    /// # Errors
    /// Those of [`find_weights`].
    pub fn find(&self, data: &Path, architecture: Architecture) -> Result<PathBuf> {
        find_weights(self.init.as_deref(), data, architecture)
    }
}

/// The course of a training, whatever it trains.
#[derive(Debug, Clone, Args)]
pub struct TrainingArguments {
    /// Threads that read and augment samples; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZero<usize>>,
    /// Minutes between two checkpoints inside an epoch
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0)]
    checkpoint_every: f64,
    /// Print lines instead of the dashboard
    #[arg(long)]
    plain: bool,
}

impl TrainingArguments {
    /// The number of threads that prepare samples.
    pub fn workers(&self) -> usize {
        workers(self.workers)
    }

    /// The time between two checkpoints.
    pub fn checkpoint_every(&self) -> Duration {
        minutes(self.checkpoint_every)
    }

    /// The display of the training's progress.
    pub fn show(&self) -> Show {
        Show::fitting(self.plain)
    }
}

/// The training of a U-Net, whatever it learns, but for what it learns from.
#[derive(Debug, Clone, Args)]
pub struct UNetArguments {
    /// Change a key of the recipe, such as training.epochs=3; can be given again
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE")]
    pub changes: Vec<String>,
    /// The run's folder; must be new
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Go on where the same command broke off
    #[arg(long)]
    pub resume: bool,
    /// Threads that read and augment fields
    #[arg(long, value_name = "N", default_value = "1")]
    workers: NonZero<usize>,
    /// Minutes between two checkpoints inside an epoch
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    checkpoint_every: f64,
    /// The device to compute on
    #[arg(long, default_value = "flex")]
    pub device: DeviceChoice,
}

impl UNetArguments {
    /// The run in a folder, computed by a device.
    pub fn run<'a>(&self, folder: &'a RunFolder, device: &'a Device) -> UNetRun<'a> {
        UNetRun {
            folder,
            device,
            workers: workers(Some(self.workers)),
            checkpoint_every: minutes(self.checkpoint_every),
        }
    }
}

/// So many minutes; none of a number that is no time.
fn minutes(count: f64) -> Duration {
    Duration::try_from_secs_f64(60.0 * count).unwrap_or(Duration::ZERO)
}

/// The fields of a place, or those of them that a file lists. Notes what is left out.
///
/// # Errors
/// If the place or the list cannot be read, or holds no field.
pub fn fields_of(place: &Path, only: Option<&Path>, reading: &Reading) -> Result<Vec<FieldOnDisk>> {
    let mut found = files::in_folder(place, reading)?;
    if let Some(list) = only {
        found = found.listed_in(list)?;
    }
    let FoundFields { fields, faults } = found;
    note_left_out(&faults);
    Ok(fields)
}

/// Reads the label sets of a table, Id and Target, and notes the rows that are left out.
///
/// # Errors
/// If the table cannot be read or has no row of labels.
pub fn label_sets(table: &Path) -> Result<Vec<LabelSet>> {
    let LabelTable { rows, faults, .. } = read_table(table)?;
    note_left_out(&faults);
    ensure!(!rows.is_empty(), "no row of labels in {}", table.display());
    Ok(rows.into_iter().map(|(_, labels)| labels).collect())
}

/// The number of threads asked for, or one a core.
pub fn workers(asked: Option<NonZero<usize>>) -> usize {
    let asked = asked.or_else(|| available_parallelism().ok());
    asked.map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use cytolens_core::Channel;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        set: SetArguments,
    }

    fn parse(arguments: &[&str]) -> Result<Reading, String> {
        let all = ["trainer", "--data", "somewhere"].iter().chain(arguments);
        Command::try_parse_from(all)
            .map(|command| command.set.reading())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_leaves_it_to_the_files() {
        assert_eq!(parse(&[]), Ok(Reading::default()));
    }

    #[test]
    fn order_and_bits_are_read() {
        let reading = parse(&["--channels", "blue,-,red,green", "--bits", "12"]).expect("valid");
        let order = [
            Some(Channel::Blue),
            None,
            Some(Channel::Red),
            Some(Channel::Green),
        ];
        assert_eq!(reading.order.given(), Some(order.as_slice()));
        assert_eq!(reading.bits, Some(12));
    }

    #[test]
    fn further_sets_may_be_shown_several_times() {
        let times = |text: &str| text.parse::<Times>();
        let expected = |folder: &str, times| {
            let folder = folder.into();
            Ok(Times { folder, times })
        };
        assert_eq!(times("cells"), expected("cells", 1.0));
        assert_eq!(times("cells=2.5"), expected("cells", 2.5));
        assert_eq!(times("a=b=3"), expected("a=b", 3.0));
        for (text, named) in [("cells=many", "many"), ("cells=0", "0.01 to 1000")] {
            assert!(times(text).expect_err("a refusal").contains(named));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, named) in [
            (["--channels", "blue,purple"], "\"purple\""),
            (["--channels", "blue,blue"], "blue comes twice"),
            (["--channels", "-,-"], "must name one"),
            (["--bits", "7"], "8..=16"),
        ] {
            let error = parse(&arguments).expect_err("a refusal");
            assert!(error.contains(named), "{error}");
        }
    }
}
