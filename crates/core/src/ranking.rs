//! Ranking measures of probabilities, which need no threshold.
//!
//! Each gives the result of the scikit-learn function named, ties included.

use super::labels::{COUNT, LabelSet};

/// `average_precision_score`: the precision at each positive's rank, averaged over the positives of
/// a class; samples of equal probability count as one rank. None without positives.
pub fn average_precision(truth: &[bool], probabilities: &[f32]) -> Option<f64> {
    let positives = truth.iter().filter(|&&positive| positive).count();
    if positives == 0 {
        return None;
    }
    let (mut hits, mut seen, mut sum) = (0, 0, 0.0);
    for tied in by_falling_probability(probabilities)
        .chunk_by(|&a, &b| probabilities[a] == probabilities[b])
    {
        let found = tied.iter().filter(|&&sample| truth[sample]).count();
        seen += tied.len();
        hits += found;
        sum += found as f64 * hits as f64 / seen as f64;
    }
    Some(sum / positives as f64)
}

/// `roc_auc_score`: the share of pairs of a positive and a negative in which the positive is more probable, ties counting half.
/// None without positives or without negatives.
pub fn area_under_roc(truth: &[bool], probabilities: &[f32]) -> Option<f64> {
    let positives = truth.iter().filter(|&&positive| positive).count();
    let negatives = truth.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut above, mut sum) = (0, 0.0);
    for tied in by_falling_probability(probabilities)
        .chunk_by(|&a, &b| probabilities[a] == probabilities[b])
    {
        let found = tied.iter().filter(|&&sample| truth[sample]).count();
        let others = tied.len() - found;
        sum += others as f64 * (above as f64 + found as f64 / 2.0);
        above += found;
    }
    Some(sum / (positives as f64 * negatives as f64))
}

/// `label_ranking_average_precision_score`: for each true label of a sample, the share of true ones
/// among the labels that are at least as probable, averaged over labels, then samples. A sample
/// with no label or with all counts 1.
pub fn label_ranking_average_precision(truth: &[LabelSet], probabilities: &[[f32; COUNT]]) -> f64 {
    let precisions = label_ranking_precisions(truth, probabilities);
    precisions.iter().sum::<f64>() / precisions.len().max(1) as f64
}

/// The precisions of the samples, whose mean is [`label_ranking_average_precision`].
pub fn label_ranking_precisions(truth: &[LabelSet], probabilities: &[[f32; COUNT]]) -> Vec<f64> {
    let of_sample = |(labels, row): (&LabelSet, &[f32; COUNT])| {
        if labels.is_empty() || labels.len() == COUNT {
            return 1.0;
        }
        let of_label = |class: usize| {
            let at_least = |other: &usize| row[*other] >= row[class];
            let true_ones = labels.classes().filter(at_least).count();
            true_ones as f64 / (0..COUNT).filter(at_least).count() as f64
        };
        labels.classes().map(of_label).sum::<f64>() / labels.len() as f64
    };
    truth.iter().zip(probabilities).map(of_sample).collect()
}

/// `precision_recall_curve`: recall and precision of a class at each probability that a sample has,
/// as a threshold, from the highest down, as (recall, precision, threshold); recall never falls.
/// Empty without positives.
pub fn precision_recall_curve(truth: &[bool], probabilities: &[f32]) -> Vec<(f64, f64, f32)> {
    let positives = truth.iter().filter(|&&positive| positive).count();
    if positives == 0 {
        return Vec::new();
    }
    let (mut hits, mut seen) = (0, 0);
    by_falling_probability(probabilities)
        .chunk_by(|&a, &b| probabilities[a] == probabilities[b])
        .map(|tied| {
            seen += tied.len();
            hits += tied.iter().filter(|&&sample| truth[sample]).count();
            let (recall, precision) = (hits as f64 / positives as f64, hits as f64 / seen as f64);
            (recall, precision, probabilities[tied[0]])
        })
        .collect()
}

fn by_falling_probability(probabilities: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    order
}
