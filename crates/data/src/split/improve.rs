//! Exchanges between parts that bring sizes and labels closer to the shares.

use std::collections::BTreeMap;

use cytolens_core::labels::COUNT;

use super::group::{Group, total};

/// The least gain of an exchange: a smaller one may be rounding, and exchanges could alternate for ever.
const LEAST_GAIN: f64 = 1e-9;

/// Changes `part_of` (the part of each group) until no exchange of two groups between two parts, and
/// no move of one, makes the split better.
///
/// A split is better if the parts' sizes are closer to their whole numbers, or equally close with a lower sum over parts and labels
/// of the squared relative deviation, `(held / wanted - 1)²`: squares make the worst deviation count most, and relative deviations
/// make rare labels count.
///
/// Groups of the same size and the same labels are interchangeable, so the search goes over kinds of groups: some hundreds, where
/// there are tens of thousands of groups.
pub(super) fn improve(groups: &[Group], shares: &[f64], part_of: &mut [usize]) {
    let mut search = Search::new(groups, shares, part_of);
    let mut better = true;
    while better {
        better = false;
        for one in 0..shares.len() {
            for other in one + 1..shares.len() {
                better |= search.level(one, other);
            }
        }
    }
    for (part, stocks) in search.stock.iter().enumerate() {
        for &group in stocks.iter().flatten() {
            part_of[group] = part;
        }
    }
}

struct Search {
    /// The kinds of groups. The first is the empty group, of which every part has any number: an exchange for it is a move.
    kinds: Vec<GroupKind>,
    /// The groups of each part and kind.
    stock: Vec<Vec<Vec<usize>>>,
    parts: Vec<PartExcess>,
}

#[derive(Clone, Copy)]
struct GroupKind {
    samples: i64,
    labels: [f64; COUNT],
}

#[derive(Clone)]
struct PartExcess {
    /// The samples over the part's size; negative where it lacks some.
    excess: i64,
    /// The samples of each label over the part's share.
    excess_labels: [f64; COUNT],
    /// The weight of each label's squared excess: `1 / wanted²`; 0 for labels that no sample has.
    weights: [f64; COUNT],
}

impl Search {
    fn new(groups: &[Group], shares: &[f64], part_of: &[usize]) -> Self {
        let all = total(groups);
        let mut parts: Vec<PartExcess> = shares
            .iter()
            .zip(sizes(i64::from(all.samples), shares))
            .map(|(share, size)| {
                let wanted = all.labels.map(|count| share * f64::from(count));
                PartExcess {
                    excess: -size,
                    excess_labels: wanted.map(|wanted| -wanted),
                    weights: wanted.map(|wanted| {
                        if wanted > 0.0 {
                            1.0 / (wanted * wanted)
                        } else {
                            0.0
                        }
                    }),
                }
            })
            .collect();
        let mut number_of = BTreeMap::from([(Group::default(), 0)]);
        let mut kinds = vec![GroupKind::of(&Group::default())];
        let mut stock = vec![vec![Vec::new()]; shares.len()];
        for (index, group) in groups.iter().enumerate() {
            let kind = *number_of.entry(group.clone()).or_insert_with(|| {
                kinds.push(GroupKind::of(group));
                stock.iter_mut().for_each(|stocks| stocks.push(Vec::new()));
                kinds.len() - 1
            });
            stock[part_of[index]][kind].push(index);
            parts[part_of[index]].gain(&kinds[kind], &kinds[0]);
        }
        Self {
            kinds,
            stock,
            parts,
        }
    }

    /// Exchanges between two parts as long as that gains. Whether any exchange did.
    fn level(&mut self, one: usize, other: usize) -> bool {
        let mut any = false;
        for given in 0..self.kinds.len() {
            while self.has(one, given)
                && let Some(taken) = self.best_return(one, other, given)
            {
                self.exchange(one, other, given, taken);
                any = true;
            }
        }
        any
    }

    fn has(&self, part: usize, kind: usize) -> bool {
        kind == 0 || !self.stock[part][kind].is_empty()
    }

    /// The kind of group of `other` to take for a group of the kind `given` of `one`; none where no exchange gains.
    fn best_return(&self, one: usize, other: usize, given: usize) -> Option<usize> {
        let (from, to) = (&self.parts[one], &self.parts[other]);
        // The sum of squares is a quadratic form of the samples exchanged.
        let slopes: [f64; COUNT] = std::array::from_fn(|class| {
            2.0 * (to.weights[class] * to.excess_labels[class]
                - from.weights[class] * from.excess_labels[class])
        });
        let curvatures: [f64; COUNT] =
            std::array::from_fn(|class| to.weights[class] + from.weights[class]);
        let given = &self.kinds[given];
        let mut best = (0, -LEAST_GAIN, None);
        for (number, taken) in self.kinds.iter().enumerate() {
            if !self.has(other, number) {
                continue;
            }
            let over = given.samples - taken.samples;
            let sizes = (from.excess - over).abs() - from.excess.abs() + (to.excess + over).abs()
                - to.excess.abs();
            if sizes > best.0 {
                continue;
            }
            let labels: f64 = (0..COUNT)
                .map(|class| {
                    let over = given.labels[class] - taken.labels[class];
                    over * (slopes[class] + curvatures[class] * over)
                })
                .sum();
            if sizes < best.0 || labels < best.1 {
                best = (sizes, labels, Some(number));
            }
        }
        best.2
    }

    fn exchange(&mut self, one: usize, other: usize, given: usize, taken: usize) {
        self.hand_over(one, other, given);
        self.hand_over(other, one, taken);
        let (given, taken) = (&self.kinds[given], &self.kinds[taken]);
        self.parts[one].gain(taken, given);
        self.parts[other].gain(given, taken);
    }

    fn hand_over(&mut self, from: usize, to: usize, kind: usize) {
        // The empty group is not in stock.
        if let Some(group) = self.stock[from][kind].pop() {
            self.stock[to][kind].push(group);
        }
    }
}

impl GroupKind {
    fn of(group: &Group) -> Self {
        Self {
            samples: i64::from(group.samples),
            labels: group.labels.map(f64::from),
        }
    }
}

impl PartExcess {
    /// Updates the part for a group taken in and one given away.
    fn gain(&mut self, taken: &GroupKind, given: &GroupKind) {
        self.excess += taken.samples - given.samples;
        for class in 0..COUNT {
            self.excess_labels[class] += taken.labels[class] - given.labels[class];
        }
    }
}

/// The sizes of parts, whole numbers that sum to `samples`: shares are rounded down, and the largest remainders up, the first of
/// equal ones first.
fn sizes(samples: i64, shares: &[f64]) -> Vec<i64> {
    // Shares such as thirds differ by rounding from whole numbers of samples.
    let wanted: Vec<f64> = shares
        .iter()
        .map(|share| share * samples as f64 + 1e-9)
        .collect();
    let mut sizes: Vec<i64> = wanted.iter().map(|wanted| wanted.floor() as i64).collect();
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    by_remainder.sort_by(|&a, &b| {
        let remainder = |part: usize| wanted[part] - wanted[part].floor();
        remainder(b).total_cmp(&remainder(a))
    });
    let left = samples - sizes.iter().sum::<i64>();
    for &part in by_remainder.iter().take(left.max(0) as usize) {
        sizes[part] += 1;
    }
    sizes
}
