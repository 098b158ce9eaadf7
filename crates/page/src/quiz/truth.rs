//! A table of labels that a visitor brings: the truth of a round over the desk's fields.

use std::collections::BTreeSet;

use crate::text::quiz as text;
use cytolens_core::labels::LabelSet;
use cytolens_core::matching::{Match, compared, matched};
use cytolens_core::table::{LabelTable, RowFault, utf8};

/// Reads the table in the file called `name`. Faulty rows are left out.
///
/// # Errors
/// A message with the file's name where the table lacks the columns.
pub(crate) fn read(name: &str, bytes: Vec<u8>) -> Result<LabelTable, String> {
    LabelTable::read(&utf8(bytes)).map_err(|error| text::other_columns(name, &error.to_string()))
}

/// The reason for a row that was left out, with its place.
pub(super) fn row_fault(fault: &RowFault) -> String {
    text::row_fault(fault.line, &fault.reason)
}

/// The fields of the desk that a table labels, each id once, and what was compared where there is none. `composed` gives
/// texts in Unicode's form NFC.
pub(crate) fn labelled(
    desk: &[&str],
    table: &LabelTable,
    composed: impl Fn(&str) -> String,
) -> Result<Vec<(String, LabelSet)>, String> {
    let mut seen = BTreeSet::new();
    let fields = desk.iter().copied().filter(|id| seen.insert(*id));
    let fields: Vec<&str> = fields.collect();
    let listed: Vec<&str> = table.rows.iter().map(|(id, _)| id.as_str()).collect();
    let mut labels = vec![None; fields.len()];
    for (found, (_, set)) in matched(&listed, &fields, composed).iter().zip(&table.rows) {
        if let Match::Field(at) = found {
            labels[*at] = Some(*set);
        }
    }
    let pairs = fields.iter().zip(labels);
    let pairs: Vec<_> = pairs
        .filter_map(|(id, set)| Some(((*id).to_owned(), set?)))
        .collect();
    if pairs.is_empty() {
        return Err(compared(&listed, &fields));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(content: &str) -> LabelTable {
        read("train.csv", content.as_bytes().to_vec()).expect("a table")
    }

    #[test]
    fn a_round_asks_each_labelled_field_once() {
        let table = table("Id;Target\ra.png;1\rb;2 25\rd;3\r");
        let fields = labelled(&["b", "a", "b", "c"], &table, str::to_owned).expect("fields");
        let ids: Vec<&str> = fields.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["b", "a"]);
        assert_eq!(fields[0].1.to_string(), "2 25");
    }

    #[test]
    fn ids_that_were_compared_in_vain_are_shown() {
        let table = table("Id,Target\nq,1\n");
        let said = labelled(&["b", "a"], &table, str::to_owned).expect_err("none");
        assert_eq!(said, "The table has q; the images are of b, a.");
    }

    #[test]
    fn faulty_rows_have_their_line_and_reason() {
        let table = table("Id,Target\na,1\nb,28\n,3\n");
        let faults: Vec<String> = table.faults.iter().map(row_fault).collect();
        assert!(
            faults[0].starts_with("line 3: ") && faults[0].contains("28"),
            "{faults:?}"
        );
        assert_eq!(faults[1], "line 4: the row has no id");
    }

    #[test]
    fn other_tables_are_refused_with_their_columns() {
        let error = read("notes.csv", b"name;labels\na;1\n".to_vec()).expect_err("no such table");
        assert!(
            error.contains("notes.csv") && error.ends_with("it has name, labels"),
            "{error}"
        );
    }
}
