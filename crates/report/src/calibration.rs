//! Calibration: the agreement of probabilities with observed frequencies.

/// The number of bins of equal width from 0 to 1.
pub const BINS: usize = 15;

/// The decisions with a probability in one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Bin {
    /// The number of decisions.
    pub decisions: usize,
    /// The mean probability.
    pub confidence: f64,
    /// The share of positives.
    pub frequency: f64,
}

/// Bins all decisions, one for each sample and class, by probability.
pub fn reliability(truth: &[bool], probabilities: &[f32]) -> [Bin; BINS] {
    let mut bins = [Bin::default(); BINS];
    for (&positive, &probability) in truth.iter().zip(probabilities) {
        let place = ((f64::from(probability) * BINS as f64) as usize).min(BINS - 1);
        let bin = &mut bins[place];
        bin.decisions += 1;
        bin.confidence += f64::from(probability);
        bin.frequency += f64::from(u8::from(positive));
    }
    bins.map(|bin| {
        let count = bin.decisions.max(1) as f64;
        Bin {
            decisions: bin.decisions,
            confidence: bin.confidence / count,
            frequency: bin.frequency / count,
        }
    })
}

/// The expected calibration error (Naeini et al. 2015): the difference of mean probability and frequency in a bin, averaged over all
/// decisions.
pub fn expected_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.decisions).sum();
    let weighted = |bin: &Bin| bin.decisions as f64 * (bin.confidence - bin.frequency).abs();
    bins.iter().map(weighted).sum::<f64>() / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_gap_between_confidence_and_frequency() {
        // Ten decisions at 0.9, seven of them positive; ten at 0.1, one positive.
        let probabilities: Vec<f32> = [[0.9; 10], [0.1; 10]].concat();
        let truth: Vec<bool> = (0..20).map(|i| i < 7 || i == 10).collect();
        let bins = reliability(&truth, &probabilities);
        assert!((expected_error(&bins) - (0.2 + 0.0) / 2.0).abs() < 1e-7);
        assert_eq!(bins.iter().map(|bin| bin.decisions).sum::<usize>(), 20);
        assert_eq!(reliability(&[true], &[1.0])[BINS - 1].frequency, 1.0);
    }
}
