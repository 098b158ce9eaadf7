//! How like a painted channel is to the true one.
//!
//! Pearson's correlation does not ask how bright the channel is, PSNR asks for little else, and SSIM (Wang, Bovik, Sheikh and
//! Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE Transactions on Image Processing 13,
//! 2004) compares mean, contrast and structure around each pixel.

/// The side of the window in which SSIM compares, and its Gaussian's deviation, in pixels.
pub const WINDOW: usize = 11;
const DEVIATION: f64 = 1.5;
/// The constants of SSIM: (K1 L)² and (K2 L)², with K1 = 0.01, K2 = 0.03 and levels up to L = 1.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;
/// The squared error below which PSNR no longer rises: 100 dB.
const LEAST_ERROR: f64 = 1e-10;

/// How like two pictures are, whose levels go from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// Pearson's correlation of the pixels; none where one of the pictures has a single level.
    pub pearson: Option<f64>,
    /// The structural similarity, 1 for the same picture.
    pub ssim: f64,
    /// The peak signal to noise ratio in dB, 100 at most.
    pub psnr: f64,
}

impl Likeness {
    /// The likeness of two pictures of `width` px a row.
    ///
    /// # Panics
    /// If they differ in size, or a side is shorter than [`WINDOW`].
    pub fn of(painted: &[f32], truth: &[f32], width: usize) -> Self {
        assert_eq!(painted.len(), truth.len(), "pictures of one size");
        Self {
            pearson: pearson(painted, truth),
            ssim: ssim(painted, truth, width),
            psnr: psnr(painted, truth),
        }
    }
}

/// Pearson's correlation; none where one side has a single level.
pub fn pearson(one: &[f32], other: &[f32]) -> Option<f64> {
    let count = one.len() as f64;
    let mean = |values: &[f32]| values.iter().map(|&it| f64::from(it)).sum::<f64>() / count;
    let means = [mean(one), mean(other)];
    let (mut covariance, mut variances) = (0.0, [0.0; 2]);
    for (&a, &b) in one.iter().zip(other) {
        let [a, b] = [f64::from(a) - means[0], f64::from(b) - means[1]];
        covariance += a * b;
        variances[0] += a * a;
        variances[1] += b * b;
    }
    let scale = (variances[0] * variances[1]).sqrt();
    // Rounding alone leaves less than this of even levels.
    let is_even = |variance: f64| variance <= 1e-12 * count;
    (!variances.into_iter().any(is_even)).then(|| covariance / scale)
}

/// The peak signal to noise ratio in dB.
fn psnr(one: &[f32], other: &[f32]) -> f64 {
    let pairs = one.iter().zip(other);
    let squares = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    let error = squares.sum::<f64>() / one.len() as f64;
    -10.0 * error.max(LEAST_ERROR).log10()
}

/// The mean structural similarity over the windows that lie whole in the pictures.
fn ssim(one: &[f32], other: &[f32], width: usize) -> f64 {
    let height = one.len() / width;
    assert!(
        width >= WINDOW && height >= WINDOW,
        "pictures of {width} × {height} px"
    );
    let window = window();
    let [a, b] = [one, other].map(|levels| -> Vec<f64> {
        let levels = levels.iter();
        levels.map(|&level| f64::from(level)).collect()
    });
    let product = |one: &[f64], other: &[f64]| -> Vec<f64> {
        one.iter().zip(other).map(|(a, b)| a * b).collect()
    };
    let maps = [product(&a, &a), product(&b, &b), product(&a, &b)];
    let [squares_a, squares_b, products] = maps.map(|map| filtered(&map, width, &window));
    let [means_a, means_b] = [a, b].map(|map| filtered(&map, width, &window));
    let similarity = |at: usize| {
        let (a, b) = (means_a[at], means_b[at]);
        let variances = squares_a[at] - a * a + squares_b[at] - b * b;
        let covariance = products[at] - a * b;
        let means = (2.0 * a * b + C1) / (a * a + b * b + C1);
        means * (2.0 * covariance + C2) / (variances + C2)
    };
    let count = means_a.len();
    (0..count).map(similarity).sum::<f64>() / count as f64
}

/// The Gaussian of the window along one side, whose sum is 1.
fn window() -> [f64; WINDOW] {
    let weights: [f64; WINDOW] = std::array::from_fn(|at| {
        let place = at as f64 - (WINDOW / 2) as f64;
        (-0.5 * (place / DEVIATION).powi(2)).exp()
    });
    let whole: f64 = weights.iter().sum();
    weights.map(|weight| weight / whole)
}

/// The weighted mean in each window that lies whole in a map of `width` px a row.
fn filtered(map: &[f64], width: usize, window: &[f64; WINDOW]) -> Vec<f64> {
    let left = width + 1 - WINDOW;
    let across: Vec<f64> = map
        .chunks_exact(width)
        .flat_map(|row| row.windows(WINDOW))
        .map(|part| part.iter().zip(window).map(|(a, b)| a * b).sum())
        .collect();
    let rows = across.len() / left + 1 - WINDOW;
    (0..rows * left)
        .map(|at| {
            let column = across[at..].iter().step_by(left);
            column.zip(window).map(|(a, b)| a * b).sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels from 0 to 1 of a picture of 19 × 14 px.
    fn picture(step: usize) -> Vec<f32> {
        (0..19 * 14)
            .map(|at| (at * step % 101) as f32 / 101.0)
            .collect()
    }

    #[test]
    fn the_same_picture_is_as_like_as_can_be() {
        let one = picture(7);
        let likeness = Likeness::of(&one, &one, 19);
        assert!((likeness.pearson.expect("contrast") - 1.0).abs() < 1e-12);
        assert!((likeness.ssim - 1.0).abs() < 1e-12);
        assert_eq!(likeness.psnr, 100.0);
    }

    #[test]
    fn values_by_hand() {
        // Means 0.5 and 0.25; the sums of products are 0.25, 1 and 0.125.
        let (one, other) = ([0.0, 1.0, 0.0, 1.0], [0.0, 0.5, 0.25, 0.25]);
        let found = pearson(&one, &other).expect("contrast");
        let expected = 0.25 / (1.0_f64 * 0.125).sqrt();
        assert!((found - expected).abs() < 1e-12, "{found}");
        assert_eq!(pearson(&one, &[0.25; 4]), None);
        // A squared error of 0.01 is 20 dB.
        let darker = [0.5_f32; 8].map(|level| level - 0.1);
        assert!((psnr(&[0.5; 8], &darker) - 20.0).abs() < 1e-5);
        // Two even pictures differ in their means alone.
        let even = |level: f32| vec![level; 11 * 11];
        let found = ssim(&even(0.5), &even(0.25), 11);
        let expected = (2.0 * 0.125 + C1) / (0.25 + 0.0625 + C1);
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    /// The definition, window by window, with a Gaussian of two dimensions.
    fn slow_ssim(one: &[f32], other: &[f32], width: usize) -> f64 {
        let height = one.len() / width;
        let gauss = |x: usize, y: usize| {
            let square = |at: usize| (at as f64 - 5.0).powi(2);
            (-(square(x) + square(y)) / (2.0 * 1.5 * 1.5)).exp()
        };
        let places = || (0..11).flat_map(|y| (0..11).map(move |x| (x, y)));
        let whole: f64 = places().map(|(x, y)| gauss(x, y)).sum();
        let (mut sum, mut count) = (0.0, 0);
        for top in 0..=height - 11 {
            for left in 0..=width - 11 {
                let mean = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
                    let weighted = places().map(|(x, y)| {
                        let at = (top + y) * width + left + x;
                        gauss(x, y) * of(f64::from(one[at]), f64::from(other[at]))
                    });
                    weighted.sum::<f64>() / whole
                };
                let (a, b) = (mean(&|a, _| a), mean(&|_, b| b));
                let variance_a = mean(&|one, _| (one - a).powi(2));
                let variance_b = mean(&|_, other| (other - b).powi(2));
                let covariance = mean(&|one, other| (one - a) * (other - b));
                sum += (2.0 * a * b + 1e-4) * (2.0 * covariance + 9e-4)
                    / ((a * a + b * b + 1e-4) * (variance_a + variance_b + 9e-4));
                count += 1;
            }
        }
        sum / f64::from(count)
    }

    #[test]
    fn ssim_is_that_of_its_definition() {
        let (one, other) = (picture(7), picture(13));
        let found = ssim(&one, &other, 19);
        let expected = slow_ssim(&one, &other, 19);
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        let near: Vec<f32> = one.iter().map(|level| 0.9 * level + 0.02).collect();
        let nearer = ssim(&one, &near, 19);
        assert!((nearer - slow_ssim(&one, &near, 19)).abs() < 1e-9);
        assert!(nearer > found, "{nearer} {found}");
    }
}
