//! The space in which feature vectors are compared: their principal components, in whole numbers of 8 bit.

use serde::{Deserialize, Serialize};

use crate::linear::{dot, mean, principal_directions};
use crate::vector::{from_halves, to_halves};

/// The highest number of a quantised component.
const MOST: f32 = 127.0;

/// The most features, and the most directions: a sum of products of so many whole numbers of 8 bit is one of 32 bit.
const MOST_NUMBERS: usize = 1 << 16;

/// The directions of largest variance among some feature vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    mean: Vec<f32>,
    /// `[components, features]`.
    directions: Vec<i8>,
    /// What each direction is to be multiplied by to be of length 1.
    scales: Vec<f32>,
    /// The standard deviation of the vectors along each direction.
    deviations: Vec<f32>,
    /// The mean of the squares that no direction explains.
    left: f32,
}

/// A space as files keep it. Numbers are 16-bit floating point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpaceParts {
    #[serde(with = "crate::base64")]
    pub(crate) mean: Vec<u8>,
    #[serde(with = "crate::base64")]
    pub(crate) directions: Vec<u8>,
    #[serde(with = "crate::base64")]
    pub(crate) deviations: Vec<u8>,
    #[serde(with = "crate::base64")]
    pub(crate) left: Vec<u8>,
}

impl Space {
    /// The `count` directions of largest variance among vectors of one length, or as many as there are.
    pub fn fit(vectors: &[Vec<f32>], count: usize) -> Self {
        let length = vectors.first().map_or(0, Vec::len);
        let mean = mean(vectors.iter().map(Vec::as_slice), length);
        let centred: Vec<Vec<f32>> = vectors
            .iter()
            .map(|vector| {
                vector
                    .iter()
                    .zip(&mean)
                    .map(|(value, mean)| value - mean)
                    .collect()
            })
            .collect();
        let found = principal_directions(&centred, count);
        let mut directions = Vec::with_capacity(found.len() * length);
        for (direction, _) in &found {
            let largest = direction
                .iter()
                .fold(0.0_f32, |largest, value| largest.max(value.abs()));
            directions.extend(
                direction
                    .iter()
                    .map(|value| (value / largest * MOST).round() as i8),
            );
        }
        let mut space = Self::of_parts(mean, directions, vec![0.0; found.len()], 0.0);
        // As they are once the directions are whole numbers.
        let places: Vec<(Vec<f32>, f32)> = vectors
            .iter()
            .filter_map(|vector| space.place(vector))
            .collect();
        let count = places.len().max(1) as f32;
        space.deviations = (0..found.len())
            .map(|at| {
                (places
                    .iter()
                    .map(|(place, _)| place[at].powi(2))
                    .sum::<f32>()
                    / count)
                    .sqrt()
            })
            .collect();
        space.left = places.iter().map(|(_, left)| left).sum::<f32>() / count;
        space
    }

    fn of_parts(mean: Vec<f32>, directions: Vec<i8>, deviations: Vec<f32>, left: f32) -> Self {
        let scales = directions.chunks_exact(mean.len().max(1)).map(|direction| {
            let squares: f32 = direction
                .iter()
                .map(|&value| f32::from(value).powi(2))
                .sum();
            if squares > 0.0 {
                1.0 / squares.sqrt()
            } else {
                0.0
            }
        });
        Self {
            scales: scales.collect(),
            mean,
            directions,
            deviations,
            left,
        }
    }

    /// The length of the vectors.
    pub fn features(&self) -> usize {
        self.mean.len()
    }

    /// The number of directions.
    pub fn components(&self) -> usize {
        self.scales.len()
    }

    /// The standard deviation of the fitted vectors along each direction.
    pub fn deviations(&self) -> &[f32] {
        &self.deviations
    }

    /// The mean, over the fitted vectors, of the squared length that no direction explains.
    pub fn left(&self) -> f32 {
        self.left
    }

    /// A vector's coordinates, and the squared length of what they leave unexplained. None for a vector of another length.
    pub fn place(&self, vector: &[f32]) -> Option<(Vec<f32>, f32)> {
        if vector.len() != self.mean.len() {
            return None;
        }
        let centred: Vec<f32> = vector
            .iter()
            .zip(&self.mean)
            .map(|(value, mean)| value - mean)
            .collect();
        let directions = self.directions.chunks_exact(self.mean.len().max(1));
        let place: Vec<f32> = directions
            .zip(&self.scales)
            .map(|(direction, scale)| {
                let products = direction.iter().zip(&centred);
                scale * products.map(|(&a, b)| f32::from(a) * b).sum::<f32>()
            })
            .collect();
        let left = dot(&centred, &centred) - dot(&place, &place);
        Some((place, left.max(0.0)))
    }

    pub(crate) fn parts(&self) -> SpaceParts {
        SpaceParts {
            mean: to_halves(&self.mean),
            directions: self.directions.iter().map(|&value| value as u8).collect(),
            deviations: to_halves(&self.deviations),
            left: self.left.to_le_bytes().to_vec(),
        }
    }

    /// None where the parts do not fit each other, or a number is none.
    pub(crate) fn read(parts: &SpaceParts) -> Option<Self> {
        let mean = from_halves(&parts.mean)?;
        let deviations = from_halves(&parts.deviations)?;
        let left = f32::from_le_bytes(parts.left.as_slice().try_into().ok()?);
        let fits = mean.len().checked_mul(deviations.len()) == Some(parts.directions.len());
        let is_of_size = |values: &[f32]| (1..=MOST_NUMBERS).contains(&values.len());
        if !fits
            || !is_of_size(&mean)
            || !is_of_size(&deviations)
            || !left.is_finite()
            || left < 0.0
        {
            return None;
        }
        let directions = parts.directions.iter().map(|&value| value as i8).collect();
        Some(Self::of_parts(mean, directions, deviations, left))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Vectors of four features around two centres, far apart along the first.
    pub(crate) fn vectors() -> Vec<Vec<f32>> {
        (0..40)
            .map(|at| {
                let (side, wave) = (
                    if at % 2 == 0 { 1.0 } else { -1.0 },
                    (at as f32 * 0.7).sin(),
                );
                vec![
                    3.0 + 2.0 * side,
                    1.0 + 0.2 * wave,
                    0.5 - 0.1 * wave,
                    0.01 * (at % 5) as f32,
                ]
            })
            .collect()
    }

    #[test]
    fn places_keep_distances_and_parts_are_read_back() {
        let vectors = vectors();
        let space = Space::fit(&vectors, 2);
        assert_eq!((space.features(), space.components()), (4, 2));
        assert!((space.deviations()[0] - 2.0).abs() < 0.02);
        let (first, left) = space.place(&vectors[0]).expect("a place");
        let (second, _) = space.place(&vectors[1]).expect("a place");
        assert!((first[0] - second[0]).abs() > 3.9);
        assert!(left < 0.01);
        assert_eq!(space.place(&[1.0]), None);
        let read = Space::read(&space.parts()).expect("the same");
        let (again, _) = read.place(&vectors[0]).expect("a place");
        assert!((again[0] - first[0]).abs() < 1e-2);
        let mut damaged = space.parts();
        damaged.directions.pop();
        assert_eq!(Space::read(&damaged), None);
        // So many that sums of products would be too large.
        let many = |count: usize| SpaceParts {
            mean: vec![0; 2],
            directions: vec![128; count],
            deviations: vec![0; 2 * count],
            left: vec![0; 4],
        };
        assert!(Space::read(&many(1 << 16)).is_some());
        assert_eq!(Space::read(&many((1 << 16) + 1)), None);
    }
}
