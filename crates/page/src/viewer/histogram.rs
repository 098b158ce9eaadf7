//! How many samples of a channel have which level.

use js_sys::Math;

/// The number of columns in which levels are counted.
const COLUMNS: usize = 64;

/// The levels that share a column.
const LEVELS: usize = 256 / COLUMNS;

/// The height of the drawing; its width is the number of levels.
const HEIGHT: f64 = 32.0;

/// Samples counted by their level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Histogram([u32; COLUMNS]);

impl Histogram {
    /// The histogram of these rows of samples.
    pub(super) fn of(rows: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut counts = [0; COLUMNS];
        for row in rows {
            for sample in row {
                counts[usize::from(sample) / LEVELS] += 1;
            }
        }
        Self(counts)
    }

    /// The outline as SVG's path, in a box of 256 by 32. Heights go by logarithm: nearly all of a field is dark.
    pub(super) fn path(&self) -> String {
        self.outline(Math::log1p)
    }

    fn outline(&self, log1p: impl Fn(f64) -> f64) -> String {
        let highest = self.0.iter().copied().max().unwrap_or(0);
        let highest = log1p(highest.into()).max(1.0);
        let mut path = format!("M0 {HEIGHT}");
        for (column, count) in self.0.iter().enumerate() {
            let top = HEIGHT - HEIGHT * log1p((*count).into()) / highest;
            path += &format!("V{}H{}", (top * 10.0).round() / 10.0, (column + 1) * LEVELS);
        }
        path + &format!("V{HEIGHT}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_counted_and_the_most_frequent_level_is_the_highest() {
        let rows = [vec![0, 1, 2, 3, 255], vec![0, 0, 128, 130, 131]];
        let histogram = Histogram::of(rows.into_iter());
        assert_eq!(histogram.0.iter().sum::<u32>(), 10);
        assert_eq!(
            (histogram.0[0], histogram.0[32], histogram.0[63]),
            (6, 3, 1)
        );
        let path = histogram.outline(f64::ln_1p);
        assert!(path.starts_with("M0 32V0H4V32H8"), "{path}");
        assert!(path.ends_with("H256V32Z"), "{path}");
    }

    #[test]
    fn a_histogram_of_nothing_is_flat() {
        let path = Histogram::of(std::iter::empty()).outline(f64::ln_1p);
        assert!(
            !path.contains("NaN") && path.starts_with("M0 32V32H4"),
            "{path}"
        );
    }
}
