//! The time that the waiting fields will take, estimated from the last ones.

/// The weight of the newest field in the mean.
const NEWEST: f64 = 0.2;

/// A running mean of the time between two answers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    /// The time of the last answer, or of the queue's last start, in milliseconds.
    last: Option<f64>,
    /// The time per field in milliseconds.
    mean: Option<f64>,
}

impl Pace {
    /// Takes note that the queue goes on at this time after a standstill.
    pub(super) fn start(&mut self, now: f64) {
        self.last = Some(now);
    }

    /// Takes note of an answer at this time.
    pub(super) fn answer(&mut self, now: f64) {
        if let Some(last) = self.last.replace(now) {
            let took = (now - last).max(0.0);
            self.mean = Some(match self.mean {
                None => took,
                Some(mean) => mean + NEWEST * (took - mean),
            });
        }
    }

    /// The time that so many fields will take, in milliseconds; none before the first answer.
    pub(super) fn left(&self, fields: usize) -> Option<f64> {
        self.mean.map(|mean| mean * fields as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn a_pause_does_not_count_and_the_newest_weigh_most() {
        let mut pace = Pace::default();
        assert_eq!(pace.left(10), None);
        pace.start(0.0);
        pace.answer(1000.0);
        assert_eq!(pace.left(10), Some(10_000.0));
        pace.start(60_000.0);
        pace.answer(62_000.0);
        assert_eq!(pace.left(1), Some(1200.0));
    }
}
