//! Scores of masks against true ones.
//!
//! The average precision of nuclei and cells is that of Caicedo et al., "Nucleus segmentation across imaging experiments: the
//! 2018 Data Science Bowl", Nature Methods 2019, <https://doi.org/10.1038/s41592-019-0612-7>: TP / (TP + FP + FN) at a threshold
//! of the intersection over union. The mean average precision of labelled cells is that of the Human Protein Atlas's single-cell
//! challenge of 2021, after the Open Images challenge: <https://storage.googleapis.com/openimages/web/evaluation.html>.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// The thresholds of the intersection over union that a table of scores has.
pub const THRESHOLDS: [f32; 5] = [0.5, 0.6, 0.7, 0.8, 0.9];

/// The threshold in the challenge of 2021.
pub const CHALLENGE_THRESHOLD: f32 = 0.6;

/// True and found things, and how many are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Found things that are true ones.
    pub hits: usize,
    /// Found things that are none.
    pub extra: usize,
    /// True things that were not found.
    pub missed: usize,
}

impl Counts {
    /// TP / (TP + FP + FN); 1 where there is nothing and nothing was found.
    pub fn average_precision(&self) -> f64 {
        let all = self.hits + self.extra + self.missed;
        if all == 0 {
            return 1.0;
        }
        self.hits as f64 / all as f64
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.extra += other.extra;
        self.missed += other.missed;
    }
}

/// The masks of one image, true and found, compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The numbers of the true mask, and those of the found one.
    pub truths: Vec<u16>,
    /// Those of the found one.
    pub found: Vec<u16>,
    /// The pairs that share pixels, true first: the intersection over the union.
    pub overlaps: Vec<(u16, u16, f32)>,
}

impl Comparison {
    /// Compares masks; 0 is outside.
    ///
    /// # Panics
    /// If they have not the same number of pixels.
    pub fn new(truth: &[u16], found: &[u16]) -> Self {
        assert_eq!(truth.len(), found.len(), "masks of one image");
        let mut areas = [BTreeMap::new(), BTreeMap::new()];
        let mut shared: BTreeMap<(u16, u16), usize> = BTreeMap::new();
        for (&true_number, &found_number) in truth.iter().zip(found) {
            for (areas, number) in areas.iter_mut().zip([true_number, found_number]) {
                if number > 0 {
                    *areas.entry(number).or_insert(0_usize) += 1;
                }
            }
            if true_number > 0 && found_number > 0 {
                *shared.entry((true_number, found_number)).or_insert(0) += 1;
            }
        }
        let [truths, found] = &areas;
        let overlaps = shared
            .into_iter()
            .map(|((one, other), both)| {
                let union = truths[&one] + found[&other] - both;
                (one, other, both as f32 / union as f32)
            })
            .collect();
        Self {
            truths: truths.keys().copied().collect(),
            found: found.keys().copied().collect(),
            overlaps,
        }
    }

    /// What was found at a threshold of the intersection over the union, which must be exceeded. From 0.5 on, nothing can be the
    /// same as two others.
    pub fn counts(&self, threshold: f32) -> Counts {
        let hits = self
            .overlaps
            .iter()
            .filter(|(_, _, share)| *share > threshold.max(0.5));
        let hits = hits.count();
        Counts {
            hits,
            extra: self.found.len() - hits,
            missed: self.truths.len() - hits,
        }
    }

    /// The number found less the true one.
    pub fn count_error(&self) -> i64 {
        self.found.len() as i64 - self.truths.len() as i64
    }
}

/// The mean average precision of labelled cells over many images.
#[derive(Debug, Clone)]
pub struct Labelled {
    threshold: f32,
    classes: Vec<Class>,
}

#[derive(Debug, Clone, Default)]
struct Class {
    truths: usize,
    /// Confidence, and whether it is a hit.
    found: Vec<(f32, bool)>,
}

impl Labelled {
    /// Of so many classes, at a threshold of the intersection over the union.
    pub fn new(classes: usize, threshold: f32) -> Self {
        Self {
            threshold,
            classes: vec![Class::default(); classes],
        }
    }

    /// Adds an image. `is_true` says whether a true cell has a class, `confidence` how surely a found cell has it, if at all.
    ///
    /// In the order of confidence, a found cell is compared with the true cell of the class that it shares most with; a hit is
    /// the first one that shares enough.
    pub fn add(
        &mut self,
        comparison: &Comparison,
        is_true: impl Fn(u16, usize) -> bool,
        confidence: impl Fn(u16, usize) -> Option<f32>,
    ) {
        for (number, class) in self.classes.iter_mut().enumerate() {
            let truths = comparison.truths.iter();
            class.truths += truths.filter(|truth| is_true(**truth, number)).count();
            let mut found: Vec<(f32, u16)> = comparison
                .found
                .iter()
                .filter_map(|&found| Some((confidence(found, number)?, found)))
                .collect();
            found.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut taken = Vec::new();
            for (confidence, found) in found {
                let overlaps = comparison.overlaps.iter();
                let best = overlaps
                    .filter(|(truth, other, _)| *other == found && is_true(*truth, number))
                    .max_by(|a, b| a.2.total_cmp(&b.2));
                let hit = best
                    .filter(|(truth, _, share)| *share >= self.threshold && !taken.contains(truth));
                taken.extend(hit.map(|(truth, _, _)| *truth));
                class.found.push((confidence, hit.is_some()));
            }
        }
    }

    /// The average precision of each class: the area under precision by recall, where precision is the best at this or a higher
    /// recall. None for a class that no true cell has.
    pub fn average_precisions(&self) -> Vec<Option<f64>> {
        let classes = self.classes.iter();
        classes
            .map(|class| (class.truths > 0).then(|| class.average_precision()))
            .collect()
    }

    /// The mean over the classes that true cells have; none where there is none.
    pub fn mean(&self) -> Option<f64> {
        let of_classes: Vec<f64> = self.average_precisions().into_iter().flatten().collect();
        let count = of_classes.len();
        (count > 0).then(|| of_classes.into_iter().sum::<f64>() / count as f64)
    }
}

impl Class {
    fn average_precision(&self) -> f64 {
        let mut found = self.found.clone();
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut hits = 0;
        let mut points: Vec<(f64, f64)> = found
            .iter()
            .enumerate()
            .map(|(place, (_, hit))| {
                hits += usize::from(*hit);
                (
                    f64::from(hits as u32) / self.truths as f64,
                    f64::from(hits as u32) / (place + 1) as f64,
                )
            })
            .collect();
        let mut best = 0.0_f64;
        for (_, precision) in points.iter_mut().rev() {
            best = best.max(*precision);
            *precision = best;
        }
        let mut before = 0.0;
        points
            .into_iter()
            .map(|(recall, precision)| {
                let area = (recall - before) * precision;
                before = recall;
                area
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_follow_the_overlap() {
        let truth = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 0, 0];
        let found = [5, 5, 5, 0, 6, 6, 0, 0, 0, 0, 7, 7];
        let comparison = Comparison::new(&truth, &found);
        assert_eq!(comparison.overlaps, [(1, 5, 0.75), (2, 6, 0.5)]);
        let counts = |hits, extra, missed| Counts {
            hits,
            extra,
            missed,
        };
        assert_eq!(comparison.counts(0.5), counts(1, 2, 2));
        assert_eq!(comparison.counts(0.7), counts(1, 2, 2));
        assert_eq!(comparison.counts(0.8), counts(0, 3, 3));
        assert_eq!(comparison.count_error(), 0);
        assert_eq!(comparison.counts(0.5).average_precision(), 0.2);
        let same = Comparison::new(&truth, &truth).counts(0.9);
        assert_eq!(same.average_precision(), 1.0);
        let nothing = Comparison::new(&[0; 4], &[0; 4]).counts(0.5);
        assert_eq!(nothing.average_precision(), 1.0);
    }

    #[test]
    fn the_mean_average_precision_is_that_of_a_worked_example() {
        // Three true cells of class 0; found cells in the order of confidence: hit, extra, hit. Precision by recall: 1 up to a
        // third, 2/3 up to two thirds.
        let truth = [1, 1, 2, 2, 3, 3, 0, 0];
        let found = [4, 4, 5, 5, 0, 0, 6, 6];
        let comparison = Comparison::new(&truth, &found);
        let mut labelled = Labelled::new(2, CHALLENGE_THRESHOLD);
        let confidence = |number: u16, class: usize| match (number, class) {
            (4, 0) => Some(0.9),
            (6, 0) => Some(0.8),
            (5, 0) => Some(0.7),
            _ => None,
        };
        labelled.add(&comparison, |_, class| class == 0, confidence);
        let found = labelled.average_precisions();
        let expected = 1.0 / 3.0 + 2.0 / 3.0 / 3.0;
        assert!(
            (found[0].expect("truths") - expected).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(found[1], None);
        assert_eq!(labelled.mean(), found[0]);
        assert_eq!(Labelled::new(3, 0.6).mean(), None);
    }

    #[test]
    fn a_true_cell_is_hit_once() {
        // Two found cells in one true cell of class 0: the second does not count, and neither does one of another class.
        let truth = [1; 10];
        let found = [2, 2, 2, 2, 2, 2, 2, 3, 3, 3];
        let comparison = Comparison::new(&truth, &found);
        let mut labelled = Labelled::new(1, 0.3);
        labelled.add(
            &comparison,
            |_, _| true,
            |number, _| Some(f32::from(number)),
        );
        assert_eq!(labelled.average_precisions(), [Some(1.0)]);
        assert_eq!(labelled.classes[0].found, [(3.0, true), (2.0, false)]);
    }

    /// True and found cells of an image; of each number, the classes that it has and how surely.
    struct Image {
        truth: Vec<u16>,
        found: Vec<u16>,
        has: Vec<[bool; 2]>,
        confidences: Vec<[f32; 2]>,
    }

    impl Image {
        /// Squares of 5 px, some of them missing, found beside their place or both.
        fn drawn(draw: &mut impl FnMut(usize) -> usize) -> Self {
            const SIDE: usize = 28;
            let mut image = Self {
                truth: vec![0; SIDE * SIDE],
                found: vec![0; SIDE * SIDE],
                has: vec![[false; 2]; 17],
                confidences: vec![[0.0; 2]; 17],
            };
            for number in 1..=16_u16 {
                let block = usize::from(number) - 1;
                let (left, top) = (block % 4 * 6, block / 4 * 6);
                let (is_true, is_found) = (draw(5) > 0, draw(5) > 0);
                let [right, down] = [0, 1].map(|_| [0, 0, 0, 1, 3][draw(5)]);
                for at in 0..25 {
                    let place = (top + at / 5) * SIDE + left + at % 5;
                    if is_true {
                        image.truth[place] = number;
                    }
                    if is_found {
                        image.found[place + down * SIDE + right] = number;
                    }
                }
                for class in 0..2 {
                    image.has[usize::from(number)][class] = draw(3) > class;
                    // No two are the same: the order of equal ones is nobody's.
                    let unique = draw(1000) * 32 + 2 * block + class;
                    image.confidences[usize::from(number)][class] = unique as f32;
                }
            }
            image
        }

        fn share(&self, truth: u16, found: u16) -> f32 {
            let pairs = || self.truth.iter().zip(&self.found);
            let both = pairs().filter(|(one, other)| **one == truth && **other == found);
            let any = pairs().filter(|(one, other)| **one == truth || **other == found);
            both.count() as f32 / any.count() as f32
        }
    }

    /// All found cells in one order, every pixel counted for every pair, and precision taken true cell by true cell.
    fn plain_average_precision(images: &[Image], class: usize, threshold: f32) -> f64 {
        let mut found: Vec<(f32, usize, u16)> = Vec::new();
        let mut truths = Vec::new();
        for (place, image) in images.iter().enumerate() {
            for number in 1..=16_u16 {
                if image.found.contains(&number) {
                    let confidence = image.confidences[usize::from(number)][class];
                    found.push((confidence, place, number));
                }
                if image.truth.contains(&number) && image.has[usize::from(number)][class] {
                    truths.push((place, number));
                }
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut hit = Vec::new();
        let mut hits = Vec::new();
        for (_, place, number) in found {
            let mut best = (0.0, None);
            for truth in truths.iter().filter(|truth| truth.0 == place) {
                let share = images[place].share(truth.1, number);
                if share >= best.0 {
                    best = (share, Some(*truth));
                }
            }
            if best.0 >= threshold && best.1.is_some_and(|truth| !hit.contains(&truth)) {
                hit.extend(best.1);
            }
            hits.push(hit.len());
        }
        let reached = |count: usize| {
            let precisions = hits.iter().zip(1_u32..).filter(|(hits, _)| **hits >= count);
            precisions
                .map(|(hits, all)| *hits as f64 / f64::from(all))
                .fold(0.0, f64::max)
        };
        (1..=truths.len()).map(reached).sum::<f64>() / truths.len() as f64
    }

    #[test]
    fn the_mean_average_precision_is_that_of_another_implementation() {
        let mut state = 7_u64;
        let mut draw = |most: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % most
        };
        let mut images: Vec<Image> = (0..12).map(|_| Image::drawn(&mut draw)).collect();
        for (place, image) in images.iter_mut().enumerate() {
            let confidences = image.confidences.iter_mut().flatten();
            confidences.for_each(|confidence| *confidence = *confidence * 16.0 + place as f32);
        }
        for threshold in [0.3, CHALLENGE_THRESHOLD] {
            let mut labelled = Labelled::new(2, threshold);
            for image in &images {
                labelled.add(
                    &Comparison::new(&image.truth, &image.found),
                    |number, class| image.has[usize::from(number)][class],
                    |number, class| Some(image.confidences[usize::from(number)][class]),
                );
            }
            let found = labelled.average_precisions();
            for (class, found) in found.into_iter().enumerate() {
                let found = found.expect("true cells of every class");
                let expected = plain_average_precision(&images, class, threshold);
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
                assert!((0.02..0.9).contains(&found), "{found} is no test");
            }
        }
    }
}
