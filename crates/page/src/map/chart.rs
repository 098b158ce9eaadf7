//! The map as points in a square, their groups, and what a drawn line encloses.

use std::collections::BTreeMap;

/// A point of the map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    /// The page's number for the field.
    pub(super) field: u32,
    /// The field's id.
    pub(super) id: String,
    /// Where it lies, both from 0 to 1.
    pub(super) place: [f32; 2],
    /// What it is coloured by.
    pub(super) group: String,
}

/// Places, whatever their range, in a square from 0 to 1, its margin left free, with the proportions that they have.
pub(super) fn in_square(places: &[[f32; 2]]) -> Vec<[f32; 2]> {
    const MARGIN: f32 = 0.04;
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for place in places {
        for axis in 0..2 {
            low[axis] = low[axis].min(place[axis]);
            high[axis] = high[axis].max(place[axis]);
        }
    }
    let range = (high[0] - low[0])
        .max(high[1] - low[1])
        .max(f32::MIN_POSITIVE);
    let inside = |value: f32, axis: usize| {
        let centre = (low[axis] + high[axis]) / 2.0;
        0.5 + (value - centre) / range * (1.0 - 2.0 * MARGIN)
    };
    places
        .iter()
        .map(|place| [inside(place[0], 0), inside(place[1], 1)])
        .collect()
}

/// The groups, the largest first and equals by name, with the number of points in each.
pub(super) fn groups(spots: &[Spot]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for spot in spots {
        *counts.entry(&spot.group).or_default() += 1;
    }
    let mut groups: Vec<(String, usize)> = counts
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    groups
}

/// Whether a place lies inside a closed line: a ray from it crosses the line an odd number of times.
pub(super) fn is_inside(place: [f32; 2], line: &[[f32; 2]]) -> bool {
    let [x, y] = place;
    let mut inside = false;
    let mut before = match line.last() {
        Some(last) => *last,
        None => return false,
    };
    for &point in line {
        let crosses = (point[1] > y) != (before[1] > y);
        if crosses
            && x < (before[0] - point[0]) * (y - point[1]) / (before[1] - point[1]) + point[0]
        {
            inside = !inside;
        }
        before = point;
    }
    inside
}

/// The plate in an id such as `10580_1610_C1_1` of the Human Protein Atlas: its second part.
pub(super) fn plate(id: &str) -> Option<&str> {
    let name = id.rsplit('/').next()?;
    let parts: Vec<&str> = name.split('_').collect();
    let [antibody, plate, well, _] = parts.as_slice() else {
        return None;
    };
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_well = well.starts_with(|letter: char| letter.is_ascii_uppercase());
    (are_digits(antibody) && are_digits(plate) && is_well).then_some(*plate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fill_the_square_and_keep_their_proportions() {
        let placed = in_square(&[[0.0, 0.0], [10.0, 5.0]]);
        assert!((placed[0][0] - 0.04).abs() < 1e-5 && (placed[1][0] - 0.96).abs() < 1e-5);
        assert!((placed[1][1] - placed[0][1] - 0.46).abs() < 1e-5);
        assert_eq!(in_square(&[[3.0, 3.0]]), [[0.5, 0.5]]);
        assert!(in_square(&[]).is_empty());
    }

    #[test]
    fn a_line_encloses_what_lies_inside_it() {
        let square = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
        assert!(is_inside([0.5, 0.5], &square));
        assert!(!is_inside([0.1, 0.5], &square));
        assert!(!is_inside([0.5, 0.9], &square));
        assert!(!is_inside([0.5, 0.5], &[]));
    }

    #[test]
    fn plates_are_read_from_the_ids_of_the_atlas() {
        assert_eq!(plate("a/10580_1610_C1_1"), Some("1610"));
        for id in ["simulated-1-0001", "a_b_c_d", "1_2_3_4", ""] {
            assert_eq!(plate(id), None, "{id}");
        }
    }

    #[test]
    fn groups_come_by_size() {
        let spot = |group: &str| Spot {
            field: 0,
            id: String::new(),
            place: [0.0; 2],
            group: group.to_owned(),
        };
        let found = groups(&["b", "a", "b", "c"].map(spot));
        let names: Vec<&str> = found.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["b", "a", "c"]);
    }
}
