//! The part of a long list that is in the document.

use std::ops::Range;

/// The number of items up to which all are in the document.
pub(crate) const WHOLE: usize = 500;

/// The number of items by which a list is measured.
const MEASURED: usize = 64;

/// The rows before and behind the visible ones that are in the document, too.
const BESIDE: usize = 6;

/// The part begins at a multiple of so many rows: fewer changes while the list is scrolled.
const STEP: usize = 3;

/// The arrangement of items of one size. A list that goes across is one row: then columns and rows change their parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Geometry {
    /// The number of items in a row.
    pub(super) columns: usize,
    /// The distance from one row to the next in pixels.
    pub(super) pitch: f64,
    /// Whether rows stand beside each other.
    pub(super) is_across: bool,
}

impl Geometry {
    fn rows(&self, items: usize) -> usize {
        items.div_ceil(self.columns)
    }

    /// The place at which an item begins, in pixels.
    pub(super) fn start(&self, place: usize) -> f64 {
        (place / self.columns) as f64 * self.pitch
    }

    /// The length of what stands before a part, in pixels.
    pub(super) fn before(&self, part: &Range<usize>) -> f64 {
        self.start(part.start)
    }

    /// The length of what stands behind it, in pixels.
    pub(super) fn after(&self, part: &Range<usize>, count: usize) -> f64 {
        (self.rows(count) - self.rows(part.end)) as f64 * self.pitch
    }
}

/// The places, of so many, that are to be in the document while so many pixels are scrolled past and so many are seen.
pub(super) fn part(
    count: usize,
    geometry: Option<Geometry>,
    scrolled: f64,
    length: f64,
) -> Range<usize> {
    let Some(geometry) = geometry else {
        return 0..count.min(MEASURED);
    };
    let row = |pixels: f64| (pixels.max(0.0) / geometry.pitch) as usize;
    let rows = geometry.rows(count);
    // A list that has become shorter may be scrolled past its end for a moment.
    let seen = row(scrolled).min(rows.saturating_sub(1));
    let first = seen.saturating_sub(BESIDE) / STEP * STEP;
    let last = (seen + row(length) + 1 + BESIDE + STEP) / STEP * STEP;
    let place = |row: usize| (row * geometry.columns).min(count);
    place(first)..place(last.max(first + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TILES: Geometry = Geometry {
        columns: 2,
        pitch: 150.0,
        is_across: false,
    };

    #[test]
    fn what_is_seen_is_there_with_some_rows_on_both_sides() {
        for scrolled in 0..4000 {
            let scrolled = f64::from(scrolled) * 187.3;
            let found = part(10_000, Some(TILES), scrolled, 700.0);
            let first = (scrolled / 150.0) as usize * 2;
            let last = (first + 12).min(10_000);
            assert!(
                found.contains(&first.min(9_999)) && found.end >= last,
                "{scrolled}"
            );
            assert!(found.len() <= 2 * (6 + 2 * BESIDE + 2 * STEP), "{found:?}");
            assert_eq!(found.start % 2, 0, "rows are whole");
        }
    }

    #[test]
    fn the_length_of_the_list_is_always_the_same() {
        for scrolled in [0.0, 10.0, 333.3, 74_000.0, 1e9] {
            let found = part(1001, Some(TILES), scrolled, 700.0);
            let rows = (found.len() as f64 / 2.0).ceil();
            let length = TILES.before(&found) + rows * 150.0 + TILES.after(&found, 1001);
            assert_eq!(length, 501.0 * 150.0, "{scrolled}");
            assert!(!found.is_empty());
        }
    }

    #[test]
    fn small_steps_change_nothing() {
        let at = |scrolled| part(10_000, Some(TILES), scrolled, 700.0);
        let first = at(15_000.0);
        let mut changes = 0;
        let mut former = first;
        for step in 0..100 {
            let next = at(15_000.0 + f64::from(step) * 10.0);
            changes += usize::from(next != former);
            former = next;
        }
        // A thousand pixels are not seven rows, and both ends move.
        assert!(changes < 7, "{changes}");
    }

    #[test]
    fn a_list_is_measured_by_its_first_items() {
        assert_eq!(part(10_000, None, 5000.0, 700.0), 0..MEASURED);
        assert_eq!(part(3, None, 0.0, 0.0), 0..3);
    }
}
