//! The shares by which the answers of several networks are best averaged.

use super::labels::{COUNT, LabelSet};

/// The steps after which shares are taken as they are; they settle long before.
const STEPS: usize = 2000;
/// The change of every share below which they have settled.
const SETTLED: f64 = 1e-7;
/// The probability that is the least: one sample that a network is wholly wrong about must not decide alone.
const LEAST: f64 = 1e-4;

/// The mean loss of a decision: the negative logarithm of the probability that the truth was given.
///
/// None without samples.
pub fn log_loss(truth: &[LabelSet], probabilities: &[[f32; COUNT]]) -> Option<f64> {
    let rows = truth.iter().zip(probabilities);
    let losses = rows.flat_map(|(set, row)| (0..COUNT).map(|class| -given(*set, row, class).ln()));
    let count = truth.len().min(probabilities.len()) * COUNT;
    (count > 0).then(|| losses.sum::<f64>() / count as f64)
}

/// The shares, of the sum 1, with which the mean of the networks' probabilities has the least [`log_loss`], on predictions of
/// samples that none of them was trained on.
///
/// The loss has one minimum, and the way there is that of mixtures (Dempster, Laird and Rubin 1977): a network's new share is the
/// mean of the part that it has in the probability of the truth. It begins with equal shares, so nothing is drawn.
///
/// # Panics
/// If a network has fewer rows than there are samples.
pub fn best_shares(truth: &[LabelSet], networks: &[Vec<[f32; COUNT]>]) -> Vec<f64> {
    let count = networks.len();
    let mut shares = vec![1.0 / count as f64; count];
    if truth.is_empty() {
        return shares;
    }
    let decisions = (truth.len() * COUNT) as f64;
    let mut parts = vec![0.0; count];
    for _ in 0..STEPS {
        let mut sums = vec![0.0; count];
        for (sample, set) in truth.iter().enumerate() {
            for class in 0..COUNT {
                for ((part, share), network) in parts.iter_mut().zip(&shares).zip(networks) {
                    *part = share * given(*set, &network[sample], class);
                }
                let whole: f64 = parts.iter().sum();
                for (sum, part) in sums.iter_mut().zip(&parts) {
                    *sum += part / whole;
                }
            }
        }
        let mut change = 0.0_f64;
        for (share, sum) in shares.iter_mut().zip(sums) {
            let next = sum / decisions;
            change = change.max((next - *share).abs());
            *share = next;
        }
        if change < SETTLED {
            break;
        }
    }
    shares
}

/// The probability that was given to what is so.
fn given(set: LabelSet, row: &[f32; COUNT], class: usize) -> f64 {
    let probability = f64::from(row[class]);
    let given = if set.contains(class) {
        probability
    } else {
        1.0 - probability
    };
    given.clamp(LEAST, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(count: usize) -> Vec<LabelSet> {
        (0..count)
            .map(|at| LabelSet::from_classes([at % 3]).expect("a class"))
            .collect()
    }

    /// A network that gives the truth this probability where `knows` says so, and one half elsewhere.
    fn network(truth: &[LabelSet], right: f32, knows: impl Fn(usize) -> bool) -> Vec<[f32; COUNT]> {
        let rows = truth.iter().enumerate();
        rows.map(|(at, set)| {
            std::array::from_fn(|class| match (knows(at), set.contains(class)) {
                (false, _) => 0.5,
                (true, true) => right,
                (true, false) => 1.0 - right,
            })
        })
        .collect()
    }

    #[test]
    fn the_better_network_counts_more_and_like_ones_count_alike() {
        let truth = sets(30);
        let good = network(&truth, 0.9, |_| true);
        let poor = network(&truth, 0.6, |_| true);
        let shares = best_shares(&truth, &[good.clone(), poor]);
        assert!(shares[0] > 0.99, "{shares:?}");
        let shares = best_shares(&truth, &[good.clone(), good]);
        assert_eq!(shares, [0.5, 0.5]);
    }

    #[test]
    fn networks_that_know_different_samples_are_better_together() {
        let truth = sets(40);
        // Each is wrong where the other knows.
        let one: Vec<[f32; COUNT]> = network(&truth, 0.95, |_| true)
            .into_iter()
            .enumerate()
            .map(|(at, row)| {
                if at % 4 == 0 {
                    row.map(|p| 1.0 - p)
                } else {
                    row
                }
            })
            .collect();
        let other: Vec<[f32; COUNT]> = network(&truth, 0.95, |_| true)
            .into_iter()
            .enumerate()
            .map(|(at, row)| {
                if at % 4 == 1 {
                    row.map(|p| 1.0 - p)
                } else {
                    row
                }
            })
            .collect();
        let networks = [one, other];
        let shares = best_shares(&truth, &networks);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((shares[0] - 0.5).abs() < 1e-3, "{shares:?}");
        let loss_at = |share: f32| {
            let rows: Vec<[f32; COUNT]> = networks[0]
                .iter()
                .zip(&networks[1])
                .map(|(a, b)| std::array::from_fn(|at| share * a[at] + (1.0 - share) * b[at]))
                .collect();
            log_loss(&truth, &rows).expect("a loss")
        };
        for share in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
            assert!(loss_at(share) > loss_at(0.5), "{share}");
        }
    }

    #[test]
    fn the_loss_is_the_mean_of_the_logarithms() {
        let truth = sets(2);
        let rows = network(&truth, 0.8, |at| at == 0);
        let expected = -(0.8_f64.ln() + 0.5_f64.ln()) / 2.0;
        let found = log_loss(&truth, &rows).expect("a loss");
        assert!((found - expected).abs() < 1e-6, "{found}");
        assert_eq!(log_loss(&[], &[]), None);
        assert_eq!(best_shares(&[], &[Vec::new(), Vec::new()]), [0.5, 0.5]);
    }
}
