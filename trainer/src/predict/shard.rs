//! Shares of a list for several machines.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use anyhow::{Error, Result, anyhow};

/// One of several shares of a list. Each is a range of it, and joined in order they are the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The number of the share, from 1 to `count`.
    number: usize,
    count: usize,
}

impl Shard {
    /// The share that is the whole list.
    pub const WHOLE: Self = Self {
        number: 1,
        count: 1,
    };

    /// The number of the share, from 1.
    pub fn number(self) -> usize {
        self.number
    }

    /// The number of shares.
    pub fn count(self) -> usize {
        self.count
    }

    /// All shares of the list that this is one of, in order.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.count).map(move |number| Self { number, ..self })
    }

    /// Returns whether it is the first share, which also reports the faults that belong to none.
    pub fn is_first(self) -> bool {
        self.number == 1
    }

    /// The range of the share in a list of this length. Two shares differ by at most one in length.
    pub fn range(self, length: usize) -> Range<usize> {
        let end = |number: usize| {
            // In 128 bits, no product overflows.
            (length as u128 * number as u128 / self.count as u128) as usize
        };
        end(self.number - 1)..end(self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.number, self.count))
    }
}

impl FromStr for Shard {
    type Err = Error;

    /// Parses the displayed form: `2/10` is the second of ten.
    fn from_str(text: &str) -> Result<Self> {
        let numbers = text
            .split_once('/')
            .and_then(|(number, count)| Some((number.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Self { number, count }),
            _ => Err(anyhow!(
                "shares are 1/4, 2/4, 3/4 and 4/4, for example, not {text:?}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_in_order_are_the_list_and_alike_in_length() {
        for length in [0, 1, 2, 7, 100, 31_072] {
            for count in [1, 2, 3, 7, 64] {
                let mut end = 0;
                for number in 1..=count {
                    let shard: Shard = format!("{number}/{count}").parse().expect("a share");
                    let range = shard.range(length);
                    assert_eq!(range.start, end, "{shard} of {length}");
                    assert!(
                        range.len().abs_diff(length / count) <= 1,
                        "{shard} of {length}"
                    );
                    end = range.end;
                }
                assert_eq!(end, length);
            }
        }
    }

    #[test]
    fn what_is_read_is_displayed_and_the_rest_refused() {
        assert_eq!("3/8".parse::<Shard>().expect("a share").to_string(), "3/8");
        assert_eq!("1/1".parse::<Shard>().expect("a share"), Shard::WHOLE);
        for text in ["", "3", "0/4", "5/4", "1/0", "0/0", "-1/4", "1/4/2", "a/b"] {
            let error = text.parse::<Shard>().expect_err("a refusal");
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
