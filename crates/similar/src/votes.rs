//! Neighbours as a classifier: labels by the votes of what is near.

/// What a neighbour's vote counts at least: one that is far off hardly counts, and many of them still answer.
const LEAST: f32 = 1e-3;

/// The share of neighbours that have each of `count` labels, each neighbour counting by its closeness; a neighbour is its closeness
/// and its labels' numbers. Without neighbours every share is 0.
///
/// # Panics
/// If a label has no number below `count`.
pub fn votes<'a>(neighbours: impl IntoIterator<Item = (f32, &'a [u16])>, count: usize) -> Vec<f32> {
    let (mut all, mut of_labels) = (0.0, vec![0.0_f32; count]);
    for (closeness, labels) in neighbours {
        let vote = closeness.max(LEAST);
        all += vote;
        for &label in labels {
            of_labels[usize::from(label)] += vote;
        }
    }
    let scale = if all > 0.0 { 1.0 / all } else { 0.0 };
    let shares = of_labels.iter().map(|votes| (votes * scale).min(1.0));
    shares.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_vote_by_their_closeness() {
        let neighbours: [(f32, &[u16]); 4] =
            [(0.5, &[0, 2]), (0.3, &[2]), (0.2, &[]), (-0.9, &[1])];
        let found = votes(neighbours, 4);
        // The last, which is on the other side, counts a thousandth.
        let expected = [0.5 / 1.001, 0.001 / 1.001, 0.8 / 1.001, 0.0];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
        assert_eq!(votes([(0.9, [1, 1].as_slice())], 2), [0.0, 1.0]);
        assert_eq!(votes([], 2), [0.0, 0.0]);
    }
}
