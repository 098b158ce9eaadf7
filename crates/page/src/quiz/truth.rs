//! A table of labels, `Id,Target` or `Id,Predicted`, with class numbers separated by spaces, as the Human
//! Protein Atlas challenge of 2018 writes them.

use std::collections::BTreeMap;

use crate::text::quiz as text;
use cytolens_core::labels::{LabelError, LabelSet};

/// The labels of a table, and its faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LabelTable {
    /// The label sets by id.
    pub(super) sets: BTreeMap<String, LabelSet>,
    /// The reasons why rows were left out, in the table's order.
    pub(super) faults: Vec<String>,
}

/// Reads the table in the file called `name`. Other columns are ignored; faulty rows are left out.
///
/// # Errors
/// A message with the file's name where the table lacks the columns.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<LabelTable, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut rows = rows(bytes).into_iter();
    let headers = rows.next().and_then(|(_, row)| row).unwrap_or_default();
    let column = |wanted: &str| {
        headers
            .iter()
            .position(|it| it.eq_ignore_ascii_case(wanted))
    };
    let columns = column("Id").zip(column("Target").or_else(|| column("Predicted")));
    let Some((id_column, labels_column)) = columns else {
        return Err(text::other_columns(name, &headers.join(", ")));
    };
    let mut labels = LabelTable::default();
    for (line, row) in rows {
        let kept = match row {
            Some(row) if row.len() == headers.len() => {
                labels.keep(&row[id_column], &row[labels_column])
            }
            Some(row) => Err(text::row_length(row.len(), headers.len())),
            None => Err(text::NOT_UTF8.to_owned()),
        };
        if let Err(reason) = kept {
            labels.faults.push(text::row_fault(line, &reason));
        }
    }
    Ok(labels)
}

impl LabelTable {
    fn keep(&mut self, id: &str, set: &str) -> Result<(), String> {
        if id.is_empty() {
            return Err(text::NO_ID.to_owned());
        }
        let set = set.parse().map_err(|error: LabelError| error.to_string())?;
        if self.sets.contains_key(id) {
            return Err(text::id_twice(id));
        }
        self.sets.insert(id.to_owned(), set);
        Ok(())
    }
}

/// The rows of a CSV that are not blank, each with the line on which it begins; none for a row that is not
/// UTF-8. Spaces around fields are dropped. (The `csv` crate would weigh as much as the rest of the quiz.)
fn rows(bytes: &[u8]) -> Vec<(u64, Option<Vec<String>>)> {
    let mut rows = Vec::new();
    let (mut row, mut field) = (Vec::new(), Vec::new());
    let (mut line, mut begun, mut is_quoted) = (1, 1, false);
    let mut bytes = bytes.iter().copied().chain([b'\n']).peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                field.push(byte);
            }
            b'"' if is_quoted => is_quoted = false,
            // The last line feed is ours: a quote that never ends ends there.
            _ if is_quoted && bytes.peek().is_some() => field.push(byte),
            b'"' if field.trim_ascii().is_empty() => is_quoted = true,
            b',' => row.push(std::mem::take(&mut field)),
            b'\n' => {
                row.push(std::mem::take(&mut field));
                let whole: Option<Vec<String>> = row.drain(..).map(trimmed).collect();
                if whole
                    .as_ref()
                    .is_none_or(|row| row.iter().any(|it| !it.is_empty()))
                {
                    rows.push((begun, whole));
                }
            }
            _ => field.push(byte),
        }
        line += u64::from(byte == b'\n');
        if row.is_empty() && field.is_empty() && !is_quoted {
            begun = line;
        }
    }
    rows
}

fn trimmed(field: Vec<u8>) -> Option<String> {
    let field = String::from_utf8(field).ok()?;
    Some(field.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(content: &str) -> Vec<(String, String)> {
        let labels = read("train.csv", content.as_bytes()).expect("a table");
        assert_eq!(labels.faults, Vec::<String>::new());
        let sets = labels.sets.into_iter();
        sets.map(|(id, set)| (id, set.to_string())).collect()
    }

    fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |&(id, set): &(&str, &str)| (id.to_owned(), set.to_owned());
        rows.iter().map(owned).collect()
    }

    #[test]
    fn tables_of_the_challenge_are_read() {
        let expected = pairs(&[("a", "0 16"), ("b", "")]);
        for content in [
            "Id,Target\na,16 0\nb,\n",
            "\u{feff}Id,Predicted\r\na,16 0\r\nb,\r\n",
            "\"Id\", Target \n\"a\", 16  0 \n\n b ,\n",
            "Target,Notes,id\n16 0,\"one, two\",a\n,,b\n",
        ] {
            assert_eq!(sets(content), expected, "{content:?}");
        }
    }

    #[test]
    fn quoted_fields_may_hold_anything() {
        let rows = rows(b"a,\"b, \"\"c\"\"\nd\"\n\n\"e\",f\r\n\"open");
        let fields = |row: &[&str]| Some(row.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(
            rows,
            [
                (1, fields(&["a", "b, \"c\"\nd"])),
                (4, fields(&["e", "f"])),
                (5, fields(&["open"]))
            ]
        );
    }

    #[test]
    fn the_truth_goes_before_a_prediction() {
        assert_eq!(sets("Id,Predicted,Target\na,1,2\n"), pairs(&[("a", "2")]));
    }

    #[test]
    fn faulty_rows_are_left_out_with_their_reasons() {
        let labels = read(
            "train.csv",
            b"Id,Target\na,1\nb,28\nc,x\n,3\na,4\nf\n\xE9,2\ng,27\n",
        )
        .expect("a table");
        let ids: Vec<&str> = labels.sets.keys().map(String::as_str).collect();
        assert_eq!(ids, ["a", "g"]);
        let lines: Vec<&str> = labels
            .faults
            .iter()
            .filter_map(|fault| fault.split(':').next())
            .collect();
        assert_eq!(
            lines,
            ["line 3", "line 4", "line 5", "line 6", "line 7", "line 8"]
        );
        assert!(labels.faults[0].contains("28"), "{}", labels.faults[0]);
        assert!(labels.faults[3].contains('a'), "{}", labels.faults[3]);
    }

    #[test]
    fn other_tables_are_refused_with_their_columns() {
        let error = read("notes.csv", b"name;labels\na;1\n").expect_err("no such table");
        assert!(
            error.contains("notes.csv") && error.contains("name;labels"),
            "{error}"
        );
        assert!(read("empty.csv", b"").is_err());
    }
}
