//! Mean and standard deviation of planes over any number of images.

/// The least variance, so that normalisation never divides by 0; a constant plane becomes 0 by it.
const LEAST_VARIANCE: f64 = 1e-8;

/// Sums over the values of each plane, from which mean and standard deviation follow.
#[derive(Debug, Clone)]
pub struct Moments {
    sums: Vec<f64>,
    squares: Vec<f64>,
    values: usize,
}

impl Moments {
    /// Makes empty sums for this many planes.
    pub fn new(planes: usize) -> Self {
        Self {
            sums: vec![0.0; planes],
            squares: vec![0.0; planes],
            values: 0,
        }
    }

    /// Adds an image, its planes one after the other and of equal length.
    #[must_use]
    pub fn with_image(mut self, image: &[f32]) -> Self {
        let area = image.len() / self.sums.len();
        let sums = self.sums.iter_mut().zip(&mut self.squares);
        for (plane, (sum, square)) in image.chunks_exact(area).zip(sums) {
            for &value in plane {
                *sum += f64::from(value);
                *square += f64::from(value) * f64::from(value);
            }
        }
        self.values += area;
        self
    }

    /// Adds the sums over other images, of as many planes.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        let added = |all: &mut Vec<f64>, more: &[f64]| {
            all.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
        };
        added(&mut self.sums, &others.sums);
        added(&mut self.squares, &others.squares);
        self.values += others.values;
        self
    }

    /// The mean and the standard deviation of each plane.
    pub fn mean_and_std(&self) -> (Vec<f32>, Vec<f32>) {
        let count = self.values as f64;
        let both = self.sums.iter().zip(&self.squares).map(|(sum, square)| {
            let mean = sum / count;
            let variance = (square / count - mean * mean).max(LEAST_VARIANCE);
            (mean as f32, variance.sqrt() as f32)
        });
        both.unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_measured_apart_over_all_images() {
        let one = Moments::new(2).with_image(&[1.0, 3.0, 5.0, 5.0]);
        let other = Moments::new(2).with_image(&[5.0, 7.0, 5.0, 5.0]);
        let (mean, std) = one.with(&other).mean_and_std();
        assert_eq!(mean, [4.0, 5.0]);
        assert!((std[0] - 5.0_f32.sqrt()).abs() < 1e-6);
        assert!(std[1] > 0.0, "a flat plane can be divided by");
    }
}
