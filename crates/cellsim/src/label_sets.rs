//! The label sets of a simulated set's fields.

use cytolens_core::labels::{COUNT, LabelSet};
use cytolens_data::random::{Purpose, Stream};

/// Label sets in which every location comes equally often, one a field in the order of the classes, or two in a share `mixed`
/// (0 to 1) of the fields: any of the others is then the second.
pub fn balanced_label_sets(count: usize, mixed: f64, seed: u64) -> Vec<LabelSet> {
    let mut stream = Stream::new(Purpose::Labels, &[seed]);
    let mut labels = |index: usize| {
        let class = index % COUNT;
        let mut classes = vec![class];
        if stream.chance(mixed) {
            classes.push((class + 1 + stream.below(COUNT - 1)) % COUNT);
        }
        LabelSet::from_classes(classes).expect("classes below 28")
    };
    (0..count).map(&mut labels).collect()
}

/// Label sets drawn with replacement from those of a table; none where it has none.
pub fn drawn_label_sets(table: &[LabelSet], count: usize, seed: u64) -> Vec<LabelSet> {
    let mut stream = Stream::new(Purpose::Labels, &[seed]);
    (0..count)
        .filter_map(|_| table.get(stream.below(table.len())).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_sets_hold_every_location_equally_often() {
        let plain = balanced_label_sets(2 * COUNT, 0.0, 1);
        for (index, labels) in plain.iter().enumerate() {
            assert_eq!(labels.classes().collect::<Vec<_>>(), [index % COUNT]);
        }
        let mixed = balanced_label_sets(100 * COUNT, 0.4, 1);
        let pairs = mixed.iter().filter(|labels| labels.len() == 2).count();
        // The deviation is 26.
        assert!(
            pairs.abs_diff(1120) < 130,
            "{pairs} of 2800 fields have two"
        );
        for (index, labels) in mixed.iter().enumerate() {
            assert!(labels.contains(index % COUNT));
        }
        let seconds = |class| {
            let has = |labels: &&LabelSet| labels.contains(class);
            mixed.iter().filter(has).count() - 100
        };
        // 40 each, with a deviation of 6.2.
        assert!((0..COUNT).all(|class| seconds(class).abs_diff(40) < 32));
        let whole = balanced_label_sets(COUNT, 1.0, 1);
        assert!(whole.iter().all(|labels| labels.len() == 2));
        assert_ne!(mixed, balanced_label_sets(100 * COUNT, 0.4, 2));
    }

    #[test]
    fn drawn_sets_come_as_often_as_in_the_table() {
        let table: Vec<LabelSet> = ["0", "0", "0", "2 25"]
            .map(|text| text.parse().expect("classes"))
            .to_vec();
        let drawn = drawn_label_sets(&table, 1000, 7);
        let count = |labels| drawn.iter().filter(|drawn| **drawn == labels).count();
        assert_eq!(count(table[0]) + count(table[3]), 1000);
        // The deviation is 14.
        assert!(count(table[3]).abs_diff(250) < 70);
        assert_eq!(drawn, drawn_label_sets(&table, 1000, 7));
        assert_eq!(drawn[..10], drawn_label_sets(&table, 10, 7));
        assert_eq!(drawn_label_sets(&[], 3, 7), []);
    }
}
