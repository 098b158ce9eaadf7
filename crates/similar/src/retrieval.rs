//! How good a retrieval is.

/// The average precision of the first `most` results of a query: the precision at each relevant one's rank, averaged over as many
/// as could have been found there. None where nothing is relevant.
pub fn average_precision_at(
    most: usize,
    results: impl IntoIterator<Item = bool>,
    relevant: usize,
) -> Option<f64> {
    if relevant == 0 {
        return None;
    }
    let (mut hits, mut sum) = (0_u32, 0.0);
    for (rank, is_relevant) in results.into_iter().take(most).enumerate() {
        if is_relevant {
            hits += 1;
            sum += f64::from(hits) / (rank + 1) as f64;
        }
    }
    Some(sum / relevant.min(most) as f64)
}

/// The mean of [`average_precision_at`] over queries, of which each is what `nearest` gives for it; a result is relevant that has
/// the same labels. `may_be_found` tells, of a query and an entry, whether the entry can be a result: a field that is asked is none of
/// its own. Queries whose labels nothing else has do not count. Also gives the number of those that do.
pub fn mean_average_precision_at<L: PartialEq>(
    most: usize,
    queries: &[L],
    entries: &[L],
    may_be_found: impl Fn(usize, usize) -> bool,
    mut nearest: impl FnMut(usize) -> Vec<usize>,
) -> (f64, usize) {
    let precisions: Vec<f64> = queries
        .iter()
        .enumerate()
        .filter_map(|(query, labels)| {
            let relevant = entries.iter().enumerate();
            let relevant = relevant
                .filter(|(entry, of_it)| *of_it == labels && may_be_found(query, *entry))
                .count();
            if relevant == 0 {
                return None;
            }
            let found = nearest(query).into_iter();
            average_precision_at(most, found.map(|entry| entries[entry] == *labels), relevant)
        })
        .collect();
    let count = precisions.len();
    (precisions.iter().sum::<f64>() / count.max(1) as f64, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_counts_by_ranks() {
        let of = |results: &[bool], relevant| {
            average_precision_at(10, results.iter().copied(), relevant)
        };
        assert_eq!(of(&[true, true], 2), Some(1.0));
        assert_eq!(of(&[true, false, true], 2), Some((1.0 + 2.0 / 3.0) / 2.0));
        assert_eq!(of(&[false, true], 5), Some(0.1));
        assert_eq!(of(&[false], 0), None);
        // Of a hundred relevant ones only ten can be shown.
        assert_eq!(of(&[true; 10], 100), Some(1.0));
    }

    #[test]
    fn queries_without_anything_relevant_do_not_count() {
        let (mean, count) = mean_average_precision_at(
            10,
            &["a", "x", "b"],
            &["a", "b"],
            |_, _| true,
            |query| if query == 0 { vec![0, 1] } else { vec![0] },
        );
        assert_eq!((mean, count), (0.5, 2));
        // Asked for themselves: nothing else is as the third is, and the other two find each other.
        let fields = ["a", "a", "b"];
        let others =
            |query: usize| -> Vec<usize> { (0..3).filter(|entry| *entry != query).collect() };
        let (mean, count) =
            mean_average_precision_at(10, &fields, &fields, |query, entry| query != entry, others);
        assert_eq!((mean, count), (1.0, 2));
    }
}
