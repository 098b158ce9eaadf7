//! Adaptation of a network's answers to fields without labels, such as another microscope's.

use cytolens::classifier::probability;
use cytolens_core::labels::COUNT;

/// The farthest that a logit is shifted in full: fields without a trace of a label, or full of it, say no more.
const FARTHEST: f32 = 6.0;

/// Per class, the shift of the logits by which the mean probability over the samples becomes the frequency.
///
/// Few samples say little about a rare label; the shift is a share, from 0 to 1, of what they ask for.
pub fn shift(
    probabilities: &[[f32; COUNT]],
    frequencies: &[f32; COUNT],
    share: f32,
) -> [f32; COUNT] {
    std::array::from_fn(|class| {
        let logits: Vec<f32> = probabilities
            .iter()
            .map(|row| {
                let probability = row[class].clamp(1e-7, 1.0 - 1e-7);
                (probability / (1.0 - probability)).ln()
            })
            .collect();
        let mean = |shift: f32| {
            let shifted = logits.iter().map(|logit| probability(logit + shift));
            shifted.sum::<f32>() / logits.len() as f32
        };
        let (mut low, mut high) = (-FARTHEST, FARTHEST);
        // The mean rises with the shift: each halving gains a bit.
        for _ in 0..24 {
            let middle = (low + high) / 2.0;
            if mean(middle) < frequencies[class] {
                low = middle;
            } else {
                high = middle;
            }
        }
        share * (low + high) / 2.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_answer_becomes_the_frequency() {
        let rows: Vec<[f32; COUNT]> = (0..50)
            .map(|sample| {
                std::array::from_fn(|class| ((sample * 7 + class) % 50) as f32 / 60.0 + 0.01)
            })
            .collect();
        let mut frequencies = [0.2; COUNT];
        frequencies[3] = 0.7;
        frequencies[4] = 0.0;
        let found = shift(&rows, &frequencies, 1.0);
        let mean = |class: usize| {
            let shifted = rows.iter().map(|row| {
                let logit = (row[class] / (1.0 - row[class])).ln();
                probability(logit + found[class])
            });
            shifted.sum::<f32>() / rows.len() as f32
        };
        assert!((mean(0) - 0.2).abs() < 1e-3 && (mean(3) - 0.7).abs() < 1e-3);
        assert!((found[4] + FARTHEST).abs() < 1e-3, "no farther than that");
        let half = shift(&rows, &frequencies, 0.5);
        assert!((half[3] - found[3] / 2.0).abs() < 1e-5);
    }
}
