//! Fuzzing of every reader of foreign bytes that needs no burn.
//!
//! A [`Target`] is a reader with seeds, small files of its format. `scripts/fuzz.sh` has libFuzzer call the targets for as long
//! as is asked for; the tests here call them on a few thousand changed seeds, the same ones each time.

mod change;
mod seeds;
mod targets;

pub use change::changed;
pub use targets::{TARGETS, Target};

#[cfg(test)]
mod bombs;
#[cfg(test)]
mod tests;
