//! What came of a lesson: a head, how well it does, and its answers for the desk.

use super::lesson::Content;
use crate::similar::ToolField;
use cytolens_similar::{Example, Head, HeadError, LEAST_EXAMPLES, Taught, Trial, wilson};

/// A head that was learnt or opened.
#[derive(Debug, Clone)]
pub(super) struct Learnt {
    /// The head.
    pub(super) head: Head,
    /// How well it did on its own examples; none of a head that was opened.
    pub(super) trials: Option<Trials>,
}

/// The answers for examples by heads that had not seen them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trials {
    /// The right answers and the examples of each class.
    pub(super) classes: Vec<(usize, usize)>,
    /// The examples that were answered wrongly: the field, its class, and the answer's.
    pub(super) wrong: Vec<(u32, usize, usize)>,
}

impl Trials {
    /// The right answers, all examples, and the interval in which the true share lies.
    pub(crate) fn all(&self) -> (usize, usize, [f64; 2]) {
        let hits = self.classes.iter().map(|(hits, _)| hits).sum();
        let count = self.classes.iter().map(|(_, count)| count).sum();
        (hits, count, wilson(hits, count))
    }

    /// Whether a class that was shown has too few examples for the scores to say anything.
    pub(crate) fn are_too_few(&self) -> bool {
        let mut shown = self.classes.iter().filter(|(_, count)| *count > 0);
        shown.any(|(_, count)| *count < LEAST_EXAMPLES)
    }
}

/// Learns from the fields of a lesson that one network has answered: that of the most of them.
///
/// # Errors
/// [`HeadError`].
pub(super) fn learn(content: &Content, fields: &[ToolField]) -> Result<Learnt, HeadError> {
    let taught: Vec<(&ToolField, usize, Vec<f32>)> = fields
        .iter()
        .filter_map(|it| Some((it, content.class_of(it.field)?, it.features()?)))
        .collect();
    let network = |it: &ToolField| {
        it.answer
            .as_ref()
            .map(|answer| answer.model.features_sha256().to_owned())
    };
    let mut networks: Vec<(Option<String>, usize)> = Vec::new();
    for (field, ..) in &taught {
        let of = network(field);
        match networks.iter_mut().find(|(known, _)| *known == of) {
            Some((_, count)) => *count += 1,
            None => networks.push((of, 1)),
        }
    }
    let most = networks.into_iter().rev().max_by_key(|(_, count)| *count);
    let Some((of, _)) = most else {
        return Err(HeadError::OneClass);
    };
    let taught: Vec<_> = taught
        .into_iter()
        .filter(|(field, ..)| network(field) == of)
        .collect();
    let examples: Vec<Example<'_>> = taught
        .iter()
        .map(|(_, class, features)| Example {
            features,
            class: *class,
        })
        .collect();
    let Taught { mut head, trials } = Head::learn(&content.classes, &examples)?;
    head.weights_sha256 = of.unwrap_or_default();
    let answer = taught.first().and_then(|(field, ..)| field.answer.as_ref());
    head.model = answer
        .map(|answer| answer.model.name.clone())
        .unwrap_or_default();
    head.sure = content.sure;
    let mut classes = vec![(0, 0); content.classes.len()];
    let mut wrong = Vec::new();
    for ((field, class, _), trial) in taught.iter().zip(trials) {
        classes[*class].1 += 1;
        if trial.class == *class {
            classes[*class].0 += 1;
        } else {
            wrong.push((field.field, *class, trial.class));
        }
    }
    Ok(Learnt {
        head,
        trials: Some(Trials { classes, wrong }),
    })
}

/// A head's answer for a field of the network that it is of.
pub(super) fn answer(head: &Head, field: &ToolField) -> Option<Trial> {
    let of = field.answer.as_ref()?.model.features_sha256();
    (of == head.weights_sha256).then(|| head.answer(&field.features()?))?
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::answer::{Answer, examples};
    use crate::teach::lesson::Lesson;
    use cytolens_protocol::TimedPrediction;
    use cytolens_similar::to_halves;

    fn field(number: u32, features: &[f32]) -> ToolField {
        let answer = Answer {
            prediction: TimedPrediction {
                features: to_halves(features),
                ..examples::prediction(&[0.5, 0.5])
            },
            ..(*examples::answer(&[0.5, 0.5])).clone()
        };
        ToolField {
            field: number,
            id: format!("field {number}"),
            answer: Some(Rc::new(answer)),
            thumbnail: None,
        }
    }

    #[test]
    fn two_classes_of_five_are_learnt_and_scored_with_an_interval() {
        let fields: Vec<ToolField> = (0..20)
            .map(|at| {
                field(
                    at,
                    &[if at % 2 == 0 { 1.0 } else { -1.0 }, 0.1 * (at % 7) as f32],
                )
            })
            .collect();
        let mut lesson = Lesson::default();
        lesson.add_class("even").expect("a class");
        lesson.add_class("odd").expect("a class");
        lesson.give(&[0, 2, 4, 6, 8], Some(0));
        lesson.give(&[1, 3, 5, 7], Some(1));
        let trials = learn(lesson.now(), &fields)
            .expect("a head")
            .trials
            .expect("trials");
        assert!(trials.are_too_few(), "four are too few");
        // A field that was learnt as the other.
        lesson.give(&[9, 10], Some(1));
        let learnt = learn(lesson.now(), &fields).expect("a head");
        let trials = learnt.trials.as_ref().expect("trials");
        assert!(!trials.are_too_few());
        let (hits, count, interval) = trials.all();
        assert_eq!((hits, count), (10, 11));
        assert!(interval[0] > 0.6 && interval[1] < 0.99);
        assert_eq!(trials.wrong, [(10, 1, 0)]);
        for it in &fields[11..] {
            let answer = answer(&learnt.head, it).expect("an answer");
            assert_eq!(answer.class, (it.field % 2) as usize);
        }
        let mut other = fields[0].clone();
        other.answer = None;
        assert_eq!(super::answer(&learnt.head, &other), None);
    }
}
