//! How often the host is asked.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::halt::{Halt, Halted};

/// The pace of all connections together: requests begin at least an interval apart.
///
/// Waiting connections need no jitter: they begin one after the other anyway.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// A pace of so many requests a second.
    pub fn new(rate: f64) -> Self {
        Self {
            interval: Duration::from_secs_f64(1.0 / rate),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until a request may begin.
    pub fn turn(&self, halt: &Halt<'_>) -> Result<(), Halted> {
        loop {
            halt.check()?;
            let wait = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let wait = next.saturating_duration_since(now);
                if wait.is_zero() {
                    *next = now + self.interval;
                    return Ok(());
                }
                wait
            };
            halt.sleep(wait)?;
        }
    }

    /// Lets no request begin for a time, as the host asked.
    pub fn hold(&self, time: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now() + time);
    }
}

/// The wait before an attempt, from the second on: twice the one before.
pub fn wait_before(attempt: u32, first_wait: Duration) -> Duration {
    first_wait.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(2)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    #[test]
    fn requests_of_all_connections_begin_an_interval_apart() {
        let wished = AtomicBool::new(false);
        let halt = Halt::new(&wished);
        let pace = Pace::new(200.0);
        let begins = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        pace.turn(&halt).expect("a turn");
                        begins.lock().expect("a lock").push(Instant::now());
                    }
                });
            }
        });
        let begins = begins.into_inner().expect("a lock");
        let (first, last) = (begins.iter().min(), begins.iter().max());
        let taken = last
            .expect("a turn")
            .duration_since(*first.expect("a turn"));
        // Twenty turns are nineteen intervals of 5 ms; the first may be noted late, so one is let off.
        assert!(taken >= Duration::from_millis(90), "{taken:?}");
    }

    #[test]
    fn a_hold_keeps_everybody_waiting() {
        let wished = AtomicBool::new(false);
        let halt = Halt::new(&wished);
        let pace = Pace::new(100.0);
        let begin = Instant::now();
        pace.hold(Duration::from_millis(120));
        // A shorter one changes nothing.
        pace.hold(Duration::from_millis(1));
        pace.turn(&halt).expect("a turn");
        assert!(begin.elapsed() >= Duration::from_millis(120));
    }

    #[test]
    fn waits_double() {
        let waits = (2..6).map(|attempt| wait_before(attempt, Duration::from_secs(1)).as_secs());
        assert_eq!(waits.collect::<Vec<_>>(), [1, 2, 4, 8]);
        assert!(wait_before(u32::MAX, Duration::from_secs(1)) > Duration::from_secs(3600));
    }
}
