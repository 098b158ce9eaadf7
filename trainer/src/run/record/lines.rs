//! The progress of a training in lines, where there is no terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use super::records::{EpochRecord, Plan, StepRecord};

/// The shortest time between two lines of steps.
const PAUSE: Duration = Duration::from_secs(10);

/// Writes a line now and then, and one after each epoch.
pub struct ProgressLines {
    plan: Plan,
    out: Box<dyn Write + Send>,
    started: Instant,
    /// The steps taken before a resumed training goes on.
    first: usize,
    shown: Option<Instant>,
}

impl ProgressLines {
    /// Lines for a training that goes on after `first` steps.
    pub fn new(plan: &Plan, first: usize, out: Box<dyn Write + Send>) -> Self {
        Self {
            plan: plan.clone(),
            out,
            started: Instant::now(),
            first,
            shown: None,
        }
    }

    /// Writes a line after the first step, and after others if the last line is some seconds old.
    pub fn step(&mut self, record: &StepRecord) {
        if self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) {
            return;
        }
        self.shown = Some(Instant::now());
        let left = left(
            self.started.elapsed(),
            record.step.saturating_sub(self.first),
            self.plan.steps.saturating_sub(record.step),
        );
        self.note(&step_line(&self.plan, record, left));
    }

    /// Writes a line after an epoch.
    pub fn epoch(&mut self, record: &EpochRecord) {
        self.note(&epoch_line(&self.plan, record));
    }

    /// Writes a line.
    pub fn note(&mut self, text: &str) {
        // The reader may have ended: training goes on without.
        writeln!(self.out, "{text}")
            .and_then(|()| self.out.flush())
            .ok();
    }
}

/// The time that the steps ahead will take at the speed of those taken.
fn left(elapsed: Duration, taken: usize, ahead: usize) -> Option<Duration> {
    (taken > 0).then(|| elapsed.mul_f64(ahead as f64 / taken as f64))
}

fn step_line(plan: &Plan, record: &StepRecord, left: Option<Duration>) -> String {
    let left = left.map_or(String::new(), |left| format!(" {} left", clock(left)));
    format!(
        "epoch {}/{} step {}/{} loss {:.4} lr {:.2e} {:.1} images/s{left}",
        record.epoch,
        plan.epochs,
        record.step,
        plan.steps,
        record.loss,
        record.learning_rate,
        record.images_per_second,
    )
}

fn epoch_line(plan: &Plan, record: &EpochRecord) -> String {
    format!(
        "epoch {}/{} ended: training loss {:.4}, validation loss {:.4}, macro-F1 {:.4} ({:.4} at 0.5), micro-F1 {:.4}, {}",
        record.epoch,
        plan.epochs,
        record.training_loss,
        record.validation_loss,
        record.macro_f1,
        record.macro_f1_at_half,
        record.micro_f1,
        clock(Duration::try_from_secs_f64(record.seconds).unwrap_or_default()),
    )
}

/// The text of a time: hours, if any, minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn plan() -> Plan {
        Plan {
            recipe: "test".to_owned(),
            epochs: 10,
            steps: 100,
        }
    }

    fn step(step: usize) -> StepRecord {
        StepRecord {
            step,
            epoch: 2,
            loss: 0.12344,
            learning_rate: 0.001,
            gradient_norm: None,
            images_per_second: 31.24,
        }
    }

    #[test]
    fn a_line_says_where_training_stands_and_how_long_it_will_take() {
        let line = step_line(&plan(), &step(40), left(Duration::from_secs(28), 40, 60));
        assert_eq!(
            line,
            "epoch 2/10 step 40/100 loss 0.1234 lr 1.00e-3 31.2 images/s 0:42 left"
        );
        assert_eq!(clock(Duration::from_secs(3_723)), "1:02:03");
        assert_eq!(left(Duration::from_secs(1), 0, 60), None);
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one thread").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn many_quick_steps_make_few_lines_and_every_epoch_one() {
        let written = Written::default();
        let mut lines = ProgressLines::new(&plan(), 0, Box::new(written.clone()));
        for number in 1..=3 {
            lines.step(&step(number));
        }
        lines.epoch(&EpochRecord {
            epoch: 2,
            step: 20,
            macro_f1: 0.5,
            seconds: 61.0,
            ..EpochRecord::default()
        });
        let text = String::from_utf8(written.0.lock().expect("one thread").clone()).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("epoch 2/10 step 1/100"), "{text}");
        let last = lines.last().expect("a line");
        assert!(
            last.starts_with("epoch 2/10 ended") && last.contains("macro-F1 0.5000"),
            "{last}"
        );
        assert!(last.ends_with("1:01"), "{last}");
    }
}
