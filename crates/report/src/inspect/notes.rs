//! Notes: properties of a set that are no faults but deserve a person's attention.

use cytolens_core::labels::LOCATIONS;

use super::inspected::InspectedSet;
use super::labels::{FEW, LabelStatistics};
use super::set::{ChannelOddities, FieldStatistics, Mention, SATURATED, SizeCount};
use crate::plots::{count, number, percent};

/// The notes on a set, the most important first.
pub fn notes(set: &InspectedSet) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(fields) = &set.fields {
        depths_and_sizes(fields, &mut notes);
        notes.extend(fields.decided.iter().cloned());
        channels(fields, &mut notes);
    }
    classes(&set.labels, &mut notes);
    notes
}

fn depths_and_sizes(fields: &FieldStatistics, notes: &mut Vec<String>) {
    if fields.shallow.fields > 0 {
        notes.push(format!(
            "12-bit content in {} of {} 16-bit fields ({}): no sample is over 4,095 of 65,535, so a network \
             would see them 16 times too dark; --bits 12 stretches them",
            count(fields.shallow.fields as u64),
            count(fields.sixteen_bit as u64),
            examples(&fields.shallow)
        ));
    }
    let distinct = |key: &dyn Fn(&SizeCount) -> (u32, u32)| {
        let mut seen: Vec<(u32, u32)> = fields.sizes.iter().map(key).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.len()
    };
    let sizes = distinct(&|size| (size.width, size.height));
    if sizes > 1 {
        notes.push(format!(
            "the fields have {sizes} sizes: cells may differ in scale"
        ));
    }
    if distinct(&|size| (size.bits, 0)) > 1 {
        notes.push(
            "some fields are of 8 bits and some of 16: brightness may differ between them"
                .to_owned(),
        );
    }
}

fn channels(fields: &FieldStatistics, notes: &mut Vec<String>) {
    let mut note = |what: &str, of: &dyn Fn(&ChannelOddities) -> &Mention| {
        let channels: Vec<String> = fields
            .oddities
            .iter()
            .map(|(channel, oddities)| (channel, of(oddities)))
            .filter(|(_, mention)| mention.fields > 0)
            .map(|(channel, mention)| {
                let first = mention.first.first().map_or("", String::as_str);
                let such_as = if mention.fields > 1 { "such as " } else { "" };
                format!(
                    "{channel} in {} ({such_as}{first})",
                    fields_of(mention.fields)
                )
            })
            .collect();
        if !channels.is_empty() {
            notes.push(format!("{what}: {}", channels.join(", ")));
        }
    };
    note("a channel is missing", &|oddities| &oddities.missing);
    note("a channel is empty, all of its pixels equal", &|oddities| {
        &oddities.empty
    });
    let saturated = format!(
        "a channel is saturated, more than {} of its pixels at the highest level",
        percent(SATURATED)
    );
    note(&saturated, &|oddities| &oddities.saturated);
}

fn classes(labels: &LabelStatistics, notes: &mut Vec<String>) {
    if labels.fields_by_labels[0] > 0 {
        notes.push(format!(
            "{} without any label",
            fields_of(labels.fields_by_labels[0])
        ));
    }
    let named = |wanted: &dyn Fn(usize) -> bool, with_count: bool| -> Vec<String> {
        LOCATIONS
            .iter()
            .zip(labels.counts)
            .filter(|(_, count)| wanted(*count))
            .map(|(name, count)| {
                if with_count {
                    format!("{name} ({count})")
                } else {
                    (*name).to_owned()
                }
            })
            .collect()
    };
    let absent = named(&|count| count == 0, false);
    if !absent.is_empty() {
        notes.push(format!("no field shows {}", absent.join(", ")));
    }
    let few = named(&|count| count > 0 && count < FEW, true);
    if !few.is_empty() {
        notes.push(format!(
            "fewer than {FEW} fields show {}: too few to learn or to measure",
            few.join(", ")
        ));
    }
}

/// A sentence on the imbalance of classes.
pub fn imbalance(labels: &LabelStatistics) -> Option<String> {
    let imbalance = labels.imbalance()?;
    let times = if imbalance.ratio < 10.0 && imbalance.ratio.fract() > 0.0 {
        number(imbalance.ratio)
    } else {
        count(imbalance.ratio.round() as u64)
    };
    Some(format!(
        "{} of the fields show {} or {}, the two commonest locations. The commonest, with {} fields, comes {} times \
         as often as the rarest that comes at all, {}, with {}.",
        percent(imbalance.share_with_either),
        LOCATIONS[imbalance.commonest],
        LOCATIONS[imbalance.second],
        count(labels.counts[imbalance.commonest] as u64),
        times,
        LOCATIONS[imbalance.rarest],
        count(labels.counts[imbalance.rarest] as u64),
    ))
}

/// A number of fields with its noun.
pub fn fields_of(fields: usize) -> String {
    match fields {
        1 => "1 field".to_owned(),
        fields => format!("{} fields", count(fields as u64)),
    }
}

fn examples(mention: &Mention) -> String {
    let more = if mention.fields > mention.first.len() {
        ", …"
    } else {
        ""
    };
    mention.first.join(", ") + more
}
