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
    /// The distance beyond which a field like those that the limit was set by lies once in twenty.
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
    /// The share of fields, as they should be, that may lie beyond the limit.
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
        familiar.limit = limit(familiar.distances(others))?;
        (familiar.limit > 0.0).then_some(familiar)
    }

    /// The distance of a field from what is familiar, in limits: over 1 it is unlike. None for a vector of another length.
    pub fn strangeness(&self, vector: &[f32]) -> Option<f32> {
        Some(self.distance(vector)? / self.limit)
    }

    /// The number of other fields, those that the limit is set by, that lie beyond the limit that every second of them sets for the
    /// rest: how many of such fields are told although they are as they should be.
    pub fn crossed_alarms(&self, others: &[Vec<f32>]) -> usize {
        let distances = self.distances(others);
        let half = |odd: usize| distances.iter().copied().skip(odd).step_by(2);
        [(0, 1), (1, 0)]
            .into_iter()
            .filter_map(|(setting, counted)| {
                let limit = limit(half(setting).collect())?;
                Some(half(counted).filter(|distance| *distance > limit).count())
            })
            .sum()
    }

    fn distances(&self, vectors: &[Vec<f32>]) -> Vec<f32> {
        let distances = vectors.iter().filter_map(|vector| self.distance(vector));
        distances.collect()
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

/// The distance beyond which a field like those of these distances lies once in twenty; None of none.
fn limit(mut distances: Vec<f32>) -> Option<f32> {
    distances.sort_by(f32::total_cmp);
    let last = distances.len().checked_sub(1)?;
    Some(distances[last - beyond(distances.len())])
}

/// The number of fields that lie beyond the limit, of those that it is set by.
///
/// A further field is as likely to come at any of the `fields + 1` places among them, so with this number beyond, it lies beyond
/// with a probability of [`Familiar::FALSE_ALARMS`] at most (Vovk and others 2005, conformal prediction). A twentieth of the fields
/// themselves would be too many: of 40 it is two, and one field in fourteen would follow. Of fewer than 19 fields no limit promises
/// it; then the farthest is the limit.
fn beyond(fields: usize) -> usize {
    (((fields + 1) as f64 * Familiar::FALSE_ALARMS) as usize).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::vectors;

    #[test]
    fn a_further_field_lies_beyond_the_limit_once_in_twenty() {
        assert_eq!(
            [1, 18, 19, 20, 38, 39, 40, 59, 399].map(beyond),
            [0, 0, 0, 0, 0, 1, 1, 2, 19]
        );
        for fields in 19..500 {
            let share = (beyond(fields) + 1) as f64 / (fields + 1) as f64;
            assert!(
                share <= Familiar::FALSE_ALARMS + 1e-9,
                "{fields} fields: {share}"
            );
        }
    }

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
        // Every second of four copies of one field sets a limit that the others do not pass; one that is far off passes it.
        let mut others = vec![vectors[20].clone(); 4];
        assert_eq!(familiar.crossed_alarms(&others), 0);
        others[1] = vec![0.5, 9.0, 0.5, 0.0];
        assert_eq!(familiar.crossed_alarms(&others), 1);
        assert_eq!(Familiar::fit(&vectors, &[], 2), None);
        assert_eq!(Familiar::fit(&[], &vectors, 2), None);
    }
}
