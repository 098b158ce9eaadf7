//! The linear algebra that a few hundred vectors need.

/// The sum of products.
pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    // Eight sums at once, so that the compiler finds vectors.
    let mut sums = [0.0_f32; 8];
    let (ones, rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    for (one, other) in ones.iter().zip(others) {
        for ((sum, a), b) in sums.iter_mut().zip(one).zip(other) {
            *sum += a * b;
        }
    }
    let tail: f32 = rest.iter().zip(other_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + tail
}

/// Adds a multiple of a vector.
pub(crate) fn add_scaled(to: &mut [f32], times: f32, vector: &[f32]) {
    for (to, value) in to.iter_mut().zip(vector) {
        *to += times * value;
    }
}

/// The mean of vectors of one length; zeros where there is none.
pub(crate) fn mean<'a>(rows: impl IntoIterator<Item = &'a [f32]>, length: usize) -> Vec<f32> {
    let mut mean = vec![0.0; length];
    let mut count = 0.0_f32;
    for row in rows {
        count += 1.0;
        for (mean, value) in mean.iter_mut().zip(row) {
            *mean += (value - *mean) / count;
        }
    }
    mean
}

/// The directions of largest variance of centred vectors `[n, length]`, orthonormal, the largest first, with the variances. Fewer
/// come back where the vectors span fewer.
pub(crate) fn principal_directions(rows: &[Vec<f32>], count: usize) -> Vec<(Vec<f32>, f32)> {
    let mut subspace = Subspace::new(rows, count);
    while subspace.step(rows, rows.len()) {}
    let variance = |direction: &Vec<f32>| {
        let squares = rows.iter().map(|row| dot(direction, row).powi(2));
        squares.sum::<f32>() / rows.len() as f32
    };
    let mut found: Vec<(Vec<f32>, f32)> = subspace
        .directions
        .into_iter()
        .map(|direction| {
            let variance = variance(&direction);
            (direction, variance)
        })
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found
}

/// The search for the directions of largest variance among centred rows, some rows at a time.
///
/// Subspace iteration (Golub and Van Loan, Matrix Computations, 8.2.4) from a fixed start: the same rows give the same
/// directions, signs included.
#[derive(Debug, Clone)]
pub(crate) struct Subspace {
    directions: Vec<Vec<f32>>,
    /// The sums of the round in progress.
    next: Vec<Vec<f32>>,
    /// The rows that they are of.
    done: usize,
    rounds: usize,
}

impl Subspace {
    const ROUNDS: usize = 40;

    /// The start of a search for `count` directions, or for as many as there can be.
    pub(crate) fn new(rows: &[Vec<f32>], count: usize) -> Self {
        let length = rows.first().map_or(0, Vec::len);
        let count = count.min(length).min(rows.len());
        let mut state = 1_u32;
        let mut start = || {
            // Marsaglia's xorshift: any start will do that is not orthogonal to what is sought.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 - 0.5
        };
        let mut directions: Vec<Vec<f32>> = (0..count)
            .map(|_| (0..length).map(|_| start()).collect())
            .collect();
        orthonormalise(&mut directions);
        Self {
            next: vec![vec![0.0; length]; directions.len()],
            directions,
            done: 0,
            rounds: 0,
        }
    }

    /// Goes on by so many of the rows, which are to be those that it was begun with. False once the directions are found.
    pub(crate) fn step(&mut self, rows: &[Vec<f32>], at_once: usize) -> bool {
        if self.rounds >= Self::ROUNDS || self.directions.is_empty() {
            return false;
        }
        let some = rows.iter().skip(self.done).take(at_once.max(1));
        for row in some {
            for (direction, next) in self.directions.iter().zip(&mut self.next) {
                add_scaled(next, dot(direction, row), row);
            }
            self.done += 1;
        }
        if self.done >= rows.len() {
            let length = rows.first().map_or(0, Vec::len);
            self.directions = std::mem::take(&mut self.next);
            orthonormalise(&mut self.directions);
            self.next = vec![vec![0.0; length]; self.directions.len()];
            self.done = 0;
            self.rounds += 1;
        }
        self.rounds < Self::ROUNDS
    }

    /// The share of the search that is done, among so many rows.
    pub(crate) fn progress(&self, rows: usize) -> f32 {
        if self.directions.is_empty() {
            return 1.0;
        }
        let done = self.rounds * rows + self.done;
        done as f32 / (Self::ROUNDS * rows).max(1) as f32
    }

    /// A centred vector's coordinates along the directions, in the order in which they were found.
    pub(crate) fn place(&self, vector: &[f32]) -> Vec<f32> {
        let directions = self.directions.iter();
        directions.map(|direction| dot(direction, vector)).collect()
    }
}

/// Gram and Schmidt's orthonormal vectors of the same span, twice for accuracy; those that are left with nothing go.
fn orthonormalise(vectors: &mut Vec<Vec<f32>>) {
    let mut done: Vec<Vec<f32>> = Vec::with_capacity(vectors.len());
    for mut vector in vectors.drain(..) {
        let before = dot(&vector, &vector).sqrt();
        for _ in 0..2 {
            for other in &done {
                let share = dot(&vector, other);
                add_scaled(&mut vector, -share, other);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        if norm > 1e-5 * before && norm > 0.0 {
            vector.iter_mut().for_each(|value| *value /= norm);
            done.push(vector);
        }
    }
    *vectors = done;
}

/// The inverse of a symmetric positive definite matrix `[n, n]`, by Cholesky's factors. None where it is not one.
pub(crate) fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let (above, below) = lower.split_at(row * n);
            let other = if column == row {
                &below[..column]
            } else {
                &above[column * n..column * n + column]
            };
            let sum: f64 = below[..column].iter().zip(other).map(|(a, b)| a * b).sum();
            let left = matrix[row * n + column] - sum;
            lower[row * n + column] = if row == column {
                if left.is_nan() || left <= 0.0 {
                    return None;
                }
                left.sqrt()
            } else {
                left / lower[column * n + column]
            };
        }
    }
    // The inverse of the factor, a row a unit vector, so that the inner loops go along rows.
    let mut factor = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let unit = if row == column { 1.0 } else { 0.0 };
            let sum: f64 = (column..row)
                .map(|k| lower[row * n + k] * factor[column * n + k])
                .sum();
            factor[column * n + row] = (unit - sum) / lower[row * n + row];
        }
    }
    // Row i of `factor` is column i of the factor's inverse.
    let mut inverse = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let (one, other) = (
                &factor[row * n + row..(row + 1) * n],
                &factor[column * n + row..(column + 1) * n],
            );
            let sum: f64 = one.iter().zip(other).map(|(a, b)| a * b).sum();
            inverse[row * n + column] = sum;
            inverse[column * n + row] = sum;
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_times_the_matrix_is_one() {
        let n = 5;
        let matrix: Vec<f64> = (0..n * n)
            .map(|place| {
                let (row, column) = (place / n, place % n);
                1.0 / (1 + row + column) as f64 + if row == column { 0.5 } else { 0.0 }
            })
            .collect();
        let inverse = inverse(&matrix, n).expect("positive definite");
        for row in 0..n {
            for column in 0..n {
                let sum: f64 = (0..n)
                    .map(|k| matrix[row * n + k] * inverse[k * n + column])
                    .sum();
                let expected = if row == column { 1.0 } else { 0.0 };
                assert!((sum - expected).abs() < 1e-9, "{row}, {column}: {sum}");
            }
        }
        assert_eq!(super::inverse(&[1.0, 2.0, 2.0, 1.0], 2), None);
    }

    #[test]
    fn directions_are_those_of_largest_variance() {
        // Spread 5 along (3, 4, 0) / 5, and 1 along the last axis.
        let rows: Vec<Vec<f32>> = (-10..=10)
            .map(|step| {
                let (far, near) = (step as f32, if step % 2 == 0 { 1.0 } else { -1.0 });
                vec![0.6 * far, 0.8 * far, near]
            })
            .collect();
        let found = principal_directions(&rows, 3);
        assert_eq!(found.len(), 2, "the rows span two directions: {found:?}");
        assert!((found[0].0[0].abs() - 0.6).abs() < 1e-3);
        assert!((found[0].0[1].abs() - 0.8).abs() < 1e-3);
        assert!(found[0].1 > found[1].1);
        assert!(principal_directions(&[], 2).is_empty());
    }

    #[test]
    fn products_of_any_length_are_summed() {
        for length in 0..20 {
            let one: Vec<f32> = (0..length).map(|value| value as f32).collect();
            let expected: f32 = one.iter().map(|value| value * value).sum();
            assert_eq!(dot(&one, &one), expected);
        }
    }
}
