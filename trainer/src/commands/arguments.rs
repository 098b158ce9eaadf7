//! The arguments of all commands that read fields.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use cytolens_core::ChannelOrder;

use cytolens_data::dataset::Dataset;
use cytolens_data::files::Reading;

/// How image files are read.
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
    /// How files are to be read.
    pub fn reading(&self) -> Reading {
        Reading {
            order: self.channels.clone(),
            bits: self.bits,
        }
    }
}

/// A labelled set, and how its files are read.
#[derive(Debug, Clone, Args)]
pub struct SetArguments {
    /// The labelled set: a folder with train.csv and the images of its fields
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
        Dataset::open(&self.data, &self.reading())
    }

    /// How files are to be read.
    pub fn reading(&self) -> Reading {
        self.reading.reading()
    }
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
