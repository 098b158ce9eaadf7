//! An index of fields: a folder with `index.json`, `vectors.bin` and `thumbnails.jpg`, made for one network.
//!
//! `vectors.bin` holds each entry's coordinates in the index's space, whole numbers of 8 bit, entry by entry. `thumbnails.jpg` is one
//! picture with a square for each entry, row by row.

use cytolens_core::plain::is_name;
use serde::{Deserialize, Serialize};

use crate::rows::{Neighbour, Rows};
use crate::space::{Space, SpaceParts};
use crate::vector::direction;
use crate::votes::votes;

/// The file that describes an index.
pub const INDEX: &str = "index.json";
/// The file of its vectors.
pub const VECTORS: &str = "vectors.bin";
/// The file of its pictures.
pub const THUMBNAILS: &str = "thumbnails.jpg";

/// The closeness beyond which two places are one: all of their numbers are the same.
const SAME: f32 = 0.999_998;

/// The version of the format that this code reads and writes.
const FORMAT: u32 = 1;

/// A failure to read an index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It is not JSON, or not of this form.
    #[error("{INDEX} does not describe an index: {0}")]
    Json(#[from] serde_json::Error),
    /// It has another version of the format.
    #[error("the index has format {0}, and this program reads format {FORMAT}")]
    Format(u64),
    /// There is no entry.
    #[error("the index is empty")]
    Empty,
    /// It contradicts itself.
    #[error("{INDEX}: {0}")]
    Contradiction(&'static str),
    /// The vectors are not those that it describes.
    #[error("{VECTORS} has {found} bytes, and {INDEX} says {expected}")]
    Length {
        /// The file's length.
        found: usize,
        /// The length by the description.
        expected: usize,
    },
    /// It was made by another network.
    #[error("the index was made with another network ({0}): its vectors cannot be compared")]
    OtherNetwork(String),
}

/// What people are to know of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// A short name.
    pub name: String,
    /// The licence of the pictures and vectors.
    pub licence: String,
    /// The people and projects to name.
    pub attribution: Vec<String>,
    /// The name of the model whose features these are.
    pub model: String,
    /// The SHA-256 of its weights, which tells networks apart.
    pub weights_sha256: String,
    /// The names of the labels, which entries have by number.
    pub labels: Vec<String>,
    /// The side of each entry's square in [`THUMBNAILS`], in pixels; 0 where there are no pictures.
    pub side: u32,
    /// The squares in a row of it.
    pub columns: u32,
}

impl About {
    /// All words in it.
    fn words(&self) -> impl Iterator<Item = &String> {
        let Self {
            name,
            licence,
            model,
            weights_sha256,
            ..
        } = self;
        [name, licence, model, weights_sha256]
            .into_iter()
            .chain(&self.attribution)
            .chain(&self.labels)
    }
}

/// A field in an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// The numbers of its labels.
    pub labels: Vec<u16>,
}

/// An index.
#[derive(Debug, Clone)]
pub struct Index {
    about: About,
    entries: Vec<Entry>,
    space: Space,
    rows: Rows,
}

/// The content of [`INDEX`], whatever reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    format: u32,
    about: About,
    space: SpaceParts,
    entries: Vec<Entry>,
}

/// The part of a description that every version of the format has.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Version {
    format: u64,
}

impl Version {
    /// Checks that this program reads it.
    ///
    /// # Errors
    /// [`IndexError::Format`].
    pub fn check(self) -> Result<(), IndexError> {
        if self.format == u64::from(FORMAT) {
            Ok(())
        } else {
            Err(IndexError::Format(self.format))
        }
    }
}

impl Index {
    /// Makes an index of fields, whose vectors are compared by `components` of their principal components.
    ///
    /// # Errors
    /// [`IndexError::Empty`], [`IndexError::Contradiction`].
    pub fn new(
        about: About,
        entries: Vec<(Entry, Vec<f32>)>,
        components: usize,
    ) -> Result<Self, IndexError> {
        let entries = entries.into_iter();
        let (entries, vectors): (Vec<Entry>, Vec<Vec<f32>>) = entries
            .map(|(entry, features)| (entry, direction(&features)))
            .unzip();
        let length = vectors.first().ok_or(IndexError::Empty)?.len();
        if vectors.iter().any(|vector| vector.len() != length) {
            return Err(IndexError::Contradiction("vectors of several lengths"));
        }
        let space = Space::fit(&vectors, components);
        if space.components() == 0 {
            return Err(IndexError::Contradiction(
                "the features of all fields are the same",
            ));
        }
        let mut rows = Rows::new(space.components());
        for vector in &vectors {
            let (place, _) = space.place(vector).ok_or(IndexError::Empty)?;
            rows.push(&weighted(&space, place));
        }
        let index = Self {
            about,
            entries,
            space,
            rows,
        };
        index.check()?;
        Ok(index)
    }

    /// Reads an index from its description and its vectors.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn read(description: &str, vectors: &[u8]) -> Result<Self, IndexError> {
        serde_json::from_str::<Version>(description)?.check()?;
        Self::of(serde_json::from_str(description)?, vectors)
    }

    /// [`Index::read`] of a description that is read already, after its [`Version`].
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn of(description: Description, vectors: &[u8]) -> Result<Self, IndexError> {
        let Description {
            about,
            space,
            entries,
            ..
        } = description;
        let space = Space::read(&space).ok_or(IndexError::Contradiction("the space is damaged"))?;
        let expected = entries.len().saturating_mul(space.components());
        if vectors.len() != expected {
            return Err(IndexError::Length {
                found: vectors.len(),
                expected,
            });
        }
        let rows = Rows::read(space.components(), vectors).ok_or(IndexError::Empty)?;
        let index = Self {
            about,
            entries,
            space,
            rows,
        };
        index.check()?;
        Ok(index)
    }

    fn check(&self) -> Result<(), IndexError> {
        if self.entries.is_empty() {
            return Err(IndexError::Empty);
        }
        let About {
            labels,
            side,
            columns,
            ..
        } = &self.about;
        let mut numbers = self.entries.iter().flat_map(|entry| &entry.labels);
        if numbers.any(|&label| usize::from(label) >= labels.len()) {
            return Err(IndexError::Contradiction(
                "an entry has a label without a name",
            ));
        }
        if *side > 512 || *columns > 4096 || (*side > 0) != (*columns > 0) {
            return Err(IndexError::Contradiction(
                "the squares of the pictures are none",
            ));
        }
        let ids = self.entries.iter().map(|entry| &entry.id);
        if !self.about.words().chain(ids).all(|text| is_name(text)) {
            return Err(IndexError::Contradiction(
                "a name or an id has more than 4096 bytes, or a character that is a control or turns the direction of writing",
            ));
        }
        Ok(())
    }

    /// The text of [`INDEX`] and the bytes of [`VECTORS`].
    ///
    /// # Errors
    /// [`IndexError::Json`].
    pub fn write(&self) -> Result<(String, Vec<u8>), IndexError> {
        let description = serde_json::to_string(&Description {
            format: FORMAT,
            about: self.about.clone(),
            space: self.space.parts(),
            entries: self.entries.clone(),
        })?;
        Ok((description, self.rows.values().collect()))
    }

    /// What people are to know of it.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Its fields.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The length of the vectors that it compares.
    pub fn features(&self) -> usize {
        self.space.features()
    }

    /// Checks that it is of this network.
    ///
    /// # Errors
    /// [`IndexError::OtherNetwork`].
    pub fn check_network(&self, weights_sha256: &str) -> Result<(), IndexError> {
        if self.about.weights_sha256 == weights_sha256 {
            Ok(())
        } else {
            Err(IndexError::OtherNetwork(self.about.model.clone()))
        }
    }

    /// A feature vector as the index compares it; none of another length.
    pub fn place(&self, vector: &[f32]) -> Option<Vec<f32>> {
        let (place, _) = self.space.place(&direction(vector))?;
        Some(weighted(&self.space, place))
    }

    /// The `count` entries nearest to a vector that [`Index::place`] gave, the nearest first.
    pub fn nearest(&self, place: &[f32], count: usize) -> Vec<Neighbour> {
        self.rows.nearest(place, count, |_| true)
    }

    /// The `count` entries nearest to a vector that [`Index::place`] gave, of those that may answer, the nearest first. An entry at
    /// the very place is the same picture, whatever its id, and is none of them.
    pub fn others(
        &self,
        place: &[f32],
        count: usize,
        may_answer: impl Fn(&Entry) -> bool,
    ) -> Vec<Neighbour> {
        let nearest = |count: usize| {
            self.rows
                .nearest(place, count, |row| may_answer(&self.entries[row]))
        };
        let mut asked = count;
        loop {
            let found = nearest(asked);
            let same = found.iter().take_while(|it| it.closeness > SAME).count();
            if found.len() < asked || asked >= count + same {
                return found.into_iter().skip(same).take(count).collect();
            }
            asked = count + same;
        }
    }

    /// The labels by neighbours: the share of them that have each label, each neighbour counting by its closeness.
    pub fn votes(&self, neighbours: &[Neighbour]) -> Vec<f32> {
        let neighbours = neighbours.iter();
        let of = |it: &Neighbour| (it.closeness, self.entries[it.row].labels.as_slice());
        votes(neighbours.map(of), self.about.labels.len())
    }
}

/// Coordinates weighted as they are compared: by the square root of one over their deviation, half way between the features' own
/// distances and distances in deviations. docs/similar.md has what was measured.
fn weighted(space: &Space, mut place: Vec<f32>) -> Vec<f32> {
    for (value, deviation) in place.iter_mut().zip(space.deviations()) {
        *value = if *deviation > 0.0 {
            *value / deviation.sqrt()
        } else {
            0.0
        };
    }
    place
}

#[cfg(test)]
mod tests {
    use cytolens_core::plain::LONGEST_NAME;

    use super::*;
    use crate::space::tests::vectors;

    fn about() -> About {
        About {
            name: "two kinds".to_owned(),
            licence: "CC0-1.0".to_owned(),
            attribution: vec!["Nobody".to_owned()],
            model: "a model".to_owned(),
            weights_sha256: "0123".to_owned(),
            labels: vec!["left".to_owned(), "right".to_owned()],
            side: 48,
            columns: 7,
        }
    }

    fn index() -> Index {
        let entry = |at: usize| Entry {
            id: format!("field {at}"),
            labels: vec![(at % 2) as u16],
        };
        let entries = vectors()
            .into_iter()
            .enumerate()
            .map(|(at, vector)| (entry(at), vector));
        Index::new(about(), entries.collect(), 3).expect("an index")
    }

    #[test]
    fn an_index_is_read_back_and_finds_what_is_alike() {
        let made = index();
        let (description, values) = made.write().expect("written");
        let read = Index::read(&description, &values).expect("the same");
        assert_eq!(
            (read.about(), read.entries()),
            (made.about(), made.entries())
        );
        for (at, vector) in vectors().iter().enumerate() {
            let place = read.place(vector).expect("a place");
            let found = read.nearest(&place, 5);
            assert!(found[0].closeness > 0.99);
            assert!(
                found.iter().all(|it| it.row % 2 == at % 2),
                "{at}: {found:?}"
            );
        }
        assert_eq!(read.place(&[0.0; 3]), None);
        assert!(read.check_network("0123").is_ok());
        let refusal = read.check_network("4567").expect_err("another network");
        assert!(refusal.to_string().contains("a model"), "{refusal}");
    }

    #[test]
    fn neighbours_vote_and_the_field_itself_does_not() {
        let index = index();
        let vectors = vectors();
        for (at, vector) in vectors.iter().enumerate() {
            let place = index.place(vector).expect("a place");
            // Its own entry, of another id, is at the very place.
            let found = index.others(&place, 3, |entry| entry.id != "field 5");
            assert_eq!(found.len(), 3);
            assert!(found.iter().all(|it| it.row != at && it.row != 5), "{at}");
            let all = index.others(&place, 99, |_| true);
            assert_eq!(all.len(), vectors.len() - 1);
            let shares = index.votes(&found);
            assert!((shares[at % 2] - 1.0).abs() < 1e-6, "{at}: {shares:?}");
        }
        assert!(index.others(&[0.0], 3, |_| true).is_empty());
    }

    #[test]
    fn what_is_wrong_with_an_index_is_named() {
        let (description, values) = index().write().expect("written");
        let refusal = |description: &str, values: &[u8]| {
            Index::read(description, values)
                .expect_err("a refusal")
                .to_string()
        };
        assert!(refusal("{", &values).contains(INDEX));
        assert!(
            refusal(
                &description.replace("\"format\":1", "\"format\":2"),
                &values
            )
            .contains("format 2")
        );
        assert!(refusal(&description, &values[1..]).contains("119 bytes, and index.json says 120"));
        assert!(
            refusal(
                &description.replace("[\"left\",\"right\"]", "[\"left\"]"),
                &values
            )
            .contains("without a name")
        );
        assert!(
            refusal(&description.replace("\"side\":48", "\"side\":0"), &values).contains("squares")
        );
        for (from, to) in [
            ("two kinds", "two \\u202ekinds".to_owned()),
            ("a model", "a\\nmodel".to_owned()),
            ("Nobody", "\\u0007".to_owned()),
            ("field 3\"", "W".repeat(5000) + "\""),
            ("[\"left\"", "[\"\\u2066left\"".to_owned()),
        ] {
            let reason = refusal(&description.replace(from, &to), &values);
            assert!(
                reason.contains("direction of writing")
                    && reason.contains(&format!("more than {LONGEST_NAME} bytes")),
                "{from}: {reason}"
            );
        }
        let from = description.find("\"entries\":").expect("entries");
        assert!(
            refusal(&format!("{}\"entries\":[]}}", &description[..from]), &[]).contains("empty")
        );
        assert!(matches!(
            Index::new(about(), Vec::new(), 3),
            Err(IndexError::Empty)
        ));
        // One field, or several that are all alike, have no direction in which they differ.
        let alike = |count: usize| {
            let entry = |at: usize| Entry {
                id: format!("field {at}"),
                labels: vec![0],
            };
            let entries = (0..count).map(|at| (entry(at), vec![1.0, 2.0, 3.0]));
            Index::new(about(), entries.collect(), 3)
        };
        for count in [1, 5] {
            assert!(
                matches!(alike(count), Err(IndexError::Contradiction(_))),
                "{count}"
            );
        }
    }
}
