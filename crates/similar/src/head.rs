//! A linear head over feature vectors, for classes of one's own.
//!
//! Ridge regression by the products of the examples' directions: for each class, of +1 for its examples and -1 for the others, weighted so that every
//! class counts alike. The solution is exact, and so are the answers that each example would have had, had it been left out
//! (<https://web.stanford.edu/~hastie/ElemStatLearn/>, 7.10): no head is learnt twice.

use cytolens_core::plain::is_name;
use serde::{Deserialize, Serialize};

use crate::linear::{add_scaled, dot, inverse, mean};
use crate::vector::{direction, from_halves, to_halves};

/// The examples a class below which its scores say nothing.
pub const LEAST_EXAMPLES: usize = 5;
/// The most examples that are learnt from: the work grows with their number's cube.
pub const MOST_EXAMPLES: usize = 600;

/// The version of the format that this code reads and writes.
const FORMAT: u32 = 1;
/// How strongly weights are held small, beside products of examples whose squared lengths are 1 in the mean.
const RIDGE: f64 = 0.1;
/// The longest name of a class, in bytes.
const LONGEST: usize = 120;

/// A failure to learn or to read a head.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// Nothing can be told apart.
    #[error("two classes with an example each are the least")]
    OneClass,
    /// There are more examples than can be learnt from.
    #[error("{0} examples are too many: {MOST_EXAMPLES} are the most")]
    TooMany(usize),
    /// The examples are of several networks.
    #[error("the examples are of several networks, whose features cannot be compared")]
    Lengths,
    /// The examples are no numbers.
    #[error("the examples' features are no numbers")]
    NoNumbers,
    /// It is not JSON, or not of this form.
    #[error("this is no head with classes of one's own: {0}")]
    Json(#[from] serde_json::Error),
    /// It has another version of the format.
    #[error("the head has format {0}, and this program reads format {FORMAT}")]
    Format(u64),
    /// It contradicts itself.
    #[error("the head is damaged: {0}")]
    Damaged(&'static str),
}

/// A field and the class that somebody gave it.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// Its feature vector.
    pub features: &'a [f32],
    /// Its class.
    pub class: usize,
}

/// A head's answer: a class, and by how much it is ahead of the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The class.
    pub class: usize,
    /// The lead over the second class: 2 and more for what lies as an example does, 0 for what lies between.
    pub lead: f32,
}

/// A head and what its examples would have been answered, each by a head that had not seen it.
#[derive(Debug, Clone)]
pub struct Taught {
    /// The head.
    pub head: Head,
    /// The answers, in the order of the examples.
    pub trials: Vec<Trial>,
}

/// A linear head.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The names of its classes.
    pub classes: Vec<String>,
    /// The name of the model whose features it reads.
    pub model: String,
    /// The SHA-256 of the weights of that network.
    pub weights_sha256: String,
    /// The lead from which an answer counts as sure.
    pub sure: f32,
    mean: Vec<f32>,
    /// `[classes, features]`.
    weights: Vec<f32>,
    biases: Vec<f32>,
}

/// The content of a head's file, whatever reads and writes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadFile {
    format: u32,
    kind: String,
    model: String,
    weights_sha256: String,
    classes: Vec<String>,
    sure: f32,
    #[serde(with = "crate::base64")]
    mean: Vec<u8>,
    #[serde(with = "crate::base64")]
    weights: Vec<u8>,
    biases: Vec<f32>,
}

/// The part of a head's file that every version of the format has.
#[derive(Debug, Clone, Deserialize)]
pub struct HeadVersion {
    format: u64,
    kind: String,
}

impl HeadVersion {
    /// Checks that it is a head, which this program reads.
    ///
    /// # Errors
    /// [`HeadError::Damaged`], [`HeadError::Format`].
    pub fn check(self) -> Result<(), HeadError> {
        if self.kind != KIND {
            Err(HeadError::Damaged("it is of another kind"))
        } else if self.format != u64::from(FORMAT) {
            Err(HeadError::Format(self.format))
        } else {
            Ok(())
        }
    }
}

/// What a head's file says it is.
const KIND: &str = "cytolens-head";

impl Head {
    /// Learns the classes of the examples, whose numbers are places in `classes`.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn learn(classes: &[String], examples: &[Example<'_>]) -> Result<Taught, HeadError> {
        let counts: Vec<usize> = (0..classes.len())
            .map(|class| {
                examples
                    .iter()
                    .filter(|example| example.class == class)
                    .count()
            })
            .collect();
        let taught = counts.iter().filter(|&&count| count > 0).count();
        if taught < 2 {
            return Err(HeadError::OneClass);
        }
        let n = examples.len();
        if n > MOST_EXAMPLES {
            return Err(HeadError::TooMany(n));
        }
        let length = examples.first().map_or(0, |example| example.features.len());
        if examples
            .iter()
            .any(|example| example.features.len() != length)
        {
            return Err(HeadError::Lengths);
        }
        let directions: Vec<Vec<f32>> = examples
            .iter()
            .map(|example| direction(example.features))
            .collect();
        let mean = mean(directions.iter().map(Vec::as_slice), length);
        let mut centred: Vec<Vec<f32>> = directions
            .iter()
            .map(|vector| {
                let values = vector.iter().zip(&mean);
                values.map(|(value, mean)| value - mean).collect()
            })
            .collect();
        let squares: f32 = centred.iter().map(|vector| dot(vector, vector)).sum();
        // Examples that are all the same have no length; nothing is learnt from them but their numbers.
        let unit = if squares > 0.0 {
            (n as f32 / squares).sqrt()
        } else {
            1.0
        };
        for vector in &mut centred {
            vector.iter_mut().for_each(|value| *value *= unit);
        }
        let mut products = vec![0.0_f64; n * n];
        for row in 0..n {
            for column in 0..=row {
                // One more for the bias.
                let product = f64::from(dot(&centred[row], &centred[column])) + 1.0;
                products[row * n + column] = product;
                products[column * n + row] = product;
            }
            let share = counts[examples[row].class] as f64 * taught as f64 / n as f64;
            products[row * n + row] += RIDGE * share;
        }
        if products.iter().any(|product| !product.is_finite()) {
            return Err(HeadError::NoNumbers);
        }
        let inverse = inverse(&products, n).ok_or(HeadError::NoNumbers)?;
        let mut head = Self {
            classes: classes.to_vec(),
            model: String::new(),
            weights_sha256: String::new(),
            sure: 0.0,
            weights: Vec::with_capacity(classes.len() * length),
            biases: Vec::with_capacity(classes.len()),
            mean,
        };
        let mut left_out = vec![vec![f32::NEG_INFINITY; classes.len()]; n];
        for class in 0..classes.len() {
            let mut weights = vec![0.0; length];
            let mut bias = 0.0;
            if counts[class] == 0 {
                // Nobody showed it.
                bias = f32::MIN;
            } else {
                let targets: Vec<f64> = examples
                    .iter()
                    .map(|example| if example.class == class { 1.0 } else { -1.0 })
                    .collect();
                let found = solved(&inverse, &targets);
                for (row, (vector, (strength, answer))) in centred.iter().zip(found).enumerate() {
                    add_scaled(&mut weights, strength as f32 * unit, vector);
                    bias += strength as f32;
                    left_out[row][class] = answer as f32;
                }
            }
            head.weights.extend(weights);
            head.biases.push(bias);
        }
        let trials = left_out.iter().map(|scores| best(scores)).collect();
        Ok(Taught { head, trials })
    }

    /// The answer for a feature vector. None for one of another length.
    pub fn answer(&self, features: &[f32]) -> Option<Trial> {
        if features.len() != self.mean.len() {
            return None;
        }
        let direction = direction(features);
        let centred: Vec<f32> = direction
            .iter()
            .zip(&self.mean)
            .map(|(value, mean)| value - mean)
            .collect();
        let rows = self.weights.chunks_exact(self.mean.len());
        let scores: Vec<f32> = rows
            .zip(&self.biases)
            .map(|(row, bias)| dot(row, &centred) + bias)
            .collect();
        Some(best(&scores))
    }

    /// The length of the vectors that it reads.
    pub fn features(&self) -> usize {
        self.mean.len()
    }

    /// Reads a head's file.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn read(text: &str) -> Result<Self, HeadError> {
        serde_json::from_str::<HeadVersion>(text)?.check()?;
        Self::of(serde_json::from_str(text)?)
    }

    /// [`Head::read`] of a file that is read already, after its [`HeadVersion`].
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn of(file: HeadFile) -> Result<Self, HeadError> {
        let (mean, weights) = from_halves(&file.mean)
            .zip(from_halves(&file.weights))
            .ok_or(HeadError::Damaged("its weights are no numbers"))?;
        let count = file.classes.len();
        let is_sound = !mean.is_empty()
            && count.checked_mul(mean.len()) == Some(weights.len())
            && count == file.biases.len()
            && file.biases.iter().all(|bias| bias.is_finite())
            && file.sure.is_finite();
        if !is_sound {
            return Err(HeadError::Damaged(
                "its numbers are not as many as its classes need",
            ));
        }
        let is_class = |name: &String| !name.is_empty() && name.len() <= LONGEST && is_name(name);
        if count < 2 || !file.classes.iter().all(is_class) {
            return Err(HeadError::Damaged("its classes have no names"));
        }
        // Each has an example at least where it was learnt.
        if count > MOST_EXAMPLES {
            return Err(HeadError::Damaged("it has more classes than examples"));
        }
        if !is_name(&file.model) || !is_name(&file.weights_sha256) {
            return Err(HeadError::Damaged("its model has no name"));
        }
        Ok(Self {
            classes: file.classes,
            model: file.model,
            weights_sha256: file.weights_sha256,
            sure: file.sure,
            mean,
            weights,
            biases: file.biases,
        })
    }

    /// The text of its file.
    ///
    /// # Errors
    /// [`HeadError::Json`].
    pub fn write(&self) -> Result<String, HeadError> {
        Ok(serde_json::to_string(&self.file())?)
    }

    /// The content of its file.
    pub fn file(&self) -> HeadFile {
        HeadFile {
            format: FORMAT,
            kind: KIND.to_owned(),
            model: self.model.clone(),
            weights_sha256: self.weights_sha256.clone(),
            classes: self.classes.clone(),
            sure: self.sure,
            mean: to_halves(&self.mean),
            weights: to_halves(&self.weights),
            biases: self.biases.clone(),
        }
    }
}

/// The strength of each example, by the inverse of the products and the targets, and the answer that it would have had if it had been
/// left out.
fn solved(inverse: &[f64], targets: &[f64]) -> Vec<(f64, f64)> {
    let rows = inverse.chunks_exact(targets.len()).enumerate();
    rows.map(|(at, row)| {
        let strength: f64 = row.iter().zip(targets).map(|(a, b)| a * b).sum();
        (strength, targets[at] - strength / row[at])
    })
    .collect()
}

/// The class of the highest score and its lead; the first of equals.
fn best(scores: &[f32]) -> Trial {
    let (mut class, mut first, mut second) = (0, f32::NEG_INFINITY, f32::NEG_INFINITY);
    for (at, &score) in scores.iter().enumerate() {
        if score > first {
            (class, second, first) = (at, first, score);
        } else if score > second {
            second = score;
        }
    }
    let lead = first - second;
    Trial {
        class,
        lead: if lead.is_finite() { lead } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::vectors;

    fn names() -> Vec<String> {
        ["left", "right", "nobody's"].map(str::to_owned).to_vec()
    }

    fn examples(vectors: &[Vec<f32>]) -> Vec<Example<'_>> {
        let example =
            |(at, features): (usize, &'_ Vec<f32>)| -> (usize, usize) { (at % 2, features.len()) };
        vectors
            .iter()
            .enumerate()
            .map(|(at, features)| Example {
                features,
                class: example((at, features)).0,
            })
            .collect()
    }

    #[test]
    fn classes_that_lie_apart_are_learnt_from_five_examples() {
        let vectors = vectors();
        let taught = Head::learn(&names(), &examples(&vectors[..10])).expect("a head");
        for (at, trial) in taught.trials.iter().enumerate() {
            assert_eq!(trial.class, at % 2);
        }
        for (at, vector) in vectors.iter().enumerate() {
            let answer = taught.head.answer(vector).expect("an answer");
            assert!(answer.class == at % 2 && answer.lead > 1.0, "{answer:?}");
        }
        assert_eq!(taught.head.answer(&[1.0]), None);
    }

    /// The closed form against solutions without the example.
    #[test]
    fn answers_of_examples_left_out_are_exact() {
        let n = 7;
        let vector = |at: usize| [1.0, (at as f64 * 0.9).sin(), (at as f64 * 1.7).cos()];
        let product = |one: usize, other: usize| -> f64 {
            vector(one)
                .iter()
                .zip(vector(other))
                .map(|(a, b)| a * b)
                .sum()
        };
        let ridge = |at: usize| 0.1 + 0.02 * at as f64;
        let matrix = |of: &[usize]| -> Vec<f64> {
            let pairs = of
                .iter()
                .flat_map(|&one| of.iter().map(move |&other| (one, other)));
            pairs
                .map(|(one, other)| {
                    product(one, other) + if one == other { ridge(one) } else { 0.0 }
                })
                .collect()
        };
        let all: Vec<usize> = (0..n).collect();
        let targets: Vec<f64> = all
            .iter()
            .map(|at| if at % 3 == 0 { 1.0 } else { -1.0 })
            .collect();
        let whole = solved(&inverse(&matrix(&all), n).expect("definite"), &targets);
        for (at, &(_, left_out)) in whole.iter().enumerate() {
            let others: Vec<usize> = all.iter().copied().filter(|&other| other != at).collect();
            let given: Vec<f64> = others.iter().map(|&other| targets[other]).collect();
            let part = solved(&inverse(&matrix(&others), n - 1).expect("definite"), &given);
            let answer: f64 = others
                .iter()
                .zip(part)
                .map(|(&other, (strength, _))| strength * product(at, other))
                .sum();
            assert!(
                (answer - left_out).abs() < 1e-9,
                "{at}: {answer}, {left_out}"
            );
        }
    }

    #[test]
    fn what_cannot_be_learnt_is_said() {
        let vectors = vectors();
        let one_class: Vec<Example<'_>> = vectors
            .iter()
            .map(|features| Example { features, class: 0 })
            .collect();
        assert!(matches!(
            Head::learn(&names(), &one_class),
            Err(HeadError::OneClass)
        ));
        assert!(matches!(
            Head::learn(&names(), &[]),
            Err(HeadError::OneClass)
        ));
        // Two classes with the same examples: a head, whose trials are all wrong.
        let same: Vec<Example<'_>> = (0..10)
            .map(|at| Example {
                features: &vectors[0],
                class: at % 2,
            })
            .collect();
        let taught = Head::learn(&names(), &same).expect("a head");
        assert!(
            taught
                .trials
                .iter()
                .zip(&same)
                .all(|(trial, example)| trial.class != example.class)
        );
        let other = [0.0_f32; 3];
        let mut mixed = examples(&vectors[..4]);
        mixed.push(Example {
            features: &other,
            class: 0,
        });
        assert!(matches!(
            Head::learn(&names(), &mixed),
            Err(HeadError::Lengths)
        ));
        let many: Vec<Example<'_>> = (0..601)
            .map(|at| Example {
                features: &vectors[0],
                class: at % 2,
            })
            .collect();
        assert!(matches!(
            Head::learn(&names(), &many),
            Err(HeadError::TooMany(601))
        ));
    }

    #[test]
    fn a_head_is_read_back_and_damage_is_named() {
        let vectors = vectors();
        let mut head = Head::learn(&names()[..2], &examples(&vectors))
            .expect("a head")
            .head;
        head.model = "a model".to_owned();
        let text = head.write().expect("written");
        let read = Head::read(&text).expect("the same");
        assert_eq!(
            (&read.classes, &read.model, read.features()),
            (&head.classes, &head.model, 4)
        );
        assert_eq!(read.answer(&vectors[0]).map(|it| it.class), Some(0));
        for (from, to, said) in [
            ("\"format\":1", "\"format\":9", "format 9"),
            ("cytolens-head", "something", "another kind"),
            ("\"right\"", "\"\"", "names"),
            ("\"right\"", "\"ri\\u202eght\"", "names"),
            ("\"right\"", "\"right\\n\"", "names"),
            ("a model", "a \\u2067model", "its model"),
            ("[\"left\",\"right\"]", "[\"left\"]", "not as many"),
        ] {
            let refusal = Head::read(&text.replace(from, to)).expect_err("a refusal");
            assert!(refusal.to_string().contains(said), "{refusal}");
        }
        assert!(matches!(Head::read("[]"), Err(HeadError::Json(_))));
    }
}
