//! Levels of grey that divide a picture.

/// The threshold that divides values best into two classes (Otsu 1979); 0 for none.
pub(crate) fn otsu(values: &[f32]) -> f32 {
    const STEPS: usize = 512;
    let greatest = values.iter().copied().fold(0.0, f32::max);
    if greatest <= 0.0 {
        return 0.0;
    }
    let factor = (STEPS - 1) as f32 / greatest;
    let mut counts = [0_u32; STEPS];
    values
        .iter()
        .for_each(|value| counts[(value.max(0.0) * factor) as usize] += 1);
    let weight = |(step, count): (usize, &u32)| step as f64 * f64::from(*count);
    let total: f64 = counts.iter().enumerate().map(weight).sum();
    let (mut below, mut sum) = (0.0, 0.0);
    let (mut best, mut threshold) = (0.0, 0);
    for (step, count) in counts.iter().enumerate() {
        below += f64::from(*count);
        sum += weight((step, count));
        let above = values.len() as f64 - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let between = below * above * (sum / below - (total - sum) / above).powi(2);
        if between > best {
            (best, threshold) = (between, step);
        }
    }
    (threshold as f32 + 1.0) / factor
}

/// The threshold that divides light best, found on its roots: the brightest parts are several times as bright as the faintest.
pub(crate) fn otsu_of_roots(light: &[f32]) -> f32 {
    let roots: Vec<f32> = light.iter().map(|value| value.max(0.0).sqrt()).collect();
    otsu(&roots).powi(2)
}

/// The value below which a share of the values lies; 0 for none.
pub(crate) fn quantile(values: impl Iterator<Item = f32>, share: f32) -> f32 {
    let mut values: Vec<f32> = values.collect();
    if values.is_empty() {
        return 0.0;
    }
    let rank = ((values.len() as f32 * share) as usize).min(values.len() - 1);
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lies_between_two_heaps() {
        let heaps = (0..1000).map(|place| {
            let spread = (place % 10) as f32 * 0.01;
            if place < 900 {
                0.1 + spread
            } else {
                0.7 + spread
            }
        });
        let values: Vec<f32> = heaps.collect();
        let threshold = otsu(&values);
        assert!((0.19..0.7).contains(&threshold), "{threshold}");
        assert_eq!(otsu(&[0.0; 9]), 0.0);
    }

    #[test]
    fn quantiles_are_by_rank() {
        let values = || (0..100).rev().map(|value| value as f32);
        assert_eq!(quantile(values(), 0.25), 25.0);
        assert_eq!(quantile(values(), 1.0), 99.0);
        assert_eq!(quantile(std::iter::empty(), 0.5), 0.0);
    }
}
