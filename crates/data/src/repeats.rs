//! Repeat factor sampling: samples of rare labels come more often in an epoch.
//!
//! As in LVIS (Gupta, Dollár and Girshick 2019, section 5.2), the factor of a label that a share `f` of the samples has is
//! `max(1, sqrt(threshold / f))`, and the factor of a sample the largest of its labels'.

use anyhow::{Result, ensure};
use cytolens_core::labels::{COUNT, LOCATIONS, LabelSet, counts};
use serde::{Deserialize, Serialize};

use super::random::{Purpose, Stream};

/// The settings of repeat factor sampling: a recipe's table `[repeats]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatChoice {
    /// The share of the samples below which a label's samples are repeated, from 0 (no label) to 1.
    pub threshold: f64,
    /// The largest factor, from 1 to 100.
    pub cap: f64,
}

impl Default for RepeatChoice {
    /// The values of the default recipe, chosen on the 31,072 labelled samples of the Human Protein Atlas challenge:
    /// docs/augmentation.md.
    fn default() -> Self {
        Self {
            threshold: 0.03,
            cap: 8.0,
        }
    }
}

impl RepeatChoice {
    /// Checks both numbers.
    ///
    /// # Errors
    /// If a number is out of range; the error has the key, the range and the number.
    pub fn check(&self) -> Result<()> {
        ensure!(
            (0.0..=1.0).contains(&self.threshold),
            "repeats.threshold must be from 0 to 1, not {}",
            self.threshold
        );
        ensure!(
            (1.0..=100.0).contains(&self.cap),
            "repeats.cap must be from 1 to 100, not {}",
            self.cap
        );
        Ok(())
    }
}

/// One showing of a sample in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEntry {
    /// The sample's index.
    pub sample: usize,
    /// The number of showings of the sample before this one in the epoch.
    pub copy: usize,
}

/// The factor of each sample: the number of its showings in an epoch, on average.
#[derive(Debug, Clone, PartialEq)]
pub struct RepeatPlan {
    /// One factor a sample.
    factors: Vec<f64>,
}

/// The samples of a class without and with a plan.
#[derive(Debug, Clone, PartialEq)]
struct ClassShare {
    /// The class number.
    class: usize,
    /// The number of samples with the class.
    before: usize,
    /// The number of showings with the class in an epoch, on average.
    after: f64,
}

impl RepeatPlan {
    /// Makes the plan that shows every sample once.
    pub(crate) fn once(samples: usize) -> Self {
        Self {
            factors: vec![1.0; samples],
        }
    }

    /// Makes the plan for samples of these labels. Samples without labels come once.
    pub fn new(labels: &[LabelSet], choice: &RepeatChoice) -> Self {
        let samples = labels.len() as f64;
        let factors_of_classes = counts(labels).map(|count| {
            // The factor of a class without samples is never used.
            let share = count.max(1) as f64 / samples;
            (choice.threshold / share).sqrt().clamp(1.0, choice.cap)
        });
        let factor = |set: &LabelSet| {
            set.classes()
                .map(|class| factors_of_classes[class])
                .fold(1.0, f64::max)
        };
        Self {
            factors: labels.iter().map(factor).collect(),
        }
    }

    /// The plan in which each sample comes so many times as often as in this one.
    ///
    /// # Panics
    /// If the numbers are not one a sample.
    #[must_use]
    pub fn times(mut self, times: &[f64]) -> Self {
        assert_eq!(self.factors.len(), times.len(), "a number a sample");
        for (factor, times) in self.factors.iter_mut().zip(times) {
            *factor *= times;
        }
        self
    }

    /// The share of an epoch's showings that has each class, on average.
    pub fn frequencies(&self, labels: &[LabelSet]) -> [f64; COUNT] {
        self.showings(labels)
            .map(|showings| showings / self.expected_length())
    }

    /// The number of an epoch's showings that have each class, on average.
    fn showings(&self, labels: &[LabelSet]) -> [f64; COUNT] {
        let mut showings = [0.0; COUNT];
        for (set, factor) in labels.iter().zip(&self.factors) {
            for class in set.classes() {
                showings[class] += factor;
            }
        }
        showings
    }

    /// The number of samples.
    pub(crate) fn samples(&self) -> usize {
        self.factors.len()
    }

    /// The number of showings in an epoch, on average.
    fn expected_length(&self) -> f64 {
        self.factors.iter().sum()
    }

    /// The showings of an epoch, in the samples' order.
    ///
    /// A sample of factor 2.3 comes three times with a probability of 0.3, drawn by the seed, and twice otherwise.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Vec<EpochEntry> {
        let mut stream = Stream::new(Purpose::Repeats, &[seed, epoch]);
        let mut entries = Vec::with_capacity(self.factors.len());
        for (sample, &factor) in self.factors.iter().enumerate() {
            let again = stream.chance(factor.fract());
            let copies = factor as usize + usize::from(again);
            entries.extend((0..copies).map(|copy| EpochEntry { sample, copy }));
        }
        entries
    }

    /// The counts of each class that occurs, the rarest first.
    fn shares(&self, labels: &[LabelSet]) -> Vec<ClassShare> {
        let mut shares: Vec<ClassShare> = counts(labels)
            .into_iter()
            .zip(self.showings(labels))
            .enumerate()
            .filter(|(_, (before, _))| *before > 0)
            .map(|(class, (before, after))| ClassShare {
                class,
                before,
                after,
            })
            .collect();
        shares.sort_by_key(|share| share.before);
        shares
    }

    /// Writes the plan as a table for people: class, samples before and after, and their ratio.
    pub fn table(&self, labels: &[LabelSet]) -> String {
        let row = |name: &str, before: usize, after: f64| {
            let ratio = after / before as f64;
            format!("{name:<32}{before:>8}{after:>12.1}{ratio:>8.2}\n")
        };
        let header = format!(
            "{:<32}{:>8}{:>12}{:>8}\n",
            "class", "samples", "an epoch", "factor"
        );
        let classes = self.shares(labels).into_iter().map(|share| {
            let name = format!("{:>2} {}", share.class, LOCATIONS[share.class]);
            row(&name, share.before, share.after)
        });
        let all = row("all samples", self.samples(), self.expected_length());
        std::iter::once(header)
            .chain(classes)
            .chain([all])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(classes: &[usize]) -> LabelSet {
        LabelSet::from_classes(classes.iter().copied()).expect("valid classes")
    }

    /// 1000 samples: class 0 in all but ten, class 1 in ten of them too, class 2 alone in nine, one
    /// sample without labels.
    fn labels() -> Vec<LabelSet> {
        (0..1000)
            .map(|sample| match sample {
                0 => set(&[]),
                1..=9 => set(&[2]),
                10..=19 => set(&[0, 1]),
                _ => set(&[0]),
            })
            .collect()
    }

    #[test]
    fn factors_follow_the_paper() {
        let choice = RepeatChoice {
            threshold: 0.09,
            cap: 100.0,
        };
        let plan = RepeatPlan::new(&labels(), &choice);
        assert_eq!(plan.factors[0], 1.0, "no label");
        assert!((plan.factors[1] - 10.0_f64.sqrt()).abs() < 1e-12);
        assert!(
            (plan.factors[10] - 3.0).abs() < 1e-12,
            "the rarest label decides"
        );
        assert_eq!(plan.factors[20], 1.0, "never less than once");
        let capped = RepeatPlan::new(&labels(), &RepeatChoice { cap: 2.0, ..choice });
        assert_eq!(capped.factors[1], 2.0);
        let none = RepeatChoice {
            threshold: 0.0,
            cap: 8.0,
        };
        assert_eq!(RepeatPlan::new(&labels(), &none), RepeatPlan::once(1000));
    }

    #[test]
    fn times_multiply_and_show_in_the_frequencies() {
        let labels = [set(&[0]), set(&[0, 3]), set(&[])];
        let plan = RepeatPlan::once(3);
        let frequencies = plan.frequencies(&labels);
        assert!((frequencies[0] - 2.0 / 3.0).abs() < 1e-12);
        let plan = plan.times(&[1.0, 8.0, 0.5]);
        assert_eq!(plan.factors, [1.0, 8.0, 0.5]);
        let frequencies = plan.frequencies(&labels);
        assert!((frequencies[3] - 8.0 / 9.5).abs() < 1e-12);
        assert_eq!(frequencies[1], 0.0);
    }

    #[test]
    fn epochs_differ_and_hold_what_the_plan_promises() {
        let choice = RepeatChoice {
            threshold: 0.09,
            cap: 2.5,
        };
        let labels = labels();
        let plan = RepeatPlan::new(&labels, &choice);
        assert_eq!(plan.epoch(1, 1), plan.epoch(1, 1));
        assert_ne!(plan.epoch(1, 1), plan.epoch(1, 2));
        assert_ne!(plan.epoch(1, 1), plan.epoch(2, 1));
        let mut of_class = [0; 3];
        for epoch in 0..400 {
            let entries = plan.epoch(3, epoch);
            for pair in entries.windows(2) {
                let again = pair[0].sample == pair[1].sample;
                assert_eq!(pair[1].copy, if again { pair[0].copy + 1 } else { 0 });
            }
            assert!((0..1000).all(|sample| {
                entries.contains(&EpochEntry { sample, copy: 0 })
                    && !entries.contains(&EpochEntry { sample, copy: 3 })
            }));
            for entry in entries {
                for class in labels[entry.sample].classes() {
                    of_class[class] += 1;
                }
            }
        }
        for share in plan.shares(&labels) {
            let mean = f64::from(of_class[share.class]) / 400.0;
            // The deviation of such a mean is below sqrt(10 / 4 / 400) = 0.08.
            assert!(
                (mean - share.after).abs() < 0.35,
                "{mean} for {}",
                share.after
            );
        }
    }

    #[test]
    fn the_table_names_what_is_there_rarest_first() {
        let labels = labels();
        let plan = RepeatPlan::new(
            &labels,
            &RepeatChoice {
                threshold: 0.09,
                cap: 3.0,
            },
        );
        let table = plan.table(&labels);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5, "{table}");
        assert!(lines[1].contains("2 Nucleoli") && lines[1].ends_with("9        27.0    3.00"));
        assert!(lines[2].contains("1 Nuclear membrane") && lines[2].contains("30.0"));
        assert!(lines[4].starts_with("all samples") && lines[4].contains("1038.0"));
    }

    #[test]
    fn faults_are_named() {
        RepeatChoice::default().check().expect("valid");
        let read = |text| toml::from_str::<RepeatChoice>(text);
        assert!(read("threshold = 0.1\ncap = 4\npower = 1").is_err());
        for (text, expected) in [
            ("threshold = 2\ncap = 4", "repeats.threshold"),
            ("threshold = nan\ncap = 4", "repeats.threshold"),
            ("threshold = 0.1\ncap = 0.5", "repeats.cap"),
        ] {
            let error = read(text)
                .expect("readable")
                .check()
                .expect_err("out of range");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
