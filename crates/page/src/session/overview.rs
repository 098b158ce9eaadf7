//! Sums over all fields: how many have a label, and what the wells of a plate hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::DeskEntry;
use cytolens_core::{Well, natural_order};

/// The view of all fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// A tile a field.
    #[default]
    Gallery,
    /// A row a field.
    Table,
    /// A square a well.
    Plate,
}

/// The number by which wells are coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The share of the answered fields that have the label.
    #[default]
    Share,
    /// The mean of the label's probability over the answered fields.
    Probability,
}

/// The plate that is shown, and what its colours mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PlateChoice {
    /// The plate's name; of one that is not there the first is shown.
    pub(crate) plate: String,
    /// The label; of one that no answer knows the most frequent is shown.
    pub(crate) label: String,
    /// The number.
    pub(crate) measure: Measure,
}

/// What a well holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct WellSum {
    /// The number of its fields.
    pub(crate) fields: usize,
    /// The number of them that are answered by a model that knows the label.
    pub(crate) answered: usize,
    /// The number of these that have the label.
    pub(crate) labelled: usize,
    /// The sum of the label's probabilities.
    probability: f32,
}

impl WellSum {
    /// The number that colours the well, from 0 to 1; none while no field of it is answered.
    pub(crate) fn value(&self, measure: Measure) -> Option<f32> {
        let sum = match measure {
            Measure::Share => self.labelled as f32,
            Measure::Probability => self.probability,
        };
        (self.answered > 0).then(|| sum / self.answered as f32)
    }
}

/// A plate with its wells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlateMap {
    /// Which plate, label and number it is, all of them there.
    pub(crate) choice: PlateChoice,
    /// The names of all plates, in natural order.
    pub(crate) plates: Vec<String>,
    /// All labels, the most frequent first.
    pub(crate) labels: Vec<String>,
    /// The number of rows and of columns of the smallest plate that has its wells: of 96 or 384.
    pub(crate) size: (u8, u8),
    /// The wells that have fields.
    pub(crate) wells: BTreeMap<Well, WellSum>,
}

/// The number of fields that have each label: falling, equals by name.
pub(crate) fn label_counts<'a>(
    entries: impl Iterator<Item = &'a DeskEntry>,
) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for answer in entries.filter_map(|entry| entry.answer()) {
        for class in answer.present() {
            *counts.entry(answer.label(*class)).or_default() += 1;
        }
    }
    let counts = counts.into_iter();
    let mut counts: Vec<_> = counts
        .map(|(label, count)| (label.to_owned(), count))
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// Whether the fields' names tell wells: two at least, for one alone may be chance.
pub(crate) fn has_plate<'a>(entries: impl Iterator<Item = &'a DeskEntry>) -> bool {
    let mut wells = entries.filter_map(|entry| Some(entry.position.as_ref()?.well));
    let first = wells.next();
    wells.any(|well| Some(well) != first)
}

/// The plate that is chosen; none where no field's name tells its well.
pub(crate) fn plate_map<'a>(
    entries: impl Iterator<Item = &'a DeskEntry> + Clone,
    choice: &PlateChoice,
) -> Option<PlateMap> {
    let placed = entries
        .clone()
        .filter_map(|entry| Some((entry, entry.position.as_ref()?)));
    let plates: BTreeSet<&str> = placed.clone().map(|(_, it)| it.plate.as_str()).collect();
    let mut plates: Vec<String> = plates.into_iter().map(str::to_owned).collect();
    plates.sort_by(|a, b| natural_order(a, b));
    let labels = all_labels(entries);
    let or_first = |wished: &str, all: &[String]| {
        let wished = all.iter().find(|one| *one == wished);
        wished.or(all.first()).cloned()
    };
    let choice = PlateChoice {
        plate: or_first(&choice.plate, &plates)?,
        label: or_first(&choice.label, &labels).unwrap_or_default(),
        measure: choice.measure,
    };
    let mut wells: BTreeMap<Well, WellSum> = BTreeMap::new();
    for (entry, _) in placed.clone().filter(|(_, it)| it.plate == choice.plate) {
        let Some(position) = &entry.position else {
            continue;
        };
        let sum = wells.entry(position.well).or_default();
        sum.fields += 1;
        let class = entry.answer().and_then(|answer| {
            let mut labels = answer.model.labels.iter();
            Some((answer, labels.position(|label| *label == choice.label)?))
        });
        if let Some((answer, class)) = class {
            sum.answered += 1;
            sum.labelled += usize::from(answer.present().contains(&class));
            sum.probability += answer.probability(class);
        }
    }
    let is_small = |well: &Well| well.row < 8 && well.column < 12;
    let size = if wells.keys().all(is_small) {
        (8, 12)
    } else {
        (Well::ROWS, Well::COLUMNS)
    };
    Some(PlateMap {
        choice,
        plates,
        labels,
        size,
        wells,
    })
}

/// All labels of the models that answered: those that fields have by their number, then the others as models order them.
fn all_labels<'a>(entries: impl Iterator<Item = &'a DeskEntry> + Clone) -> Vec<String> {
    let counts = label_counts(entries.clone()).into_iter();
    let mut labels: Vec<String> = counts.map(|(label, _)| label).collect();
    let mut model = None;
    for answer in entries.filter_map(|entry| entry.answer()) {
        // Answers of one model come one after the other.
        if model.is_some_and(|known| std::rc::Rc::ptr_eq(known, &answer.model)) {
            continue;
        }
        model = Some(&answer.model);
        for label in &answer.model.labels {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::examples::answer;
    use crate::entry::FieldState;

    fn entry(id: &str, probabilities: &[f32]) -> DeskEntry {
        let mut entry = DeskEntry::new(id.to_owned(), String::new(), None);
        if !probabilities.is_empty() {
            entry.state = FieldState::Done(answer(probabilities));
        }
        entry
    }

    #[test]
    fn labels_are_counted_over_all_fields() {
        let entries = [
            entry("a", &[0.6, 0.9]),
            entry("b", &[0.1, 0.9]),
            entry("c", &[0.1, 0.1]),
            entry("d", &[]),
        ];
        let expected = [("Cytosol".to_owned(), 2), ("Nucleoli".to_owned(), 1)];
        assert_eq!(label_counts(entries.iter()), expected);
        assert_eq!(label_counts([].iter()), []);
    }

    #[test]
    fn wells_are_summed_plate_by_plate() {
        let entries = [
            entry("p2_B02_s1", &[0.6, 0.9]),
            entry("p2_B02_s2", &[0.2, 0.3]),
            entry("p2_B02_s3", &[]),
            entry("p2_A01_s1", &[]),
            entry("p10_P24_s1", &[0.1, 0.9]),
            entry("no well", &[0.9, 0.9]),
        ];
        assert!(has_plate(entries.iter()) && !has_plate(entries[..3].iter()));
        let map = plate_map(entries.iter(), &PlateChoice::default()).expect("a plate");
        assert_eq!(map.plates, ["p2", "p10"]);
        assert_eq!(map.choice.plate, "p2");
        assert_eq!(map.choice.label, "Cytosol", "the most frequent");
        assert_eq!(map.labels, ["Cytosol", "Nucleoli"]);
        assert_eq!((map.size, map.wells.len()), ((8, 12), 2));
        let well = |row, column| Well { row, column };
        let sum = map.wells[&well(1, 1)];
        assert_eq!((sum.fields, sum.answered, sum.labelled), (3, 2, 1));
        assert_eq!(sum.value(Measure::Share), Some(0.5));
        let mean = sum.value(Measure::Probability).expect("answered");
        assert!((mean - 0.6).abs() < 1e-6);
        assert_eq!(map.wells[&well(0, 0)].value(Measure::Share), None);

        let choice = PlateChoice {
            plate: "p10".to_owned(),
            label: "Nucleoli".to_owned(),
            measure: Measure::Probability,
        };
        let map = plate_map(entries.iter(), &choice).expect("a plate");
        assert_eq!((&map.choice, map.size), (&choice, (16, 24)));
        assert_eq!(map.wells[&well(15, 23)].labelled, 0);
        assert_eq!(plate_map(entries[5..].iter(), &choice), None);
    }
}
