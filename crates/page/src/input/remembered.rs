//! Answers about channels, kept in the browser.
//!
//! One line per answer, the latest last: `w1=blue w2=green w3=-` (`-` for files that are left out), or the
//! values alone where the files are colour pictures. Values hold neither spaces nor `=`: these separate
//! the parts of names.

use super::stain::key;
use crate::dom::{remember, remembered};
use cytolens_core::{Channel, ChannelOrder};

/// The name under which answers are kept.
const ANSWERS: &str = "cytolens.channels";

/// The name under which the order inside files is kept.
const ORDER: &str = "cytolens.order";

/// The name under which the bits of 16-bit samples are kept.
const BITS: &str = "cytolens.bits";

/// The most answers that are kept.
const MOST: usize = 20;

const LEFT_OUT: &str = "-";

/// An answer to the question which channels the values of a part of names mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChannelAnswer {
    /// Each value's channel; none where its files are left out.
    Channels(Vec<(String, Option<Channel>)>),
    /// No channel: each file with one of these values is a colour picture.
    Pictures(Vec<String>),
}

impl ChannelAnswer {
    fn keys(&self) -> Vec<String> {
        match self {
            Self::Channels(channels) => channels.iter().map(|(value, _)| key(value)).collect(),
            Self::Pictures(values) => values.iter().map(|value| key(value)).collect(),
        }
    }

    /// Whether the answer is about all these values.
    fn covers(&self, values: &[&str]) -> bool {
        let keys = self.keys();
        values.iter().all(|value| keys.contains(&key(value)))
    }

    /// A value's channel; none where its files are left out, or are pictures.
    pub(super) fn channel(&self, value: &str) -> Option<Channel> {
        match self {
            Self::Channels(channels) => channels
                .iter()
                .find(|(known, _)| key(known) == key(value))
                .and_then(|(_, channel)| *channel),
            Self::Pictures(_) => None,
        }
    }

    fn line(&self) -> String {
        let words: Vec<String> = match self {
            Self::Channels(channels) => channels
                .iter()
                .map(|(value, channel)| {
                    let name = channel.map_or(LEFT_OUT, Channel::name);
                    format!("{value}={name}")
                })
                .collect(),
            Self::Pictures(values) => values.clone(),
        };
        words.join(" ")
    }

    fn of_line(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            return None;
        }
        if words.iter().all(|word| !word.contains('=')) {
            return Some(Self::Pictures(
                words.into_iter().map(str::to_owned).collect(),
            ));
        }
        let channels = words.into_iter().map(|word| {
            let (value, name) = word.split_once('=')?;
            let channel = match name {
                LEFT_OUT => None,
                name => Some(name.parse().ok()?),
            };
            Some((value.to_owned(), channel))
        });
        channels.collect::<Option<_>>().map(Self::Channels)
    }
}

/// All answers, the latest last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ChannelAnswers(Vec<ChannelAnswer>);

impl ChannelAnswers {
    /// Reads the answers that were kept. Without storage there are none; lines that are no answer are passed
    /// over.
    pub(super) fn load() -> Self {
        Self::of_text(&remembered(ANSWERS))
    }

    fn of_text(text: &str) -> Self {
        Self(text.lines().filter_map(ChannelAnswer::of_line).collect())
    }

    fn text(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(ChannelAnswer::line).collect();
        lines.join("\n")
    }

    /// Keeps all for the next visit.
    pub(super) fn save(&self) {
        remember(ANSWERS, &self.text());
    }

    /// The latest answer about all these values.
    pub(super) fn of(&self, values: &[&str]) -> Option<&ChannelAnswer> {
        self.0.iter().rev().find(|answer| answer.covers(values))
    }

    /// Adds an answer, in place of one of the same values.
    pub(super) fn add(&mut self, answer: ChannelAnswer) {
        let keys = answer.keys();
        self.0.retain(|other| other.keys() != keys);
        self.0.push(answer);
        let excess = self.0.len().saturating_sub(MOST);
        self.0.drain(..excess);
    }

    /// All, the latest last.
    pub(super) fn all(&self) -> &[ChannelAnswer] {
        &self.0
    }

    /// Removes the answer at this position.
    pub(super) fn forget(&mut self, at: usize) {
        if at < self.0.len() {
            self.0.remove(at);
        }
    }
}

/// The order of channels inside TIFF files.
pub(super) fn order() -> ChannelOrder {
    remembered(ORDER).parse().unwrap_or_default()
}

/// Keeps the order of channels inside TIFF files.
pub(super) fn keep_order(order: &ChannelOrder) {
    remember(ORDER, &order.to_string());
}

/// The bits that 16-bit samples use; none for all.
pub(super) fn bits() -> Option<u32> {
    remembered(BITS)
        .parse()
        .ok()
        .filter(|bits| (8..16).contains(bits))
}

/// Keeps the bits that 16-bit samples use.
pub(crate) fn keep_bits(bits: Option<u32>) {
    let bits = bits.map(|bits| bits.to_string());
    remember(BITS, &bits.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(line: &str) -> ChannelAnswer {
        ChannelAnswer::of_line(line).expect("an answer")
    }

    #[test]
    fn answers_are_read_as_they_were_written() {
        let text = "w1=blue w2=green w3=-\na b c\nDAPI=blue GFP=green";
        let answers = ChannelAnswers::of_text(text);
        assert_eq!(answers.0.len(), 3);
        assert_eq!(answers.text(), text);
        assert_eq!(
            answers.0[1],
            ChannelAnswer::Pictures(["a", "b", "c"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn what_is_no_answer_is_passed_over() {
        assert_eq!(
            ChannelAnswers::of_text("w1=purple\n\nw1=blue w2\n "),
            ChannelAnswers::default()
        );
    }

    #[test]
    fn an_answer_holds_for_its_values_and_for_fewer() {
        let answers = ChannelAnswers::of_text("w1=blue w2=green w3=red");
        let answer = answers.of(&["W3", "w1"]).expect("both are known");
        assert_eq!(answer.channel("w3"), Some(Channel::Red));
        assert_eq!(answers.of(&["w1", "w4"]), None);
    }

    #[test]
    fn a_later_answer_takes_the_place_of_an_earlier_one() {
        let mut answers = ChannelAnswers::default();
        answers.add(channels("w1=blue w2=green"));
        answers.add(channels("a=red b=blue"));
        answers.add(channels("W1=green W2=blue"));
        assert_eq!(answers.text(), "a=red b=blue\nW1=green W2=blue");
        for number in 0..2 * MOST {
            answers.add(channels(&format!("x{number}=red y=blue")));
        }
        assert_eq!(answers.0.len(), MOST);
    }
}
