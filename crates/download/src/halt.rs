//! The wish to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The longest sleep without a look at whether to stop.
const NAP: Duration = Duration::from_millis(50);

/// A flag that the first Ctrl-C, or `kill`, raises. The second ends the process at once, as if nothing listened.
///
/// # Errors
/// If the system refuses to tell of signals.
pub fn stop_on_signals() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: only a flag that was up before ends the process.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .context("cannot listen to signals")?;
    }
    Ok(stop)
}

/// Whether to stop: because a person wishes it, or because the download has met its end.
#[derive(Debug)]
pub struct Halt<'a> {
    wished: &'a AtomicBool,
    met: AtomicBool,
}

/// The sign that something was left because of a [`Halt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halted;

impl<'a> Halt<'a> {
    /// A halt that a person wishes by a flag.
    pub fn new(wished: &'a AtomicBool) -> Self {
        Self {
            wished,
            met: AtomicBool::new(false),
        }
    }

    /// Stops everything.
    pub fn stop(&self) {
        self.met.store(true, Ordering::Relaxed);
    }

    /// Whether a person wished it.
    pub fn is_wished(&self) -> bool {
        self.wished.load(Ordering::Relaxed)
    }

    /// Goes on, or not.
    pub fn check(&self) -> Result<(), Halted> {
        if self.is_wished() || self.met.load(Ordering::Relaxed) {
            Err(Halted)
        } else {
            Ok(())
        }
    }

    /// Sleeps, but not through a halt.
    pub fn sleep(&self, time: Duration) -> Result<(), Halted> {
        let end = Instant::now() + time;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(NAP));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_ends_a_sleep() {
        let wished = AtomicBool::new(false);
        let halt = Halt::new(&wished);
        assert_eq!(halt.sleep(Duration::ZERO), Ok(()));
        wished.store(true, Ordering::Relaxed);
        // An hour that nobody waits for.
        assert_eq!(halt.sleep(Duration::from_secs(3600)), Err(Halted));
        assert!(halt.is_wished());
        let unwished = AtomicBool::new(false);
        let halt = Halt::new(&unwished);
        halt.stop();
        assert_eq!(halt.check(), Err(Halted));
        assert!(!halt.is_wished());
    }
}
