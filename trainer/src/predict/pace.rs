//! The progress of a prediction: a bar on a terminal, a line now and then in a cluster's log.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar};

use crate::output::note;
use cytolens_report::progress::progress;

/// The time between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// The progress of a prediction.
#[derive(Debug)]
pub struct Pace {
    bar: ProgressBar,
    has_terminal: bool,
    total: usize,
    /// The fields that earlier processes classified.
    before: usize,
    done: usize,
    start: Instant,
    last_line: Instant,
}

impl Pace {
    /// The progress of a prediction of `total` fields, of which `before` were classified earlier.
    pub fn new(total: usize, before: usize) -> Self {
        let bar = progress(total, "Predicting");
        bar.set_position(before as u64);
        // Earlier fields do not count towards the speed.
        bar.reset_eta();
        let now = Instant::now();
        Self {
            bar,
            has_terminal: stderr().is_terminal(),
            total,
            before,
            done: before,
            start: now,
            last_line: now,
        }
    }

    /// Counts fields that are done.
    pub fn add(&mut self, fields: usize) {
        self.done += fields;
        self.bar.inc(fields as u64);
        if !self.has_terminal && self.last_line.elapsed() >= BETWEEN_LINES {
            self.last_line = Instant::now();
            let rate = self.rate();
            let left = (self.total - self.done) as f64 / rate;
            let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
            note!(
                "{} of {} fields, {rate:.2} a second, {} left",
                self.done,
                self.total,
                HumanDuration(left)
            );
        }
    }

    /// Ends the bar.
    pub fn finish(&self) {
        self.bar.finish();
    }

    /// The speed of this process, in fields a second.
    pub fn rate(&self) -> f64 {
        (self.done - self.before) as f64 / self.start.elapsed().as_secs_f64()
    }
}
