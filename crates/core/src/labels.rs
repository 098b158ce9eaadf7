//! The 28 locations of the Human Protein Atlas challenge and sets of them.
//!
//! The order is that of the challenge's class numbers (`Target` in its `train.csv`); it is the
//! order of every vector of 28 numbers in this project.
//!
//! Source: <https://www.kaggle.com/competitions/human-protein-atlas-image-classification/data>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The names of the 28 locations, by class number.
pub const LOCATIONS: [&str; 28] = [
    "Nucleoplasm",
    "Nuclear membrane",
    "Nucleoli",
    "Nucleoli fibrillar center",
    "Nuclear speckles",
    "Nuclear bodies",
    "Endoplasmic reticulum",
    "Golgi apparatus",
    "Peroxisomes",
    "Endosomes",
    "Lysosomes",
    "Intermediate filaments",
    "Actin filaments",
    "Focal adhesion sites",
    "Microtubules",
    "Microtubule ends",
    "Cytokinetic bridge",
    "Mitotic spindle",
    "Microtubule organizing center",
    "Centrosome",
    "Lipid droplets",
    "Plasma membrane",
    "Cell junctions",
    "Mitochondria",
    "Aggresome",
    "Cytosol",
    "Cytoplasmic bodies",
    "Rods & rings",
];

/// The number of locations.
pub const COUNT: usize = LOCATIONS.len();

/// The locations a field shows: any subset of the 28, the empty one included.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct LabelSet(u32);

/// The error for a text or a list of numbers that is no label set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A part of the text that is not a number.
    #[error("a label must be a class number from 0 to 27, not {0:?}")]
    NotANumber(String),
    /// A number that is no class.
    #[error("there is no class {0}: class numbers go from 0 to 27")]
    NoSuchClass(usize),
}

impl LabelSet {
    /// Makes the set of these class numbers; repeats are harmless.
    ///
    /// # Errors
    /// [`LabelError::NoSuchClass`] for a number over 27.
    pub fn from_classes(classes: impl IntoIterator<Item = usize>) -> Result<Self, LabelError> {
        classes.into_iter().try_fold(Self::default(), |set, class| {
            if class < COUNT {
                Ok(Self(set.0 | 1 << class))
            } else {
                Err(LabelError::NoSuchClass(class))
            }
        })
    }

    /// Whether the set holds this class.
    pub fn contains(self, class: usize) -> bool {
        class < COUNT && self.0 & (1 << class) != 0
    }

    /// The class numbers, rising.
    pub fn classes(self) -> impl Iterator<Item = usize> {
        (0..COUNT).filter(move |&class| self.contains(class))
    }

    /// The number of labels in the set.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the set holds no label.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set as 28 zeros and ones, a network's training target.
    pub fn multi_hot(self) -> [f32; COUNT] {
        std::array::from_fn(|class| if self.contains(class) { 1.0 } else { 0.0 })
    }
}

/// The number of sets that hold each class.
pub fn counts<'a>(sets: impl IntoIterator<Item = &'a LabelSet>) -> [usize; COUNT] {
    let mut counts = [0; COUNT];
    for class in sets.into_iter().flat_map(|set| set.classes()) {
        counts[class] += 1;
    }
    counts
}

/// The share of the sets that holds each class, from 0 to 1.
pub fn frequencies(sets: &[LabelSet]) -> [f32; COUNT] {
    counts(sets).map(|count| count as f32 / sets.len() as f32)
}

impl FromStr for LabelSet {
    type Err = LabelError;

    /// Reads class numbers separated by spaces, as in the challenge's `Target` column, or by commas, semicolons or bars.
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let classes: Vec<usize> = class_numbers(text)
            .map(|part| {
                part.parse()
                    .map_err(|_| LabelError::NotANumber(part.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Self::from_classes(classes)
    }
}

/// The parts of a list of class numbers, whatever separates them.
pub(crate) fn class_numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '|'))
        .filter(|part| !part.is_empty())
}

impl fmt::Display for LabelSet {
    /// Writes what [`LabelSet::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, class) in self.classes().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{class}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.classes().map(|class| LOCATIONS[class]))
            .finish()
    }
}

impl TryFrom<Vec<usize>> for LabelSet {
    type Error = LabelError;

    fn try_from(classes: Vec<usize>) -> Result<Self, LabelError> {
        Self::from_classes(classes)
    }
}

impl From<LabelSet> for Vec<usize> {
    fn from(set: LabelSet) -> Self {
        set.classes().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_in_rising_order() {
        let set: LabelSet = " 25 0\t7 ".parse().expect("valid labels");
        assert_eq!(set.to_string(), "0 7 25");
        assert_eq!(set.len(), 3);
        assert_eq!(set.multi_hot().iter().sum::<f32>(), 3.0);
        for text in ["25,0, 7", "7|0|25", "0;7;25;"] {
            assert_eq!(text.parse(), Ok(set), "{text}");
        }
    }

    #[test]
    fn empty_text_is_the_empty_set() {
        assert!(
            "".parse::<LabelSet>()
                .expect("no label is valid")
                .is_empty()
        );
    }

    #[test]
    fn faults_are_named() {
        assert_eq!("3 28".parse::<LabelSet>(), Err(LabelError::NoSuchClass(28)));
        assert_eq!(
            "3/4".parse::<LabelSet>(),
            Err(LabelError::NotANumber("3/4".to_owned()))
        );
        assert_eq!(
            "-1".parse::<LabelSet>(),
            Err(LabelError::NotANumber("-1".to_owned()))
        );
    }
}
