//! The mean and the sum of several networks' answers.

/// The mean of the members' answers by their shares.
///
/// # Panics
/// If the answers are of different lengths.
pub fn mean_of_members(shares: &[f32], answers: &[Vec<f32>]) -> Vec<f32> {
    let whole: f64 = shares.iter().copied().map(f64::from).sum();
    let sums = weighted_sums(shares, answers).into_iter();
    sums.map(|sum| (sum / whole) as f32).collect()
}

/// The sum of the members' answers.
///
/// # Panics
/// If the answers are of different lengths.
pub(crate) fn sum_of_members(answers: &[Vec<f32>]) -> Vec<f32> {
    let sums = weighted_sums(&vec![1.0; answers.len()], answers).into_iter();
    sums.map(|sum| sum as f32).collect()
}

/// The sums of the answers, each times its weight. In 64 bit, so that one network's answer stays the same to the bit.
fn weighted_sums(weights: &[f32], answers: &[Vec<f32>]) -> Vec<f64> {
    let count = answers.first().map_or(0, Vec::len);
    (0..count)
        .map(|at| {
            let parts = weights.iter().zip(answers);
            let parts = parts.map(|(weight, answer)| f64::from(*weight) * f64::from(answer[at]));
            parts.sum::<f64>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_by_shares_and_one_answer_stays_as_it_is() {
        let answers = [vec![0.25, 1.0], vec![0.5, 0.0], vec![1.0, 0.5]];
        let mean = mean_of_members(&[0.5, 0.25, 0.25], &answers);
        assert_eq!(mean, [0.5, 0.625]);
        // As shares in a file may be.
        let mean = mean_of_members(&[0.333_33, 0.333_33, 0.333_33], &answers);
        assert_eq!(mean[1], 0.5);
        let odd = vec![0.1_f32, 1.0 / 3.0, f32::MIN_POSITIVE];
        assert_eq!(mean_of_members(&[1.0], std::slice::from_ref(&odd)), odd);
        assert_eq!(sum_of_members(std::slice::from_ref(&odd)), odd);
    }

    #[test]
    fn the_sum_is_of_all() {
        let answers = [vec![0.25, -20.0], vec![0.5, 19.0], vec![-1.0, 0.5]];
        assert_eq!(sum_of_members(&answers), [-0.25, -0.5]);
        assert!(sum_of_members(&[]).is_empty());
    }
}
