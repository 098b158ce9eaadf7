//! The choice of the samples that are painted anew, and how often.

use cytolens_core::labels::LabelSet;
use cytolens_data::dataset::Sample;
use cytolens_data::random::{Purpose, Stream};
use cytolens_data::repeats::{EpochEntry, RepeatChoice, RepeatPlan};
use cytolens_data::views::VIEWS;

/// The beginning of every repainted field's id.
const ID_PREFIX: &str = "repainted-";

/// A sample with a rare label, and its copies.
#[derive(Debug, Clone)]
pub struct RareSample {
    /// The sample.
    pub sample: Sample,
    /// The copies, at least one.
    pub copies: Vec<RareCopy>,
}

/// A copy of a sample that is painted anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RareCopy {
    /// The copy's id: `repainted-<seed>-<the sample's>-<number from 1>`.
    pub id: String,
    /// The view of the sample's green, from 1 to 7.
    pub view: usize,
}

/// The samples that repeats would show more than once in an epoch, with a copy for each further showing: the first epoch's, of
/// this seed.
pub fn rare_samples(samples: Vec<Sample>, choice: &RepeatChoice, seed: u64) -> Vec<RareSample> {
    let labels: Vec<LabelSet> = samples.iter().map(|sample| sample.labels).collect();
    let views = views(&labels, choice, seed);
    let rare = samples
        .into_iter()
        .zip(views)
        .filter(|(_, views)| !views.is_empty());
    rare.map(|(sample, views)| {
        let copies = views.into_iter().zip(1..).map(|(view, number)| RareCopy {
            id: format!("{ID_PREFIX}{seed}-{}-{number}", sample.field.id),
            view,
        });
        RareSample {
            copies: copies.collect(),
            sample,
        }
    })
    .collect()
}

/// The views of each sample's copies: of one sample all others before one comes again.
fn views(labels: &[LabelSet], choice: &RepeatChoice, seed: u64) -> Vec<Vec<usize>> {
    let mut views = vec![Vec::new(); labels.len()];
    for EpochEntry { sample, copy } in RepeatPlan::new(labels, choice).epoch(seed, 0) {
        if let Some(before) = copy.checked_sub(1) {
            let order = other_views(seed, sample);
            views[sample].push(order[before % order.len()]);
        }
    }
    views
}

/// All views but a sample itself, in an order of its own.
fn other_views(seed: u64, sample: usize) -> [usize; VIEWS - 1] {
    let mut order: [usize; VIEWS - 1] = std::array::from_fn(|place| place + 1);
    Stream::new(Purpose::Repainting, &[seed, sample as u64]).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// 400 samples: class 0 in all, class 15 in one of them, class 27 in nine others.
    fn labels() -> Vec<LabelSet> {
        let labels = (0..400).map(|sample| match sample {
            7 => "0 15",
            20..29 => "0 27",
            _ => "0",
        });
        labels.map(|text| text.parse().expect("classes")).collect()
    }

    #[test]
    fn what_repeats_would_show_again_is_painted_anew() {
        // The factor of class 15 is sqrt(0.09 * 400) = 6, that of class 27 is sqrt(0.09 * 400 / 9) = 2.
        let choice = RepeatChoice {
            threshold: 0.09,
            cap: 100.0,
        };
        let views = views(&labels(), &choice, 1);
        for (sample, views) in views.iter().enumerate() {
            let expected = match sample {
                7 => 5,
                20..29 => 1,
                _ => 0,
            };
            assert_eq!(views.len(), expected, "{sample}");
        }
        let different: BTreeSet<usize> = views[7].iter().copied().collect();
        assert_eq!(different.len(), 5, "{:?}", views[7]);
        assert!(views.iter().flatten().all(|view| (1..VIEWS).contains(view)));
    }

    #[test]
    fn the_cap_the_threshold_and_the_seed_decide() {
        let copies = |threshold: f64, cap: f64, seed: u64| {
            views(&labels(), &RepeatChoice { threshold, cap }, seed)
        };
        let count = |views: Vec<Vec<usize>>| views.iter().map(Vec::len).sum::<usize>();
        assert_eq!(count(copies(0.0, 8.0, 1)), 0);
        assert_eq!(count(copies(0.09, 3.0, 1)), 2 + 9);
        assert_eq!(copies(0.09, 8.0, 1), copies(0.09, 8.0, 1));
        assert_ne!(copies(0.09, 8.0, 1), copies(0.09, 8.0, 2));
    }

    #[test]
    fn the_views_come_again_only_after_all_others() {
        let choice = RepeatChoice {
            threshold: 1.0,
            cap: 100.0,
        };
        // sqrt(400) = 20 showings.
        let views = views(&labels(), &choice, 3);
        let [first, again] = [&views[7][..7], &views[7][7..14]];
        let all: BTreeSet<usize> = first.iter().copied().collect();
        assert_eq!((views[7].len(), all.len()), (19, 7));
        assert_eq!(first, again);
    }
}
