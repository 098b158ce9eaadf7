//! What is saved of a lesson.

use super::learnt::{Learnt, answer};
use super::lesson::Content;
use crate::export::tables::{Dialect, PAINTED, write as csv};
use crate::similar::ToolField;
use cytolens_core::labels::LOCATIONS;

/// A table `Id,Target` of the fields whose labels were corrected or that have a class named as one of the 28 locations: what the
/// trainer learns from.
pub(super) fn train_csv(content: &Content, fields: &[ToolField]) -> String {
    let rows = fields.iter().filter_map(|it| {
        let own = content
            .class_of(it.field)
            .map(|class| &content.classes[class]);
        let named = own.and_then(|own| {
            LOCATIONS
                .iter()
                .position(|location| location.eq_ignore_ascii_case(own))
        });
        let is_of_them = it
            .answer
            .as_ref()
            .is_some_and(|answer| answer.model.labels == LOCATIONS);
        let corrected = content.corrected(it.field).filter(|_| is_of_them);
        let labels = corrected
            .map(<[usize]>::to_vec)
            .or(named.map(|class| vec![class]))?;
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        Some(vec![it.id.clone(), labels.join(" ")])
    });
    csv(["Id", "Target"].into_iter(), rows, Dialect::default())
}

/// A table `Id,Class,Answer,Lead`: the class that each field was given, if any, and what the head says of it; and [`PAINTED`].
pub(super) fn classes_csv(
    content: &Content,
    learnt: Option<&Learnt>,
    fields: &[ToolField],
) -> String {
    let painted = |it: &ToolField| it.answer.as_ref().map_or("", |answer| answer.painted());
    let is_marked = fields.iter().any(|it| !painted(it).is_empty());
    let rows = fields.iter().filter_map(|it| {
        let given = content
            .class_of(it.field)
            .map(|class| content.classes[class].clone());
        let answer = learnt.and_then(|learnt| Some((learnt, answer(&learnt.head, it)?)));
        if given.is_none() && answer.is_none() {
            return None;
        }
        let said = answer.map(|(learnt, answer)| {
            let class = learnt.head.classes.get(answer.class).cloned();
            (class.unwrap_or_default(), answer.lead.to_string())
        });
        let (class, lead) = said.unwrap_or_default();
        let mut row = vec![it.id.clone(), given.unwrap_or_default(), class, lead];
        row.extend(is_marked.then(|| painted(it).to_owned()));
        Some(row)
    });
    let columns = ["Id", "Class", "Answer", "Lead"].into_iter();
    let columns = columns.chain(is_marked.then_some(PAINTED));
    csv(columns, rows, Dialect::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Answer, examples};
    use crate::teach::lesson::Lesson;
    use std::rc::Rc;

    #[test]
    fn corrected_labels_and_classes_named_as_locations_are_for_the_trainer() {
        let answer = Answer {
            model: examples::model("all", &LOCATIONS),
            ..(*examples::answer(&[0.5, 0.5])).clone()
        };
        let answer = Rc::new(answer);
        let fields: Vec<ToolField> = (0..4)
            .map(|field| ToolField {
                field,
                id: format!("f{field}"),
                answer: Some(answer.clone()),
                thumbnail: None,
            })
            .collect();
        let mut lesson = Lesson::default();
        lesson.add_class("cytosol").expect("a class");
        lesson.add_class("round, and flat").expect("a class");
        lesson.give(&[0, 1], Some(0));
        lesson.give(&[2], Some(1));
        lesson.correct(1, Some(vec![0, 7]));
        let now = lesson.now();
        assert_eq!(train_csv(now, &fields), "Id,Target\nf0,25\nf1,0 7\n");
        assert_eq!(
            classes_csv(now, None, &fields),
            "Id,Class,Answer,Lead\nf0,cytosol,,\nf1,cytosol,,\nf2,\"round, and flat\",,\n"
        );
        let mut fields = fields;
        fields[1].answer = Some(examples::painted(&[0.5, 0.5]));
        assert_eq!(
            classes_csv(now, None, &fields),
            "Id,Class,Answer,Lead,Painted\nf0,cytosol,,,\nf1,cytosol,,,yellow\nf2,\"round, and flat\",,,\n"
        );
    }
}
