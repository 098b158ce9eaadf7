//! How far a field is from those that a model learnt from.
//!
//! The distance is that of probabilistic principal components (Tipping and Bishop 1999, <https://doi.org/10.1111/1467-9868.00196>): the
//! squares along the directions of largest variance, each in deviations of the training fields, and the square of what no
//! direction explains. docs/similar.md has what it finds and what it does not.

use serde::{Deserialize, Serialize};

use crate::space::{Space, SpaceParts};
use crate::vector::direction;

/// A failure to read what a package keeps of the fields that its model learnt from.
#[derive(Debug, thiserror::Error)]
#[error("what the package keeps of the fields that its model learnt from is damaged")]
pub struct FamiliarError;

/// The features of the fields that a model learnt from, summed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Familiar {
    space: Space,
    /// The distance within which all but a twentieth of the fields lie that the limit was set by.
    limit: f32,
    /// The number of fields that were summed up.
    fields: u32,
}

/// As packages keep it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    fields: u32,
    limit: f32,
    space: SpaceParts,
}

impl From<Familiar> for Parts {
    fn from(familiar: Familiar) -> Self {
        Self {
            fields: familiar.fields,
            limit: familiar.limit,
            space: familiar.space.parts(),
        }
    }
}

impl TryFrom<Parts> for Familiar {
    type Error = FamiliarError;

    fn try_from(parts: Parts) -> Result<Self, FamiliarError> {
        let space = Space::read(&parts.space).ok_or(FamiliarError)?;
        if !parts.limit.is_finite() || parts.limit <= 0.0 {
            return Err(FamiliarError);
        }
        Ok(Self {
            space,
            limit: parts.limit,
            fields: parts.fields,
        })
    }
}

impl Familiar {
    /// The share of the fields that the limit is set by, and that lie beyond it.
    pub const FALSE_ALARMS: f64 = 0.05;

    /// Sums up the vectors of fields that a model learnt from, by so many directions; the limit is set by the vectors of other
    /// fields that are as they should be. None where there are none of either.
    pub fn fit(learnt_from: &[Vec<f32>], others: &[Vec<f32>], components: usize) -> Option<Self> {
        let directions: Vec<Vec<f32>> =
            learnt_from.iter().map(|vector| direction(vector)).collect();
        let space = Space::fit(&directions, components);
        let mut familiar = Self {
            space,
            limit: 1.0,
            fields: u32::try_from(learnt_from.len()).ok()?,
        };
        let mut distances: Vec<f32> = others
            .iter()
            .filter_map(|vector| familiar.distance(vector))
            .collect();
        distances.sort_by(f32::total_cmp);
        let beyond = (distances.len() as f64 * Self::FALSE_ALARMS) as usize;
        familiar.limit = *distances.get(distances.len().checked_sub(1 + beyond)?)?;
        (familiar.limit > 0.0).then_some(familiar)
    }

    /// The distance of a field from what is familiar, in limits: over 1 it is unlike. None for a vector of another length.
    pub fn strangeness(&self, vector: &[f32]) -> Option<f32> {
        Some(self.distance(vector)? / self.limit)
    }

    /// The length of the vectors.
    pub fn features(&self) -> usize {
        self.space.features()
    }

    fn distance(&self, vector: &[f32]) -> Option<f32> {
        let (place, left) = self.space.place(&direction(vector))?;
        let within: f32 = place
            .iter()
            .zip(self.space.deviations())
            .filter(|(_, deviation)| **deviation > 0.0)
            .map(|(value, deviation)| (value / deviation).powi(2))
            .sum();
        let unexplained = if self.space.left() > 0.0 {
            left / self.space.left()
        } else {
            0.0
        };
        let components = self.space.components() as f32;
        // Both are 1 in the mean of the fields that were summed up.
        Some((within / components + unexplained).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::vectors;

    #[test]
    fn what_lies_elsewhere_is_strange() {
        let vectors = vectors();
        let familiar = Familiar::fit(&vectors[..20], &vectors[20..], 2).expect("a summary");
        let strange = |vector: &[f32]| familiar.strangeness(vector).expect("a distance");
        assert!(
            vectors[20..]
                .iter()
                .filter(|vector| strange(vector) > 1.0)
                .count()
                <= 1
        );
        assert!(strange(&[0.5, 9.0, 0.5, 0.0]) > 2.0);
        assert!(strange(&[3.0, 1.0, 0.5, 3.0]) > 2.0);
        assert!(strange(&[0.0; 4]) > 2.0);
        // Twice as bright, and as familiar.
        let twice: Vec<f32> = vectors[3].iter().map(|value| 2.0 * value).collect();
        assert!((strange(&twice) - strange(&vectors[3])).abs() < 1e-3);
        assert_eq!(familiar.strangeness(&[1.0]), None);
        assert_eq!(familiar.features(), 4);
        let text = serde_json::to_string(&familiar).expect("JSON");
        let read: Familiar = serde_json::from_str(&text).expect("the same");
        let again = serde_json::to_string(&read).expect("JSON");
        assert_eq!(again, text);
        assert!(
            serde_json::from_str::<Familiar>(&text.replace("\"limit\":", "\"limit\":-")).is_err()
        );
        assert_eq!(Familiar::fit(&vectors, &[], 2), None);
        assert_eq!(Familiar::fit(&[], &vectors, 2), None);
    }
}
