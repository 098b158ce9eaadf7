//! The interval of a share.

/// Wilson's interval of a share, 95 %: where the true share lies by `hits` of `count` independent trials. From 0 to 1 where there
/// is none (Wilson 1927, <https://doi.org/10.1080/01621459.1927.10502953>).
pub fn wilson(hits: usize, count: usize) -> [f64; 2] {
    const Z: f64 = 1.959_963_984_540_054;
    if count == 0 {
        return [0.0, 1.0];
    }
    let n = count as f64;
    let share = hits as f64 / n;
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let of_all = 1.0 + Z * Z / n;
    [
        ((centre - half) / of_all).max(0.0),
        ((centre + half) / of_all).min(1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `statsmodels.stats.proportion.proportion_confint(hits, count, method="wilson")`.
    #[test]
    fn intervals_are_statsmodels() {
        for (hits, count, low, high) in [
            (8, 10, 0.490_162_5, 0.943_317_8),
            (10, 10, 0.722_467_2, 1.0),
            (0, 5, 0.0, 0.434_481_9),
        ] {
            let found = wilson(hits, count);
            assert!(
                (found[0] - low).abs() < 1e-4 && (found[1] - high).abs() < 1e-4,
                "{found:?}"
            );
        }
        assert_eq!(wilson(0, 0), [0.0, 1.0]);
    }
}
