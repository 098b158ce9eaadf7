//! How well an index retrieves.

use cytolens_similar::{Index, mean_average_precision_at};

use super::gathered::Gathered;

/// The results of a query that count.
const MOST: usize = 10;

/// The mean average precision at 10, by label set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retrieval {
    /// That of the index.
    pub precision: f64,
    /// That of an order that has nothing to do with the fields.
    pub random: f64,
    /// The fields whose label set an entry has.
    pub queries: usize,
}

/// Asks an index for fields. An entry of the same id does not count.
pub fn retrieval(index: &Index, fields: &[Gathered]) -> Retrieval {
    let queries: Vec<Vec<u16>> = fields
        .iter()
        .map(|field| field.labels.classes().map(|class| class as u16).collect())
        .collect();
    let entries: Vec<Vec<u16>> = index
        .entries()
        .iter()
        .map(|entry| entry.labels.clone())
        .collect();
    let is_other = |query: usize, row: usize| index.entries()[row].id != fields[query].id;
    let (precision, count) =
        mean_average_precision_at(MOST, &queries, &entries, is_other, |query| {
            let place = index.place(&fields[query].features).unwrap_or_default();
            let found = index.nearest(&place, MOST + 1).into_iter();
            found
                .map(|neighbour| neighbour.row)
                .filter(|&row| is_other(query, row))
                .collect()
        });
    let (random, _) = mean_average_precision_at(MOST, &queries, &entries, is_other, |query| {
        let others = (0..entries.len()).filter(|&row| is_other(query, row));
        some_of(others.collect(), query)
    });
    Retrieval {
        precision,
        random,
        queries: count,
    }
}

/// [`MOST`] of these, others for each number: drawn, by a generator whose start is the number.
fn some_of(mut rows: Vec<usize>, number: usize) -> Vec<usize> {
    let mut state = (number as u32).wrapping_mul(2_654_435_761).wrapping_add(1);
    state = state.max(1);
    let count = rows.len();
    for at in 0..MOST.min(count) {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        rows.swap(at, at + state as usize % (count - at));
    }
    rows.truncate(MOST);
    rows
}
