//! A table of labels, `Id,Target` or `Id,Predicted`, as the Human Protein Atlas challenge of 2018
//! writes them: class numbers parted by spaces.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::labels::LabelSet;
use crate::page::text::quiz as text;

/// The labels of a table, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Labels {
    /// By id.
    pub(super) sets: BTreeMap<String, LabelSet>,
    /// Why rows were left out, in the table's order.
    pub(super) faults: Vec<String>,
}

/// Reads the table in the file called `name`. Other columns do no harm; faulty rows are left out.
///
/// # Errors
/// Where it lacks the columns or is no table; told with the file's name.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Labels, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        .flexible(true)
        .from_reader(bytes);
    let told = |error: csv::Error| text::unreadable_table(name, &error.to_string());
    let headers = reader.headers().map_err(told)?.clone();
    let column = |wanted: &str| {
        headers
            .iter()
            .position(|header| header.eq_ignore_ascii_case(wanted))
    };
    let columns = column("Id").zip(column("Target").or_else(|| column("Predicted")));
    let Some((id_column, labels_column)) = columns else {
        let found: Vec<&str> = headers.iter().collect();
        return Err(text::other_columns(name, &found.join(", ")));
    };
    let mut labels = Labels::default();
    let mut row = StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(labels),
            // What is no text spoils its own row alone.
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                labels.faults.push(text::row_fault(line, "it is not UTF-8"));
                continue;
            }
            Err(error) => return Err(told(error)),
        }
        if row.iter().all(str::is_empty) {
            continue;
        }
        let line = row.position().map_or(line, csv::Position::line);
        if let Err(reason) = keep(&mut labels, &row, headers.len(), id_column, labels_column) {
            labels.faults.push(text::row_fault(line, &reason));
        }
    }
}

fn keep(
    labels: &mut Labels,
    row: &StringRecord,
    columns: usize,
    id_column: usize,
    labels_column: usize,
) -> Result<(), String> {
    if row.len() != columns {
        return Err(text::row_length(row.len(), columns));
    }
    let id = row.get(id_column).unwrap_or_default();
    if id.is_empty() {
        return Err("it has no id".to_owned());
    }
    let set = row.get(labels_column).unwrap_or_default().parse();
    let set: LabelSet = set.map_err(|error: crate::labels::LabelError| error.to_string())?;
    if labels.sets.contains_key(id) {
        return Err(text::id_twice(id));
    }
    labels.sets.insert(id.to_owned(), set);
    Ok(())
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
    fn the_truth_goes_before_a_prediction() {
        assert_eq!(sets("Id,Predicted,Target\na,1,2\n"), pairs(&[("a", "2")]));
    }

    #[test]
    fn faulty_rows_are_left_out_and_told() {
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
