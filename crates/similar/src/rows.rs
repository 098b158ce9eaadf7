//! Vectors in whole numbers of 8 bit, and the nearest among them.

/// The highest of the numbers.
const MOST: f32 = 127.0;

/// Vectors of one length, each scaled so that its largest number is 127: their directions alone count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    length: usize,
    values: Vec<i8>,
    /// One over the length of each.
    scales: Vec<f32>,
}

/// A vector near another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its number.
    pub row: usize,
    /// The cosine of the angle between both, from -1 to 1.
    pub closeness: f32,
}

impl Rows {
    /// No vectors yet, of this length.
    pub fn new(length: usize) -> Self {
        Self {
            length,
            ..Self::default()
        }
    }

    /// Vectors as [`Rows::values`] gave them. None where they are not whole vectors of this length.
    pub fn read(length: usize, values: &[u8]) -> Option<Self> {
        if length == 0 || !values.len().is_multiple_of(length) {
            return None;
        }
        let mut rows = Self::new(length);
        rows.values = values.iter().map(|&value| value as i8).collect();
        rows.scales = rows.values.chunks_exact(length).map(scale).collect();
        Some(rows)
    }

    /// The numbers, vector by vector.
    pub fn values(&self) -> impl Iterator<Item = u8> {
        self.values.iter().map(|&value| value as u8)
    }

    /// The number of vectors.
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// Adds a vector.
    ///
    /// # Panics
    /// If it is of another length.
    pub fn push(&mut self, vector: &[f32]) {
        assert_eq!(vector.len(), self.length, "a vector of another length");
        let values = quantised(vector);
        self.scales.push(scale(&values));
        self.values.extend(values);
    }

    /// The `count` vectors nearest to one, the nearest first, equals in their order; those for which `is_wanted` holds alone. None
    /// are near a vector of another length.
    pub fn nearest(
        &self,
        vector: &[f32],
        count: usize,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Vec<Neighbour> {
        if self.length == 0 || vector.len() != self.length || count == 0 {
            return Vec::new();
        }
        let values = quantised(vector);
        let own = scale(&values);
        let mut found: Vec<Neighbour> = Vec::with_capacity(count + 1);
        for (row, (others, scale)) in self
            .values
            .chunks_exact(self.length)
            .zip(&self.scales)
            .enumerate()
        {
            let closeness = product(&values, others) as f32 * own * scale;
            let is_near =
                found.len() < count || found.last().is_some_and(|last| last.closeness < closeness);
            if is_near && is_wanted(row) {
                let place = found.partition_point(|other| other.closeness >= closeness);
                found.insert(place, Neighbour { row, closeness });
                found.truncate(count);
            }
        }
        found
    }
}

fn quantised(vector: &[f32]) -> Vec<i8> {
    let largest = vector
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = if largest > 0.0 { MOST / largest } else { 0.0 };
    vector
        .iter()
        .map(|value| (value * scale).round() as i8)
        .collect()
}

fn scale(values: &[i8]) -> f32 {
    let squares = product(values, values);
    if squares > 0 {
        1.0 / (squares as f32).sqrt()
    } else {
        0.0
    }
}

/// The sum of products: of 2^17 numbers, whose sum i32 holds.
fn product(one: &[i8], other: &[i8]) -> i32 {
    one.iter()
        .zip(other)
        .map(|(&a, &b)| i32::from(a) * i32::from(b))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_those_of_the_smallest_angle() {
        let mut rows = Rows::new(2);
        assert!(rows.is_empty());
        for vector in [[1.0, 0.0], [0.0, 3.0], [0.7, 0.7], [-1.0, 0.1], [0.0, 0.0]] {
            rows.push(&vector);
        }
        let found = rows.nearest(&[10.0, 1.0], 3, |_| true);
        let order: Vec<usize> = found.iter().map(|neighbour| neighbour.row).collect();
        assert_eq!(order, [0, 2, 1]);
        assert!((found[0].closeness - 0.995).abs() < 0.002);
        let others = rows.nearest(&[10.0, 1.0], 2, |row| row != 0);
        assert_eq!(others[0].row, 2);
        assert!(rows.nearest(&[1.0], 3, |_| true).is_empty());
        assert_eq!(rows.nearest(&[1.0, 1.0], 99, |_| true).len(), 5);
        let read = Rows::read(2, &rows.values().collect::<Vec<u8>>());
        assert_eq!(read, Some(rows));
        assert_eq!(Rows::read(2, &[1, 2, 3]), None);
        assert_eq!(Rows::read(0, &[]), None);
        let mut none = Rows::new(0);
        none.push(&[]);
        assert!(none.nearest(&[], 3, |_| true).is_empty());
    }
}
